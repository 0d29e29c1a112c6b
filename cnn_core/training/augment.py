"""What a training does to its pictures before each step, so that it never sees quite the same one twice.

All functions take pictures (N,C,H,W) in 0..1 and give new ones; each picture has luck of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnn_core.checks import Array


def shifted(x: Array, rows: int | Array, columns: int | Array) -> Array:
    """Each picture of (N,C,H,W) moved by so many pixels; what comes in at the edge is black (0).

    rows: downwards, columns: to the right, negative ones the other way; one number for all pictures, or (N,) of them.
    """
    count, _, height, width = x.shape
    down, right = (np.broadcast_to(moves, count) for moves in (rows, columns))
    most = int(np.abs([down, right]).max(initial=0))
    padded = np.pad(x, ((0, 0), (0, 0), (most, most), (most, most)))
    places = sliding_window_view(padded, (height, width), axis=(2, 3))  # a view: one copy is made, of what is picked
    moved: Array = places[np.arange(count), :, most - down, most - right]
    return moved


def shift(x: Array, most: int, rng: np.random.Generator) -> Array:
    """Each picture moved by up to `most` pixels along either axis; what comes in at the edge is black (0)."""
    down, right = most - rng.integers(0, 2 * most + 1, (2, len(x)))
    return shifted(x, down, right)


def flip(x: Array, rng: np.random.Generator) -> Array:
    """About half of the pictures mirrored, left to right."""
    mirrored = rng.random((len(x), 1, 1, 1)) < 0.5
    return np.where(mirrored, x[..., ::-1], x)


def noise(x: Array, deviation: float, rng: np.random.Generator) -> Array:
    """Normal noise of this standard deviation added to each pixel; the sums may leave 0..1."""
    return x + np.float32(deviation) * rng.standard_normal(x.shape, dtype=np.float32)


def cutout(x: Array, size: int, fill: Array, rng: np.random.Generator) -> Array:
    """A square of `size` pixels a side, anywhere in each picture, painted over with `fill` (C,1,1).

    DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout" (2017); here the square
    lies inside the picture, so its size is what it says.
    """
    count, _, height, width = x.shape
    top = rng.integers(0, height - size + 1, (count, 1, 1, 1))
    left = rng.integers(0, width - size + 1, (count, 1, 1, 1))
    row, column = np.arange(height)[:, None], np.arange(width)
    covered = (top <= row) & (row < top + size) & (left <= column) & (column < left + size)
    return np.where(covered, fill, x)
