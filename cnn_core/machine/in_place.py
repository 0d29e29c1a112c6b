"""Large arrays changed in place, block by block: what is computed on the way stays in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnn_core.checks import Array
from cnn_core.machine.scratch import scratch
from cnn_core.machine.threads import share

BLOCK = 1 << 16  # entries


def by_blocks(change: Callable[..., None], w: Array, dw: Array, *averages: Array) -> None:
    """Call change(w, dw, *averages) for all blocks of the same entries, as flat views; the threads share the blocks.

    Where memory has gaps it is one block. Raises ValueError unless w is a floating array and all are shaped as it is.
    """
    arrays = (w, dw, *averages)
    for number, array in enumerate(arrays[1:]):
        check_alike("w", w, "state" if number else "dw", array)
    if not all(array.flags.c_contiguous for array in (w, *averages)):
        change(*arrays)
        return
    flat = [array.reshape(-1) for array in arrays]

    def some(part: slice) -> None:
        for start in range(part.start, part.stop, BLOCK):
            change(*(array[start : min(part.stop, start + BLOCK)] for array in flat))

    share(some, w.size, BLOCK)


def add_scaled(total: Array, factor: float, array: Array) -> None:
    """total += factor * array: no second array of their size is made."""

    def add(total_: Array, array_: Array) -> None:
        total_ += np.multiply(array_, factor, out=scratch("step", array_.shape, total.dtype))

    if factor:
        by_blocks(add, total, array)


def check_alike(name: str, w: Array, other_name: str, other: Array) -> None:
    """Raises ValueError unless w is a floating array and the other one is shaped as it is."""
    if w.dtype.kind != "f":
        raise ValueError(f"{name} (dtype {w.dtype}) must be a floating array: it is changed in place")
    if other.shape != w.shape:
        raise ValueError(f"{other_name} (shape {other.shape}) must be shaped as {name}: {w.shape}")
