"""A row of buttons that says which part of a page is shown; like every setting, it stands in the address."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.controls import settings
from pages.controls.links import tell_unlisted


def segments(label: str, key: str, options: Sequence[str]) -> str:
    """Parts of a page of which one is shown; the first one to begin with."""
    tell_unlisted(key, options)
    if st.session_state.get(key) not in options:
        st.session_state.pop(key, None)
    picked = st.segmented_control(
        label, options, default=options[0], required=True, key=key, label_visibility="collapsed", bind="query-params"
    )
    settings.note(key, picked, options[0])
    return str(picked)
