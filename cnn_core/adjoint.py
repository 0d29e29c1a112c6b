"""The adjoint of im2col: adds each column up where its window stood. How conv.py gets the gradient of x.

With stride 2, the even cells of x meet some of the kernel's cells and the odd ones the others (Window.phases). Cells of one
phase lie as close together as the windows do, so kernel cell after kernel cell adds its map of numbers, moved by whole
rows and columns; only the sum is written with gaps between its numbers. A map is added as one long run: moved by a column,
the end of each row would go to the beginning of the next, so what leaves its row is set to 0 before.
"""

from __future__ import annotations

import numpy as np

from cnn_core.checks import Array
from cnn_core.scratch import scratch
from cnn_core.window import Window

Moved = tuple[Array, int]  # maps (..., P), and by how many numbers they move to the right


def add_back(dcolumns: Array, window: Window, dx: Array) -> None:
    """Write to dx (B, C, H, W) the sum of dcolumns (B/M, C, KH, KW, M, OH', OW'): images in packs of M.

    OH', OW' are OH, OW, or more where a phase is larger; what lies beyond OH, OW counts as 0. dcolumns is changed.
    """
    b, c, h, w = dx.shape
    packs, _, kh, kw, m, high, wide = dcolumns.shape
    oh, ow = window.output_size((h, w))
    dcolumns[..., oh:, :] = 0
    maps = dcolumns.reshape(packs, c, kh, kw, m, high * wide)
    images = dx.reshape(packs, b // max(1, packs), c, h, w).swapaxes(1, 2)
    for rows, down in window.phases((h, w), 0):
        moved = [(maps[:, :, i], by * wide) for i, by in down]
        strips = _sum("strips", moved, (packs, c, kw, m, high * wide), dx.dtype)
        for columns, across in window.phases((h, w), 1):
            for j, by in across:
                strip = strips[:, :, j].reshape(packs, c, m, high, wide)
                for column in (*range(min(-by, ow)), *range(max(0, min(ow, wide - by)), wide)):
                    strip[..., column] = 0
            moved = [(strips[:, :, j], by) for j, by in across]
            total = _sum("total", moved, (packs, c, m, high * wide), dx.dtype)
            cells = images[..., rows, columns]
            cells[...] = total.reshape(packs, c, m, high, wide)[..., : cells.shape[-2], : cells.shape[-1]]


def _sum(name: str, moved: list[Moved], shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> Array:
    """The sum of all that is moved, in scratch memory of this name: (..., P). What moves out is lost, 0 moves in."""
    if len(moved) == 1 and moved[0][1] == 0:
        return moved[0][0]
    total, p = scratch(name, shape, dtype), shape[-1]
    if not moved:
        total.fill(0)
    for number, (maps, by) in enumerate(moved):
        start, stop = min(p, max(0, by)), max(0, min(p, p + by))
        if number:
            total[..., start:stop] += maps[..., start - by : stop - by]
        else:
            total[..., :start] = 0
            total[..., start:stop] = maps[..., start - by : stop - by]
            total[..., stop:] = 0
    return total
