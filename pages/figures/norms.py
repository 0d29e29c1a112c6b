"""What norms do from batch to batch, and what small batches do to them. Figures as dicts for Plotly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnn_core.checks import Array
from pages.figures.comparison import COLOURS
from pages.figures.curves import DASHES, MARKERS, layout, line

DIGITS = 5  # of a number that is drawn


def settling(own: Array, running: Mapping[str, Array], what: str) -> dict[str, Any]:
    """What each of T batches has by itself (T,), and the running averages (T + 1,) by their names, the start included."""
    dots = line("each batch by itself", range(1, len(own) + 1), _few(own), "#7d828c", "markers")
    lines = [
        line(name, range(len(values)), _few(values), COLOURS[place], dash=DASHES[place])
        for place, (name, values) in enumerate(running.items())
    ]
    marker = {"marker": {"symbol": "circle-open", "size": 6}}
    return {"data": [dots | marker, *lines], "layout": layout("batches", what, {}) | {"showlegend": True}}


def small_batches(found: Mapping[str, Mapping[int, Sequence[float]]], sizes: Sequence[int]) -> dict[str, Any]:
    """Test accuracy in percent over the batch size, by norm: a dot for each seed, their mean as a line, their spread as a bar."""
    data = []
    for place, (name, by_size) in enumerate(found.items()):
        there = [size for size in sizes if by_size.get(size)]
        positions = [sizes.index(size) + (place - 0.5) * 0.12 for size in there]  # side by side, so that both are seen
        means = [sum(by_size[size]) / len(by_size[size]) for size in there]
        style = {"marker": {"symbol": MARKERS[place], "size": 9, "color": COLOURS[place]}}
        up, down = (
            [abs(end(by_size[size]) - mean) for size, mean in zip(there, means, strict=True)] for end in (max, min)
        )
        bars = {"error_y": {"type": "data", "array": up, "arrayminus": down, "symmetric": False, "width": 5}}
        data.append(line(name, positions, means, COLOURS[place], "lines+markers", DASHES[place]) | style | bars)
        dots = [(x, accuracy) for x, size in zip(positions, there, strict=True) for accuracy in by_size[size]]
        seeds = line("", [x + 0.04 for x, _ in dots], [y for _, y in dots], COLOURS[place], "markers", faint=True)
        data.append(seeds | {"marker": style["marker"] | {"size": 5}, "showlegend": False, "opacity": 0.7})
    axis = {
        "title": {"text": "pictures in a batch", "standoff": 4},
        "tickvals": list(range(len(sizes))),
        "ticktext": [str(size) for size in sizes],
        "range": [-0.4, len(sizes) - 0.6],
    }
    return {
        "data": data,
        "layout": layout("", "test accuracy, %", {}) | {"xaxis": axis, "showlegend": True, "height": 320},
    }


def _few(values: Array) -> list[float | None]:
    return [float(f"{value:.{DIGITS}g}") for value in values.tolist()]
