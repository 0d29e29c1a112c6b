"""What an update rule does with one weight, written down operation by operation.

The operations are those of `optim` in their order and dtype, so each result has the very bits that the rule gives. Numbers
that are settings alone (a learning rate, a bias correction) are Python's, of 64 bits, as in the rule; what meets the weight,
its gradient or the rule's memory is rounded to the weight's dtype after each operation.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

Settings = Mapping[str, float]
SIGNS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "−": operator.sub,
    "·": operator.mul,
    "/": operator.truediv,
    "√": np.sqrt,
}


class Operation(NamedTuple):
    """One line. part: what it belongs to (gradient, memory, correction, step, weight). result: its name. sign: of SIGNS, or a
    formula of the settings, then there are no operands. operands: by name, in their order. value: what comes out, in the
    dtype it is rounded to."""

    part: str
    result: str
    sign: str
    operands: tuple[tuple[str, Any], ...]
    value: Any


class Setting(NamedTuple):
    """A line that follows from settings alone: what it belongs to, its result's name, the formula in words and as a function."""

    part: str
    result: str
    words: str
    formula: Callable[[Settings], float]


# Or: part, result, left operand, sign, right operand. An operand is a result above, a setting, what the rule remembers,
# "weight", "gradient", or "1 − " and a setting.
Line = Setting | tuple[str, str, str, str, str]

ADAM: tuple[Line, ...] = (
    ("memory", "beta1 · m", "m", "·", "beta1"),
    ("memory", "(1 − beta1) · gradient", "gradient", "·", "1 − beta1"),
    ("memory", "m", "beta1 · m", "+", "(1 − beta1) · gradient"),
    ("memory", "beta2 · v", "v", "·", "beta2"),
    ("memory", "gradient²", "gradient", "·", "gradient"),
    ("memory", "(1 − beta2) · gradient²", "gradient²", "·", "1 − beta2"),
    ("memory", "v", "beta2 · v", "+", "(1 − beta2) · gradient²"),
    Setting("correction", "root", "√(1 − beta2^t)", lambda s: math.sqrt(1 - s["beta2"] ** s["t"])),
    Setting(
        "correction",
        "alpha_t",
        "learning_rate · root / (1 − beta1^t)",
        lambda s: s["learning_rate"] * s["root"] / (1 - s["beta1"] ** s["t"]),
    ),
    Setting("correction", "epsilon_hat", "epsilon · root", lambda s: s["epsilon"] * s["root"]),
    ("step", "√v", "v", "√", ""),
    ("step", "√v + epsilon_hat", "√v", "+", "epsilon_hat"),
    ("step", "m / (√v + epsilon_hat)", "m", "/", "√v + epsilon_hat"),
    ("step", "step", "m / (√v + epsilon_hat)", "·", "alpha_t"),
    ("weight", "weight", "weight", "−", "step"),
)
LINES: dict[str, tuple[Line, ...]] = {  # by the name of the rule
    "sgd": (
        ("step", "step", "learning_rate", "·", "gradient"),
        ("weight", "weight", "weight", "−", "step"),
    ),
    "momentum": (
        ("memory", "momentum · velocity", "velocity", "·", "momentum"),
        ("memory", "step", "learning_rate", "·", "gradient"),
        ("memory", "velocity", "momentum · velocity", "−", "step"),
        ("weight", "weight", "weight", "+", "velocity"),
    ),
    "nesterov": (
        ("memory", "step", "learning_rate", "·", "gradient"),
        ("memory", "momentum · velocity", "velocity", "·", "momentum"),
        ("memory", "velocity", "momentum · velocity", "−", "step"),
        ("step", "momentum · velocity", "momentum", "·", "velocity"),
        ("step", "way", "momentum · velocity", "−", "step"),
        ("weight", "weight", "weight", "+", "way"),
    ),
    "rmsprop": (
        ("memory", "decay_rate · cache", "cache", "·", "decay_rate"),
        ("memory", "(1 − decay_rate) · gradient", "1 − decay_rate", "·", "gradient"),
        ("memory", "(1 − decay_rate) · gradient²", "(1 − decay_rate) · gradient", "·", "gradient"),
        ("memory", "cache", "decay_rate · cache", "+", "(1 − decay_rate) · gradient²"),
        ("step", "learning_rate · gradient", "learning_rate", "·", "gradient"),
        ("step", "√cache", "cache", "√", ""),
        ("step", "√cache + epsilon", "√cache", "+", "epsilon"),
        ("step", "step", "learning_rate · gradient", "/", "√cache + epsilon"),
        ("weight", "weight", "weight", "−", "step"),
    ),
    "adam": ADAM,
    "adamw": (
        Setting(
            "decay",
            "factor",
            "1 − learning_rate · weight_decay",
            lambda s: 1 - s["learning_rate"] * s["weight_decay"],
        ),
        ("decay", "weight", "weight", "·", "factor"),
        *ADAM,
    ),
}
L2: tuple[Line, ...] = (
    ("gradient", "reg · weight", "weight", "·", "reg"),
    ("gradient", "gradient", "gradient", "+", "reg · weight"),
)


def written(rule: str, numbers: Mapping[str, Any], *, reg: float = 0.0) -> list[Operation]:
    """The operations that lead from the gradient of the data loss to the new weight, which is the last one's value.

    rule: a name in `optim.RULES`. numbers: the weight and its gradient, and what the rule remembers of it, as scalars () of
    one floating dtype; the rule's settings and the learning rate as Python floats; t, for Adam: the number of the step from 1.
    reg: of the L2 term of the loss, which adds reg * weight to the gradient; 0: there is none. Formulas: `optim`.
    Raises ValueError for another rule, KeyError where a number is missing.
    """
    if rule not in LINES:
        raise ValueError(f"rule (={rule}) must be one of {', '.join(LINES)}")
    known, operations = {**numbers, "reg": reg}, []
    with np.errstate(all="ignore"):  # a training that diverges may end in infinities
        for line in (L2 if reg else ()) + LINES[rule]:
            operations.append(_carry_out(line, known))
    return operations


def _carry_out(line: Line, known: dict[str, Any]) -> Operation:
    if isinstance(line, Setting):
        operation = Operation(line.part, line.result, line.words, (), line.formula(known))
    else:
        part, result, left, sign, right = line
        operands = tuple((name, _number(name, known)) for name in (left, right) if name)
        operation = Operation(part, result, sign, operands, SIGNS[sign](*(number for _, number in operands)))
    known[operation.result] = operation.value
    return operation


def _number(name: str, known: Mapping[str, Any]) -> Any:
    return known[name] if name in known else 1 - known[name.removeprefix("1 − ")]
