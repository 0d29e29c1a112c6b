"""The adjoint of im2col: adds each column up where its window stood. How convolve.py gets the gradient of x, by images.

With stride 2, the even cells of x meet some of the kernel's cells and the odd ones the others (Window.phases). Cells of one
phase lie as close together as the windows do, so kernel cell after kernel cell adds its map of numbers, moved by whole
rows and columns; only the sum is written with gaps between its numbers. A map is added as one long run: moved by a column,
the end of each row would go to the beginning of the next, so what leaves its row is set to 0 before.
"""

from __future__ import annotations

from cnn_core.checks import Array, Pair
from cnn_core.machine.scratch import scratch
from cnn_core.window import Window

Moved = tuple[Array, int]  # maps (..., P), and by how many numbers they move to the right


def add_back(dcolumns: Array, window: Window, dx: Array) -> None:
    """Write to dx (..., H, W) the sum of dcolumns (..., KH, KW, OH', OW').

    OH', OW' are OH, OW, or more where a phase is larger; what lies beyond OH, OW counts as 0. dcolumns is changed.
    """
    *lead, h, w = dx.shape
    high, wide = dcolumns.shape[-2:]
    oh, ow = window.output_size((h, w))
    dcolumns[..., oh:, :] = 0
    maps = dcolumns.reshape(*dcolumns.shape[:-2], high * wide)
    for rows, down in window.phases((h, w), 0):
        if not down:  # no window sees these rows
            dx[..., rows, :] = 0
            continue
        strips = _sum("strips", [(maps[..., i, :, :], by * wide) for i, by in down], maps[..., 0, :, :])
        for columns, across in window.phases((h, w), 1):
            for j, by in across:
                strip = strips[..., j, :].reshape(*lead, high, wide)
                for column in (*range(min(-by, ow)), *range(max(0, min(ow, wide - by)), wide)):
                    strip[..., column] = 0
            cells = dx[..., rows, columns]
            if not across:
                cells[...] = 0
                continue
            total = _sum("total", [(strips[..., j, :], by) for j, by in across], strips[..., 0, :])
            cells[...] = total.reshape(*lead, high, wide)[..., : cells.shape[-2], : cells.shape[-1]]


def room_for(output_size: Pair, input_size: Pair, window: Window) -> Pair:
    """OH', OW': the size of the output, or of the largest phase of the input."""
    high, wide = (max(o, -(-i // s)) for o, i, s in zip(output_size, input_size, window.stride, strict=True))
    return high, wide


def roomy(maps: Array, size: Pair) -> Array:
    """The maps (..., OH, OW) in the corner of maps of this size; what is made of the others will count as 0."""
    *lead, oh, ow = maps.shape
    if (oh, ow) == tuple(size):
        return maps
    larger = scratch("maps", (*lead, *size), maps.dtype)
    larger[..., :oh, :ow] = maps
    larger[..., oh:, :] = larger[..., :oh, ow:] = 1  # not 0, which times infinity is NaN, with a warning
    return larger


def _sum(name: str, moved: list[Moved], like: Array) -> Array:
    """The sum of all that is moved, shaped as `like` (..., P): what moves out is lost, 0 moves in.

    It takes the place of what does not move, or scratch memory of this name if all does.
    """
    total = next((maps for maps, by in moved if by == 0), None)
    if total is None:
        total = scratch(name, like.shape, like.dtype)
        total.fill(0)
    p = like.shape[-1]
    for maps, by in moved:
        if by:
            start, stop = min(p, max(0, by)), max(0, min(p, p + by))
            total[..., start:stop] += maps[..., start - by : stop - by]
    return total
