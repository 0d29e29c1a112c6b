"""Where the largest number of each window is, all windows at once. How pool.py finds its maxima.

A running maximum goes from cell to cell, for all windows in one go. In larger windows it goes over the columns first, which
gives the largest of each row, then over the rows. Where windows are large and few, each is copied out instead.
"""

from __future__ import annotations

import math

import numpy as np

from cnn_core.checks import Array, Pair
from cnn_core.machine.means import across, down
from cnn_core.machine.scratch import scratch
from cnn_core.window import Window


def maxima(padded: Array, window: Window, input_size: Pair) -> tuple[Array, Array]:
    """The largest number of each window (N, C, OH, OW), and the number of its cell, numbered row by row.

    padded: x (N, C, H, W), H, W the input_size, with minus infinity around it. The first maximum wins. Where one is 0, its
    sign may be that of another zero of the window; where it is NaN or minus infinity, the number of its cell is not settled.
    """
    cells = math.prod(window.kernel_size)
    zero = np.zeros((), dtype=np.min_scalar_type(cells))
    way = _way(window, math.prod(padded.shape[:2]), input_size)
    if way == "copies":
        windows = window.view(padded)
        lines = windows.reshape(math.prod(windows.shape[:-2]), cells)
        winner: Array = lines.argmax(axis=1)
        best = lines[np.arange(len(lines)), winner].reshape(windows.shape[:-2])
        winner = winner.reshape(best.shape)
    elif way == "rows first":
        best, columns = _running(padded, zero, across(window), 1)
        best, winner = _running(best, columns, down(window), window.kernel_size[1])
    else:
        best, winner = _running(padded, zero, window, 1)
    return best, winner


def place(winner: Array, window: Window, x_shape: tuple[int, ...]) -> Array:
    """Where in x (N, C, H, W), read row by row, each winner (N, C, OH, OW) lies."""
    n, c, h, w = x_shape
    (rows, columns), (kh, kw), (dh, dw) = window.starts((h, w)), window.kernel_size, window.dilation
    cells = (np.arange(0, kh * dh, dh) * w)[:, None] + np.arange(0, kw * dw, dw)  # seen from the window's corner
    found: Array = cells.ravel().take(winner)
    found += rows[:, None] * w + columns
    found += np.arange(n * c).reshape(n, c, 1, 1) * (h * w)
    return found


def _way(window: Window, maps: int, input_size: Pair) -> str:
    """The fastest way, guessed from measured times: "at once" over all cells, "rows first", or "copies" of the windows.

    The unit is a number copied. A running maximum takes four passes a cell, each of which costs 1.5 for a row and a quarter for
    each number in it; with the rows first there are fewer passes, but dearer by half. A copy costs 40 for a window and 3 for
    a row of it.
    """
    (kh, kw), (oh, ow), (high, _) = window.kernel_size, window.output_size(input_size), window.padded_size(input_size)
    rows = {"at once": (kh * kw - 1) * oh, "rows first": 1.5 * ((kw - 1) * high + (kh - 1) * oh)}
    way = min(rows, key=rows.__getitem__)
    calls = 1500 * (kh + kw if way == "rows first" else kh * kw)
    running = 4 * (maps * rows[way] * (1.5 + ow / 4) + calls)
    return "copies" if maps * oh * ow * (40 + kh * (kw + 3)) < running else way


def _running(cells: Array, numbers: Array, window: Window, step: int) -> tuple[Array, Array]:
    """The largest of the `cells` (..., H', W') in each window (..., OH, OW), and what number it has.

    The number of a window's k-th cell is k * step, plus what stands in `numbers` there: maps as `cells`, or one for all.
    """
    best = window.tap(cells, 0, 0).copy(order="C")
    winner = np.empty(best.shape, dtype=numbers.dtype)
    winner[...] = window.tap(numbers, 0, 0) if numbers.ndim else numbers
    better, candidate = scratch("won", best.shape, bool), scratch("candidate", best.shape, numbers.dtype)
    for k, (i, j) in list(enumerate(np.ndindex(*window.kernel_size)))[1:]:
        cell, number = window.tap(cells, i, j), numbers.dtype.type(k * step)
        if numbers.ndim:
            number = np.add(window.tap(numbers, i, j), number, out=candidate)
        np.greater(cell, best, out=better)  # strictly: the first maximum stays
        np.maximum(best, cell, out=best)
        np.multiply(better, number, out=candidate)
        np.maximum(winner, candidate, out=winner)  # the numbers only grow
    return best, winner
