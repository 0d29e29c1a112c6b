"""A drawing (SVG) in the page itself, so that its text has the page's colour in light and dark, and can be read aloud."""

from __future__ import annotations

import streamlit as st

from pages.animation.scripts import script

_component = st.components.v2.component(
    "convscope_drawing",
    html='<div class="drawing" tabindex="0" role="group" aria-label="Drawing; scroll sideways on a small screen"></div>',
    css="""
    .drawing { overflow-x: auto; color: var(--st-text-color); font-family: var(--st-font, sans-serif); }
    @media (max-width: 760px) {
      .drawing::after { content: "scroll sideways to see all of it →"; position: sticky; left: 0; font-size: 13px; opacity: .75 }
    }""",
    js=script("drawing"),
)


def drawing(svg: str, *, key: str) -> None:
    """Show an SVG of our own making (it is not cleaned: never pass on what a reader typed). It may hold links to pages."""
    _component(key=key, data={"svg": svg})
