"""What a mistake is: a function of the core with one or two of its lines changed, so that it can be run for real.

No copy of the function is kept. Its source is read, the changed lines are put in, and the result is compiled where the
function itself stands; so a mistake differs from the right function in exactly the lines that are shown.
"""

from __future__ import annotations

import inspect
import linecache
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal
from zlib import crc32

from cnn_core.checks import Array

Function = Callable[..., Any]
Functions = Mapping[str, Function]
Kind = Literal["maps", "curves", "filters"]


@dataclass(frozen=True)
class Symptom:
    """What a mistake is noticed by, computed for real: what was found, and what should have been.

    title: what is looked at, in words that do not give the cause away.
    found, expected: of `maps` (H, W) each, of different shape where that is the symptom; of `curves` (S, T), S series over
    T steps; of `filters` (F, H, W). x, y: what the axes of curves are; at: the x (T,), None: 1, 2, ... also: what it was computed
    from, (H, W) each, by name.
    """

    kind: Kind
    title: str
    found: Array
    expected: Array
    found_name: str = "is: backward pass"
    expected_name: str = "should be: numeric gradient"
    x: str = ""
    y: str = ""
    at: Array | None = None
    also: tuple[tuple[str, Array], ...] = ()


@dataclass(frozen=True)
class Edit:
    """A change of one function. right: lines of its source, found there once, without their indentation; wrong: what takes
    their place; empty: nothing does.
    """

    function: Function
    right: str
    wrong: str

    @property
    def qualname(self) -> str:
        """The function's name; of a method with its class."""
        name: str = inspect.unwrap(self.function).__qualname__
        return name

    def put_into(self, source: str) -> str:
        """The source with the change. Raises ValueError unless the right lines stand there once."""
        lines, right = source.splitlines(), self.right.splitlines()
        bare = [line.strip() for line in lines]
        wanted = [line.strip() for line in right]
        starts = [i for i in range(len(lines)) if bare[i : i + len(wanted)] == wanted]
        if len(starts) != 1:
            raise ValueError(f"right (={self.right!r}) must stand once in {self.qualname}, not {len(starts)} times")
        start = starts[0]
        indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
        wrong = textwrap.indent(self.wrong, indent).splitlines()
        return "\n".join([*lines[:start], *wrong, *lines[start + len(wanted) :], ""])


@dataclass(frozen=True)
class Mistake:
    """A mistake that people make.

    id: in links; ASCII letters, digits and hyphens. level: how hard it is to find, 1 to 5. name: what it is called. family:
    pool, conv, norm, loss or training.
    edits: what is changed. case: runs a small case with the functions it is given, by name, and returns its symptom.
    hint: where to look. shows: where the mistake shows, and why. misses: which usual test misses it, and why.
    catches: which test would catch it. like: the ids of four others that one may take it for, with spaces between;
    what its case shows with any of them is something else.
    """

    id: str
    level: int
    name: str
    family: str
    edits: tuple[Edit, ...]
    hint: str
    shows: str
    misses: str
    catches: str
    like: str
    case: Callable[[Functions], Symptom] = field(repr=False)

    @property
    def code(self) -> str:
        """Four digits that stand for it where its id would give it away; they stay when other mistakes come."""
        return f"{crc32(self.id.encode()) & 0xFFFF:04x}"

    @cached_property
    def right(self) -> Functions:
        """The functions of the core that it changes, by every name that their module has for them.

        A layer's is the readable version: max_pool2d_backward_naive. A method is named as Solver._indices.
        """
        return MappingProxyType({name: edit.function for edit in self.edits for name in _names(edit)})

    @cached_property
    def wrong(self) -> Functions:
        """The same with the mistake: same names, arguments and results. A backward pass takes the cache of the `_naive`
        forward pass, of `wrong` where it is there, else of the core.
        """
        namespace = dict(inspect.unwrap(self.edits[0].function).__globals__)
        sources: dict[str, str] = {}
        for edit in self.edits:
            source = sources.get(edit.qualname) or textwrap.dedent(inspect.getsource(edit.function))
            sources[edit.qualname] = edit.put_into(source)
        made = {qualname: self._compiled(qualname, source, namespace) for qualname, source in sources.items()}
        return MappingProxyType({name: made[edit.qualname] for edit in self.edits for name in _names(edit)})

    def _compiled(self, qualname: str, source: str, namespace: dict[str, Any]) -> Function:
        file = f"<{self.id}: {qualname}>"
        linecache.cache[file] = (
            len(source),
            None,
            source.splitlines(keepends=True),
            file,
        )  # for tracebacks and inspect
        exec(compile(source, file, "exec"), namespace)
        function: Function = namespace[qualname.rpartition(".")[2]]
        return function

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """The lines that differ, right and wrong, each pair from one place."""
        return tuple((edit.right, edit.wrong) for edit in self.edits)

    def symptom(self) -> Symptom:
        """Its symptom, as the wrong functions make it."""
        return self.case(self.wrong)

    def case_with(self, other: Mistake) -> Symptom | None:
        """What its case shows with another mistake in place of it; None where the case runs nothing that the other changes."""
        functions = _Watched(other.wrong)
        shown = self.case(functions)
        return shown if functions.asked else None


class _Watched(dict[str, Function]):
    """Functions by name that tell whether any of them was asked for."""

    asked = False

    def get(self, name: str, default: Any = None) -> Any:
        self.asked |= name in self
        return super().get(name, default)


def _names(edit: Edit) -> list[str]:
    """Every name that the module of the function has for it."""
    names = [name for name, value in inspect.unwrap(edit.function).__globals__.items() if value is edit.function]
    return names or [edit.qualname]
