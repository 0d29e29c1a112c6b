"""Small grids of whole numbers 0..9 for walk-throughs: sums over them can be checked in one's head."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cnn_core.checks import Array, one_of, up_to

MIN_SIZE, MAX_SIZE = 3, 32

# Each takes the row and column of every cell, counted from 0, and the size.
_PATTERNS: dict[str, Callable[[Array, Array, int], Array]] = {
    "vertical_edge": lambda row, column, size: column >= size // 2,
    "horizontal_edge": lambda row, column, size: row >= size // 2,
    "diagonal": lambda row, column, size: row == column,
    "checkerboard": lambda row, column, size: (row + column) % 2,
    "cross": lambda row, column, size: (row == size // 2) | (column == size // 2),
    "circle": lambda row, column, size: _circle(row, column, size),
    "gradient": lambda row, column, size: column * min(size, 10) // size,
    "impulse": lambda row, column, size: (row == size // 2) & (column == size // 2),
}


def patterns() -> tuple[str, ...]:
    """Names of the patterns."""
    return tuple(_PATTERNS)


def pattern(name: str, size: int) -> NDArray[np.float64]:
    """A new (size,size) grid of whole numbers: 0 and 1; in `gradient` 0..min(size, 10) - 1, left to right.

    name: one of `patterns()`. size: 3 to 32 cells. Raises ValueError for others.
    """
    one_of("name", name, _PATTERNS)
    size = up_to("size", size, MIN_SIZE, MAX_SIZE)
    row, column = np.indices((size, size))
    return _PATTERNS[name](row, column, size).astype(np.float64)


def _circle(row: Array, column: Array, size: int) -> Array:
    """A ring one cell wide: as large as fits, in larger grids with one cell of room around it."""
    centre = (size - 1) / 2
    radius = centre if size < 7 else centre - 1
    ring: Array = np.rint(np.hypot(row - centre, column - centre) - radius) == 0
    return ring
