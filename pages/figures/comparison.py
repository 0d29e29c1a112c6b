"""Curves of several trainings in one plot: told apart by colour, and by dash or marker. Figures as dicts for Plotly."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from cnn_core.solver import StepRecord
from cnn_core.training.range_test import smooth

MOST_POINTS = 400  # a curve; more would not be seen
# Each of at least 3:1 against both backgrounds, and apart from its neighbours with any colour vision.
COLOURS = ("#2f7fd6", "#d95f02", "#1b9e77", "#c2479d", "#8c7a1e", "#7d828c")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "cross")
MOST = len(COLOURS)  # runs in one plot
LONGEST = 28  # letters of a name in the legend

Histories = Mapping[str, Sequence[StepRecord]]


def loss_curves(runs: Histories, *, smoothed: bool) -> dict[str, Any]:
    """The loss of each run (data plus L2) over its steps. runs: at most MOST, by title. smoothed: the running mean."""
    lines, losses = [], []
    for place, (title, records) in enumerate(runs.items()):
        values = [record.loss for record in records]
        values = smooth(values).tolist() if smoothed else values
        every = max(1, math.ceil(len(records) / MOST_POINTS))
        picked = slice((len(records) - 1) % every, None, every)  # the last one is among them
        y = [float(f"{value:.4g}") for value in values[picked]]
        lines.append(_line(place, title, [record.iteration for record in records[picked]], y, "lines"))
        losses += [value for value in y if value > 0]
    spread = bool(losses) and max(losses) > 50 * min(losses)  # an explosion would flatten all the others
    return {"data": lines, "layout": _layout("step", "loss", {"type": "log"} if spread else {"rangemode": "tozero"})}


def accuracy_curves(runs: Histories) -> dict[str, Any]:
    """The validation accuracy of each run at the end of each epoch, in percent, over its steps."""
    lines = []
    for place, (title, records) in enumerate(runs.items()):
        ends = [(r.iteration, 100 * r.val_accuracy) for r in records if r.val_accuracy is not None]
        lines.append(_line(place, title, [i for i, _ in ends], [round(a, 2) for _, a in ends], "lines+markers"))
    return {"data": lines, "layout": _layout("step", "validation accuracy, %", {"range": [0, 102]})}


def _line(place: int, title: str, x: list[int], y: list[float], mode: str) -> dict[str, Any]:
    short = title if len(title) <= LONGEST else title[: LONGEST - 1] + "…"
    return {
        "type": "scatter",
        "name": html.escape(short),  # a name must not become a link
        "x": x,
        "y": y,
        "mode": mode,
        "line": {"color": COLOURS[place], "width": 2, "dash": DASHES[place]},
        "marker": {"symbol": MARKERS[place], "size": 8},
    }


def _layout(x: str, y: str, yaxis: dict[str, Any]) -> dict[str, Any]:
    return {
        "height": 340,
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "xaxis": {"title": {"text": x}, "rangemode": "tozero", "automargin": True},
        "yaxis": {"title": {"text": y}, "automargin": True, **yaxis},
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        "showlegend": True,
    }
