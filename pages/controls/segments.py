"""A row of buttons that says which part of a page is shown; like every setting, it stands in the address."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.address import state
from pages.address.links import tell_unlisted
from pages.controls.words import word_of

LATE = 2.0  # seconds in which the browser may still speak of the part that was shown before


def show_part(key: str, part: str) -> None:
    """For a button: show this part from now on.

    A look that the browser asked for before it knew brings the former part along once more: it must not win.
    """
    st.session_state[f"{key}_left"] = st.session_state.get(key), part, time.monotonic()
    st.session_state[key] = part


def segments(label: str, key: str, options: Sequence[str]) -> str:
    """Parts of a page of which one is shown, by their ids; the first one to begin with."""
    tell_unlisted(key, options)
    state.take_option(key, options, options[0])
    left, part, when = st.session_state.get(f"{key}_left", (None, None, 0.0))
    if left is not None and st.session_state[key] == left and time.monotonic() < when + LATE and not state.went_back():
        st.session_state[key] = part
    if st.session_state[key] not in options:
        st.session_state[key] = options[0]
    picked = st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        format_func=partial(word_of, key),
        key=key,
        label_visibility="collapsed",
        persist_state="session",
    )
    state.keep_option(key, str(picked), options[0])
    return str(picked)
