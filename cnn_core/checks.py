"""What layers and settings ask of their arguments: arrays, labels, whole numbers, pairs, one of a list.

Each error names the argument, its value and the remedy.
"""

from __future__ import annotations

import functools
import inspect
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeGuard, TypeVar, cast, get_type_hints

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Pair = tuple[int, int]
PairLike = int | Sequence[int]
Function = TypeVar("Function", bound=Callable[..., Any])
AS_THEY_ARE = {np.dtype(np.float32), np.dtype(np.float64)}  # what most layers get: computed in itself, and returned


def whole(name: str, value: object, minimum: int) -> int:
    """`value` as an int of at least `minimum`; a ValueError names the argument, its value and the remedy."""
    value = value[()] if isinstance(value, np.ndarray) and not value.ndim else value
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ValueError(f"{name} (={value!r}) must be a whole number, {minimum} or more")
    if value < minimum:
        raise ValueError(f"{name} (={value}) must be {minimum} or more")
    return int(value)


def real(name: str, value: object, allowed: Callable[[float], bool], words: str) -> float:
    """`value` as a finite float that is `allowed`; a ValueError says in `words` what the argument must be.

    Text, a truth value, None and complex numbers are refused, whatever Python would make of a comparison with them.
    """
    given = value[()] if isinstance(value, np.ndarray) and not value.ndim else value
    if isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool):
        with suppress(OverflowError):  # a whole number beyond what a float can be
            found = float(given)
            if math.isfinite(found) and allowed(found):
                return found
    raise ValueError(f"{name} (={given!r}) must be {words}")


def pair(name: str, value: PairLike, minimum: int) -> Pair:
    """An int, or a pair (height, width), which may be an array, as a pair of ints of at least `minimum`."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    if isinstance(value, list | tuple):
        if len(value) != 2:
            raise ValueError(f"{name} (={value!r}) must be one whole number or a pair (height, width)")
        return whole(name, value[0], minimum), whole(name, value[1], minimum)
    number = whole(name, value, minimum)
    return number, number


def numbers(name: str, value: object) -> Array:
    """`value` as a NumPy array of real numbers: an array as it is, without a copy; a list, a tuple or a number as one.

    Whole numbers, truth values and float16 are taken (`float_dtype` says what they are computed in). Raises ValueError for
    complex numbers, text, dates and objects, for lists of unequal length, and for a masked array: its mask would be ignored.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise ValueError(f"{name} (a masked array) must be a plain array: fill it first, as {name}.filled(0) does")
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return np.asarray(value)
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:  # ragged lists; another library's array that cannot be read
        raise ValueError(f"{name} ({type(value).__name__}) must be an array of real numbers: {error}") from error
    if array.dtype.kind not in "fiub":
        what = f"dtype {array.dtype}" if array.ndim else f"={str(value)[:40]}"
        raise ValueError(f"{name} ({what}) must be an array of real numbers: floats, whole numbers or truth values")
    return array


def float_dtype(*arrays: Array) -> np.dtype[Any]:
    """The dtype of a layer's result: numpy's common dtype of `arrays`, or float64 where that is not a floating one.

    So whole numbers and truth values, which would wrap around, give float64. What is computed on the way is in
    `computed_in` of it.
    """
    dtype = np.result_type(*arrays)
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def computed_in(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """What a result of this floating dtype is computed in: float32 for float16, whose sums end at 65,504; else itself."""
    return np.dtype(np.float32) if dtype == np.float16 else dtype


class HalfCache(NamedTuple):
    """The cache of a layer that was given float16, in float32: what its backward pass returns is float16 again."""

    cache: Any


def takes_arrays(*deciding: str, also: tuple[str, ...] = ()) -> Callable[[Function], Function]:
    """The one rule for the arrays that a layer takes, as a decorator of its functions.

    deciding: the arguments whose common dtype the result has (`float_dtype`). also: arguments that are brought to the same;
    where None is their default, None stays so. The function gets them as arrays of one floating dtype (`computed_in`), and
    what it returns is brought to the result's: its arrays as they are, a cache as a `HalfCache`. Raises ValueError as
    `numbers` does.
    """

    def decorate(function: Function) -> Function:
        parameters = inspect.signature(function).parameters
        places, optional = tuple(parameters), {name for name in also if parameters[name].default is None}
        named = (*deciding, *also)
        at = [places.index(name) for name in named]

        @functools.wraps(function)
        def layer(*args: Any, **kwargs: Any) -> Any:
            if len(args) > max(at) and len(dtypes := {_plain(args[i]) for i in at}) == 1 and dtypes <= AS_THEY_ARE:
                return function(*args, **kwargs)  # small arrays would feel what follows
            given = dict(zip(places, args, strict=False)) | kwargs
            if not given.keys() >= set(deciding):
                return function(*args, **kwargs)  # it says what is missing
            arrays = {name: numbers(name, given[name]) for name in deciding}
            result = float_dtype(*arrays.values())
            there = (name for name in also if name in given and not (name in optional and given[name] is None))
            arrays |= {name: numbers(name, given[name]) for name in there}
            dtype = computed_in(result)
            given |= {name: array.astype(dtype, copy=False) for name, array in arrays.items()}
            changed = (*(given[name] for name in places[: len(args)]), *args[len(places) :])
            returned = function(*changed, **{name: given[name] for name in kwargs})
            return returned if dtype == result else _halved(returned)

        return cast(Function, layer)

    return decorate


def takes_dout(function: Function) -> Function:
    """The same rule for a backward pass, function(dout, cache: its kind, ...): what it returns has the layer's dtype."""
    kind = get_type_hints(function).get("cache", object)

    @functools.wraps(function)
    def backward(dout: object, cache: Any, *args: Any, **kwargs: Any) -> Any:
        array = numbers("dout", dout)
        array = array.astype(computed_in(float_dtype(array)), copy=False)
        half = isinstance(cache, HalfCache)
        inner = cache.cache if half else cache
        if not isinstance(inner, kind):
            raise ValueError(
                f"cache ({type(inner).__name__}) must be the {kind.__name__} that the forward pass of the same layer returned"
            )
        returned = function(array, inner, *args, **kwargs)
        return _halved(returned) if half else returned

    return cast(Function, backward)


def _plain(value: object) -> np.dtype[Any] | None:
    """The dtype of a plain NumPy array."""
    return value.dtype if type(value) is np.ndarray else None


def _halved(returned: Any) -> Any:
    """What a layer returned, in float16: arrays converted (beyond 65,504 to infinity), a cache marked."""
    if isinstance(returned, np.ndarray) and returned.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return returned.astype(np.float16)
    if isinstance(returned, tuple):
        return HalfCache(returned) if hasattr(returned, "_fields") else tuple(_halved(part) for part in returned)
    return returned


def check_dout(dout: Array, expected: tuple[int, ...]) -> None:
    """Raise ValueError unless the gradient that comes from above has the shape of the layer's output."""
    if dout.shape != expected:
        raise ValueError(f"dout (shape {dout.shape}) must be shaped as the layer's output: {expected}")


def labels(name: str, value: object, count: int, classes: int | None = None) -> Array:
    """`value` as labels: an array of `count` whole numbers, from 0 to `classes` - 1 where that is given. A list is taken.

    Raises ValueError for other shapes, (count, 1) and one-hot rows included, which compared with (count,) would broadcast;
    for numbers that are not whole numbers; and for labels out of range.
    """
    y = numbers(name, value)
    if y.shape != (count,):
        remedy = f"; {name}.ravel() makes it so" if y.size == count else ""
        remedy = f"; {name}.argmax(axis=1) does that for one-hot rows" if y.shape == (count, classes) else remedy
        raise ValueError(f"{name} (shape {y.shape}) must hold one label for each example: shape ({count},){remedy}")
    if y.dtype.kind not in "iu":
        if y.size:
            raise ValueError(
                f"{name} (dtype {y.dtype}) must hold whole numbers: convert the labels with {name}.astype(int)"
            )
        return y.astype(np.intp)
    wrong = y[(y < 0) | (y >= (np.iinfo(np.intp).max if classes is None else classes))]
    if wrong.size:
        most = "0 or more, below 2**63" if classes is None else f"from 0 to {classes - 1}: there are {classes} classes"
        raise ValueError(f"{name} (={wrong[0]}) must hold labels {most}")
    return y.astype(np.intp, copy=False)  # in which nothing that is computed of them wraps around


def up_to(name: str, value: object, minimum: int, most: int) -> int:
    """`value` as an int from `minimum` to `most`; a ValueError for anything else."""
    if (number := whole(name, value, minimum)) > most:
        raise ValueError(f"{name} (={value}) must be {most} or less")
    return number


def one_of(name: str, value: object, known: Iterable[str]) -> None:
    """Raise ValueError, listing what there is, unless `value` is one of the `known`."""
    known = tuple(known)
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name} (={value!r}) must be one of {', '.join(known)}")


def true_or_false(name: str, value: object) -> bool:
    """`value` as a bool; a ValueError unless it is a truth value, Python's or NumPy's: not 1, not "no"."""
    if not isinstance(value, bool | np.bool):
        raise ValueError(f"{name} (={value!r}) must be true or false")
    return bool(value)


def is_number(value: object) -> TypeGuard[float]:
    """Whether this is a finite number: no truth value, no text, no whole number beyond what a float can be."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def positive(name: str, value: object) -> float:
    """`value` as a float, which must be a finite number above 0."""
    return real(name, value, lambda number: number > 0, "a finite number above 0")


def not_negative(name: str, value: object) -> float:
    """`value` as a float, which must be a finite number, 0 or more."""
    return real(name, value, lambda number: number >= 0, "a finite number, 0 or more")


def drop_probability(name: str, value: object) -> float:
    """`value` as a float, which must be a probability below 1."""
    return real(name, value, lambda p: 0 <= p < 1, "at least 0 and below 1: it is the probability to drop a number")


def examples(x_name: str, x: object, y_name: str, y: object) -> tuple[Array, Array]:
    """x (N, ...) and its labels y (N,) as arrays. Raises ValueError where there are none, and as `numbers` and `labels` do."""
    x = numbers(x_name, x)
    if x.ndim == 0 or len(x) == 0:
        raise ValueError(f"{x_name} (shape {x.shape}) must hold one image or more")
    return x, labels(y_name, y, len(x))
