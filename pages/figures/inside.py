"""A training seen from inside: histograms of one layer, and how each layer's numbers went over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from cnn_core.training.thinning import telling
from pages.figures.curves import DASHES, MARKERS, layout, line

MOST_POINTS = 200
PALETTE = ("#0b6bcb", "#d95f02", "#1b9e77", "#7b4fb5", "#c2185b", "#8a6d00", "#5b6675")
GAP = 0.06  # between two plots side by side, as a share of the whole


def histograms(found: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, Any]:
    """Histograms side by side, by title: `counts` (30,), and `edges` (31,) of the bins."""
    data, frames, titles = [], {}, []
    width = (1 - GAP * (len(found) - 1)) / len(found)
    for number, (title, histogram) in enumerate(found.items()):
        mark = "" if number == 0 else str(number + 1)
        left = number * (width + GAP)
        edges = histogram["edges"]
        data.append(
            {
                "type": "bar",
                "x": [(a + b) / 2 for a, b in pairwise(edges)],
                "y": list(histogram["counts"]),
                "width": [b - a for a, b in pairwise(edges)],
                "marker": {"color": PALETTE[number]},
                "hovertemplate": "around %{x:.3g}: %{y}<extra></extra>",
                "xaxis": f"x{mark}",
                "yaxis": f"y{mark}",
            }
        )
        frames[f"xaxis{mark}"] = {"domain": [left, left + width], "anchor": f"y{mark}", "fixedrange": True, "nticks": 5}
        frames[f"yaxis{mark}"] = {"anchor": f"x{mark}", "showticklabels": False, "fixedrange": True, "showgrid": False}
        titles.append(
            {
                "text": title,
                "x": left + width / 2,
                "y": 1.02,
                "xref": "paper",
                "yref": "paper",
                "yanchor": "bottom",
                "showarrow": False,
            }
        )
    return {
        "data": data,
        "layout": {
            "height": 190,
            "margin": {"l": 10, "r": 10, "t": 30, "b": 25},
            "showlegend": False,
            "bargap": 0,
            "annotations": titles,
            **frames,
        },
    }


def over_time(
    iterations: Sequence[int],
    layers: Mapping[str, Sequence[float | None]],
    title: str,
    *,
    healthy: float | None = None,
    share: bool = False,
) -> dict[str, Any]:
    """One line a layer over the steps, told apart by colour, dash and marker.

    healthy: a value to compare with, drawn as a dashed line.

    share: from 0 to 1, as it is; otherwise the axis is logarithmic, and what is not above 0 is left out.
    """
    keep: Callable[[float | None], float | None] = (
        (lambda v: v) if share else (lambda v: v if v is not None and v > 0 else None)
    )
    lines = []
    for k, (name, values) in enumerate(layers.items()):
        colour, dash = PALETTE[k % len(PALETTE)], DASHES[k % len(DASHES)]
        symbol = MARKERS[(k + k // len(DASHES)) % len(MARKERS)]  # the second round has other pairs
        picked = telling(values, MOST_POINTS).tolist()
        x, y = [iterations[k] for k in picked], [keep(values[k]) for k in picked]
        lines.append(line(name, x, y, colour, "lines+markers", dash) | {"marker": {"symbol": symbol, "size": 6}})
    axis = {"range": [-0.02, 1.02], "tickformat": ".0%"} if share else {"type": "log", "exponentformat": "power"}
    shown = layout("step", title, axis)
    if healthy is not None:
        shape = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": healthy, "y1": healthy}
        shown["shapes"] = [{**shape, "line": {"color": "#8a94a3", "width": 1.5, "dash": "dash"}}]
    return {"data": lines, "layout": shown}
