"""Large arrays changed in place, block by block: what is computed on the way stays in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from cnn_core.checks import Array, computed_in, numbers, whole
from cnn_core.machine.scratch import scratch
from cnn_core.machine.threads import share

BLOCK = 1 << 16  # entries


def by_blocks(change: Callable[..., object], *arrays: Array) -> None:
    """Call change(*arrays) for all blocks of the same entries, as flat views; the threads share the blocks.

    The arrays are of one shape. Few entries are one block, and so are arrays with gaps in memory or their axes in another order.
    """
    size = arrays[0].size
    if size <= BLOCK or not all(array.flags.c_contiguous for array in arrays):
        change(*arrays)
        return
    flat = [array.reshape(-1) for array in arrays]

    def some(part: slice) -> None:
        for start in range(part.start, part.stop, BLOCK):
            change(*(array[start : min(part.stop, start + BLOCK)] for array in flat))

    share(some, size, BLOCK)


def add_scaled(total: Array, factor: float, array: Array) -> None:
    """total += factor * array: no second array of their size is made."""
    check_alike("total", total, "array", array)

    def add(total_: Array, array_: Array) -> None:
        total_ += np.multiply(array_, factor, out=scratch("step", array_.shape, total.dtype))

    if factor:
        by_blocks(add, total, array)


def fitting(
    name: str,
    w: Array,
    grad_name: str,
    dw: object,
    state: Mapping[str, Any],
    keys: Iterable[str],
    *,
    apart: bool = False,
) -> Array:
    """dw as `take` wants it, in memory that w has no part of. Raises ValueError where w, dw or state[key] does not fit.

    apart: w and what state holds must share no memory; an `Optimizer` has made its own.
    """
    array = numbers(grad_name, dw)
    check_alike(name, w, grad_name, array)
    if not isinstance(state, dict):
        raise ValueError(f"state ({type(state).__name__}) must be a dict, empty at first")
    whole("state['t']", state.get("t", 0), 0)
    kept = {f"state[{key!r}]": state[key] for key in keys if key in state}
    for key, values in kept.items():
        check_alike(key, values, name, w)
    for one, other in combinations([(name, w), *kept.items()], 2) if apart else ():
        if np.shares_memory(one[1], other[1]):
            raise ValueError(f"{other[0]} must not share memory with {one[0]}: both change")
    array = array.astype(computed_in(w.dtype), copy=False)
    return array.copy() if np.may_share_memory(array, w) else array


def take(
    step: Callable[..., None],
    w: Array,
    dw: Array,
    state: dict[str, Any],
    keys: Iterable[str],
    hyper: Mapping[str, float],
) -> None:
    """Call step(w, dw, state, **hyper) with an array for each key in state, 0 at first; for float16 all is float32."""
    values = w.astype(computed_in(w.dtype), copy=False)
    for key in keys:
        state[key] = state[key].astype(values.dtype, copy=False) if key in state else np.zeros(w.shape, values.dtype)
    step(values, dw, state, **hyper)
    if values is not w:
        with np.errstate(over="ignore"):
            w[...] = values


def check_alike(name: str, w: object, other_name: str, other: Array) -> None:
    """Raises ValueError unless w is a floating array that can be written to, and the other one is shaped as it is."""
    if not isinstance(w, np.ndarray) or isinstance(w, np.ma.MaskedArray) or w.dtype.kind != "f":
        what = f"dtype {w.dtype}" if isinstance(w, np.ndarray) and w.dtype.kind != "f" else type(w).__name__
        raise ValueError(f"{name} ({what}) must be a floating array: it is changed in place")
    if not w.flags.writeable:
        raise ValueError(f"{name} (a read-only array) must be one that can be written to, such as {name}.copy()")
    if other.shape != w.shape:
        raise ValueError(f"{other_name} (shape {other.shape}) must be shaped as {name}: {w.shape}")
