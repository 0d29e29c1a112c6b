"""Curves of a training over its steps, with the changes of its settings marked. Figures as dicts for Plotly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.solver import StepRecord
from cnn_core.training.history import History, column, epoch_ends
from cnn_core.training.range_test import LARGEST, SMALLEST
from cnn_core.training.range_test import smooth as running_mean
from cnn_core.training.store import Change
from cnn_core.training.thinning import telling

FEW = 8  # steps or epochs: each has its point and its tick
LABEL_ROOM = 0.04  # of the axis: marks nearer than that share one label
MOST_POINTS = 600  # more would not be seen, and would be sent anew at each refresh
LOSS, DATA, L2, TRAIN, VAL = "#0b6bcb", "#7b4fb5", "#8a94a3", "#d95f02", "#1b9e77"
GUESSING = "#c2185b"
MOST_TICKS = 5  # on the loss axis of a curve, which shares the screen with much else
PLAIN = 4  # digits of a number on an axis; beyond, it is a power of ten
EXPLODED = 200  # times the smallest loss: on a linear axis the rest would lie flat on 0
MARKED = "#d95f02"
# Many lines in one plot are told apart by more than their colour.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "8px,2px,2px,2px,2px,2px")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star")
EPOCHS_MEAN = 0.6  # the weight of the past in a running mean over epochs, which are fewer than steps


def loss_curve(
    records: Sequence[StepRecord], changes: Sequence[Change] = (), *, smooth: bool = False, classes: int | None = None
) -> dict[str, Any]:
    """The loss of each step and its two parts, data and L2, over iterations.

    changes: settings changed on the way, each marked with its name and value. smooth: running means, over the faint
    loss of each step. classes: how many there are to guess among; the loss of that, its logarithm, is marked.
    """
    records = History(records)  # a list would be made into columns anew for each of them
    steps, losses = column(records, "iteration"), column(records, "loss")
    parts = {"loss": losses, "data": column(records, "data_loss"), "L2": column(records, "reg_loss")}
    colours, dashes = {"loss": LOSS, "data": DATA, "L2": L2}, {"loss": "solid", "data": "dash", "L2": "dot"}
    mode = "lines+markers" if len(steps) <= FEW else "lines"  # a line of one point would not be seen
    lines = [
        line(name, *drawn(steps, running_mean(y) if smooth else y), colours[name], mode, dashes[name])
        for name, y in parts.items()
    ]
    if smooth:
        lines.append(line("each step", *drawn(steps, losses), LOSS, faint=True))
    last = int(steps[-1]) if len(steps) else 0
    if classes is not None:
        lines.append(_guessing(classes, max(1, last)))
    title, axis = "loss", dict[str, Any](rangemode="tozero")
    if is_logarithmic(records):
        above = [y for each in lines for y in each["y"] if y is not None and y > 0]
        title, axis = "loss, log scale", log_axis(min(above), max(above), MOST_TICKS)
    return {"data": lines, "layout": layout("step", title, axis, most=last) | _marks(changes, last)}


def is_logarithmic(records: Sequence[StepRecord]) -> bool:
    """Did the loss grow, or fall, so far that its curve has a logarithmic axis?"""
    losses = column(records, "loss")
    above = losses[losses > 0]
    return bool(len(above)) and bool(above.max() > EXPLODED * above.min())


def log_axis(low: float, high: float, most: int) -> dict[str, Any]:
    """A logarithmic axis with ticks for what lies from low to high, about `most` of them: where there is room, 2 and 5
    beside the powers of ten, or else of these only every second, third ...; Plotly would write 2 and 5 alone, and one on the
    other where the axis is short."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1, 2, 5) if 3 * (last - first) <= most else (1,)
    every = max(1, math.ceil((last - first) / most))
    ticks = [(step, power) for power in range(first, last + 1) if power % every == 0 for step in steps]
    return {
        "type": "log",
        "tickvals": [float(f"{step}e{power}") for step, power in ticks],
        "ticktext": [_written(step, power) for step, power in ticks],
    }


def _written(step: int, power: int) -> str:
    """step · 10^power, as it is read most easily."""
    if abs(power) <= PLAIN:
        return f"{step * 10.0**power:g}"
    return f"{'' if step == 1 else f'{step}·'}10<sup>{power}</sup>".replace("-", "−")


def _guessing(classes: int, last: int) -> dict[str, Any]:
    """The loss of a guess among so many classes, across the plot."""
    loss = round(math.log(classes), 4)
    mark = line(f"guessing: ln {classes}", [0, last], [loss, loss], GUESSING, dash="longdash")
    return mark | {"hovertemplate": f"a guess among {classes} classes: ln {classes} = {loss}<extra></extra>"}


def accuracy_curve(records: Sequence[StepRecord], *, smooth: bool = False) -> dict[str, Any]:
    """Training and validation accuracy at the end of each epoch, in percent."""
    ends = epoch_ends(records)
    x = column(ends, "epoch").astype(int).tolist()
    lines = []
    for name, part, colour, dash in (
        ("training", "train_accuracy", TRAIN, "solid"),
        ("validation", "val_accuracy", VAL, "dash"),
    ):
        y = (100 * np.nan_to_num(column(ends, part))).tolist()
        means = [round(value, 4) for value in running_mean(y, EPOCHS_MEAN).tolist()] if smooth else y
        lines.append(line(name, x, means, colour, "lines+markers", dash))
    return {"data": lines, "layout": layout("epoch", "accuracy, %", {"range": [0, 102]}, most=max(x, default=0))}


def range_curve(records: Sequence[StepRecord], suggestion: float | None) -> dict[str, Any]:
    """A range test: the loss over the learning rate of its step, smoothed and as it was; the suggested rate marked."""
    rates, losses = column(records, "learning_rate"), column(records, "loss")
    shown = layout("learning rate", "loss", {"rangemode": "tozero"})
    ends = [math.log10(rate) for rate in (SMALLEST, LARGEST)]
    shown["xaxis"] |= {"type": "log", "dtick": 1, "rangemode": "normal", "tickformat": "~g", "range": ends}
    if suggestion is not None:
        note = _mark_words(f"{suggestion:.2g}", math.log10(suggestion))
        shown |= {"shapes": [_mark_line(suggestion)], "annotations": [note]}
    lines = [
        line("smoothed", *drawn(rates, running_mean(losses)), LOSS),
        line("each step", *drawn(rates, losses), LOSS, faint=True),
    ]
    return {"data": lines, "layout": shown}


def line(
    name: str,
    x: Sequence[float],
    y: Sequence[float | None],
    colour: str,
    mode: str = "lines",
    dash: str = "solid",
    *,
    faint: bool = False,
) -> dict[str, Any]:
    """One line of a plot; faint: behind another one, as what was measured is behind its running mean."""
    style = {"color": colour, "width": 1 if faint else 2, "dash": dash}
    return {
        "type": "scatter",
        "name": name,
        "x": list(x),
        "y": list(y),
        "mode": mode,
        "line": style,
        "opacity": 0.3 if faint else 1,
    }


def layout(x: str, y: str, yaxis: dict[str, Any], most: float | None = None) -> dict[str, Any]:
    """The layout of a plot of lines, with the titles of its axes. most: the last x, where these are whole numbers from 1."""
    ticks = {} if most is None or most > FEW else {"dtick": 1, "range": [0, max(1, most) + 0.2]}
    return {
        "height": 280,
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "xaxis": {"title": {"text": x, "standoff": 4}, "rangemode": "tozero", "automargin": True, **ticks},
        "yaxis": {"title": {"text": y}, "automargin": True, **yaxis},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "uirevision": "keep",  # a zoom outlives the refreshes
    }


def drawn(x: Array, y: Array, most: int = MOST_POINTS) -> tuple[list[float], list[float | None]]:
    """The points (x, y) of a long line that are drawn: at most `most`, first, last and every peak among them.

    y is rounded to 4 digits behind the point; what is not finite is a gap, None.
    """
    picked = telling(y, most)
    return x[picked].tolist(), [round(v, 4) if math.isfinite(v) else None for v in y[picked].tolist()]


def _marks(changes: Sequence[Change], most: int) -> dict[str, Any]:
    """A line across the plot where settings were changed. Words on what they were changed to, in the end, where several
    lines stand close together; most: the last step."""
    if not changes:
        return {}
    ordered = sorted(changes, key=lambda change: change.iteration)
    labels: list[tuple[int, int, dict[str, float]]] = []  # from which step, to which, and what was set in the end
    for change in ordered:
        began, told = change.iteration, dict[str, float]()
        if labels and change.iteration - labels[-1][0] <= LABEL_ROOM * most:
            began, _, told = labels.pop()
        labels.append((began, change.iteration, told | {change.name: change.value}))
    return {
        "shapes": [_mark_line(step) for step in dict.fromkeys(change.iteration for change in ordered)],
        "annotations": [
            _mark_words(", ".join(f"{name} {value:g}" for name, value in told.items()), step)
            for _, step, told in labels
        ],
    }


def _mark_line(x: float) -> dict[str, Any]:
    line = {"color": MARKED, "width": 1.5, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def _mark_words(text: str, x: float) -> dict[str, Any]:
    """x: where they stand; on a logarithmic axis Plotly wants the exponent there, though not for the line."""
    note = {"x": x, "y": 1, "yref": "paper", "text": text, "textangle": -90, "showarrow": False}
    return note | {"xanchor": "right", "yanchor": "top", "font": {"size": 11}}
