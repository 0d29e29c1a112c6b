"""Names of runs that say what they are, with a number where there are several."""

from __future__ import annotations

import re
from collections.abc import Iterable


def numbered(name: str, taken: Iterable[str]) -> str:
    """The name; from the second one on with the number behind the highest that is taken: "digits", "digits, 2nd"."""
    rests = [other.removeprefix(name) for other in taken if other.startswith(name)]
    numbers = [int(found[1]) if (found := re.fullmatch(r", (\d+)\w\w", rest)) else int(not rest) for rest in rests]
    number = max(numbers, default=0) + 1
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return name if number == 1 else f"{name}, {number}{ending}"
