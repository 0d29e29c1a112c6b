"""Which step h is the best? The error of a central difference for many h, and what is to be expected.

    error(h) = h^2 |f'''| / 6  +  eps |f| / h

The first part is truncation, what Taylor's formula leaves over: it falls with h. The second is rounding, as f is known to about
eps |f| only, and that is divided by h: it grows as h falls. Together they are least at h = (3 eps |f| / |f'''|)^(1/3)
(Press et al., Numerical Recipes, 5.7; Nocedal and Wright, Numerical Optimization, 8.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array
from cnn_core.gradient_check import relative_errors
from cnn_core.gradients.chain import Case
from cnn_core.gradients.study import check_entry, nudged_entry

STEPS = tuple(float(f"1e-{places}") for places in range(15))  # 1, 0.1, ... 1e-14
WIDEST, NARROWEST = 0.04, 0.002  # distances at which the third derivative is looked for
NOISE = 256  # times eps |f|: an estimate within that is none


class Curve(NamedTuple):
    """The check of one entry for each of STEPS, in one dtype. numeric: quotients; errors: |numeric - gradient|; relative: the
    same as relative errors; kinks: whether one lies within h. NaN where rounding swallows h: x + h is x there."""

    dtype: str
    numeric: Array
    errors: Array
    relative: Array
    kinks: Array


class Expected(NamedTuple):
    """What the errors of an entry are made of. size: |f|, or of the terms that it adds up (`Case.size`); third: |f'''|;
    gradient: |f'|, for relative errors.

    third is 0 where f is as good as quadratic in that entry, and None where kinks lie too close to tell.
    """

    size: float
    third: float | None
    gradient: float

    def truncation(self, h: float) -> float | None:
        """h^2 |f'''| / 6: the part of the error that falls with h."""
        return None if self.third is None else h * h * self.third / 6

    def rounding(self, h: float, dtype: str) -> float:
        """eps |f| / h: the part that grows as h falls."""
        return float(np.finfo(dtype).eps) * self.size / h

    def best(self, dtype: str) -> float | None:
        """The h with the least of both; None if there is no truncation, or none is known."""
        return float(np.cbrt(3 * np.finfo(dtype).eps * self.size / self.third)) if self.third else None

    def agrees(self, curve: Curve, apart: float) -> bool:
        """Whether a step that finds much smaller errors than `apart` finds none: then that was no error of the gradient.

        curve: of the same entry. Much smaller: rounding and truncation there are a tenth of it together.
        """
        truncation = np.array([self.truncation(h) or 0.0 for h in STEPS])
        allowed = 2 * truncation + 4 * np.array([self.rounding(h, curve.dtype) for h in STEPS])
        return bool(np.any(~curve.kinks & (curve.errors <= allowed) & (allowed <= apart / 10)))


def curve(case: Case, name: str, index: Sequence[int], dtype: str) -> Curve:
    """Check one entry of the values called `name` with each of STEPS, against the backward pass in float64; dtype: of f.

    Raises ValueError as `check_entry` does, but for an h that rounding swallows: that is NaN.
    """
    analytic = check_entry(case, name, index).analytic
    numeric, kinks = np.full(len(STEPS), np.nan), np.zeros(len(STEPS), dtype=bool)
    values, at = case.taken(dtype), tuple(index)
    here, value = case.forward(values).choices, values[name][at]
    for k, h in enumerate(STEPS):
        if value + h > value - h:
            nudged, found = nudged_entry(case, values, name, at, h, here)
            numeric[k], kinks[k] = nudged.quotient(), bool(found)
    truth = np.full(len(STEPS), analytic)
    return Curve(dtype, numeric, np.abs(numeric - truth), relative_errors(numeric, truth), kinks)


def expected(case: Case, name: str, index: Sequence[int]) -> Expected:
    """What the errors of one entry of the values called `name` should be; ValueError as `check_entry` raises.

    The third derivative is (f(x + 2k) - 2 f(x + k) + 2 f(x - k) - f(x - 2k)) / 2 k^3 (Abramowitz and Stegun, 25.3), in float64,
    with the widest k that meets no kink.
    """
    checked = check_entry(case, name, index)
    values = case.taken()
    here = case.forward(values)
    size, k = case.size(here), WIDEST
    third = None
    while third is None and k >= NARROWEST:
        far, kinks = nudged_entry(case, values, name, index, 2 * k, here.choices)
        if not kinks:
            near, _ = nudged_entry(case, values, name, index, k, here.choices)
            difference = abs(float((far.above - far.below) - 2 * (near.above - near.below)))
            third = difference / (2 * k**3) if difference > NOISE * np.finfo(np.float64).eps * size else 0.0
        k /= 2
    return Expected(size, third, abs(checked.analytic))
