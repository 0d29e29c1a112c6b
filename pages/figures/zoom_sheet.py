"""Maps of a network as the zoom draws them: planes of cells side by side, of which one chooses a plane or a cell."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.explorer import Tensor
from cnn_core.explorer.levels import MOST as LEVELS
from cnn_core.explorer.levels import levels
from pages.figures.zoom_spot import At, Spot, axis_of, spot_of

MOST_CELLS = 1 << 17  # of a sheet
MOST_KERNELS = 4  # of a filter that are drawn below each other


def sheet(
    planes: Array,
    of: Tensor,
    *,
    words: str,
    labels: Sequence[str] = (),
    exact: bool = False,
    shared: bool = True,
    **more: Any,
) -> dict[str, Any]:
    """Planes (P, H, W), or units (K,) as cells of one plane, for zoom.js; of: whose numbers they are: gradients have colours
    of their own.

    words: what they are; labels: one below each plane. exact: all digits are sent, to be read at a cell. shared: one scale for
    all planes. more: `choose`, see `chooser`; `marks`, cells [plane, row, column, rows, columns] with a frame.
    """
    units = planes.ndim == 1
    shown = planes[: MOST_CELLS // max(1, planes[0].size)]
    cells = shown.reshape(len(shown), *((1, 1) if units else shown.shape[1:]))
    finite = cells[np.isfinite(cells)]
    peak = float(np.abs(finite).max(initial=0)) or 1.0
    if exact:
        sent = {"dtype": "f8", "base64": b64encode(np.ascontiguousarray(cells, "<f8").tobytes()).decode()}
    else:
        scaled = levels(cells.reshape(1, -1, cells.shape[-1])) if shared else levels(cells)
        codes = np.ascontiguousarray(scaled.codes, "i1").tobytes()
        sent, peak = {"dtype": "i1", "base64": b64encode(codes).decode()}, float(LEVELS)
    rows, columns = cells.shape[1:]
    size = {
        "planes": len(cells),
        "rows": rows,
        "columns": columns,
        "units": units,
        "left_out": len(planes) - len(cells),
    }
    return {"words": words, "labels": list(labels), "peak": peak, "gradient": is_gradient(of), **size, **sent, **more}


def is_gradient(tensor: Tensor) -> bool:
    """Whether its numbers are gradients."""
    return tensor.kind in ("gradient", "dparam")


def maps_of(array: Array, spot: Spot) -> tuple[Array, dict[str, Any]]:
    """The planes that a spot shows, (P, H, W) or (K,), and what choosing one of them, or a cell of them, leads to."""
    if spot.number is None:
        if array.ndim == 1:
            return array, chooser(spot, "entry" if spot.is_param else "map", array.shape)
        if array.ndim == 2 or (array.ndim == 4 and array.shape[1] > MOST_KERNELS):  # too many to see each number
            units = np.sqrt((array**2).sum(axis=0 if array.ndim == 2 else (1, 2, 3)))
            return units, chooser(spot, "map", units.shape)
        planes = array.reshape(len(array), -1, array.shape[-1])
        return planes, chooser(spot, "map", (len(planes),))
    part = array.take(spot.number, axis_of(spot.tensor, array.ndim))
    if array.ndim == 2:
        return part, chooser(spot, "entry", part.shape, after=f"-{spot.number}")
    planes = part if part.ndim == 3 else part[None]
    return planes, chooser(spot, "entry" if spot.is_param else "cell", part.shape, before=f"{spot.number}-")


def chooser(spot: Spot, key: str, shape: At, *, before: str = "", after: str = "") -> dict[str, Any]:
    """How an address is made of the place that is chosen: by `shape`, its numbers with "-" between."""
    start = Spot(spot.way, spot.tensor, spot.number if key == "cell" else None).query()
    return {"before": f"{start}&{key}={'' if key == 'cell' else before}", "shape": list(shape), "after": after}


def around(array: Array, tensor: Tensor, at: Sequence[int], marks: Array, words: str, way: str) -> dict[str, Any]:
    """The map that a number stands in, with a frame around the cells of it that count; choosing it leads there."""
    axis = axis_of(tensor, array.ndim)
    if array.ndim in (1, 2):
        plane, cells = (
            (array if array.ndim == 1 else array.take(at[1], 1)),
            [[k, 0, 0, 1, 1] for k in marks[:, 0].tolist()],
        )
    else:
        plane = array[at[0]].reshape(-1, array.shape[-2], array.shape[-1])
        cells = _frames(marks[:, -3:] if array.ndim == 4 else np.column_stack([marks[:, 0] * 0, marks[:, 1:]]))
    query = Spot(way, spot_of(tensor, way).tensor, int(at[axis]) if array.ndim > 1 else None).query()
    return sheet(plane, tensor, words=words, marks=cells, query=query)


def _frames(cells: Array) -> list[list[int]]:
    """One frame around the cells of each plane."""
    found = []
    for plane in np.unique(cells[:, 0]).tolist():
        own = cells[cells[:, 0] == plane][:, 1:]
        low, high = own.min(axis=0), own.max(axis=0)
        found.append([plane, *low.tolist(), *(high - low + 1).tolist()])
    return found
