"""What layers and settings ask of their arguments: whole numbers, pairs, one of a list; each error names value and remedy."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeGuard

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


def up_to(name: str, value: object, minimum: int, most: int) -> None:
    """Raise ValueError unless `value` is a whole number from `minimum` to `most`."""
    if whole(name, value, minimum) > most:
        raise ValueError(f"{name} (={value}) must be {most} or less")


def one_of(name: str, value: object, known: Iterable[str]) -> None:
    """Raise ValueError, listing what there is, unless `value` is one of the `known`."""
    known = tuple(known)
    if value not in known:
        raise ValueError(f"{name} (={value!r}) must be one of {', '.join(known)}")


def true_or_false(name: str, value: object) -> None:
    """Raise ValueError unless `value` is a truth value: not 1, not "no"."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} (={value!r}) must be true or false")


def is_number(value: object) -> TypeGuard[float]:
    """Whether this is a finite number: no truth value, no text, no whole number beyond what a float can be."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def known_settings(cls: type, values: object, name: str, owner: str) -> Mapping[str, Any]:
    """`values`, settings of a dataclass by name. Raises ValueError unless they are that, and all of them its fields.

    name: what the whole is called; owner: the rest of the sentence on a stranger, such as "a training: it takes".
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"{name} (={str(values)[:40]}) must be a JSON object of settings")
    known = [f.name for f in fields(cls)]
    for key in values:
        if key not in known:
            raise ValueError(f"{key} is not a setting of {owner} {', '.join(known)}")
    return values
