"""Numbers of a network as they are written: few digits where one looks, enough of them where one adds up."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np

from cnn_core.checks import Array
from cnn_core.walks.rounding import rounded, write, write_digits

BRIEF = 4  # digits of a number that is looked at
SMALL, LARGE = 1e-3, 1e6  # below and from here on, a brief number has a power of ten
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def brief(number: float) -> str:
    """With four digits: 0.1235, 1235, 1.235e−7; NaN and infinity as such."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "∞" if number > 0 else "−∞"
    if number and not SMALL <= abs(number) < LARGE:
        power = math.floor(math.log10(abs(number)))
        leading = float(
            Decimal(number).scaleb(-power)
        )  # 10.0 ** power is no number of float64 where this one is next to 0
        digits = float(rounded(np.asarray(leading), BRIEF - 1)) / 10 ** (BRIEF - 1)
        if abs(digits) >= 10:
            digits, power = digits / 10, power + 1
        return f"{digits:g}e{power}".replace("-", "−")
    return write_digits(number, BRIEF)


def last_of_brief(number: float) -> int:
    """The power of ten of the last digit that `brief` writes."""
    return (math.floor(math.log10(abs(number))) if number else 0) - BRIEF + 1


def unit_of(largest: float) -> int:
    """The power of ten in which a column of numbers is written: 0, unless all are very small or some very large."""
    if not largest or SMALL <= largest < LARGE:
        return 0
    return 3 * math.floor(math.log10(largest) / 3)


def unit_words(unit: int) -> str:
    """As `10⁻⁶`; nothing where numbers are written as they are."""
    return f"10{str(unit).translate(RAISED)}" if unit else ""


def in_unit(count: int, last: int, unit: int) -> str:
    """count * 10 ** last, written in units of 10 ** unit."""
    places = unit - last
    if places <= 0:
        return write(count * 10**-places, 1, 0)
    return write(count, 10**places, places)


def value_of(count: int, last: int) -> float:
    """count * 10 ** last, as near as float64 holds it."""
    return float(f"{count}e{last}")


def counts(values: Array, last: int) -> list[int]:
    """Each value in whole units of 10 ** last, by the rule of `walks.rounding`."""
    if last > 0:
        return [divided(round(value), 10**last) for value in values.tolist()]
    whole: list[int] = rounded(values, -last).astype(np.int64).tolist()
    return whole


def divided(count: int, by: int) -> int:
    """count / by, rounded to a whole number, a half away from zero; by is above 0."""
    size = (2 * abs(count) + by) // (2 * by)
    return -size if count < 0 else size
