"""A gradient checked: one entry in all its numbers, every entry of a tensor, and all at once along a random direction.

The differences are those of `gradient_check`; here they are kept together with the point, what the layers chose, and the time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from cnn_core.checks import Array, one_of
from cnn_core.gradient_check import Nudge, nudge, projection_error, relative_errors
from cnn_core.gradients.chain import Case, Choice, Values
from cnn_core.network.spec import single_or_double

Index = tuple[int, ...]


class Kink(NamedTuple):
    """A layer that chooses otherwise at x + h or x - h than at x: its `Choice.kind`, and how many of its choices change."""

    kind: str
    changed: int


class Checked(NamedTuple):
    """One entry. value: of it; nudge: f at value + h and value - h; numeric, analytic: the gradient both ways; relative: error.

    kinks: the layers that have one within h of the value; empty where f is smooth there.
    """

    value: float
    nudge: Nudge
    numeric: float
    analytic: float
    relative: float
    kinks: tuple[Kink, ...]


class ErrorMap(NamedTuple):
    """A tensor. numeric, analytic, relative: its gradient both ways and the errors; kinks: where f has one within h. All are
    shaped as it is. calls: of f; seconds: that the differences took."""

    numeric: Array
    analytic: Array
    relative: Array
    kinks: Array
    calls: int
    seconds: float


class Projected(NamedTuple):
    """All values of a case along one random direction. relative: the error, see `projection_error`; calls: of f; seconds."""

    relative: float
    calls: int
    seconds: float


def check_entry(case: Case, name: str, index: Sequence[int], *, h: float = 1e-5, dtype: str = "float64") -> Checked:
    """Check one entry of the values called `name`; everything is computed in `dtype`, float32 or float64.

    Raises ValueError for a name or an entry that there is not, another dtype, and an h that is no finite number above 0 or that
    rounding swallows.
    """
    values = _taken(case, name, dtype)
    nudged, kinks = nudged_entry(case, values, name, index, h, case.forward(values).choices)
    value, analytic = (float(array[tuple(index)]) for array in (values[name], case.gradients(values)[name]))
    numeric = float(nudged.quotient())
    return Checked(value, nudged, numeric, analytic, float(relative_errors(numeric, analytic)), kinks)


def error_map(case: Case, name: str, *, h: float = 1e-5, dtype: str = "float64") -> ErrorMap:
    """Check every entry of the values called `name`: two calls of f each. Raises ValueError as `check_entry` does."""
    values = _taken(case, name, dtype)
    here, analytic = case.forward(values).choices, case.gradients(values)[name]
    numeric, kinks = np.zeros_like(values[name]), np.zeros(values[name].shape, dtype=bool)
    began = time.perf_counter()
    for index in np.ndindex(*numeric.shape):
        nudged, found = nudged_entry(case, values, name, index, h, here)
        numeric[index], kinks[index] = nudged.quotient(), bool(found)
    seconds = time.perf_counter() - began
    return ErrorMap(numeric, analytic, relative_errors(numeric, analytic), kinks, 2 * numeric.size, seconds)


def projected(case: Case, *, h: float = 1e-5, seed: int = 0) -> Projected:
    """Check all values of a case at once, in float64, along the direction that `seed` draws: two calls of f in all."""
    values = case.taken()
    gradients = case.gradients(values)
    names = list(values)

    def f(*arrays: Array) -> Any:
        return case.forward(dict(zip(names, arrays, strict=True))).f

    began = time.perf_counter()
    error = projection_error(f, list(values.values()), [gradients[name] for name in names], h=h, seed=seed)
    return Projected(error, 2, time.perf_counter() - began)


def nudged_entry(
    case: Case, values: Values, name: str, index: Sequence[int], h: float, here: list[Choice]
) -> tuple[Nudge, tuple[Kink, ...]]:
    """`nudge` of an entry of `values`, and the layers whose choices are not those of `here`, of the point itself."""
    there = []

    def f(_: Array) -> Any:
        passed = case.forward(values)
        there.append(passed.choices)
        return passed.f

    nudged = nudge(f, values[name], index, h=h, name=name)
    changes = [(kind, np.zeros(made.shape, bool)) for kind, made in here]
    for choices in there:
        for (_, changed), before, after in zip(changes, here, choices, strict=True):
            changed |= before.made != after.made
    return nudged, tuple(Kink(kind, int(changed.sum())) for kind, changed in changes if changed.any())


def _taken(case: Case, name: str, dtype: str) -> Values:
    one_of("name", name, case.values)
    return case.taken(single_or_double(dtype).name)
