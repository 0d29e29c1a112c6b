"""Pictures side by side, each with its words below.

A component, so that a change of a setting changes the pictures that differ, after the player has drawn: as HTML of Streamlit's,
all of them are looked through and built anew before it.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.animation.scripts import script

_component = st.components.v2.component(
    "convscope_gallery",
    html="<h3></h3><div class='gallery'></div>",
    css="""
    :host { display: block; container-type: inline-size }
    h3 { margin: 0; font: 600 1.75rem / 1.2 var(--st-heading-font); color: var(--st-heading-color); padding: 0.5rem 0 1rem }
    .gallery { display: flex; flex-wrap: wrap; gap: 1rem }
    figure { margin: 0; width: min(var(--width), 100%) }
    img { width: 100%; height: auto; border-radius: 0.5rem }
    figcaption { font: 0.875rem / 1.6 var(--st-font); color: color-mix(in srgb, var(--st-text-color) 85%, transparent) }
    @container (max-width: 330px) { /* beside a figure: both are to be in view with it */
      h3 { font-size: 1rem; padding: .75rem 0 .5rem } .gallery { gap: .5rem }
      img { width: auto; max-width: 100%; max-height: 12.75rem } figcaption { line-height: 1.35 } }""",
    js=script("gallery"),
)


def gallery(title: str, pictures: Sequence[tuple[str, str, int, int]], width: int, *, key: str) -> None:
    """Show pictures under a heading; they wrap where there is no room.

    pictures: of each its words, in plain text, its address, its rows and columns; width: of each, in pixels.
    """
    # In a list: the values of a dict would each be searched for data frames.
    _component(key=key, data=[{"title": title, "width": width, "pictures": pictures}])
