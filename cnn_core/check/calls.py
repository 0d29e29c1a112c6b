"""Functions called with arguments that came as data, and what they did told as data: in a worker, or right here.

What comes back never is an object: arrays of real numbers travel by value, all else as a few words on what it is.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from cnn_core.checks import Array

MOST_NUMBERS = 20_000  # of a result that is looked at: ours have a few hundred
Namespace = Mapping[str, Any]
Message = dict[str, Any]


def call(namespace: Namespace, message: Message, path: str = "") -> Message:
    """Call message["function"], and with the cache that it returns message["then"].

    Returns {"first": what the one did, "then": what the other did}. path: the file whose lines an error names.
    """
    function, then = namespace[message["function"]], message["then"]
    function = _network(function) if inspect.isclass(function) else function
    given = _copied(dict(message["arguments"]))
    first, returned = _called(function, given, message["positional"], path)
    reply = {"first": first}
    if "raised" in first:
        return reply
    cache = None
    if then:
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            first["returned"], first["shape"] = [], _kind(returned)
            return reply
        returned, cache = returned[0], returned[1]
        results = [returned]
    else:
        several = isinstance(returned, tuple | list) and message["results"] > 1
        results = list(returned) if several else [returned]
        if len(results) == message["results"] + 1 or (message["results"] == 1 and isinstance(returned, tuple)):
            results = list(returned)[: message["results"]]  # a forward pass by itself: the cache is of no interest
    first["returned"] = [told(result) for result in results]
    first["views"] = _views(results, given)
    if then and message["dout"] is not None and not (first["returned"][0].get("none")):
        before = [_value(result) for result in results]
        back, grads = _called(namespace[then], {"dout": message["dout"].copy(), "cache": cache}, 99, path)
        reply["then"] = back
        if "raised" not in back:
            grads = list(grads) if isinstance(grads, tuple | list) else [grads]
            back["returned"] = [told(gradient) for gradient in grads]
            back["views"] = _views(grads, given)
            back["later"] = any(not _same(a, _value(b)) for a, b in zip(before, results, strict=True))
    return reply


def functions(namespace: Namespace) -> dict[str, list[str]]:
    """What can be called, by name, each with the names of its parameters; `**` where it takes any name."""
    found = {}
    for name, value in namespace.items():
        if callable(value):
            try:
                parameters = inspect.signature(value).parameters.values()
            except (TypeError, ValueError):
                parameters = {}.values()
            found[name] = ["**" if each.kind is each.VAR_KEYWORD else each.name for each in parameters]
    return found


def told(value: object) -> Message:
    """A result as data: {"array": it}, or what it is instead."""
    if value is None:
        return {"none": True}
    array = _value(value)
    if array is None and isinstance(value, np.ndarray):
        return {"shape": value.shape, "dtype": str(value.dtype)}
    if array is None:
        return {"type": type(value).__name__}
    about: Message = {"shape": array.shape, "dtype": str(array.dtype)}
    if array.dtype.kind in "fiub":
        about["array"] = np.array(array, np.result_type(array, np.float64), order="C", subok=False)
    return about


def _called(function: Callable[..., Any], given: dict[str, Any], positional: int, path: str) -> tuple[Message, Any]:
    """What it did with its arguments, and what it returned."""
    before = _copied(given)
    names = list(given)
    try:
        with np.errstate(all="ignore"):
            returned = function(
                *map(given.get, names[:positional]), **{name: given[name] for name in names[positional:]}
            )
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: whatever it is, it is told
        return {"raised": raised(error, path)}, None
    after = dict(_leaves(given))
    return {"after": {name: after[name] for name, value in after.items() if _changed(before, name, value)}}, returned


def raised(error: BaseException, path: str) -> str:
    """An error in a line, with the line of the file where it came from."""
    words = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if path and frame.filename == path]
    if not lines and isinstance(error, SyntaxError) and error.lineno and "line " not in words:
        lines = [error.lineno]
    return f"{words} (line {lines[-1]})" if lines else words


def _network(made: type) -> Callable[..., Any]:
    """The course's network class as a function of its settings, parameters and a batch."""

    def function(settings: dict[str, Any], params: dict[str, Array], X: Array, y: Array) -> tuple[Any, ...]:
        model = made(**settings, weight_scale=1e-2, dtype=np.float64)
        for name, value in params.items():
            if name not in model.params or np.shape(model.params[name]) != value.shape:
                there = f"has the shape {np.shape(model.params[name])}" if name in model.params else "is not there"
                raise ValueError(f'params["{name}"] {there}: it must have {value.shape} for {settings}')
            model.params[name] = value
        loss, grads = model.loss(X, y)
        return (model.loss(X), loss, *(grads.get(name) for name in params))

    return function


def _leaves(given: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Array]]:
    """The arrays among arguments, those inside dicts too, by their path."""
    for name, value in given.items():
        if isinstance(value, np.ndarray):
            yield f"{before}{name}", value
        elif isinstance(value, dict):
            yield from _leaves(value, f"{before}{name}.")


def _copied(given: Mapping[str, Any]) -> dict[str, Any]:
    copies: dict[str, Any] = {}
    for name, value in given.items():
        copies[name] = value.copy() if isinstance(value, np.ndarray) else value
        if isinstance(value, dict):
            copies[name] = _copied(value)
    return copies


def _changed(before: dict[str, Any], name: str, value: Array) -> bool:
    was = dict(_leaves(before)).get(name)
    return value.dtype.kind in "fiub" and value.size <= MOST_NUMBERS and not _same(was, value)


def _same(a: Array | None, b: Array | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and (a.dtype.kind not in "fiub" or np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def _value(value: object) -> Array | None:
    """What a result is as an array of few numbers, a copy; None for what is none."""
    if isinstance(value, np.ndarray) and (value.dtype.kind not in "fiubc" or value.size > MOST_NUMBERS):
        return None
    try:
        array = np.array(value, subok=False)
    except Exception:
        return None
    return array if array.dtype.kind in "fiubc" and array.size <= MOST_NUMBERS else None


def article(name: str) -> str:
    """What stands before a type's name. NumPy's own array is read `an n-d-array`."""
    return "an" if name[0].lower() in "aeiou" or name == "ndarray" else "a"


def _views(results: list[Any], given: dict[str, Any]) -> list[list[Any]]:
    """Which results share memory with which arguments."""
    return [
        [place, name]
        for place, result in enumerate(results)
        if isinstance(result, np.ndarray)
        for name, array in _leaves(given)
        if name != "cache" and np.may_share_memory(result, array)
    ]


def _kind(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return "None" if value is None else f"{article(type(value).__name__)} {type(value).__name__}"
