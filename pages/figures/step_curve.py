"""The error of one entry's numeric gradient over the step h, measured in two dtypes, and what is expected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cnn_core.gradients import STEPS, Curve, Expected
from pages.figures.entries import power

COLOURS = {"float64": "#0b6bcb", "float32": "#d95f02"}
SYMBOLS = {"float64": "circle", "float32": "square"}
DASHES = {"float64": "solid", "float32": "dash"}
EXPECTED = {"float64": "dot", "float32": "dashdot", "truncation": "longdashdot"}
NOW, KINK, PLAIN = "#e6007a", "#7b4fb5", "#8a94a3"
LOW = 0.22  # of the height: there, on both sides of the valley, no curve runs
FLOOR, CEILING = 1e-15, 10.0  # of the errors drawn; an error of 0 stands at the floor


def step_curve(curves: Sequence[Curve], theory: Expected, h: float) -> dict[str, Any]:
    """Relative error over h, both logarithmic; h: the step that is in use, marked in both dtypes."""
    data: list[dict[str, Any]] = []
    steps = list(STEPS)
    now = steps.index(h) if h in steps else None
    for curve in curves:
        drawn = [None if math.isnan(e) else min(max(e, FLOOR), CEILING) for e in curve.relative.tolist()]
        hover = [
            f"{curve.dtype}, h = {power(step)}: "
            + ("x + h is x" if math.isnan(error) else f"relative error {error:.1e}")
            for step, error in zip(steps, curve.relative.tolist(), strict=True)
        ]
        sizes = [13 if k == now else 6 for k in range(len(steps))]
        data.append(
            {
                "type": "scatter",
                "name": curve.dtype,
                "x": steps,
                "y": drawn,
                "mode": "lines+markers",
                "line": {"color": COLOURS[curve.dtype], "dash": DASHES[curve.dtype], "width": 2},
                "marker": {"symbol": SYMBOLS[curve.dtype], "size": sizes},
                "text": hover,
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
        rounding = [theory.rounding(step, curve.dtype) for step in steps]
        data.append(
            _expected(f"ε|f|/h, {curve.dtype}", steps, rounding, theory, COLOURS[curve.dtype], EXPECTED[curve.dtype])
        )
    if theory.third:
        truncation = [theory.truncation(step) or 0.0 for step in steps]
        data.append(_expected("h²|f‴|/6", steps, truncation, theory, PLAIN, EXPECTED["truncation"]))
    found = [
        (step, e) for curve in curves for step, e, kink in zip(steps, curve.relative, curve.kinks, strict=True) if kink
    ]
    if found:
        data.append(
            {
                "type": "scatter",
                "name": "kink within h",
                "x": [step for step, _ in found],
                "y": [min(max(float(error), FLOOR), CEILING) for _, error in found],
                "mode": "markers",
                "marker": {"symbol": "diamond-open", "size": 13, "color": KINK, "line": {"width": 2}},
                "hoverinfo": "skip",
            }
        )
    axis = {"type": "log", "exponentformat": "power", "automargin": True}
    return {
        "data": data,
        "layout": {
            "height": 250,
            "margin": {"l": 10, "r": 10, "t": 26, "b": 10},
            "xaxis": {
                **axis,
                "title": {"text": "step h", "standoff": 4},
                "dtick": 2,
                "tickangle": 0,
                "range": [-14.3, 0.3],
            },
            "yaxis": {**axis, "title": {"text": "relative error"}, "dtick": 3, "range": [-15.3, 2.6]},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "shapes": [_line(h, NOW, "solid")],
            "annotations": [*_regions(theory), _words(math.log10(h), 0.02, f" h = {power(h)}", "bottom")],
        },
    }


def _expected(name: str, x: list[float], y: list[float], theory: Expected, colour: str, dash: str) -> dict[str, Any]:
    """A thin broken line: an absolute error as a relative one, of a numeric gradient about as large as the right one."""
    size = max(2 * theory.gradient, 1e-8)
    return {
        "type": "scatter",
        "name": name,
        "x": x,
        "y": [value / size for value in y],
        "mode": "lines",
        "line": {"color": colour, "dash": dash, "width": 1},
        "hoverinfo": "skip",
    }


def _regions(theory: Expected) -> list[dict[str, Any]]:
    """The words rounding, on the left of the best h in float64, and truncation, on the right of it."""
    best = theory.best("float64")
    middle = math.log10(best) if best else -5.0
    words = [_words(max(-13.0, middle - 5), LOW, "← rounding rules", "top")]
    if theory.third:
        words.append(_words(min(-0.9, middle + 2.4), LOW, "truncation rules →", "top"))
    return words


def _line(x: float, colour: str, dash: str) -> dict[str, Any]:
    line = {"color": colour, "width": 1.5, "dash": dash}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def _words(x: float, y: float, text: str, anchor: str) -> dict[str, Any]:
    note = {"x": x, "y": y, "yref": "paper", "text": text, "showarrow": False, "yanchor": anchor}
    return note | {"font": {"size": 11}, "xanchor": "left" if anchor == "bottom" else "center"}
