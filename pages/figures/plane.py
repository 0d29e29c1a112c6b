"""Pictures as points in a plane, told apart by colour and by sign, mistakes by a cross."""

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
    data = []
    for k, name in enumerate(as_text(names)):
        sign = MARKERS[k % len(MARKERS)] + ROUNDS[k // len(MARKERS) % len(ROUNDS)]
        look = {"color": PALETTE[k % len(PALETTE)], "symbol": sign, "size": 6, "opacity": 0.8}
        those = np.flatnonzero((truth == k) & (answers == truth))
        data.append(_points(points[those], those, [name] * len(those), look, name))
    wrong = np.flatnonzero(answers != truth)
    said = [f"{as_text([names[truth[n]]])[0]}, taken for {as_text([names[answers[n]]])[0]}" for n in wrong]
    ink = "#ffffff" if theme == "dark" else "#000000"
    data.append(_points(points[wrong], wrong, said, {"color": ink, "symbol": "x-thin-open", "size": 8}, "a mistake"))
    star = {"color": "#e6007a", "symbol": "hexagram", "size": 16, "line": {"color": "#ffffff", "width": 1}}
    data.append(_points(here[None], np.array([-1]), ["the chosen picture"], star, "the chosen picture"))
    axis = {"zeroline": False, "showticklabels": False, "fixedrange": True}
    return {
        "data": data,
        "layout": {
            "height": 420,
            "margin": {"l": 30, "r": 10, "t": 10, "b": 30},
            "xaxis": {**axis, "title": {"text": "first principal component"}},
            "yaxis": {**axis, "title": {"text": "second"}},
            "legend": {"itemsizing": "constant"},
        },
    }


def _points(points: Array, numbers: Array, said: Sequence[str], look: dict[str, Any], name: str) -> dict[str, Any]:
    return {
        "type": "scattergl" if len(points) > 3000 else "scatter",
        "mode": "markers",
        "name": name,
        "x": np.round(points[:, 0], 4).tolist(),
        "y": np.round(points[:, 1], 4).tolist(),
        "text": [f"{words} (test picture {n})" if n >= 0 else words for n, words in zip(numbers, said, strict=True)],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": look,
    }
