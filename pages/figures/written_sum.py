"""A sum of products in decimals that add up to the digit: each number is what follows from those above it, as they are written.

Both factors are rounded, their product is that of the rounded ones, and rounded itself; the parts and the total are the sums of
what is written. So many digits are taken that the total, rounded once more, is the number that the network has there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cnn_core.checks import Array
from cnn_core.explorer import Sum
from pages.figures.written_number import BRIEF, brief, counts, divided, in_unit, last_of_brief, unit_of, value_of

MOST_DIGITS = 14  # of the largest factor, beyond which nothing is gained
LEFT_OVER = 1e-8  # of the largest product: a total below it is what is left when terms cancel out


@dataclass(frozen=True)
class WrittenSum:
    """The texts of a sum.

    left, right, products: of each term; right is empty where nothing is multiplied. whole: each product in units of 10 ** last.
    parts: by number of the group, the text of its sum, and the sum in units of 10 ** last. constant: the bias. before: all
    products together; total: with the bias, or, for a mean, divided by `count`. shown: the network's own number; noise: whether
    that is what is left where terms cancel out, so that no digit of it is written. units: powers of ten in which left,
    right and the rest are written.
    """

    left: list[str]
    right: list[str]
    products: list[str]
    whole: list[int]
    parts: dict[int, tuple[str, int]]
    constant: str | None
    before: str
    total: str
    shown: str
    noise: bool
    count: int
    units: tuple[int, int, int]
    last: int

    def rest(self, terms: list[int]) -> str:
        """The sum of these terms, as they are written."""
        return in_unit(sum(self.whole[term] for term in terms), self.last, self.units[2])


def written_sum(made: Sum, digits: int = BRIEF) -> WrittenSum | None:
    """The texts of a sum, its total with more digits than these; None where a number is not finite: then nothing adds up."""
    numbers = [made.left.values, made.products] + ([made.right.values] if made.right else [])
    constant = made.constant.value if made.constant else None
    if not all(np.isfinite(array).all() for array in numbers) or not math.isfinite(made.total):
        return None
    largest = max(_largest(made.products), abs(constant or 0), abs(made.total))
    lowest = last_of_brief(largest) - 9
    last = max(min(last_of_brief(made.total), last_of_brief(largest)) - 1 - digits + BRIEF, lowest)
    while True:
        found = _written(made, last, largest)
        if found[1] or last <= lowest:
            return found[0]
        last -= 1


def _largest(values: Array) -> float:
    return float(np.abs(values).max(initial=0))


def _written(made: Sum, last: int, largest: float) -> tuple[WrittenSum, bool]:
    """The texts with products in units of 10 ** last, and whether the total then is the number, as it is written briefly."""
    constant = made.constant.value if made.constant else None
    count = 1 if made.chosen is not None else round(1 / made.scale)
    reach = [_largest(made.left.values), _largest(made.right.values) if made.right else 1.0]
    if made.right is None:
        lasts = [last, 0]
    else:  # a factor's rounding, times the largest other factor, is not more than the product's
        lasts = [
            max(last - _power(other), _power(own) - MOST_DIGITS) for own, other in zip(reach, reach[::-1], strict=True)
        ]
    left = counts(made.left.values, lasts[0])
    right = counts(made.right.values, lasts[1]) if made.right else []
    whole = [_moved(a * b, sum(lasts), last) for a, b in zip(left, right, strict=True)] if made.right else left
    added = counts(np.array([constant]), last)[0] if constant is not None else 0
    before = sum(whole)
    total = divided(before, count) + added if made.chosen is None else whole[made.chosen]
    units = unit_of(reach[0]), unit_of(reach[1]) if made.right else 0, unit_of(largest)
    if made.right is None:
        units = (units[2], 0, units[2])
    sums: dict[int, int] = {}
    for group, one in zip(made.group.tolist(), whole, strict=True):
        sums[group] = sums.get(group, 0) + one
    text = WrittenSum(
        [in_unit(one, lasts[0], units[0]) for one in left],
        [in_unit(one, lasts[1], units[1]) for one in right],
        [in_unit(one, last, units[2]) for one in whole],
        whole,
        {group: (in_unit(one, last, units[2]), one) for group, one in sums.items()},
        in_unit(added, last, units[2]) if constant is not None else None,
        in_unit(before, last, units[2]),
        in_unit(total, last, units[2]),
        brief(made.total),
        made.chosen is None and 0 < abs(made.total) < LEFT_OVER * _largest(made.products),
        count,
        units,
        last,
    )
    return text, brief(value_of(total, last)) == text.shown


def _power(number: float) -> int:
    return math.ceil(math.log10(number)) if number else 0


def _moved(count: int, last: int, to: int) -> int:
    """count * 10 ** last in units of 10 ** to."""
    return divided(count, 10 ** (to - last)) if to >= last else count * 10 ** (last - to)
