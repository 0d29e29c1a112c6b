"""cs231n.vis_utils: a grid of pictures."""

from __future__ import annotations

import math

import numpy as np

from cnn_core.checks import Array, not_negative, numbers, whole

__all__ = ["visualize_grid"]


def visualize_grid(Xs: Array, ubound: float = 255.0, padding: int = 1) -> Array:
    """Pictures (N, H, W, C) in a square grid (H', W', C), each stretched to 0..ubound, `padding` zeros between them.

    A picture of one colour only becomes 0. Raises ValueError for other shapes, no picture, and a ubound or padding below 0.
    """
    Xs, ubound, padding = numbers("Xs", Xs), not_negative("ubound", ubound), whole("padding", padding, 0)
    if Xs.ndim != 4 or not len(Xs):
        raise ValueError(f"Xs (shape {Xs.shape}) must have 4 axes, (N, H, W, C), and one picture or more")
    count, height, width, channels = Xs.shape
    side = math.ceil(math.sqrt(count))
    grid = np.zeros((side * (height + padding) - padding, side * (width + padding) - padding, channels))
    for number, picture in enumerate(Xs.astype(np.float64)):
        top, left = number // side * (height + padding), number % side * (width + padding)
        low, high = picture.min(), picture.max()
        grid[top : top + height, left : left + width] = ubound * (picture - low) / ((high - low) or 1)
    return grid
