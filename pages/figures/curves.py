"""Curves of a training: the loss at every step, the accuracies at every epoch's end. Figures as dicts for Plotly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cnn_core.solver import StepRecord

MOST_POINTS = 600  # more would not be seen, and would be sent anew at each refresh
LOSS, L2, TRAIN, VAL = "#0b6bcb", "#8a94a3", "#d95f02", "#1b9e77"


def loss_curve(records: Sequence[StepRecord]) -> dict[str, Any]:
    """The loss of each step (data plus L2) and its L2 part, over iterations."""
    every = max(1, math.ceil(len(records) / MOST_POINTS))
    shown = [r for r in records if r.iteration % every == 0]
    x = [r.iteration for r in shown]
    losses = [r.loss for r in shown if r.loss > 0]
    spread = bool(losses) and max(losses) > 200 * min(losses)  # an explosion: linear, the rest would lie flat on 0
    return {
        "data": [
            _line("loss", x, [round(r.loss, 4) for r in shown], LOSS),
            _line("of which L2", x, [round(r.reg_loss, 4) for r in shown], L2, dash="dot"),
        ],
        "layout": _layout("step", "loss", {"type": "log"} if spread else {"rangemode": "tozero"}),
    }


def accuracy_curve(records: Sequence[StepRecord]) -> dict[str, Any]:
    """Training and validation accuracy at the end of each epoch, in percent."""
    ends = [r for r in records if r.val_accuracy is not None]
    x = [r.epoch for r in ends]
    return {
        "data": [
            _line("training", x, [100 * (r.train_accuracy or 0) for r in ends], TRAIN, mode="lines+markers"),
            _line("validation", x, [100 * (r.val_accuracy or 0) for r in ends], VAL, "lines+markers", dash="dash"),
        ],
        "layout": _layout("epoch", "accuracy, %", {"range": [0, 102]}),
    }


def _line(
    name: str, x: list[int], y: list[float], colour: str, mode: str = "lines", dash: str = "solid"
) -> dict[str, Any]:
    line = {"color": colour, "width": 2, "dash": dash}
    return {"type": "scatter", "name": name, "x": x, "y": y, "mode": mode, "line": line}


def _layout(x: str, y: str, yaxis: dict[str, Any]) -> dict[str, Any]:
    return {
        "height": 280,
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "xaxis": {"title": {"text": x}, "rangemode": "tozero", "automargin": True},
        "yaxis": {"title": {"text": y}, "automargin": True, **yaxis},
        "legend": {"orientation": "h", "y": 1.12, "x": 0},
        "uirevision": "keep",  # a zoom outlives the refreshes
    }
