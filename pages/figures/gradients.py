"""A gradient computed two ways, side by side as heatmaps."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_core.checks import Array
from pages.figures.colours import signed_scale

MOST_TEXT = 12  # columns beyond which the numbers would not fit into the cells


def compare(analytic: Array, numeric: Array, theme: str = "light") -> dict[str, Any]:
    """Two heatmaps of (H, W) on one colour scale, with the numbers in the cells; a figure as a dict for Plotly."""
    reach = float(max(np.abs(analytic).max(initial=0), np.abs(numeric).max(initial=0))) or 1.0
    rows, columns = analytic.shape
    traces = [
        {
            "type": "heatmap",
            "z": values,
            "xaxis": f"x{side}",
            "yaxis": f"y{side}",
            "zmin": -reach,
            "zmax": reach,
            "colorscale": signed_scale(theme),
            "showscale": side == "2",
            "xgap": 1,
            "ygap": 1,
            "text": [[f"{value:.4g}" for value in row] for row in np.where(np.abs(values) < 1e-7 * reach, 0, values)],
            "texttemplate": "%{text}" if columns <= MOST_TEXT else "",
            "hovertemplate": "row %{y}, column %{x}: %{z:.10~g}<extra></extra>",
        }
        for side, values in (("", analytic), ("2", numeric))
    ]
    axis = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": "", "fixedrange": True}
    return {
        "data": traces,
        "layout": {
            "height": max(190, min(460, 60 + 44 * rows)),
            "margin": {"l": 10, "r": 10, "t": 40, "b": 10},
            "xaxis": {**axis, "domain": [0, 0.48]},
            "xaxis2": {**axis, "domain": [0.52, 1]},
            "yaxis": {**axis, "autorange": "reversed"},
            "yaxis2": {**axis, "autorange": "reversed", "anchor": "x2"},
            "annotations": [
                {
                    "text": text,
                    "x": x,
                    "y": 1.0,
                    "xref": "paper",
                    "yref": "paper",
                    "yanchor": "bottom",
                    "showarrow": False,
                }
                for text, x in (("by the backward pass", 0.24), ("by moving each number a little", 0.76))
            ],
        },
    }
