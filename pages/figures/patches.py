"""Small pictures of what a filter looks for: its weights, and the places in pictures at which it answers most."""

from __future__ import annotations

import numpy as np

from cnn_core.checks import Array
from pages.figures.sheets import GROUND, filter_pixels

PATCH, LARGE = 64, 132  # pixels: a patch is enlarged to about that, and what stands by itself
Tile = tuple[str, str, int, int]  # words, address, rows, columns


def patch_pixels(picture: Array, field: Array) -> Array:
    """What lies in a field (first row, first column, rows, columns) of a picture (C, H, W), 0 to 1, as (H', W', 3) uint8.

    What lies outside of the picture is grey.
    """
    top, left, rows, columns = (int(n) for n in field)
    pixels = np.empty((rows, columns, 3))
    pixels[:] = GROUND
    seen = picture[:, max(top, 0) : max(top + rows, 0), max(left, 0) : max(left + columns, 0)]
    at = max(-top, 0), max(-left, 0)
    inside = np.broadcast_to(255 * seen.transpose(1, 2, 0), (*seen.shape[1:], 3))
    pixels[at[0] : at[0] + inside.shape[0], at[1] : at[1] + inside.shape[1]] = inside
    return enlarged(np.rint(pixels.clip(0, 255)).astype(np.uint8))


def enlarged(pixels: Array, about: int = PATCH) -> Array:
    """Pixels (H, W, 3), each made a square, so that the picture is `about` so many pixels across."""
    times = max(1, about // max(pixels.shape[:2]))
    made: Array = pixels.repeat(times, axis=0).repeat(times, axis=1)
    return made


def weight_pixels(weight: Array, theme: str, maps: tuple[int, ...] | None = None, about: int = PATCH) -> Array:
    """One filter's weights, (C, KH, KW), or a unit's (D,) which come from maps (C, H, W), if they do: (H', W', 3) uint8,
    `about` so many pixels across."""
    if weight.ndim == 1:
        weight = weight.reshape(maps) if maps is not None and len(maps) == 3 else weight[:, None, None]
    return enlarged(filter_pixels(weight[None], theme), about)
