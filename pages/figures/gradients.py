"""A gradient as a heatmap with its numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.walks.rounding import write_digits
from pages.figures.colours import DIGITS, signed_scale

MOST_TEXT = 12  # columns beyond which the numbers would not fit into the cells


def gradient_map(gradient: Array, reach: float, theme: str = "light") -> dict[str, Any]:
    """A gradient (H, W) on a scale from -reach to reach, its numbers in the cells; a figure as a dict for Plotly."""
    # Rounded first: numbers that a check holds for equal are written alike. The number in full shows on hover.
    shown = np.round(gradient, 7 - math.ceil(math.log10(reach))) + 0.0
    heatmap = {
        "type": "heatmap",
        "z": gradient,
        "zmin": -reach,
        "zmax": reach,
        "colorscale": signed_scale(theme),
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "text": [[write_digits(v, 4) if math.isfinite(v) else "NaN" for v in row] for row in shown.tolist()],
        "textfont": {"color": DIGITS[theme]},
        "texttemplate": "%{text}" if gradient.shape[1] <= MOST_TEXT else "",
        "hovertemplate": "row %{y}, column %{x}: %{z:.10~g}<extra></extra>",
    }
    axis = {"visible": False, "fixedrange": True, "constrain": "domain"}
    return {
        "data": [heatmap],
        "layout": {
            "height": max(90, min(400, 44 * gradient.shape[0] + 10)),
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "xaxis": axis,
            "yaxis": {**axis, "autorange": "reversed", "scaleanchor": "x"},
            "plot_bgcolor": "rgba(0,0,0,0)",
        },
    }
