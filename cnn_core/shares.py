"""Shares in percent, so that not quite all never reads as all, nor hardly any as none."""

from __future__ import annotations


def percent(share: float, digits: int = 0) -> str:
    """A share from 0 to 1 in words: "42%"; "99.7%" and "0.3%" where whole percents would say all or none.

    digits: behind the point, except for "0%" and "100%"; one, where none would say all or nothing. Where that many say so,
    too: ">99.9%" and "<0.1%". What is above 1 (a ratio of two lengths, say) is written as it is.
    """
    if share in (0, 1):
        return f"{share:.0%}"
    for places in (digits, max(digits, 1)):
        written = f"{share:.{places}%}"
        if share > 1 or float(written[:-1]) not in (0, 100):
            return written
    least = 10.0**-places
    return f">{100 - least:.{places}f}%" if share > 0.5 else f"<{least:.{places}f}%"
