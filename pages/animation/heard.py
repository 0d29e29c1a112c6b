"""What a browser component has told."""

from __future__ import annotations

from typing import Any

import streamlit as st


def heard(key: str, name: str) -> Any:
    """In a callback of the component `key`: what it told under this name; None: nothing. Anybody can send any other thing."""
    return st.session_state[key].get(name)
