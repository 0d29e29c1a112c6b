"""Where a step is: the cells of each grid that it has to do with, and which cells are known by then."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array
from cnn_core.walks.walk import Walk


class Mark(NamedTuple):
    """Cells of a grid's plane, from (top, left) on."""

    plane: int
    top: int
    left: int
    rows: int
    columns: int


def marks(walk: Walk, name: str, step: int) -> list[Mark]:
    """The cells of grid `name` at the place of this step."""
    phase, local = walk.locate(step)
    channel, position = divmod(local, len(walk.origin))
    planes, rows, columns = walk.grids[name].counts.shape
    if name in walk.fields:
        top, left = divmod(int(walk.origin[position]), walk.blank.shape[1])
        linked = range(planes)[slice(None) if phase.name == "copy" else walk.planes(channel)]
        return [Mark(plane, top, left, *walk.window.span) for plane in linked]
    if name in ("weight", "dweight"):
        first = channel * walk.channels_in
        return [Mark(plane, 0, 0, rows, columns) for plane in range(first, first + walk.channels_in)]
    if name == "rows":
        return [Mark(0, channel, 0, 1, columns)]
    if name == "columns":
        return [Mark(0, 0, position, rows, 1)]
    if name == "product":
        return [Mark(0, channel, position, 1, 1)]
    if name in ("bias", "dbias"):
        return [Mark(channel, 0, 0, 1, 1)]
    return [Mark(channel, position // columns, position % columns, 1, 1)]


def takes_part(walk: Walk, name: str, step: int) -> bool:
    """Whether the step reads or writes grid `name`."""
    phase, _ = walk.locate(step)
    if phase.name == "multiply":
        return True  # rows are the weights, columns the windows, and the product is the output
    return any(name in action.names for action in phase.actions)


def known(walk: Walk, name: str, channel: int, step: int) -> Array:
    """Which cells of a plane (rows, columns) of grid `name` hold a number after this step."""
    maker = "product" if walk.operation == "im2col" and name == "out" else name
    (_, rows, columns), first = walk.grids[name].counts.shape, 0
    for phase in walk.phases:
        for action in phase.actions:
            if action.into == maker and not action.adds:
                cells = np.arange(rows * columns).reshape(rows, columns)
                steps = cells % len(walk.origin) if action.do == "copy" else cells + channel * rows * columns
                return np.asarray(steps <= step - first)
        first += phase.steps
    return np.ones((rows, columns), dtype=bool)
