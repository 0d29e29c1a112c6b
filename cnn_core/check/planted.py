"""A mistake of the catalogue in the place of the right function, everywhere in the core, for a while."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial, wraps
from typing import Any

from cnn_core.check.forms import FORMS
from cnn_core.check.right import core
from cnn_core.mistakes import MISTAKES, Mistake

OURS = ("cnn_core", "cs231n")
NOT_HERE = ("cnn_core.mistakes", "cnn_core.check")
NAIVE = "_naive"
Changes = dict[int, Any]
Put = Callable[[str, Any], None]


@contextmanager
def planted(mistake: Mistake | None, *, twins: bool = False) -> Iterator[None]:
    """While it lasts, whoever asks the core for what the mistake changes gets the wrong version.

    twins: a fast function, too, is as wrong as its readable twin. None: nothing is wrong.
    """
    places = [] if mistake is None else _places(mistake.id, twins)
    try:
        for put, name, _, wrong in places:
            put(name, wrong)
        core.cache_clear()
        yield
    finally:
        for put, name, right, _ in places:
            put(name, right)
        core.cache_clear()


@cache
def _places(mistake_id: str, twins: bool) -> list[tuple[Put, str, Any, Any]]:
    """Where the right functions stand: how something else is put there, under which name, and what is right and wrong."""
    mistake = MISTAKES[mistake_id]
    changes = _changes(mistake, twins)
    return [
        (put, name, value, changes[id(value)])
        for holds, put in _owners(mistake)
        for name, value in list(holds.items())
        if id(value) in changes
    ]


def _changes(mistake: Mistake, twins: bool) -> Changes:
    """What takes whose place, by identity."""
    functions, right, wrong = core(), mistake.right, mistake.wrong
    changes: Changes = {}
    if twins:
        for name in wrong:
            changes |= {id(functions[its]): wrong[name] for its in (name, f"{name}{NAIVE}") if its in functions}
        for form in FORMS:
            pair = {form.forward, form.backward}
            if form.forward.endswith(NAIVE) and not form.course and pair & wrong.keys():
                for name in pair - {""}:  # both, as the cache of the one is for the other
                    fast = functions[name.removesuffix(NAIVE)]
                    changes[id(fast)] = _lenient(wrong.get(name, functions[name]))
    for name, function in right.items():
        changes[id(function)] = wrong[name]
        changes[id(inspect.unwrap(function))] = inspect.unwrap(wrong[name])
    return changes


def _lenient(function: Callable[..., Any]) -> Callable[..., Any]:
    """The readable function, called as the fast one is: what only that takes is left out."""

    @wraps(function)
    def called(*args: Any, input_gradient: bool = True, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return called


def _owners(mistake: Mistake) -> Iterator[tuple[dict[str, Any], Put]]:
    """All that may hold a function, by name, and how it is put there: modules, tables in them, and the classes of methods."""
    classes = {edit.qualname.rpartition(".")[0] for edit in mistake.edits} - {""}
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] not in OURS or module_name.startswith(NOT_HERE):
            continue
        yield vars(module), partial(setattr, module)
        for name, value in list(vars(module).items()):
            if type(value) is dict and name != "__builtins__":
                yield value, value.__setitem__
            elif isinstance(value, type) and name in classes and value.__module__ == module_name:
                yield dict(vars(value)), partial(setattr, value)
