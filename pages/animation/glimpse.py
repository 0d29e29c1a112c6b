"""A small walk that moves by itself: for a page that shows at a glance what another one shows at length."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from cnn_core.walks.walk import Walk
from pages.animation.player import wire
from pages.animation.scripts import script, style

_component = st.components.v2.component(
    "convscope_glimpse",
    html=(Path(__file__).parent / "glimpse.html").read_text(encoding="utf-8"),
    css=style("plane", "glimpse"),
    js=script("glimpse"),
)


def glimpse(walk: Walk, titles: Mapping[str, str], *, key: str) -> None:
    """Show a convolution forward, of one channel and one filter: input, kernel, products and output.

    titles: a caption for x, weight and out. It plays until the reader stops it; for one who wants less motion it stands
    still at the step in the middle until they start it.
    """
    # In a list: the values of a dict would each be searched for data frames. A text: see the player.
    _component(key=key, data=[json.dumps(wire(walk, titles=titles, channel_names={}))])
