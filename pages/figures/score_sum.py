"""A score as a sum in decimals that add up: each term rounded, and together the rounded score, to the last digit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from cnn_core.walks.rounding import rounded

FEWEST, MOST = 3, 12  # decimals


def written_sum(terms: Sequence[float], score: float) -> tuple[list[Decimal], Decimal]:
    """The terms and the score with as many decimals as it takes for the written terms to be the written score.

    Each number is rounded by itself; with three decimals the sum of the rounded ones is often off by one in the last, so more
    are tried. terms must add up to score but for rounding of float64; where no number of decimals does, the score is
    written as what the terms say.
    """
    for places in range(FEWEST, MOST + 1):
        units, total = rounded(np.array(terms), places), float(rounded(np.array(score), places))
        if units.sum() == total:
            break
    numbers = [Decimal(int(unit)).scaleb(-places) for unit in units]
    return numbers, sum(numbers, Decimal(0))


def signed(number: Decimal) -> str:
    """With its sign before it, a true minus, and all its decimals: +0.120, −3.001."""
    return f"{'−' if number < 0 else '+'}{abs(number):f}"


def number_of(number: Decimal) -> str:
    """With a true minus where it is below 0, and all its decimals."""
    return f"{'−' if number < 0 else ''}{abs(number):f}"
