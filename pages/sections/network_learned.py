"""The view "What it learned" of a network: what each filter looks for."""

from __future__ import annotations

import streamlit as st

from pages.animation.chart import chart
from pages.controls.explored import Explored, what_weights
from pages.figures.sheets import filter_sheet


def show(seen: Explored, theme: str) -> None:
    """The first layer's kernels."""
    weight = next(iter(seen.network.params.values()))
    filters, channels = weight.shape[:2]
    st.subheader(f"{filters} kernels of {weight.shape[2]}×{weight.shape[3]}")
    chart(filter_sheet(weight, theme), key="kernels")
    st.caption(
        "Red, green and blue weights as colours around mid-grey, each kernel on its own scale."
        if channels == 3
        else "Blue weights are negative, orange ones positive. A kernel with orange left of blue finds edges from bright to dark."
    )
    st.caption(what_weights(seen))
