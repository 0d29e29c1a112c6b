"""Which class is taken for which, as a grid of counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnn_core.checks import Array
from pages.figures.bars import as_text
from pages.figures.colours import positive_scale


def confusion_grid(counts: Array, names: Sequence[str], theme: str = "light") -> dict[str, Any]:
    """Counts (K,K) of the pictures of a row's class that were taken for the column's.

    The colour is the share of the row, so that rare classes count as much; the number is the count, 0 left out.
    """
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    labels = as_text(names)
    grid = {
        "type": "heatmap",
        "x": labels,
        "y": labels,
        "z": shares.round(3).tolist(),
        "text": [[str(n) if n else "" for n in row] for row in counts.tolist()],
        "texttemplate": "%{text}",
        "hovertemplate": "%{y} taken for %{x}: %{text} pictures (%{z:.0%} of its class)<extra></extra>",
        "zmin": 0,
        "zmax": 1,
        "colorscale": positive_scale(theme),
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    axis = {"type": "category", "fixedrange": True, "automargin": True, "showgrid": False}
    return {
        "data": [grid],
        "layout": {
            "height": 120 + 30 * len(labels),
            "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
            "xaxis": {**axis, "title": {"text": "taken for"}},
            "yaxis": {**axis, "title": {"text": "is"}, "autorange": "reversed"},
        },
    }
