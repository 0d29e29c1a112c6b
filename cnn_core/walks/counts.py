"""Exact numbers: whole counts of a smallest unit, so that what a walk-through writes adds up to the digit.

Inputs are rounded once to a few decimals and counted in units of the last one. Sums and products of counts are exact in
float64 below 2**53, in NumPy as in a browser, in any order of adding. A value is counts / scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from cnn_core.checks import Array

EXACT = 2**53
MOST_PLACES = 8  # decimals; a finer number (a mean of nine, say) is written to three and marked as about


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


@cache
def places_of(scale: int) -> int | None:
    """The decimals that write every count of 1 / scale in full; None if MOST_PLACES are too few."""
    return next((places for places in range(MOST_PLACES + 1) if 10**places % scale == 0), None)


def decimals_of(name: str, array: Array, limit: int) -> int:
    """The fewest decimals, up to limit, that write every number of `array` in full. ValueError for NaN and infinity."""
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers only; replace NaN and infinity")
    for places in range(limit):
        scaled = np.asarray(array, dtype=np.float64) * 10**places
        if np.abs(scaled - np.rint(scaled)).max(initial=0) <= 1e-6:
            return places
    return limit


def grid_of(array: Array, places: int) -> Grid:
    """`array` rounded to `places` decimals and counted in units of the last."""
    return Grid(np.rint(np.asarray(array, dtype=np.float64) * 10**places), 10**places)


def require_exact(bound: float) -> None:
    """Raise ValueError if sums may grow to `bound` counts, which float64 would not hold exactly."""
    if bound >= EXACT:
        raise ValueError(
            f"the sums (up to {bound:.3g} units of the last decimal) must stay below {EXACT:.3g} to be exact: "
            f"use smaller numbers or fewer decimals"
        )
