"""Exact numbers: whole counts of a smallest unit, so that what a walk-through writes adds up to the digit.

Inputs are rounded once to a few decimals (rounding.py says how) and counted in units of the last one. Sums and products of
counts are exact in float64 below 2**53, in NumPy as in a browser, in any order of adding. A value is counts / scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cnn_core.checks import Array, up_to
from cnn_core.walks.rounding import rounded

EXACT = 2**53
MOST_PLACES = 11  # decimals of an array: products then count in units of 1e-22, the last power of ten float64 holds


@dataclass(frozen=True)
class Grid:
    """A stack of planes of exact numbers: counts (channels, rows, columns), each worth 1 / scale."""

    counts: Array
    scale: int = 1

    @property
    def values(self) -> Array:
        """The numbers themselves, float64."""
        return self.counts / self.scale

    @property
    def largest(self) -> float:
        """The largest count, without sign."""
        return float(np.abs(self.counts).max(initial=0))


def decimals_of(name: str, array: Array, decimals: int) -> int:
    """How many decimals to keep of `array`: `decimals` from its first digit on, or as few as say the same.

    The first digit is that of its largest number, or the first decimal if that comes later: with 4 decimals, numbers up to
    20 or up to 0.2 keep 4, and gradients up to 0.000002 keep 9. No array keeps more than MOST_PLACES.

    Raises ValueError for NaN, infinity and numbers of 2**53 or more, and if `decimals` is not from 0 to MOST_PLACES.
    """
    up_to("decimals", decimals, 0, MOST_PLACES)
    array = np.asarray(array, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers only; replace NaN and infinity")
    largest = float(np.abs(array).max(initial=0))
    require_exact(largest)
    if not largest:
        return 0
    zeros = max(0, -math.floor(math.log10(largest)) - 1)  # behind the point, before the first digit
    most = min(decimals + zeros, MOST_PLACES)
    for places in range(most):
        scaled = array * 10.0**places
        lost = np.abs(scaled - np.rint(scaled)).max()
        if lost * 10.0 ** (most - places) < 0.499:  # of a unit of the last decimal: nothing that `rounded` would keep
            return places
    return most


def grid_of(array: Array, places: int) -> Grid:
    """`array` rounded to `places` decimals and counted in units of the last. ValueError if the counts are not exact."""
    grid = Grid(rounded(array, places), 10**places)
    require_exact(grid.largest)
    return grid


def counted(name: str, array: Array, decimals: int) -> Grid:
    """`array` on a grid as fine as `decimals_of` says. Raises its ValueErrors."""
    return grid_of(array, decimals_of(name, array, decimals))


def require_exact(bound: float) -> None:
    """Raise ValueError if sums may grow to `bound` counts, which float64 would not hold exactly."""
    if bound >= EXACT:
        raise ValueError(
            f"the sums (up to {bound:.3g} units of the last decimal) must stay below {EXACT:.3g} to be exact: "
            f"use smaller numbers or fewer decimals"
        )
