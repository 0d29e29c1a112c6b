"""A tensor laid out on a plane, its entries and the errors of their gradients: what the component `entries` draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.gradients import ErrorMap

WIDE = 1.3  # times as wide as high is what a layout should be
PLANE, ITEM, BLOCK = 0.4, 0.8, 1.2  # gaps, in cells: between planes of an item, between items, between columns of items
RIGHT, DOUBTFUL = 1e-7, 1e-2  # relative errors: CS231n, "Gradient checks"
LEAST = 1e-12  # a relative error that has no colour yet; at 1 it is the strongest
TALLEST = 236  # pixels


@dataclass(frozen=True)
class Layout:
    """places: row and column of each entry, as the arrow keys count; spots: its left and top edge, in cells; size: of all;
    columns: how many items (of the first axis) stand side by side in a line."""

    places: list[list[int]]
    spots: list[list[float]]
    size: tuple[float, float]
    columns: int


def layout(shape: tuple[int, ...]) -> Layout:
    """Where the entries of a tensor (N, C, H, W), (N, D) or (N,) stand: each n has a line of planes; the lines stand in so many
    columns that all is nearly `WIDE`."""
    count, planes, height, width = (
        shape if len(shape) == 4 else (shape[0], 1, 1, shape[1]) if len(shape) == 2 else (1, 1, 1, *shape)
    )
    gap = ITEM if len(shape) == 4 else 0.0
    across = planes * width + (planes - 1) * PLANE

    def size(columns: int) -> tuple[float, float]:
        lines = math.ceil(count / columns)
        return columns * (across + BLOCK) - BLOCK, lines * (height + gap) - gap

    columns = min(range(1, count + 1), key=lambda columns: max(size(columns)[0] / WIDE, size(columns)[1]))
    lines = math.ceil(count / columns)
    places, spots = [], []
    for item, plane, row, column in np.ndindex(count, planes, height, width):
        block, line = divmod(item, lines)
        places.append([line * height + row, (block * planes + plane) * width + column])
        left = block * (across + BLOCK) + plane * (width + PLANE) + column
        spots.append([round(left, 2), round(line * (height + gap) + row, 2)])
    return Layout(places, spots, size(columns), math.ceil(count / lines))


def tensor_map(name: str, values: Array, kinks: Array) -> dict[str, Any]:
    """The tensor itself: blue below 0, orange above; entries with a kink within h are marked."""
    peak = float(np.abs(values).max()) or 1.0
    told = [f"{entry(name, index)} = {minus(f'{values[index]:g}')}" for index in np.ndindex(values.shape)]
    marks = ["◆" if kink else "" for kink in kinks.ravel().tolist()]
    words = [["", _line_in_words(name, values.shape)]] if values.ndim == 4 else []
    words += [["◆", "a kink within h"]] if kinks.any() else []
    title = f"{name} {'×'.join(map(str, values.shape))}: choose an entry"
    return drawn(name, values.shape, title, (values / peak).ravel(), marks, told, words)


def _line_in_words(name: str, shape: tuple[int, ...]) -> str:
    """What stands in a line of a tensor of four axes."""
    items = "kernels" if name.endswith("weight") else "examples"
    planes = f", the {shape[1]} planes of each side by side" if shape[1] > 1 else ""
    return f"in a line: {layout(shape).columns} of {shape[0]} {items}{planes}"


def error_plane(name: str, found: ErrorMap) -> dict[str, Any]:
    """The relative error of each entry on a log scale, with marks for what is far apart, doubtful, or at a kink."""
    shares = np.clip(np.log10(np.maximum(found.relative, LEAST) / LEAST) / -math.log10(LEAST), 0, 1)
    marks = [mark(error, kink) for error, kink in zip(found.relative.ravel(), found.kinks.ravel(), strict=True)]
    told = [
        f"{entry(name, index)}: numeric {number(float(found.numeric[index]))}, analytic {number(float(found.analytic[index]))}, "
        f"relative error {scientific(float(found.relative[index]))}" + ", a kink within h" * bool(found.kinks[index])
        for index in np.ndindex(found.relative.shape)
    ]
    words = [["", "colour: 10⁻¹² (none) to 1 (strong)"], ["·", "above 10⁻⁷"], ["×", "above 10⁻²: far apart"]]
    words += [["◆", "a kink within h"]] if found.kinks.any() else []
    title = f"relative error of each entry, at most {scientific(float(np.max(found.relative)))}"
    return drawn(name, found.relative.shape, title, np.nan_to_num(shares, nan=1.0).ravel(), marks, told, words, 2)


def mark(error: float, kink: bool) -> str:
    """The sign in a cell of the error map."""
    return "◆" if kink else "" if error <= RIGHT else "·" if error <= DOUBTFUL else "×"


def entry(name: str, index: tuple[int, ...]) -> str:
    """How an entry is written: conv.weight[4, 1, 1, 1]."""
    return f"{name}[{', '.join(map(str, index))}]"


def minus(text: str) -> str:
    """With true minus signs, and no 0 before a single-digit exponent: 4e−6."""
    return text.replace("e-0", "e-").replace("e+0", "e").replace("-", "−")


def number(value: float) -> str:
    """A number of six digits."""
    return minus(f"{value:.6g}")


def power(h: float) -> str:
    """A step: 0.01, 1e−5."""
    return minus(f"{h:.1g}")


def scientific(value: float | Decimal, digits: int = 2) -> str:
    """An error in two digits: 3.1e−9, or 0."""
    return minus(f"{value:.{digits - 1}e}".replace("e+00", "").removesuffix("e+0")) if value else "0"


def drawn(
    name: str,
    shape: tuple[int, ...],
    title: str,
    shares: Array,
    marks: list[str],
    told: list[str],
    legend: list[list[str]],
    lines: int = 1,
) -> dict[str, Any]:
    """A tensor of this shape for the component. By entry: shares of the strongest colour, -1 to 1; marks, a few letters; what
    is told of it, of so many lines at most. legend: pairs of a mark and what it means."""
    placed = layout(shape)
    return {
        "name": name,
        "title": title,
        "places": placed.places,
        "spots": placed.spots,
        "size": placed.size,
        "tallest": TALLEST,
        "shares": np.round(shares.astype(np.float64), 3).tolist(),
        "marks": marks,
        "told": told,
        "legend": legend,
        "lines": lines,
    }
