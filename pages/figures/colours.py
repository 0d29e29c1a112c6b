"""The colours of signed numbers: blue below 0, orange above, told apart with any colour vision."""

from __future__ import annotations

NEGATIVE, POSITIVE = "#2b6cbe", "#d95f02"
ZERO = {"light": "#ffffff", "dark": "#11151c"}  # the page's background


def signed_scale(theme: str) -> list[list[float | str]]:
    """A Plotly colour scale from NEGATIVE over the background to POSITIVE."""
    return [[0.0, NEGATIVE], [0.5, ZERO[theme]], [1.0, POSITIVE]]


def positive_scale(theme: str) -> list[list[float | str]]:
    """The upper half of `signed_scale`, for numbers that cannot be below 0."""
    return [[0.0, ZERO[theme]], [1.0, POSITIVE]]
