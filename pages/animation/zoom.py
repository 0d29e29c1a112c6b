"""The zoom into a network as a browser component: it draws one depth, and says where the reader wants to go."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pages.animation.heard import heard
from pages.animation.scripts import script, style

_component = st.components.v2.component(
    "convscope_zoom",
    html="""<section class="zoom" tabindex="0" role="group" aria-label="Arrow keys move, Enter goes deeper, Escape goes back">
    <div class="head"><nav class="crumbs" aria-label="Where you are"></nav><p class="legend">
    <span class="of-maps"><i class="negative"></i> below 0 <i class="scale"></i> above 0 <i class="positive"></i></span>
    <span class="of-gradients">gradient: <i class="less"></i> a larger number lowers the loss <i class="both"></i> raises it
    <i class="more"></i></span></p></div><div class="stage"></div>
    <p class="said" aria-live="polite"></p></section>""",
    css=style("zoom"),
    js=script("zoom"),
)


def zoom(view: Mapping[str, Any], *, key: str, on_go: Callable[[Any], None]) -> None:
    """Show a depth as `figures.zoom_view` has made it.

    on_go: called with the address of the depth that the reader chooses; anybody can send any other thing.
    """

    def go() -> None:
        on_go(heard(key, "go"))

    _component(key=key, data=[json.dumps(view, allow_nan=False)], on_go_change=go)
