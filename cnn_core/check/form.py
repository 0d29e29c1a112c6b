"""How the functions of a layer are called: what they take for a case, by name and in order, and what they return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cnn_core.check.cases import Case, make
from cnn_core.check.kinds import KINDS, Limits

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """A forward and a backward function of one layer, or (without a backward one) a loss that gives its gradients along.

    takes: the arguments for a case, by the names that the function has for them; the first `positional` of them are given
    by place. results: what the forward function returns before its cache, or, of a loss, all that it returns. updates: which
    of its arguments it has to change, by the name of the result. limits: the settings that it has, where they are fewer
    than the core's. called: its names for results of the core. course: whether the names are the course's.
    """

    layer: str
    forward: str
    backward: str
    takes: Callable[[Case], Arguments]
    positional: int = 99
    results: tuple[str, ...] = ("out",)
    gradients: tuple[str, ...] = ("dx",)
    updates: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)
    course: bool = False

    @cached_property
    def by_name(self) -> list[str]:
        """The arguments that are not given by place."""
        sizes = {name: values[0] for name, values in KINDS[self.layer].few.items()}
        return list(self.takes(make(self.layer, sizes)))[self.positional :]

    def name_of(self, result: str) -> str:
        """What the form calls a result or an array of a case."""
        return self.called.get(result, result)

    def then(self, case: Case) -> str:
        """The backward function that is called for a case, if any: the course asks no gradient of a batch norm in test mode."""
        unasked = self.course and not case.options.get("training", True) and self.layer != "dropout"
        return "" if unasked else self.backward

    def message(self, case: Case, *, forward_only: bool = False) -> dict[str, Any]:
        """What a worker is asked: to call both functions for this case."""
        return {
            "do": "call",
            "function": self.forward,
            "arguments": list(self.takes(case).items()),
            "positional": self.positional,
            "results": len(self.results),
            "then": "" if forward_only else self.then(case),
            "dout": case.arrays.get("dout"),
        }
