"""What is right: the core's own functions on a case, called as somebody else's are."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import cnn_core as cc
from cnn_core import cs231n
from cnn_core.check.calls import call
from cnn_core.check.cases import Case, filled, make
from cnn_core.check.compare import rounding
from cnn_core.check.form import Form
from cnn_core.check.forms import FORMS
from cnn_core.checks import Array

KINKED = {"svm", "linear_relu", "conv_relu", "conv_relu_pool", "conv_bn_relu", "three_layers"}
MOVE = {"float64": 1e-6, "float32": 1e-4}
CANCELLED = 1e-5  # of the terms: what some hundred roundings in float32 come to


@dataclass(frozen=True)
class Posed:
    """A case with all that it needs, and what is right for it: arrays by the core's names of results and gradients."""

    case: Case
    right: Mapping[str, Array]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the numbers that the case is made of."""
        return next(array.dtype for array in self.case.arrays.values() if array.dtype.kind == "f")

    def rounding(self, name: str) -> float:
        """How far a result that is right may be off.

        A sum whose terms cancel is as rough as its terms are, which tells in float32: they are taken to be as large as the
        largest number of all results.
        """
        of_terms = CANCELLED * max(float(np.abs(array).max(initial=0)) for array in self.right.values())
        return max(rounding(self.right[name], self.dtype), of_terms if self.dtype == np.float32 else 0)


@functools.cache
def core() -> Mapping[str, Any]:
    """The core's functions, and its adapters of the course's names, by name."""
    names = [name for listed in cc.NAMES.values() for name in listed.split()]
    return vars(cs231n) | {name: getattr(cc, name) for name in names}


def own_form(layer: str) -> Form:
    """The form that says what is right for a layer."""
    return next(form for form in FORMS if form.layer == layer)


def pose(layer: str, sizes: Mapping[str, Any], dtype: str = "float64") -> Posed | None:
    """The case of these sizes; None where there is none: a window that does not fit, a mean of one number.

    What is right is computed in float64, whatever the dtype of the case.
    """
    form = own_form(layer)
    try:
        case = make(layer, sizes)
    except ValueError:
        return None
    reply = call(core(), form.message(case, forward_only=True))
    if "raised" in reply["first"]:
        return None
    if form.backward:
        shape = reply["first"]["returned"][0]["shape"]
        case = replace(case, arrays={**case.arrays, "dout": filled("dout", shape)})
    right = _right(form, case)
    if not all(array.size for array in right.values()) or (layer in KINKED and _at_a_kink(form, case, right, dtype)):
        return None
    given = {name: array.astype(dtype) if array.dtype.kind == "f" else array for name, array in case.arrays.items()}
    return Posed(replace(case, arrays=given), right)


def _right(form: Form, case: Case) -> dict[str, Array]:
    found = results(form, case, call(core(), form.message(case)))
    return {name: np.asarray(value["array"]) for name, value in found.items()}


def _at_a_kink(form: Form, case: Case, right: Mapping[str, Array], dtype: str) -> bool:
    """Whether a gradient jumps where the input moves a little: there more than one answer is right.

    It moves there and back, as of two that tie the winner may win again, and by more than rounding moves it.
    """
    rng = np.random.default_rng(231)
    moves = {
        name: rng.standard_normal(case.arrays[name].shape) for name in sorted(case.arrays.keys() & {"x", "scores"})
    }
    for step in (MOVE[dtype], -MOVE[dtype]):
        there = {name: case.arrays[name] + step * move for name, move in moves.items()}
        moved = _right(form, replace(case, arrays={**case.arrays, **there}))
        if any(not np.allclose(moved[name], array, 1e-3, 1e-3) for name, array in right.items()):
            return True
    return False


def results(form: Form, case: Case, reply: Mapping[str, Any]) -> dict[str, Any]:
    """What a reply says of each result, as `calls.told` has it, by the core's names."""
    first, then = reply["first"], reply.get("then", {})
    found = dict(zip(form.results, first.get("returned", ()), strict=False))
    found |= dict(zip(form.gradients, then.get("returned", ()), strict=False))
    for result in form.updates if "returned" in first else ():
        array = first["after"].get(form.updates[result], case.arrays[result])
        found[result] = {"array": array, "shape": array.shape, "dtype": str(array.dtype)}
    return found
