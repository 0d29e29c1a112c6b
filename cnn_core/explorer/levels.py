"""Maps as pictures: each number as one of 255 levels, with 0 in the middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn_core.checks import Array

MOST = 127  # the level of a map's largest size; its opposite is -127
NOT_FINITE = -128  # the level of what is no number


@dataclass(frozen=True)
class Levels:
    """Maps in 8 bits. codes: int8 (M, H, W), -127 to 127 in steps of peak / 127, and -128 for what is not finite.

    peaks: by map, its largest size, (M,). low, high: its smallest and largest number, (M,); NaN where none is finite.
    """

    codes: Array
    peaks: Array
    low: Array
    high: Array

    def rebuilt(self) -> Array:
        """The maps as the levels have them, float64 (M, H, W): at most half a step from what they were; NaN if not finite."""
        maps = self.codes * (self.peaks / MOST)[:, None, None]
        maps[self.codes == NOT_FINITE] = np.nan
        return maps


def levels(maps: Array) -> Levels:
    """The levels of maps (M, H, W), or of units (M,) as maps of one cell. Each map has a scale of its own."""
    maps = np.asarray(maps, np.float64).reshape(len(maps), *(maps.shape[1:] or (1, 1)))
    finite = np.isfinite(maps)
    none = ~finite.any(axis=(1, 2))
    known = np.where(finite, maps, 0.0)
    peaks = np.abs(known).max(axis=(1, 2))
    steps = np.divide(known, peaks[:, None, None], where=peaks[:, None, None] > 0, out=np.zeros_like(known))
    codes = np.where(finite, np.rint(MOST * steps), NOT_FINITE).astype(np.int8)
    low, high = np.where(finite, maps, np.inf).min(axis=(1, 2)), np.where(finite, maps, -np.inf).max(axis=(1, 2))
    return Levels(codes, peaks, np.where(none, np.nan, low), np.where(none, np.nan, high))
