"""The colours of figures: signed numbers blue below 0, orange above, told apart with any colour vision; text on them."""

from __future__ import annotations

from collections.abc import Sequence

ZERO = {"light": "#ffffff", "dark": "#11151c"}  # the page's background
# Below and above 0. Plotly writes the numbers of all cells in one colour, which is `DIGITS`: it stands out from either end,
# and from all between it and the background, at least 4.5 to 1.
ENDS = {"light": ("#3b7dd0", "#d95f02"), "dark": ("#2b6cbe", "#c25200")}
DIGITS = {"light": "#000000", "dark": "#ffffff"}
# White lines over the colour of a bar, whose `shape` tells it from others without its colour.
OVERLAY = {"fillmode": "overlay", "fgcolor": "#ffffff", "fgopacity": 0.7, "size": 7, "solidity": 0.25}


def signed_scale(theme: str) -> list[list[float | str]]:
    """A Plotly colour scale from below 0 over the background to above 0."""
    negative, positive = ENDS[theme]
    return [[0.0, negative], [0.5, ZERO[theme]], [1.0, positive]]


def positive_scale(theme: str) -> list[list[float | str]]:
    """The upper half of `signed_scale`, for numbers that cannot be below 0."""
    return [[0.0, ZERO[theme]], [1.0, ENDS[theme][1]]]


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of a colour as "#rrggbb"."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def luminance(colour: Sequence[int]) -> float:
    """How light a colour (three numbers, 0 to 255) is: 0 for black, 1 for white; relative luminance as in WCAG 2.2."""
    shares = (level / 255 for level in colour)
    linear = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def ink(colour: Sequence[int]) -> str:
    """Black or white, whichever stands out more from a colour (three numbers, 0 to 255): 4.58 to 1 at the least."""
    return "#000000" if (luminance(colour) + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"
