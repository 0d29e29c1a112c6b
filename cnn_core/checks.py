"""What every layer asks of its arguments: whole numbers, pairs, a floating dtype; each error names value and remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Pair = tuple[int, int]
PairLike = int | Sequence[int]


def whole(name: str, value: object, minimum: int) -> int:
    """`value` as an int of at least `minimum`; a ValueError names the argument, its value and the remedy."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ValueError(f"{name} (={value!r}) must be a whole number, {minimum} or more")
    if value < minimum:
        raise ValueError(f"{name} (={value}) must be {minimum} or more")
    return int(value)


def pair(name: str, value: PairLike, minimum: int) -> Pair:
    """An int, or a pair (height, width), as a pair of ints of at least `minimum`."""
    if isinstance(value, list | tuple):
        if len(value) != 2:
            raise ValueError(f"{name} (={value!r}) must be one whole number or a pair (height, width)")
        return whole(name, value[0], minimum), whole(name, value[1], minimum)
    number = whole(name, value, minimum)
    return number, number


def float_dtype(*arrays: Array) -> np.dtype[Any]:
    """The dtype of a layer's result: numpy's common dtype of `arrays`, or float64 where that is not a floating one."""
    dtype = np.result_type(*arrays)
    return dtype if np.issubdtype(dtype, np.floating) else np.dtype(np.float64)


def check_dout(dout: Array, expected: tuple[int, ...]) -> None:
    """Raise ValueError unless the gradient that comes from above has the shape of the layer's output."""
    if dout.shape != expected:
        raise ValueError(f"dout (shape {dout.shape}) must be shaped as the layer's output: {expected}")
