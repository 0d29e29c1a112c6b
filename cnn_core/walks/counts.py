"""Exact numbers: whole counts of a smallest unit, so that what a walk-through writes adds up to the digit.

Inputs are rounded once to a few decimals (rounding.py says how) and counted in units of the last one. Sums and products of
counts are exact in float64 below 2**53, in NumPy as in a browser, in any order of adding. A value is counts / scale.
"""

from __future__ import annotations

import functools
import inspect
import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from cnn_core.checks import Array, Function, numbers, true_or_false, up_to
from cnn_core.walks.rounding import rounded
from cnn_core.window import Window

EXACT = 2**53
MOST_PLACES = 11  # decimals of an array: products then count in units of 1e-22, the last power of ten float64 holds

AXES = {"x": 3, "weight": 4, "bias": 1, "dout": 3}  # of the arrays that a walk is made of


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

    Raises ValueError for NaN, infinity and numbers of 2**53 or more, if `decimals` is not from 0 to MOST_PLACES, and for
    numbers so small that MOST_PLACES would change the largest by more than a hundredth.
    """
    decimals = up_to(
        "decimals", decimals, 0, MOST_PLACES
    )  # an int: of a small NumPy one 10**decimals would wrap around
    array = np.asarray(array, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers only; replace NaN and infinity")
    largest = float(np.abs(array).max(initial=0))
    require_exact(largest)
    if not largest:
        return 0
    zeros = max(0, -math.floor(math.log10(largest)) - 1)  # behind the point, before the first digit
    counts = array * 10.0**MOST_PLACES
    if np.abs(counts - np.rint(counts)).max() > 0.01 * np.abs(counts).max():
        raise ValueError(
            f"{name} (at most {largest:.3g}) must hold larger numbers: {MOST_PLACES} decimals are kept, too few for these; "
            f"multiply {name} by a power of ten, or give zeros"
        )
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


def conv_grids(window: Window, x: Array, weight: Array, bias: Array, decimals: int) -> tuple[Grid, Grid, Grid]:
    """x (padded), weight and bias, counted finely enough that products and bias add up in the same units."""
    arrays = {"x": x, "weight": weight, "bias": bias}
    places = {name: decimals_of(name, array, decimals) for name, array in arrays.items()}
    places["weight"] = max(places["weight"], places["bias"] - places["x"])  # so that products are at least as fine
    x_grid, w_grid = grid_of(window.pad(x), places["x"]), grid_of(weight, places["weight"])
    b_grid = grid_of(bias, places["x"] + places["weight"])
    require_exact(x_grid.largest * w_grid.largest * weight[0].size + b_grid.largest)
    return x_grid, w_grid, b_grid


def require_exact(bound: float) -> None:
    """Raise ValueError if sums may grow to `bound` counts, which float64 would not hold exactly."""
    if bound >= EXACT:
        raise ValueError(
            f"the sums (up to {bound:.3g} units of the last decimal) must stay below {EXACT:.3g} to be exact: "
            f"use smaller numbers or fewer decimals"
        )


def takes_planes(trace: Function) -> Function:
    """The arrays that a walk is made of, as a decorator: `trace` gets them in float64, with as many axes as AXES says.

    Lists are taken; bias and dout may be None. Raises ValueError as `checks.numbers` does, for arrays with other axes or
    without a number, and where window is no `Window` or broken no truth value.
    """
    names = tuple(inspect.signature(trace).parameters)

    @functools.wraps(trace)
    def walk(*args: Any, **kwargs: Any) -> Any:
        given = dict(zip(names, args, strict=False)) | kwargs
        for name in AXES.keys() & given.keys():
            if given[name] is None and name in ("bias", "dout"):
                continue
            array = numbers(name, given[name])
            if array.ndim != AXES[name] or not array.size:
                wanted = f"{AXES[name]} axes" if AXES[name] > 1 else "one axis"
                raise ValueError(f"{name} (shape {array.shape}) must have {wanted} and hold at least one number")
            given[name] = array.astype(np.float64, copy=False)
        if "window" in given and not isinstance(given["window"], Window):
            raise ValueError(f"window (={str(given['window'])[:40]}) must be a Window, such as Window.of(3)")
        true_or_false("broken", given.get("broken", False))
        return trace(**given)

    return cast(Function, walk)
