"""A short formula with numbers put in, step by step: each number is what follows from those above it, as they are written."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import NamedTuple

from cnn_core.explorer import Explanation, Sum
from pages.figures.written_number import brief, unit_words
from pages.figures.written_sum import written_sum

FUNCTIONS: dict[str, Callable[..., float]] = {
    "max": max,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "tanh": math.tanh,
    "cosh": math.cosh,
}
OPERATORS: dict[type[ast.AST], tuple[str, Callable[[float, float], float], int]] = {
    ast.Add: (" + ", operator.add, 1),
    ast.Sub: (" − ", operator.sub, 1),
    ast.Mult: (" · ", operator.mul, 2),
    ast.Div: (" / ", operator.truediv, 2),
    ast.Pow: ("^", operator.pow, 4),
}
FEWEST, MOST = 6, 15  # digits of a number that is reckoned with
OF_SUMS = 8  # of a sum that a step takes
SIGN = 3  # how strongly a sign holds


class WrittenStep(NamedTuple):
    """name = formula = filled = value."""

    name: str
    formula: str
    filled: str
    value: str


class WrittenSteps(NamedTuple):
    """numbers: the text of each known number and of each sum, by name."""

    numbers: dict[str, str]
    steps: list[WrittenStep]
    shown: str


def written_steps(found: Explanation) -> WrittenSteps:
    """The steps of an explanation, with so many digits that the last one is, briefly written, the number of the network."""
    given = {name: known.value for name, known in found.knowns.items()}
    sums = {name: _sum(made) for name, made in found.sums.items()}
    for digits in range(FEWEST, MOST + 1):
        numbers = {name: with_digits(value + 0.0, digits) for name, value in given.items()} | sums
        texts = {name: text for name, (text, _) in numbers.items()}
        known = {name: value for name, (_, value) in numbers.items()}
        steps, value = [], found.total
        for step in found.steps:
            tree = ast.parse(step.expression, mode="eval").body
            filled = rendered(tree, texts)
            text, value = with_digits(evaluated(tree, known, step.value) + 0.0, digits)  # no -0
            steps.append(WrittenStep(step.name, rendered(tree, {}), filled, text))
            known[step.name], texts[step.name] = value, text
        if digits == MOST or brief(value) == brief(found.total):
            break
    return WrittenSteps({name: texts[name] for name in (*given, *sums)}, steps, brief(found.total))


def _sum(made: Sum) -> tuple[str, float]:
    """A sum as it is written out: its text, and the number that the text is."""
    text = written_sum(made, OF_SUMS)
    if text is None:
        return brief(made.total), made.total
    unit = unit_words(text.units[2])
    value = float(f"{text.total}e{text.units[2]}".replace("−", "-"))
    return text.total + (f" · {unit}" if unit else ""), value


def with_digits(number: float, digits: int) -> tuple[str, float]:
    """The number with so many digits: its text, and the number that the text is."""
    if not math.isfinite(number):
        return brief(number), number
    text = f"{number:.{digits}g}"
    if "e" in text:
        size, power = text.split("e")
        return f"{size}e{int(power)}".replace("-", "−"), float(text)
    return text.replace("-", "−"), float(text)


def evaluated(tree: ast.expr, known: Mapping[str, float], otherwise: float) -> float:
    """The value of an expression; `otherwise` where a number in it is not finite, or what is made of it."""
    try:
        value = _value(tree, known)
    except (ArithmeticError, ValueError):
        return otherwise
    return value if math.isfinite(value) else otherwise


def _value(tree: ast.expr, known: Mapping[str, float]) -> float:
    if isinstance(tree, ast.Name):
        return known[tree.id]
    if isinstance(tree, ast.Constant) and isinstance(tree.value, int | float):
        return float(tree.value)
    if isinstance(tree, ast.BinOp):
        return OPERATORS[type(tree.op)][1](_value(tree.left, known), _value(tree.right, known))
    if isinstance(tree, ast.UnaryOp):
        return -_value(tree.operand, known)
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        return FUNCTIONS[tree.func.id](*(_value(one, known) for one in tree.args))
    if isinstance(tree, ast.IfExp) and isinstance(tree.test, ast.Compare):
        above = _value(tree.test.left, known) > _value(tree.test.comparators[0], known)
        return _value(tree.body if above else tree.orelse, known)
    raise ValueError(
        f"expression (={ast.unparse(tree)}) must be made of numbers, names, + − · / ** and known functions"
    )


def rendered(tree: ast.expr, texts: Mapping[str, str], within: int = 0) -> str:
    """An expression as one writes it, with texts in place of the names that have one; within: how strongly its parts hold."""
    if isinstance(tree, ast.Name):
        text = texts.get(tree.id, tree.id)
        return f"({text})" if within and (text.startswith("−") or " " in text) else text
    if isinstance(tree, ast.Constant):
        return str(tree.value)
    if isinstance(tree, ast.BinOp):
        sign, _, strength = OPERATORS[type(tree.op)]
        left = rendered(tree.left, texts, strength if strength > 1 else 0)
        right = rendered(tree.right, texts, strength + 1)
        right = right.translate(str.maketrans("2", "²")) if sign == "^" else right
        text = f"{left}{'' if sign == '^' else sign}{right}"
        return f"({text})" if strength < within else text
    if isinstance(tree, ast.UnaryOp):
        inner = rendered(tree.operand, texts, SIGN)
        return f"−{inner}"
    if isinstance(tree, ast.Call):
        inside = ", ".join(rendered(one, texts) for one in tree.args)
        name = ast.unparse(tree.func)
        return f"√({inside})" if name == "sqrt" else f"{name}({inside})"
    if isinstance(tree, ast.IfExp) and isinstance(tree.test, ast.Compare):
        body, orelse = (rendered(one, texts) for one in (tree.body, tree.orelse))
        left, right = rendered(tree.test.left, texts), rendered(tree.test.comparators[0], texts)
        return f"{body} if {left} > {right}, else {orelse}"
    return ast.unparse(tree)
