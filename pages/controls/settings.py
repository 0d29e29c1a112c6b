"""Widgets whose values live in the page's address: label, key and URL parameter share one name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.checks import Pair
from cnn_core.walks.rounding import rounded
from pages.address import messages
from pages.address.book import book
from pages.address.links import outside_folds, tell_bad, tell_repeated, tell_unlisted
from pages.address.state import keep_option, left_out, note, opens_with, take_option
from pages.controls.words import word_of

SIDES = ("height", "width")
MOST_NUMBERS = 64  # in a list of numbers that is typed


def whole(
    label: str, key: str, low: int, high: int, default: int, *, box: bool = False, help: str | None = None
) -> int:
    """A slider for a whole number from low to high; a box where there are many of them."""

    def problem(text: str) -> str | None:
        try:
            value = float(text)  # as Streamlit reads it
        except ValueError:
            value = math.nan
        if not value.is_integer():
            return f"must be a whole number from {low} to {high}"
        return None if low <= value <= high else f"must be {low} to {high}"

    tell_bad(key, problem)
    if left_out(key, default):
        return default
    kept = st.session_state.get(key)
    if kept is not None and not low <= kept <= high:  # another setting has made the range smaller
        inside = max(low, min(high, int(kept)))
        st.session_state[key] = float(inside) if box else inside
    if box:
        ends = float(low), float(high)  # as in `whole_box`
        typed = st.number_input(label, *ends, float(default), 1.0, "%.0f", key=key, help=help, bind="query-params")
        value = int(typed)
    else:
        value = int(st.slider(label, low, high, default, key=key, help=help, bind="query-params"))
    note(key, value, default)
    return value


def per_axis(default: bool) -> bool:
    """The switch that parts each `pair` of the page."""
    return switch("separate height and width", "per_axis", default, help="A slider of its own for each axis.")


def pair(
    label: str, key: str, low: int, high: int | Pair, default: int, *, apart: bool, help: str | None = None
) -> Pair:
    """A length for both axes; apart: one slider for each, with the keys `key`_height and `key`_width.

    high: for both, or for each. Where it leaves no choice there is no slider; the default is then as near as can be.
    """
    highs = (high, high) if isinstance(high, int) else high

    def one(label: str, key: str, high: int) -> int:
        return whole(label, key, low, high, min(default, high), help=help) if high > low else low

    if not apart:
        for side in SIDES:
            st.session_state.pop(f"{key}_{side}", None)
            book().note(f"{key}_{side}", None)
        both = one(label, key, min(highs))
        return both, both
    for side in SIDES:  # both begin where the common one stood
        own = f"{key}_{side}"
        if own not in st.session_state and own not in st.query_params and key in st.session_state:
            st.session_state[own] = st.session_state[key]
    height, width = (one(f"{label}, {side}", f"{key}_{side}", high) for side, high in zip(SIDES, highs, strict=True))
    return height, width


def switch(label: str, key: str, default: bool = False, *, help: str | None = None) -> bool:
    """A switch that is on or off."""
    tell_bad(key, lambda text: None if text.lower() in ("true", "false") else "must be true or false")
    if left_out(key, default):
        return default
    value = bool(st.toggle(label, default, key=key, help=help, bind="query-params"))
    note(key, value, default)
    return value


def numbers(label: str, key: str, count: int, low: float, high: float, default: str, *, help: str) -> list[float]:
    """A box for one number, or for `count` of them with commas between. Text that is neither is named, and counts as 0."""
    tell_repeated(key)
    box = default
    if not left_out(key, default):
        box = st.text_input(label, default, key=key, max_chars=12 * MOST_NUMBERS, help=help, bind="query-params")
        note(key, box, default)
    try:
        text = box.replace("−", "-").replace(";", ",").strip()
        decimal = count == 1 and re.fullmatch(r"-?\d+,\d+", text)  # as many people write 0.5
        values = [float(part) for part in ([text.replace(",", ".")] if decimal else text.split(","))]
    except ValueError:
        values = []
    if (
        not values or len(values) > MOST_NUMBERS or not all(low <= value <= high for value in values)
    ):  # NaN is in no range
        several = f", or {count} of them with commas between" if count > 1 else ""
        with outside_folds():
            messages.error(
                f"{key} (={box[:40]!r}) must be a number from {low:g} to {high:g}{several}: "
                "type it anew; until then it counts as 0"
            )
        return [0.0] * count
    if len(values) == 1:
        values *= count
    if len(values) < count:
        st.caption(f"{len(values)} numbers for {count}: the others are 0.")
    elif len(values) > count:
        st.caption(f"{len(values)} numbers for {count}: the last ones are left out.")
    kept: list[float] = (rounded(np.array((values + [0.0] * count)[:count]), 4) / 1e4).tolist()
    return kept


def number(
    label: str, key: str, low: float, high: float, default: float, *, hint: str = "", help: str | None = None
) -> float:
    """A box for a number from low to high; hint: what its label has in brackets, instead of these."""

    def problem(text: str) -> str | None:
        try:
            value = float(text)
        except ValueError:
            return f"must be a number from {low:g} to {high:g}"
        return None if math.isfinite(value) and low <= value <= high else f"must be {low:g} to {high:g}"

    tell_bad(key, problem)
    if left_out(key, default):
        return default
    label += f" ({hint or f'{low:g} to {high:g}'})"
    box = st.number_input(label, low, high, default, format="%g", key=key, help=help, bind="query-params")
    note(key, box, default)
    return float(box)


def whole_box(place: Any, label: str, key: str, low: int, high: int, default: int, **options: Any) -> int:
    """A box for a whole number from low to high that is no setting of the page, and in no address.

    Streamlit has it as a float: one for whole numbers has an error of its own for NaN, which anybody can send.
    """
    ends = float(low), float(high)
    return int(place.number_input(label, *ends, float(default), 1.0, "%.0f", key=key, **options))


def choice(
    label: str,
    key: str,
    options: Sequence[str],
    default: str | None = None,
    *,
    words: Callable[[str], str] | None = None,
    former: str | None = None,
    listed: bool = False,
    help: str | None = None,
    on_change: Callable[[], None] | None = None,
) -> str:
    """A list to choose one of; a row of buttons where there are few. Returns the option's id, which the address holds too.

    words: how an option is written; left out, as words.py says. former: what the list began with in earlier days: links that
    leave it out, and say anything else, mean that. on_change: called when the reader chooses another. listed: a list
    in any case.
    """
    default = opens_with(options[0] if default is None else default, former)
    tell_unlisted(key, options)
    take_option(key, options, default)
    if left_out(key, default):
        return default
    index, written = list(options).index(default), words or partial(word_of, key)
    if len(options) <= 3 and not listed:
        picked = st.radio(
            label, options, index, written, key, help, on_change, horizontal=True, persist_state="session"
        )
    else:
        picked = st.selectbox(label, options, index, written, key, help, on_change, persist_state="session")
    keep_option(key, picked, default, former)
    return str(picked)


def scale(label: str, key: str, values: Sequence[str], default: str, *, help: str | None = None) -> float:
    """A slider over numbers that are not evenly spaced, written as they should be read: "0.001", "0.002" ..."""
    tell_unlisted(key, values)
    if left_out(key, default):
        return float(default)
    if key in st.session_state and st.session_state[key] not in values:  # another setting has made the list another
        st.session_state[key] = closest(values, float(st.session_state[key]))
    picked = st.select_slider(label, values, default, key=key, help=help, bind="query-params")
    note(key, picked, default)
    return float(picked)


def closest(values: Sequence[str], number: float) -> str:
    """The value of a scale that is closest to a number."""
    return min(values, key=lambda value: abs(float(value) - number))
