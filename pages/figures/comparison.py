"""Curves of several trainings in one plot: told apart by colour, and by dash or marker. Figures as dicts for Plotly."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from cnn_core.solver import StepRecord
from cnn_core.training.history import History, column, epoch_ends
from cnn_core.training.range_test import smooth
from cnn_core.training.thinning import telling
from pages.figures.curves import DASHES, MARKERS, layout, line, log_axis

MOST_POINTS = 400  # a curve; more would not be seen
SPREAD = 50  # from the smallest loss to the largest; beyond, the axis is logarithmic
EXPLODED = 10  # times a run's first loss
# Each of at least 3:1 against both backgrounds, and apart from its neighbours with any colour vision.
COLOURS = ("#2f7fd6", "#d95f02", "#1b9e77", "#c2479d", "#8c7a1e", "#7d828c")
MOST = len(COLOURS)  # runs in one plot
MOST_TICKS = 15  # on the axis of the loss
LONGEST = 28  # letters of a name in the legend

Histories = Mapping[str, Sequence[StepRecord]]


def loss_curves(runs: Histories, *, smoothed: bool) -> dict[str, Any]:
    """The loss of each run (data plus L2) over its steps. runs: at most MOST, by title. smoothed: the running mean.

    A loss that explodes leaves the plot at its upper edge: it would flatten all the others.
    """
    lines, losses, top = [], [], 0.0
    for place, (title, records) in enumerate(runs.items()):
        history = History(records)
        values = column(history, "loss")
        values = smooth(values) if smoothed else values
        picked = telling(values, MOST_POINTS)
        y = [float(f"{value:.4g}") if math.isfinite(value) else None for value in values[picked].tolist()]
        steps = column(history, "iteration")[picked]
        lines.append(_line(place, title, steps.astype(int).tolist(), y, "lines"))
        losses += [value for value in y if value is not None and value > 0]
        top = max([top, *(EXPLODED * value for value in values[:1].tolist())])
    axis: dict[str, Any] = {"rangemode": "tozero"}
    if losses and max(losses) > SPREAD * min(losses):
        low, high = min(losses), min(max(losses), top)
        axis = log_axis(low, high, MOST_TICKS) | {"range": [math.log10(low) - 0.1, math.log10(high) + 0.1]}
    return {"data": lines, "layout": _layout(runs, "loss", axis)}


def accuracy_curves(runs: Histories) -> dict[str, Any]:
    """The validation accuracy of each run at the end of each epoch, in percent, over its steps."""
    lines = []
    for place, (title, records) in enumerate(runs.items()):
        ends = epoch_ends(records)
        accuracies = [round(100 * value, 2) for value in column(ends, "val_accuracy").tolist()]
        lines.append(_line(place, title, [r.iteration for r in ends], accuracies, "lines+markers"))
    return {"data": lines, "layout": _layout(runs, "validation accuracy, %", {"range": [0, 102]})}


def _line(place: int, title: str, x: list[int], y: list[float | None], mode: str) -> dict[str, Any]:
    short = html.escape(title if len(title) <= LONGEST else title[: LONGEST - 1] + "…")  # a name must not become a link
    return line(short, x, y, COLOURS[place], mode, DASHES[place]) | {"marker": {"symbol": MARKERS[place], "size": 8}}


def _layout(runs: Histories, y: str, yaxis: dict[str, Any]) -> dict[str, Any]:
    return layout("step", y, yaxis) | {"height": 340, "showlegend": True, "uirevision": " ".join(runs)}
