"""A gradient check in decimals that add up: each number is what follows from the numbers above it, as they are written."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import NamedTuple

from cnn_core.gradients import Checked

EXACT = 200  # digits in which is reckoned: more than any of the numbers has
QUOTIENT = 10  # digits of the quotient, at least
APART = 3  # digits of what it is apart by
SPARE = 2  # digits that the difference and the step have beyond the quotient's
LOSS = 17  # digits of a loss, at least: read back, it is the same number of float64


class WrittenOut(NamedTuple):
    """Both losses with the same decimals; their difference; the step; difference / step, rounded, beside the gradient, with the
    same decimals; how far these are apart, and that over the larger of |numeric| + |analytic| and 1e-8, not rounded.

    places: decimals of the losses; rounded: whether digits of theirs were left out; decimals: of numeric and analytic.
    """

    above: Decimal
    below: Decimal
    difference: Decimal
    step: Decimal
    numeric: Decimal
    analytic: Decimal
    absolute: Decimal
    relative: Decimal
    places: int
    rounded: bool
    decimals: int


def written_out(checked: Checked) -> WrittenOut:
    """The numbers of one entry, with as many digits as show by how much the quotient and the gradient are apart."""
    with localcontext() as context:
        context.prec = EXACT
        above, below, step, analytic = (
            Decimal(float(number))
            for number in (checked.nudge.above, checked.nudge.below, checked.nudge.step, checked.analytic)
        )
        numeric = (above - below) / step
        last = min(_last(max(abs(numeric), abs(analytic)), QUOTIENT), _last(abs(numeric - analytic), APART))
        digits = SPARE + max(QUOTIENT, numeric.adjusted() - last + 1 if numeric else 0)
        lowest = min(_last(above - below, digits), _last(max(abs(above), abs(below)), LOSS))
        losses = [_at(loss, lowest) for loss in (above, below)]
        difference, step = losses[0] - losses[1], _at(step, _last(step, digits))
        numeric, analytic = _at(difference / step, last), _at(analytic, last)
        absolute = abs(numeric - analytic)
        relative = absolute / max(abs(numeric) + abs(analytic), Decimal("1e-8"))
        rounded = losses != [above, below]
        above, below = losses
        return WrittenOut(
            above, below, difference, step, numeric, analytic, absolute, relative, -lowest, rounded, -last
        )


def _last(number: Decimal, digits: int) -> int:
    """The power of ten of the last of so many digits; 0 has its first digit before the point."""
    return min(0, number.adjusted() - digits + 1) if number else 1 - digits


def _at(number: Decimal, power: int) -> Decimal:
    """Rounded to a multiple of 10 ** power."""
    return number.quantize(Decimal(1).scaleb(power))
