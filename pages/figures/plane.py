"""Pictures as points in a plane, told apart by colour and by sign; a ring around a mistake, a diamond around the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnn_core.checks import Array
from pages.figures.bars import as_text
from pages.figures.curves import MARKERS
from pages.figures.inside import PALETTE

ROUNDS = ("", "-open", "-dot", "-open-dot")  # what the signs look like when they come again


def plane_of_pictures(
    points: Array, truth: Array, answers: Array, names: Sequence[str], here: Array, theme: str = "light"
) -> dict[str, Any]:
    """Points (N, 2) with their classes truth (N,) and what the network says, answers (N,). here: (2,), the chosen picture."""
    names, data = as_text(names), []
    said = [names[t] if t == a else f"{names[t]}, taken for {names[a]}" for t, a in zip(truth, answers, strict=True)]
    for k, name in enumerate(names):
        sign = MARKERS[k % len(MARKERS)] + ROUNDS[k // len(MARKERS) % len(ROUNDS)]
        look = {"color": PALETTE[k % len(PALETTE)], "symbol": sign, "size": 6, "opacity": 0.8}
        data.append(_points(points, np.flatnonzero(truth == k), said, look, name))
    ink = "#ffffff" if theme == "dark" else "#000000"
    # With eight sides and narrow: no class has such a sign. Both are hollow, so that what they are around stays in view.
    ring = {"color": ink, "symbol": "octagon-open", "size": 14, "line": {"width": 2}}
    data.append(_points(points, np.flatnonzero(answers != truth), said, ring, "a mistake"))
    diamond = {"color": "#e6007a", "symbol": "diamond-tall-open", "size": 26, "line": {"width": 3}}
    data.append(_points(here[None], np.array([0]), ["the chosen picture"], diamond, "the chosen picture"))
    data[-1] |= {
        "mode": "markers+text",
        "text": ["chosen"],
        "textposition": "middle right",
        "textfont": {"color": ink, "size": 13},
        "hovertemplate": "the chosen picture<extra></extra>",
    }
    axis = {"zeroline": False, "showticklabels": False, "fixedrange": True}
    return {
        "data": data,
        "layout": {
            "height": 420,
            "margin": {"l": 30, "r": 10, "t": 10, "b": 30},
            "xaxis": {**axis, "title": {"text": "first principal component"}},
            "yaxis": {**axis, "title": {"text": "second principal component"}},
            "legend": {"orientation": "h", "y": -0.1, "x": 0},
        },
    }


def _points(points: Array, those: Array, said: Sequence[str], look: dict[str, Any], name: str) -> dict[str, Any]:
    """Of points (N, 2) those of these numbers, and what is said of each. look: of their sign. name: in the legend."""
    return {
        "type": "scattergl" if len(those) > 3000 else "scatter",
        "mode": "markers",
        "name": name,
        "x": np.round(points[those, 0], 4).tolist(),
        "y": np.round(points[those, 1], 4).tolist(),
        "text": [f"{said[n]} (test picture {n})" for n in those],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": look,
    }
