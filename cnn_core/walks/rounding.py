"""The one rule by which a number is rounded and written: to the nearest, and a half away from zero.

0.0525 to three decimals is 0.053, and -0.0525 is -0.053: IEEE 754-2019 (4.3.1) calls it roundTiesToAway, Python's
`decimal` ROUND_HALF_UP. Everything that shows a number of a walk follows it: the words and cells of pictures and GIFs call
`write` and `shortened`, and numbers.js does the same in the browser, from the same whole numbers.

A number is count / scale, both whole, so what is written comes from integers alone. A number that has an end (0.125) is
written in full; one that has none (1/9) is written to three decimals, or to three digits if it is below 0.1.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from cnn_core.checks import Array

DIGITS = 3  # decimals, and digits, of a number without an end
MOST_POWER = 308  # of ten, that float64 holds


def rounded(array: Array, places: int) -> Array:
    """The numbers of `array` in units of their last decimal, if they have so many `places`: whole numbers in float64.

    A number that float64 can hold only nearly, as 1.005, counts as the decimal it stands for.
    """
    exact = np.asarray(array, dtype=np.float64) * 10.0 ** min(places, MOST_POWER)
    exact = exact * 10.0 ** max(0, places - MOST_POWER)  # numbers next to 0 are moved in two steps
    magnitude = np.abs(exact)
    whole = np.floor(magnitude)
    half = 0.5 - np.minimum(
        2 * np.spacing(magnitude), 0.2
    )  # x and the product may both be off by half a unit of theirs
    found: Array = np.copysign(whole + (magnitude - whole >= half), exact) + 0.0  # no -0
    return found


@cache
def places_of(scale: int) -> int:
    """The decimals that numbers count / scale have at most, if they have an end: as many as scale's twos and fives ask for."""
    most = scale.bit_length()
    ending = math.gcd(scale, 10**most)
    return next(places for places in range(most + 1) if 10**places % ending == 0)


def ends(count: float, scale: int) -> bool:
    """Whether count / scale has an end as a decimal number; `write` then writes it in full."""
    power: int = 10 ** places_of(scale)
    return int(count) * power % scale == 0


def equals(count: float, scale: int) -> str:
    """ "=" where `write` gives the number in full, else "≈"."""
    return "=" if ends(count, scale) else "≈"


def write(count: float, scale: int, places: int | None = None) -> str:
    """The number count / scale with at most `places` decimals, a true minus sign and no idle zeros.

    places: by default as many as the number has; if it has no end, three, or so many that three digits are shown.
    """
    if places is None:
        places = places_of(scale) if ends(count, scale) else max(DIGITS, _first(count, scale) + DIGITS - 1)
    last = _units(count, scale, places)
    digits = f"{last:0{places + 1}d}"
    text = digits if places == 0 else f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".")
    return f"−{text}" if count < 0 and last else text


def write_digits(number: float, digits: int) -> str:
    """A finite number that is no count with so many digits, those before the point in full: 1.235, 0.0001234, 123456."""
    first = math.floor(math.log10(abs(number))) if number else 0
    places = max(0, digits - 1 - first)
    return write(float(rounded(np.asarray(number), places)), 10**places)


def shortened(count: float, scale: int) -> list[str]:
    """The ways to write a number into a small cell, each shorter than the one before: 0.0004, then 4e−4, then ≈0."""
    texts = [write(count, scale)]
    shorter = [text for places in (3, 2, 1, 0) if (text := write(count, scale, places)) != "0"]
    if 0 < abs(count) < scale:
        shorter += [_power(count, scale), "≈0"]
    for text in shorter:
        if len(text) < len(texts[-1]):
            texts.append(text)
    return texts


def _units(count: float, scale: int, places: int) -> int:
    """count / scale, without its sign, in units of its last decimal: in whole numbers, so that it is rounded once."""
    power: int = 10**places
    return (2 * abs(int(count)) * power + scale) // (2 * scale)


def _first(count: float, scale: int) -> int:
    """Which decimal the first digit of a number stands at: 1 for 0.5, 4 for 0.0004, and 0 for 1 or more."""
    places = 0
    while abs(int(count)) * 10**places < scale:
        places += 1
    return places


def _power(count: float, scale: int) -> str:
    """A number below 1 as one digit and a power of ten."""
    place = _first(count, scale)
    digit = _units(count, scale, place)
    text = f"{digit}e−{place}" if digit < 10 else f"1e−{place - 1}"
    return f"−{text}" if count < 0 else text
