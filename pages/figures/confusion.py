"""The confusion matrix: which class is taken for which, as a grid of counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.shares import percent
from pages.figures.bars import as_text
from pages.figures.colours import DIGITS, ENDS, ZERO

RIGHT = {"light": "#e3e7ed", "dark": "#2a3240"}  # of the diagonal, which is no mistake


def confusion_grid(counts: Array, names: Sequence[str], theme: str = "light") -> dict[str, Any]:
    """Counts (K,K) of the pictures of a row's class that were taken for the column's; the number is the count, 0 left out.

    The colours are for the mistakes: the share of the row, so that rare classes count as much, up to the largest share that
    was mistaken. What is right, the diagonal, is grey.
    """
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    right = np.eye(len(counts), dtype=bool)
    reach = float(shares[~right].max(initial=0)) or 1.0
    labels = as_text(names)
    grid = {
        "type": "heatmap",
        "x": labels,
        "y": labels,
        "z": np.where(right, -reach, shares).round(4).tolist(),  # below 0 there is only grey
        "customdata": [
            [[n, percent(share)] for n, share in zip(*row, strict=True)]
            for row in zip(counts.tolist(), shares.tolist(), strict=True)
        ],
        "text": [[str(n) if n else "" for n in row] for row in counts.tolist()],
        "texttemplate": "%{text}",
        "textfont": {"color": DIGITS[theme]},
        "hovertemplate": "true %{y}, predicted %{x}: %{customdata[0]} pictures, %{customdata[1]} of the true class"
        "<extra></extra>",
        "zmin": -reach,
        "zmax": reach,
        "colorscale": [[0, RIGHT[theme]], [0.499, RIGHT[theme]], [0.5, ZERO[theme]], [1, ENDS[theme][1]]],
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
            "xaxis": {**axis, "title": {"text": "predicted class"}},
            "yaxis": {**axis, "title": {"text": "true class"}, "autorange": "reversed"},
        },
    }
