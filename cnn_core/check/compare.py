"""What differs between two arrays, and where, in words: "right except in the last column when stride is 2"."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cnn_core.check.cases import Case
from cnn_core.checks import Array
from cnn_core.window import Window

IMAGE, FILTERS = ("example", "channel", "row", "column"), ("filter", "channel", "row", "column")
AXES: dict[str, tuple[str, ...]] = {
    "weight": FILTERS,
    "W1": FILTERS,
    "bias": ("filter",),
    "b1": ("filter",),
    **dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), ("channel",)),
}
FLAT_AXES = {"weight": ("input", "output"), "bias": ("output",), "scores": ("example", "class")}
TOLERANCE = {np.dtype(np.float64): 1e-6, np.dtype(np.float32): 1e-3}
NOT_CONSTANT = 1e-6
SOMEWHERE = "in some places"
FEW = {1: 3, 2: 8}  # cases: fewer may have one fact, or two together, in common by chance
BY_CHANCE = 0.01  # with which cases that fail may happen to have in common what others have, too


def differs(theirs: Array, right: Array, most: float = 0.0) -> Array:
    """Which numbers are wrong, of two arrays of one shape: off by more than `most`.

    most: 0 for what rounding in float64 does to the largest number there.
    """
    most = most or rounding(right)
    with np.errstate(invalid="ignore"):
        return np.asarray(~(np.abs(theirs - right) <= most))


def rounding(right: Array, dtype: np.dtype[Any] | None = None) -> float:
    """How far numbers may be off, computed in this dtype (None: float64): by the size of the largest."""
    return TOLERANCE[dtype or np.dtype(np.float64)] * max(1.0, float(np.abs(right).max(initial=0)))


def axes_of(result: str, ndim: int) -> tuple[str, ...]:
    """What the axes of a result are called."""
    name = result.removeprefix("d")
    names = AXES.get(name, IMAGE)
    if ndim != len(names):
        names = FLAT_AXES.get(name, ("example", "feature") if ndim == 2 else ())
    return names if len(names) == ndim else tuple(f"axis {axis}" for axis in range(ndim))


def places(wrong: Array, names: Sequence[str]) -> list[str]:
    """All that can be said of where the wrong numbers are, the most telling first, up to SOMEWHERE, which always holds.

    What follows tells nothing by itself but contradicts nothing either: of an axis of length 1 the first is the last, and
    where there is no inside, all is border.
    """
    single = [name for name, size in zip(names, wrong.shape, strict=True) if size == 1]
    either = [f"in the {end} {name}" for name in reversed(single) for end in ("last", "first")]
    if wrong.ndim == 4 and min(wrong.shape[-2:]) < 3:
        either += ["in the last row and column", "at the border"] if min(wrong.shape[-2:]) < 2 else ["at the border"]
    if wrong.all():
        return ["everywhere", SOMEWHERE, *either]
    found = []
    at = np.nonzero(wrong)
    for axis in reversed(range(wrong.ndim)):
        name, size, where = names[axis], wrong.shape[axis], set(at[axis].tolist())
        if size == 1:
            continue
        if where == {size - 1}:
            found.append(f"in the last {name}")
        elif where == {0}:
            found.append(f"in the first {name}")
        elif where == {0, size - 1} and size > 2:
            found.append(f"in the first and the last {name}")
        elif where == set(range(1, size)) and size > 2:
            found.append(f"in every {name} but the first")
    if wrong.ndim == 4:
        last = wrong.copy()
        last[..., -1, :] = last[..., -1] = False
        border = last.copy()
        border[..., 0, :] = border[..., 0] = False
        if not last.any():
            found.append("in the last row and column")
        if not border.any():
            found.append("at the border")
    return [*(place for place in found if place not in either), SOMEWHERE, *either]


def shape_words(theirs: Array, right: Array) -> str:
    """What a wrong shape comes from, if simply: `has the wrong shape` else."""
    size, axes = max(1.0, float(np.abs(right).max(initial=0))), range(theirs.ndim)
    if theirs.squeeze().shape == right.squeeze().shape and theirs.ndim > right.ndim:
        return "has axes of length 1 too many: a sum keeps its axes (`keepdims`)"
    if theirs.size == right.size and not differs(theirs.ravel(), right.ravel()).any():
        return "has the wrong shape, with the right numbers"
    for count in range(1, theirs.ndim + 1 if right.size else 0):
        for over in itertools.combinations(axes, count):
            total = theirs.sum(axis=over)
            if total.shape == right.shape and np.abs(total - right).max() <= 1e-3 * size:
                return "has the wrong shape: it is summed over too few axes"
    return "has the wrong shape"


def relation(theirs: Array, right: Array, examples: int = 1, rough: float = NOT_CONSTANT) -> str:
    """How the whole of what is wrong is related to what is right, if simply: `is 2 times what it should be`.

    rough: how far, relatively, two numbers may be apart that count as the same.
    """
    if not np.isfinite(theirs).all():
        return "is not a finite number" if theirs.ndim == 0 else "holds numbers that are not finite"
    if not theirs.any():
        return "is 0 everywhere" if theirs.size > 1 else "is 0"
    there = right != 0
    if there.any() and not theirs[~there].any():
        ratio = theirs[there] / right[there]
        alike = float(np.ptp(ratio)) < rough * float(np.abs(ratio).max())
        if alike and (times := _times(float(ratio[0]), ratio.size, examples, rough)):
            return times
    gap = theirs - right
    if (gap.size > 1 or not gap.ndim) and float(np.ptp(gap)) < rough * max(1.0, float(np.abs(right).max())):
        first = float(gap.flat[0])
        return f"is {abs(first):.4g} too {'large' if first > 0 else 'small'}"
    if right.ndim == 4 and not differs(theirs[..., ::-1, ::-1], right).any():
        return "is turned by 180 degrees"
    if right.ndim >= 2 and right.shape[-1] == right.shape[-2] and not differs(theirs.swapaxes(-1, -2), right).any():
        return "has rows and columns exchanged"
    return ""


def _times(factor: float, numbers: int, examples: int, rough: float) -> str:
    if examples > 1 and abs(factor / examples - 1) < rough:
        return "is N times what it should be, for N examples"
    if examples > 1 and abs(factor * examples - 1) < rough:
        return "is what it should be divided by N, for N examples"
    if numbers == 1 or abs(factor - 1) < 1e-3:
        return ""
    return "has the wrong sign" if abs(factor + 1) < rough else f"is {factor:.4g} times what it should be"


def facts(case: Case, right: Mapping[str, Array] | None = None) -> dict[str, bool]:
    """What can be said of a case, in words that follow `when`, each with whether it holds. right: its results."""
    s, options = case.sizes, case.options
    found: dict[str, bool] = {}
    for name, least in (("stride", 1), ("padding", 0), ("dilation", 1), ("groups", 1), ("output_padding", 0)):
        if name in s:
            found[f"{name} is above {least}"] = s[name] > least
            found |= {f"{name} is {value}": s[name] == value for value in (least, 2, 3)}
    if "KH" in s and "H" in s and "stride" in options:
        window = Window.of((s["KH"], s["KW"]), s["stride"], s["padding"], s.get("dilation", 1))
        found |= _of_window(case, window)
    if "training" in s:
        found |= {"in training mode": s["training"], "in test mode": not s["training"]}
    if "count_include_pad" in s:
        found["padding is not counted in"] = not s["count_include_pad"] and s["padding"] > 0
        found["padding is counted in"] = s["count_include_pad"] and s["padding"] > 0
    if "values" in s:
        found["several numbers of a window are its largest"] = s["values"] == "ties"
        found["the scores are large"] = s["values"] == "large"
    for size, words in (("N", "examples"), ("C", "channels"), ("F", "filters"), ("K", "classes"), ("M", "outputs")):
        if size in s:
            found |= {f"there are several {words}": s[size] > 1, f"there is one of the {words} only": s[size] == 1}
    if "p" in s:
        found["p is not 0.5"] = s["p"] != 0.5
    if "reg" in s:
        found["reg is not 0"] = s["reg"] != 0
    if case.layer == "max_pool2d" and right:
        found["all numbers of a window are below 0"] = bool((right["out"] < 0).any())
    found["x has more than two axes"] = "x" in case.arrays and case.arrays["x"].ndim > 2 and "KH" not in s
    return found


def _of_window(case: Case, window: Window) -> dict[str, bool]:
    size = (case.sizes["H"], case.sizes["W"])
    found = {
        "windows overlap": any(span > step for span, step in zip(window.span, window.stride, strict=True)),
        "the kernel is not square": window.kernel_size[0] != window.kernel_size[1],
        "the input is not square": size[0] != size[1],
        "the kernel has more than one cell": window.kernel_size != (1, 1),
    }
    if case.layer != "conv_transpose2d":
        found["there are several windows"] = window.output_size(size) != (1, 1)
        over = [*window.leftover(size)]
        if case.layer == "conv_relu_pool":
            over += [length % 2 for length in window.output_size(size)]
        found["the windows leave cells over at the end"] = any(over)
    return found


def when(tried: Iterable[tuple[Mapping[str, bool], bool]]) -> str:
    """What all failing cases have and no other has: `when stride is above 1`; "" if nothing, or if all fail.

    tried: of each case its facts, and whether it fails.
    """
    held = [({fact for fact, holds in case_facts.items() if holds}, fails) for case_facts, fails in tried]
    failing, passing = [one for one, fails in held if fails], [one for one, fails in held if not fails]
    if not passing or len(failing) < FEW[1]:
        return ""
    common = [fact for fact in _in_order(failing[0]) if all(fact in one for one in failing)]
    for facts_together in (*((fact,) for fact in common), *itertools.combinations(common, 2)):
        enough = len(failing) >= FEW[len(facts_together)]
        if enough and not any(set(facts_together) <= one for one in passing):
            return _said(facts_together)
    narrowest = min(common, key=lambda fact: sum(fact in one for one in passing), default="")
    share = sum(narrowest in one for one in passing) / len(passing)
    tells = narrowest and share < 0.75 and share ** len(failing) < BY_CHANCE
    return f"in some cases {_said([narrowest])}, never otherwise" if tells else ""


def _said(parts: Sequence[str]) -> str:
    modes, others = [part for part in parts if part.startswith("in ")], [part for part in parts if part[:3] != "in "]
    return " ".join([*modes, *([f"when {' and '.join(others)}"] if others else [])])


def _in_order(names: Iterable[str]) -> list[str]:
    order: Callable[[str], Any] = lambda name: (" is above " in name or "is not 0" in name, name)  # noqa: E731
    return sorted(names, key=order)
