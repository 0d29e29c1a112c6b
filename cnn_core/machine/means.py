"""The sum of each window, and its adjoint. How pool.py gets means and their gradient.

A window's sum is that of its columns' sums: the rows of the kernel are added up, for all windows in one go, then its columns.
Where there are fewer windows across than columns, it goes along the rows first, window by window. Backward such rows are too
short for NumPy's loops, so the maps lie beside each other in memory meanwhile.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from cnn_core.checks import Array, Pair
from cnn_core.window import Window


def window_sums(padded: Array, window: Window) -> Array:
    """The sum of each window of padded (..., H', W'): (..., OH, OW)."""
    row, column = across(window), down(window)
    if row.output_size((1, padded.shape[-1]))[1] < window.kernel_size[1]:
        return np.ascontiguousarray(_sums(_row_sums(padded, row), column))
    return np.ascontiguousarray(_sums(_sums(padded, column), row))


def spread(share: Array, window: Window, padded_size: Pair) -> Array:
    """The adjoint: each number of share (..., OH, OW) is added to all cells of its window, in new (..., H', W')."""
    *maps, oh, ow = share.shape
    (high, wide), (kh, kw), row = padded_size, window.kernel_size, across(window)
    if (oh, ow) == (1, 1):
        spread_out = np.zeros((*maps, high, wide), share.dtype)
        spread_out[..., :kh, :kw] = share
        return spread_out
    zeros = maps_last if ow < kw else np.zeros
    spread_out, columns = zeros((*maps, high, wide), share.dtype), zeros((*maps, oh, wide), share.dtype)
    if ow < kw:
        beside = zeros(share.shape, share.dtype)
        beside[...] = share
        for _, ox, _, left in row.origins((1, wide)):
            columns[..., left : left + kw] += beside[..., ox : ox + 1]
    else:
        for j in range(kw):
            row.tap(columns, 0, j)[...] += share
    for i in range(kh):
        down(window).tap(spread_out, i, 0)[...] += columns
    return spread_out


def maps_last(shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> Array:
    """Zeros (..., H, W) that lie the other way in memory, map beside map: NumPy's loops are then long where rows are short."""
    *maps, high, wide = shape
    return np.moveaxis(np.zeros((high, wide, *maps), dtype), (0, 1), (-2, -1))


@lru_cache(256)
def across(window: Window) -> Window:
    """The window's width alone, one row high, without padding."""
    return Window.of((1, window.kernel_size[1]), (1, window.stride[1]), dilation=(1, window.dilation[1]))


@lru_cache(256)
def down(window: Window) -> Window:
    """The window's height alone, one column wide, without padding: `across` it, this is the whole window."""
    return Window.of((window.kernel_size[0], 1), (window.stride[0], 1), dilation=(window.dilation[0], 1))


def _row_sums(cells: Array, row: Window) -> Array:
    """The sum of each window, one cell high, of cells (..., H', W'): (..., H', OW), the windows first in memory."""
    *lines, wide = cells.shape
    flat, ones = cells.reshape(-1, wide), np.ones(row.kernel_size[1], dtype=cells.dtype)
    sums = np.empty((row.output_size((1, wide))[1], len(flat)), dtype=cells.dtype)
    for _, ox, _, left in row.origins((1, wide)):
        np.matmul(flat[:, left : left + len(ones)], ones, out=sums[ox])
    return np.moveaxis(sums.reshape(len(sums), *lines), 0, -1)


def _sums(cells: Array, window: Window) -> Array:
    """The sum of each window, one cell high or wide, of cells (..., H', W')."""
    total: Array = window.tap(cells, 0, 0) + 0  # a sum begins with 0, where -0 and -0 is 0
    for i, j in list(np.ndindex(*window.kernel_size))[1:]:
        total += window.tap(cells, i, j)
    return total
