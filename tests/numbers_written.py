"""Numbers to write, as counts of a unit, and how what was written is read again; for Python and for the browser."""

from fractions import Fraction

import numpy as np

# Units: whole numbers, decimals, means of 4, 6, 9, 49 numbers, and the products of two arrays of small numbers.
SCALES = (1, 4, 6, 9, 10, 90, 1000, 10**4, 6 * 10**4, 49 * 10**4, 10**8, 9 * 10**11, 10**15, 10**22)


def _cases():
    rng = np.random.default_rng(231)
    for scale in SCALES:
        counts = [0, 1, -1, 5, -5, 15, 10_050, 2**53 - 1, 1 - 2**53]
        for bits in range(4, 53, 4):
            counts += rng.integers(-(2**bits), 2**bits, 12).tolist()
        ties = [
            (2 * int(n) + 1) * scale // (2 * 10**places) for n in rng.integers(0, 999, 12) for places in (0, 1, 2, 3)
        ]
        counts += [sign * count for count in ties if count < 2**53 for sign in (1, -1)]
        yield from ((count, scale) for count in counts)


CASES = tuple(_cases())


def value(text):
    """A number as it is written, exactly: with a true minus sign, and perhaps a power of ten."""
    return Fraction(text.replace("−", "-"))


def check_adds_up(text):
    """Whether each number written of a gradient check is what those above it give, to its last digit; text: by what they are."""
    found = {name: value(written) for name, written in text.items()}
    decimals = len(text["numeric"].partition(".")[2].partition("e")[0]) - int(
        text["numeric"].replace("−", "-").partition("e")[2] or 0
    )
    apart = abs(found["numeric"] - found["analytic"])
    relative = apart / max(abs(found["numeric"]) + abs(found["analytic"]), Fraction(1, 10**8))
    return (
        found["difference"] == found["above"] - found["below"]
        and abs(found["numeric"] - found["difference"] / found["step"]) <= Fraction(1, 2 * 10**decimals)
        and abs(found["absolute"] - apart) <= apart / 200
        and abs(found["relative"] - relative) <= relative / 20
    )
