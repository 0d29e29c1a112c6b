"""What a cell high up in a stack of layers sees of the maps below it: the receptive field, and the paths that lead there.

With layers 1 to L, of which layer l has a window of span_l = d_l (k_l - 1) + 1 cells and stride s_l,

    jump              j_l = j_{l-1} s_l                         j_0 = 1
    receptive field   r_l = r_{l-1} + (span_l - 1) j_{l-1}      r_0 = 1

(Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill 2019; Dumoulin and
Visin, "A guide to convolution arithmetic for deep learning", 2016). The formula knows no border: the field of a cell at
the edge of a map may reach into the padding, where there is nothing to see. What is seen is told by `connection`, exactly.

Sizes and positions of single layers come from their `Window`; here they are chained.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cnn_core.checks import Array, Pair, PairLike, pair
from cnn_core.window import Window


@dataclass(frozen=True)
class ReceptiveField:
    """What the cells of one map see of the input. All are pairs (height, width), all but map_size in cells of the input.

    map_size: rows and columns of the map itself.
    size: the receptive field r of each of its cells, padding counted.
    jump: from the field of a cell to the field of its neighbour.
    start: first row and column of the field of cell [0, 0]; where it is below 0, the field begins in the padding.
    """

    map_size: Pair
    size: Pair
    jump: Pair
    start: Pair


@dataclass(frozen=True)
class Connection:
    """How the cells of an upper map hang together with those of a lower one, along one axis.

    paths: (cells above, cells below) int64, on how many ways one gets from a cell above through the windows of the
        layers between to a cell below. Windows are separable: from [r, c] to [i, j] there are as many paths as rows.paths[r, i]
        * columns.paths[c, j]. Paths that end in padding, of the lower map or of one between, are not counted.
    field: (cells above, 2) int64, first and last cell of the receptive field by the formula. Before the first cell of
        the map below and behind its last one it lies in the padding.
    """

    paths: Array
    field: Array


def receptive_fields(windows: Sequence[Window], input_size: PairLike) -> list[ReceptiveField]:
    """The receptive field of each map on the input: of the input itself first (1 cell), then layer by layer.

    windows: the layers from the input up, convolutions and poolings alike; may be empty. input_size: an int or a pair
    (height, width), in cells.

    Raises ValueError if a layer does not fit onto the map below it; the message begins with the layer's number, from 1. And
    if windows are not a list of `Window`s.
    """
    _check_windows(windows)
    map_size = pair("input_size", input_size, 1)
    strides = np.array(
        [(1, 1), *(window.stride for window in windows)], dtype=object
    )  # Python's ints do not wrap around
    jumps = np.cumprod(strides, axis=0)
    size, start = np.array([1, 1], dtype=object), np.array([0, 0], dtype=object)
    fields = [ReceptiveField(map_size, (1, 1), (1, 1), (0, 0))]
    for number, window in enumerate(windows, 1):
        try:
            map_size = window.output_size(map_size)
        except ValueError as error:
            raise ValueError(f"layer {number}: {error}") from None
        below = jumps[number - 1]
        size = size + (np.array(window.span, dtype=object) - 1) * below
        start = start - np.array([before for before, _ in window.padding], dtype=object) * below
        fields.append(ReceptiveField(map_size, _pair(size), _pair(jumps[number]), _pair(start)))
    return fields


def smallest_input(windows: Sequence[Window]) -> Pair:
    """The smallest input (height, width), in cells, onto which all layers `windows` fit: from one cell on top, each layer back.

    Raises ValueError if windows are not a list of `Window`s.
    """
    _check_windows(windows)
    rows, columns = 1, 1
    for window in reversed(windows):
        unpadded = replace(window, padding=((0, 0), (0, 0))).transposed_size((rows, columns))
        rows, columns = (max(1, n - sum(sides)) for n, sides in zip(unpadded, window.padding, strict=True))
    return rows, columns


def connection(windows: Sequence[Window], input_size: PairLike) -> tuple[Connection, Connection]:
    """How the map on top of the layers `windows` hangs together with the map of `input_size` under them: (rows, columns).

    For two maps inside a stack pass the windows between them and the size of the lower one.

    Raises ValueError if a layer does not fit (see `receptive_fields`), or if there are so many layers that the number
    of paths, or a cell's, can pass 2**63 - 1.
    """
    _check_windows(windows)
    most = math.prod(cells for window in windows for cells in window.kernel_size)
    if most >= 2**63:
        raise ValueError(
            f"windows (={len(windows)} layers, up to {most:.0e} paths) must leave fewer than 2**63 paths: pass fewer"
        )
    fields = receptive_fields(windows, input_size)
    top = fields[-1]
    if max(abs(s) + j * n + r for s, j, n, r in zip(top.start, top.jump, top.map_size, top.size, strict=True)) >= 2**63:
        raise ValueError(f"windows (jump {top.jump}) must stay below 2**63 cells together: make the strides smaller")
    return _along(0, windows, fields), _along(1, windows, fields)


def _check_windows(windows: object) -> None:
    if not isinstance(windows, list | tuple) or not all(isinstance(window, Window) for window in windows):
        raise ValueError(
            f"windows (={str(windows)[:60]}) must be a list of layers, each a Window: [Window.of(3, stride=2)]"
        )


def _along(axis: int, windows: Sequence[Window], fields: Sequence[ReceptiveField]) -> Connection:
    paths = np.eye(fields[0].map_size[axis], dtype=np.int64)
    for window, below in zip(windows, fields, strict=False):
        paths = _one_layer(window, below.map_size[axis], axis) @ paths
    top = fields[-1]
    first = top.start[axis] + top.jump[axis] * np.arange(top.map_size[axis])
    return Connection(paths, np.stack([first, first + top.size[axis] - 1], axis=1))


def _one_layer(window: Window, cells: int, axis: int) -> Array:
    """Which of so many `cells` each position of the window sees along `axis`: (positions, cells) of 0 and 1."""
    column = Window(
        (window.kernel_size[axis], 1),
        (window.stride[axis], 1),
        (window.padding[axis], (0, 0)),
        (window.dilation[axis], 1),
    )
    ones = np.eye(cells, dtype=np.int64)[:, :, None]  # as many pictures, each of one column with a single 1 in it
    seen = column.view(column.pad(ones)).sum(axis=(2, 3, 4))  # (pictures, positions)
    return np.asarray(seen.T)


def _pair(values: Array) -> Pair:
    return int(values[0]), int(values[1])
