"""Shares in percent, so that not quite all never reads as all, nor hardly any as none."""

from __future__ import annotations


def percent(share: float) -> str:
    """A share from 0 to 1: "42%"; "99.7%" and "0.3%" where whole percents would say all or none, at last ">99.9%", "<0.1%"."""
    for digits in (0, 1):
        written = f"{share:.{digits}%}"
        if share in (0, 1) or float(written[:-1]) not in (0, 100):
            return written
    return ">99.9%" if share > 0.5 else "<0.1%"
