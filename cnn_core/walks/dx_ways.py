"""dx of a convolution in three ways: by spreading, as a full convolution, and by the transposed matrix.

    1. spreading            each number of dout, times the kernel, is added to the window of dx that it came from
    2. full convolution     the kernel, flipped, moves by 1 over dout with stride - 1 zeros between its cells, and around it
                            padding of dilation * (kernel_size - 1) - padding; where that is below 0, so much is cut off
    3. transposed matrix    the convolution is out = W x, with x and out as columns of numbers; so dx = W^T dout

Each number of dx is the same sum in all three: one product dout * weight for every number of dout whose window reads it.
All three add the products in the order of dout (filter, row, column), one after the other, from 0 on; what 2 and 3 add in
between is a number times 0. So they agree to the last bit, also in floating point, for finite numbers.

Shapes: dout (F, OH, OW), weight (F, C / groups, KH, KW), input_size (H, W), dx (C, H, W), all float64. groups is 1 unless
given. ValueError where a shape does not fit, for NaN and infinity, and for a cell that dx does not have.

(Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, sections 4.1 to 4.6; docs/math.md.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, Pair, PairLike, pair, whole
from cnn_core.walks.counts import Grid, counted, require_exact, takes_planes
from cnn_core.window import Window

Meetings = tuple[tuple[Pair, ...], ...]


class DxTerm(NamedTuple):
    """One product of a number of dx: dout[filter, row, column] * weight[filter, channel, kernel_row, kernel_column]."""

    filter: int
    row: int
    column: int
    kernel_row: int
    kernel_column: int
    dout: float
    weight: float


@dataclass(frozen=True)
class DxWays:
    """One gradient in three ways, in exact counts: what goes in, what is gathered from, and what each way makes.

    dout (F, OH, OW), weight (F, C / groups, KH * KW), plane (F, H', W'): dout drawn apart, for the full convolution; blank
    (H', W'): which of its cells are zeros in between or around. spread, convolved, multiplied: dx (C, H, W). meetings: as
    `meetings` gives them, for each axis. matrix (C * H * W, F * OH * OW): the transposed one; None if it would be too large.
    """

    window: Window
    groups: int
    dout: Grid
    weight: Grid
    plane: Grid
    blank: Array
    spread: Grid
    convolved: Grid
    multiplied: Grid
    meetings: tuple[Meetings, Meetings]
    matrix: Grid | None

    @property
    def matrix_size(self) -> Pair:
        """Rows and columns of the transposed matrix: the numbers of dx and of dout."""
        return self.spread.counts.size, self.dout.counts.size


@takes_planes
def dx_by_spreading(dout: Array, weight: Array, window: Window, *, input_size: PairLike, groups: int = 1) -> Array:
    """dx (C, H, W): each number of dout (F, OH, OW) adds its multiple of the kernel to a window of dx."""
    size, groups = _check(dout, weight, window, input_size, groups)
    (dh, dw), (ph, pw) = window.dilation, window.span
    channels, filters = weight.shape[1], len(weight) // groups
    padded = np.zeros((channels * groups, *window.padded_size(size)))
    for f in range(len(weight)):
        first = f // filters * channels
        for oy, ox, top, left in window.origins(size):
            touched = padded[first : first + channels, top : top + ph : dh, left : left + pw : dw]
            touched += dout[f, oy, ox] * weight[f]
    return window.crop(padded).copy()


@takes_planes
def dx_by_full_convolution(
    dout: Array, weight: Array, window: Window, *, input_size: PairLike, groups: int = 1
) -> Array:
    """dx (C, H, W): the flipped kernel moves by 1 over dout (F, OH, OW), which is drawn apart."""
    size, groups = _check(dout, weight, window, input_size, groups)
    plane, _ = drawn_apart(dout, window, size)
    sliding, flipped = Window.of(window.kernel_size, 1, 0, window.dilation), weight[..., ::-1, ::-1]
    channels, filters = weight.shape[1], len(weight) // groups
    dx = np.zeros((channels * groups, *size))
    for f in range(len(weight)):
        first = f // filters * channels
        for i, j in np.ndindex(*window.kernel_size):  # all windows at once: each in the order of dout's cells
            dx[first : first + channels] += sliding.tap(plane[f], i, j) * flipped[f, :, i, j, None, None]
    return dx


@takes_planes
def dx_by_matrix(dout: Array, weight: Array, window: Window, *, input_size: PairLike, groups: int = 1) -> Array:
    """dx (C, H, W): the transposed matrix of the convolution times dout (F, OH, OW), one column of it after the other."""
    size, groups = _check(dout, weight, window, input_size, groups)
    channels = weight.shape[1] * groups
    dx = np.zeros(channels * size[0] * size[1])
    for number, row in zip(dout.ravel(), _rows(weight, window, size, groups), strict=True):
        dx += number * row
    return dx.reshape(channels, *size)


@takes_planes
def convolution_matrix(weight: Array, window: Window, *, input_size: PairLike, groups: int = 1) -> Array:
    """The matrix W (F * OH * OW, C * H * W) of a convolution: out = W x, both as columns, channel by channel, row by row.

    Each row is a filter's kernel (C / groups, KH, KW) where its window stands, and zeros elsewhere. Raises ValueError as
    the module says.
    """
    size = pair("input_size", input_size, 1)
    dout = np.zeros((len(weight), *window.output_size(size)))
    _, groups = _check(dout, weight, window, size, groups)
    return np.stack(list(_rows(weight, window, size, groups)))


@takes_planes
def dx_terms(
    dout: Array, weight: Array, window: Window, *, cell: Sequence[int], input_size: PairLike, groups: int = 1
) -> list[DxTerm]:
    """The products of which dx[cell] is the sum, in the order in which all three ways add them; cell: channel, row, column.

    dout is (F, OH, OW). The list is empty where no window reads the cell: its gradient is 0.
    """
    size, groups = _check(dout, weight, window, input_size, groups)
    shape = (weight.shape[1] * groups, *size)
    if len(cell) != 3 or not all(at in range(most) for at, most in zip(cell, shape, strict=True)):
        raise ValueError(f"cell (={tuple(cell)}) must be a channel, a row and a column of dx, whose shape is {shape}")
    (group, channel), filters = divmod(int(cell[0]), weight.shape[1]), len(weight) // groups
    rows, columns = (meetings(window, size, axis)[cell[1 + axis]] for axis in (0, 1))
    return [
        DxTerm(f, row, column, i, j, float(dout[f, row, column]), float(weight[f, channel, i, j]))
        for f in range(group * filters, (group + 1) * filters)
        for row, i in rows
        for column, j in columns
    ]


@takes_planes
def dx_ways(
    dout: Array,
    weight: Array,
    window: Window,
    *,
    input_size: PairLike,
    groups: int = 1,
    decimals: int = 4,
    largest_matrix: Pair = (128, 64),
) -> DxWays:
    """dx (C, H, W) in all three ways, of numbers that are first rounded to so many decimals and then counted exactly.

    largest_matrix: rows and columns up to which the transposed matrix is kept. Raises ValueError also where a sum of dx
    might grow too large to be exact.
    """
    size, groups = _check(dout, weight, window, input_size, groups)
    dout_grid, weight_grid = counted("dout", dout, decimals), counted("weight", weight, decimals)
    require_exact(dout_grid.largest * weight_grid.largest * weight[0, 0].size * (len(weight) // groups))
    scale = dout_grid.scale * weight_grid.scale
    spread, convolved, multiplied = (
        Grid(way(dout_grid.counts, weight_grid.counts, window, input_size=size, groups=groups), scale)
        for way in (dx_by_spreading, dx_by_full_convolution, dx_by_matrix)
    )
    plane, blank = drawn_apart(dout_grid.counts, window, size)
    matrix = None
    if spread.counts.size <= largest_matrix[0] and dout.size <= largest_matrix[1]:
        rows = convolution_matrix(weight_grid.counts, window, input_size=size, groups=groups)
        matrix = Grid(rows.T, weight_grid.scale)
    return DxWays(
        window,
        groups,
        dout_grid,
        Grid(weight_grid.counts.reshape(*weight.shape[:2], -1), weight_grid.scale),
        Grid(plane, dout_grid.scale),
        blank,
        spread,
        convolved,
        multiplied,
        (meetings(window, size, 0), meetings(window, size, 1)),
        matrix,
    )


def meetings(window: Window, input_size: Pair, axis: int) -> Meetings:
    """For each row (axis 0) or column (1) of the input: which windows read it, and through which kernel cell: (o, k), ..."""
    found: list[list[Pair]] = [[] for _ in range(input_size[axis])]
    for o in range(window.output_size(input_size)[axis]):
        for k in range(window.kernel_size[axis]):
            if 0 <= (at := window.start(o, axis) + k * window.dilation[axis]) < input_size[axis]:
                found[at].append((o, k))
    return tuple(map(tuple, found))


def drawn_apart(dout: Array, window: Window, input_size: Pair) -> tuple[Array, Array]:
    """What the flipped kernel moves over: dout (F, OH, OW) with zeros between and around its cells, (F, H', W'), and which
    cells (H', W') are such zeros.

    H' = H + dilation * (KH - 1), so that the kernel stands in H places. Where the padding is larger than the kernel's reach,
    it cuts off cells of dout: their windows lie in the padding.
    """
    down, across = (length - 1 for length in window.span)
    height, width = window.padded_size(input_size)
    plane = np.zeros((*dout.shape[:-2], height + down, width + across))
    blank = np.ones(plane.shape[-2:], dtype=bool)
    for grid, value in ((plane, dout), (blank, False)):
        window.tap(grid[..., down:, across:], 0, 0)[...] = value
    (top, _), (left, _) = window.padding
    part = (..., slice(top, top + input_size[0] + down), slice(left, left + input_size[1] + across))
    return plane[part].copy(), blank[part].copy()


def _rows(weight: Array, window: Window, size: Pair, groups: int) -> Iterator[Array]:
    """The rows of the convolution's matrix in turn: a kernel where its window stands in an image (C, H, W) of zeros."""
    (dh, dw), (ph, pw) = window.dilation, window.span
    channels, filters = weight.shape[1], len(weight) // groups
    for f in range(len(weight)):
        first = f // filters * channels
        for _, _, top, left in window.origins(size):
            image = np.zeros((channels * groups, *window.padded_size(size)))
            image[first : first + channels, top : top + ph : dh, left : left + pw : dw] = weight[f]
            yield window.crop(image).ravel()


def _check(dout: Array, weight: Array, window: Window, input_size: PairLike, groups: int) -> tuple[Pair, int]:
    """The input's size and the number of groups; ValueError where shapes do not fit together."""
    size, groups = pair("input_size", input_size, 1), whole("groups", groups, 1)
    for name, array in (("dout", dout), ("weight", weight)):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must hold finite numbers only: a zero in between would make NaN of the others")
    if len(weight) % groups:
        raise ValueError(f"groups (={groups}) must divide the filters of weight (={len(weight)})")
    if weight.shape[2:] != window.kernel_size:
        raise ValueError(f"weight (shape {weight.shape}) must have kernels of the window's size {window.kernel_size}")
    if dout.shape != (wanted := (len(weight), *window.output_size(size))):
        raise ValueError(
            f"dout (shape {dout.shape}) must have shape {wanted}: the filters of weight, and the rows and columns that the "
            f"window makes of input_size (={size})"
        )
    return size, groups
