"""Widgets whose values live in the page's address: label, key and URL parameter share one name.

Streamlit drops an impossible value from the address without a word; here the reader is told, with the remedy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import streamlit as st


def whole(label: str, key: str, low: int, high: int, default: int, *, help: str | None = None) -> int:
    """A slider for a whole number from low to high."""

    def problem(text: str) -> str | None:
        try:
            value = float(text)  # as Streamlit reads it
        except ValueError:
            value = math.nan
        if not value.is_integer():
            return f"must be a whole number from {low} to {high}"
        return None if low <= value <= high else f"must be {low} to {high}"

    _tell_bad_link(key, problem)
    return int(st.slider(label, low, high, default, key=key, help=help, bind="query-params"))


def number(
    label: str, key: str, low: float, high: float, default: float, *, format: str = "%g", help: str | None = None
) -> float:
    """A box for a number from low to high."""

    def problem(text: str) -> str | None:
        try:
            value = float(text)
        except ValueError:
            return f"must be a number from {low:g} to {high:g}"
        return None if math.isfinite(value) and low <= value <= high else f"must be {low:g} to {high:g}"

    _tell_bad_link(key, problem)
    box = st.number_input(
        f"{label} ({low:g} to {high:g})", low, high, default, format=format, key=key, help=help, bind="query-params"
    )
    return float(box)


def choice(label: str, key: str, options: Sequence[str], default: str | None = None, *, help: str | None = None) -> str:
    """A list to choose one of; a row of buttons where there are few."""
    default = options[0] if default is None else default
    _tell_bad_link(key, lambda text: None if text in options else f"must be one of {', '.join(options)}")
    index = list(options).index(default)
    if len(options) <= 3:
        picked = st.radio(label, options, index, key=key, help=help, horizontal=True, bind="query-params")
    else:
        picked = st.selectbox(label, options, index, key=key, help=help, bind="query-params")
    return str(picked)


def scale(label: str, key: str, values: Sequence[str], default: str, *, help: str | None = None) -> float:
    """A slider over numbers that are not evenly spaced, written as they should be read: "0.001", "0.002" ..."""
    _tell_bad_link(key, lambda text: None if text in values else f"must be one of {', '.join(values)}")
    return float(st.select_slider(label, values, default, key=key, help=help, bind="query-params"))


def _tell_bad_link(key: str, problem: Callable[[str], str | None]) -> None:
    """Say what is wrong with this parameter of the address, if anything; the widget then starts at its default."""
    if key in st.session_state:
        return
    values = st.query_params.get_all(key)
    if len(values) > 1:
        st.warning(f"{key} stands {len(values)} times in the link (={', '.join(values)[:60]}): it may stand once only.")
    elif values and (message := problem(values[0])):
        st.warning(f"{key} (={values[0][:40]}) in the link {message}; the page uses another value instead.")
