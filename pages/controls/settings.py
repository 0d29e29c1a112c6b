"""Widgets whose values live in the page's address: label, key and URL parameter share one name.

Streamlit drops an impossible value from the address without a word; here the reader is told, with the remedy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.controls import messages


def enter(page: StreamlitPage) -> None:
    """Call when a page is run: each page has settings of its own, and a reader who comes back finds them again.

    Left alone, Streamlit carries a setting over to the next page that has one of the same name.
    """
    memory = st.session_state.setdefault("settings", {})  # page -> key -> value, where it is not the default
    before = st.session_state.get("page")
    if before == page.url_path:
        return
    for key in st.session_state.pop("keys", ()):
        st.session_state.pop(key, None)
    st.session_state["page"] = page.url_path
    remembered = memory.pop(page.url_path, {})
    if remembered and not st.query_params.to_dict():
        st.switch_page(page, query_params=remembered)


def text(key: str) -> str | None:
    """A parameter of the address that has no widget (an edited kernel, the id of a training), if it is there."""
    value = st.query_params.get(key)
    _remember(key, value)
    return value


def set_text(key: str, value: str | None) -> None:
    """Put such a parameter into the address, or take it out."""
    if value is not None:
        st.query_params[key] = value
    elif key in st.query_params:
        del st.query_params[key]
    _remember(key, value)


def _remember(key: str, value: object) -> None:
    """Note a value that is not the default (None: it is), as the address would write it."""
    st.session_state.setdefault("keys", set()).add(key)  # of this page, at its default or not
    settings = st.session_state.setdefault("settings", {}).setdefault(st.session_state.get("page"), {})
    if value is None:
        settings.pop(key, None)
    else:
        settings[key] = str(value)


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
    value = int(st.slider(label, low, high, default, key=key, help=help, bind="query-params"))
    _remember(key, value if value != default else None)
    return value


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
    _remember(key, box if box != default else None)
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
    _remember(key, picked if picked != default else None)
    return str(picked)


def scale(label: str, key: str, values: Sequence[str], default: str, *, help: str | None = None) -> float:
    """A slider over numbers that are not evenly spaced, written as they should be read: "0.001", "0.002" ..."""
    _tell_bad_link(key, lambda text: None if text in values else f"must be one of {', '.join(values)}")
    picked = st.select_slider(label, values, default, key=key, help=help, bind="query-params")
    _remember(key, picked if picked != default else None)
    return float(picked)


def _tell_bad_link(key: str, problem: Callable[[str], str | None]) -> None:
    """Say what is wrong with this parameter of the address, if anything; the widget then starts at its default."""
    if key in st.session_state:
        return
    values = st.query_params.get_all(key)
    if len(values) > 1:
        messages.warning(
            f"{key} stands {len(values)} times in the link (={', '.join(values)[:60]}): it may stand once only."
        )
    elif values and (message := problem(values[0])):
        messages.warning(f"{key} (={values[0][:40]}) in the link {message}; the page uses another value instead.")
