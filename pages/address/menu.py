"""The pages of the app, in the order of the menu."""

from __future__ import annotations

from copy import copy
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

LESSONS = Path(__file__).parents[1] / "lessons"


def menu() -> list[StreamlitPage]:
    """For `st.navigation`, which marks those it gets: copies."""
    return [copy(page) for page in _pages()]


@cache
def _pages() -> list[StreamlitPage]:
    """Made once: to look their files up at each run would take a tenth of it."""
    return [
        st.Page(LESSONS / "home.py", title="Home", default=True),
        st.Page(LESSONS / "convolution.py", title="Convolution", url_path="convolution"),
        st.Page(LESSONS / "pooling.py", title="Pooling", url_path="pooling"),
        st.Page(LESSONS / "transposed.py", title="Transposed", url_path="transposed"),
        st.Page(LESSONS / "im2col.py", title="im2col", url_path="im2col"),
        st.Page(LESSONS / "receptive_field.py", title="Receptive field", url_path="receptive-field"),
        st.Page(LESSONS / "gradient_flow.py", title="Gradient flow", url_path="gradient-flow"),
        st.Page(LESSONS / "data.py", title="Data", url_path="data"),
        st.Page(LESSONS / "train.py", title="Train", url_path="train"),
        st.Page(LESSONS / "runs.py", title="Runs", url_path="runs"),
        st.Page(LESSONS / "filters.py", title="Filters", url_path="filters"),
        st.Page(LESSONS / "speed.py", title="Speed", url_path="speed"),
    ]
