"""What a measurement of speed has found: bars, growth curves and a roofline. Figures as dicts for Plotly."""

from __future__ import annotations

import math
from typing import Any

from cnn_core.speed import AXES, VERSIONS, WORKS, Axis, Limits, Report, Version, Work, intensity, operations
from pages.figures.colours import OVERLAY

COLOURS: dict[Version, str] = {"loops": "#d95f02", "vectorised": "#0b6bcb", "fast": "#1b9e77"}
PATTERNS: dict[Version, str] = {"loops": "", "vectorised": "/", "fast": "x"}  # told apart without colours as well
SYMBOLS: dict[Version, str] = {"loops": "circle", "vectorised": "square", "fast": "diamond"}
DASHES: dict[Version, str] = {"loops": "solid", "vectorised": "dash", "fast": "solid"}
GREY = "#8a94a3"
MARGIN = {"l": 10, "r": 10, "t": 10, "b": 10}
GIGA = 1e9


def time_text(seconds: float) -> str:
    """Seconds in three digits, in the unit that suits: "3.86 s", "52.1 ms", "880 µs"."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= 0.9995 * size or unit == "µs":
            return f"{_three(seconds / size)} {unit}"
    raise AssertionError("the last unit takes all")


def times_text(ratio: float) -> str:
    """How many times: "1,240×", "52×", "1.3×"."""
    return f"{ratio:.1f}×" if ratio < 9.95 else f"{float(f'{ratio:.3g}'):,.0f}×"


def time_bars(report: Report) -> dict[str, Any]:
    """Seconds for a batch, a bar for each work and version on a log scale, with its number and its speed-up."""
    found = [timing.seconds for timing in report.timings.values()]
    low, high = math.floor(math.log10(min(found))) - 0.3, math.log10(max(found))
    traces = []
    for version in VERSIONS:
        works = [work for work in WORKS if (work, version) in report.timings]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": version,
                "y": [_two_lines(work) for work in works],
                "x": [report.seconds(work, version) for work in works],
                "text": [_bar_text(report, work, version) for work in works],
                "textposition": "outside",
                "cliponaxis": False,
                "marker": {"color": COLOURS[version], "pattern": {**OVERLAY, "shape": PATTERNS[version]}},
                "hoverinfo": "skip",
            }
        )
    names = [_two_lines(work) for work in WORKS]
    return {
        "data": traces,
        "layout": {
            "height": 460,
            "margin": MARGIN,
            "bargap": 0.25,
            "xaxis": {
                "type": "log",
                "range": [low, high + 0.55 * (high - low)],  # room for the longest bar's text
                "title": {"text": "time for a batch, log scale"},
                **_si("s"),
                "fixedrange": True,
                "automargin": True,
            },
            "yaxis": {
                "categoryorder": "array",
                "categoryarray": names,
                "range": [len(names) - 0.5, -0.5],  # the first on top, also those that have no bars yet
                "fixedrange": True,
                "automargin": True,
            },
            "legend": {"orientation": "h", "y": 1.08, "x": 0},
        },
    }


def growth_curves(report: Report, axis: Axis) -> dict[str, Any]:
    """Seconds of the convolution, forward, over one of its lengths, log-log; dotted: in proportion to the arithmetic."""
    traces = []
    for version in VERSIONS:
        if curve := report.curve(axis, version):
            traces.append(
                {
                    "type": "scatter",
                    "name": version,
                    "x": [point.value for point in curve],
                    "y": [point.seconds for point in curve],
                    "mode": "lines+markers",
                    "line": {"color": COLOURS[version], "width": 2, "dash": DASHES[version]},
                    "marker": {"symbol": SYMBOLS[version], "size": 8},
                    "hovertemplate": "%{y:.3s}s",
                }
            )
    values = [point.value for point in report.curve(axis, "fast")]
    if values:
        work = [operations(report.plan.grown(axis, value), "forward") for value in values]
        last = report.curve(axis, "fast")[-1].seconds
        traces.append(
            {
                "type": "scatter",
                "name": "in proportion",
                "x": values,
                "y": [last * done / work[-1] for done in work],
                "mode": "lines",
                "line": {"color": GREY, "width": 2, "dash": "dot"},
                "hoverinfo": "skip",
            }
        )
    log: dict[str, Any] = {"type": "log", "fixedrange": True, "automargin": True}
    return {
        "data": traces,
        "layout": {
            "height": 340,
            "margin": {**MARGIN, "t": 75},  # room for a legend of three lines
            "xaxis": {**log, "title": {"text": AXES[axis]}, "tickvals": values},
            "yaxis": {**log, "title": {"text": "time"}, **_si("s")},
            "legend": {"orientation": "h", "y": 1.03, "yanchor": "bottom", "x": 0},
            "hovermode": "x unified",
        },
    }


def roofline(report: Report, limits: Limits) -> dict[str, Any]:
    """Operations a second over operations a byte, log-log: the machine's roof, and a point for each work and version."""
    itemsize = 8 if report.plan.dtype == "float64" else 4
    placed: dict[tuple[Work, Version], tuple[float, float]] = {}
    for work, version in report.timings:
        rate = report.rate(work, version)
        if rate is not None:
            across = intensity(report.plan.layer(work), work.direction, version, itemsize)
            placed[work, version] = (across, rate / GIGA)
    ridge, peak = limits.operations / limits.bytes, limits.operations / GIGA
    xs = [across for across, _ in placed.values()] + [ridge]
    left, right = min(xs) / 3, max(xs) * 3
    roof = {
        "type": "scatter",
        "name": "roof",
        "x": [left, ridge, right],
        "y": [left * limits.bytes / GIGA, peak, peak],
        "mode": "lines",
        "line": {"color": GREY, "width": 3},
        "hoverinfo": "skip",
    }
    traces: list[dict[str, Any]] = [roof]
    for version in VERSIONS:
        works = [work for work in WORKS if (work, version) in placed]
        traces.append(
            {
                "type": "scatter",
                "name": version,
                "x": [placed[work, version][0] for work in works],
                "y": [placed[work, version][1] for work in works],
                "text": [_short(work) for work in works],
                "textposition": [_beside(work, version) for work in works],
                "mode": "markers+text",
                "marker": {"color": COLOURS[version], "symbol": SYMBOLS[version], "size": 11},
                "cliponaxis": False,
                "hovertemplate": "%{text}: %{y:.3g} billion operations per second, %{x:.3g} per byte",
            }
        )
    log: dict[str, Any] = {"type": "log", "fixedrange": True, "automargin": True, "dtick": 1, "tickformat": "~g"}
    return {
        "data": traces,
        "layout": {
            "height": 460,
            "margin": {**MARGIN, "t": 60},
            "xaxis": {
                **log,
                "title": {"text": "arithmetic intensity: operations per byte"},
                "range": [math.log10(left), math.log10(right)],
            },
            "yaxis": {**log, "title": {"text": "billion operations per second"}},
            "legend": {"orientation": "h", "y": 1.03, "yanchor": "bottom", "x": 0},
        },
    }


def _bar_text(report: Report, work: Work, version: Version) -> str:
    seconds, gain = report.seconds(work, version), report.speed_up(work, version)
    assert seconds is not None
    if version == "loops" or gain is None:
        return time_text(seconds)
    return f"{time_text(seconds)}, {times_text(gain)}"


def _two_lines(work: Work) -> str:
    return f"{work.layer},<br>{work.direction}"


def _short(work: Work) -> str:
    return ("conv" if work.layer == "convolution" else "pool") + ("<br>back" if work.direction == "backward" else "")


def _beside(work: Work, version: Version) -> str:
    """Where a point's name stands, so that neighbours leave each other room.

    The vectorised points are left of the fast ones; of a layer's two directions the one with more operations a byte, which
    is mostly the quicker, has its name on top.
    """
    on_top = (work.layer == "convolution") == (work.direction == "backward")
    return f"{'top' if on_top else 'bottom'} {'left' if version == 'vectorised' else 'right'}"


def _si(unit: str) -> dict[str, Any]:
    """Ticks at powers of ten, written as 1 ms, 10 ms."""
    return {"dtick": 1, "tickformat": "~s", "ticksuffix": unit}


def _three(number: float) -> str:
    """Three digits, without an exponent."""
    return f"{number:.0f}" if number >= 99.95 else f"{number:.3g}"
