"""Pictures side by side, each with its words below.

A component, so that a change of a setting changes the pictures that differ, after the player has drawn: as HTML of Streamlit's,
all of them are looked through and built anew before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.animation.heard import heard
from pages.animation.scripts import script

_component = st.components.v2.component(
    "convscope_gallery",
    html="<h3></h3><div class='gallery'></div>",
    css="""
    :host { display: block; container-type: inline-size }
    h3 { margin: 0; font: 600 1.75rem / 1.2 var(--st-heading-font); color: var(--st-heading-color); padding: 0.5rem 0 1rem }
    h3:empty { display: none }
    .gallery { display: flex; flex-wrap: wrap; gap: 1rem }
    .small { gap: 0.35rem }
    figure { margin: 0; width: min(var(--width), 100%) }
    img { width: 100%; height: auto; border-radius: 0.5rem }
    .small img { border-radius: 0.15rem; image-rendering: pixelated; outline: 1px solid var(--st-border-color) }
    .picks { max-height: 21rem; overflow-y: auto; padding: 2px }
    figcaption { font: 0.875rem / 1.6 var(--st-font); color: color-mix(in srgb, var(--st-text-color) 85%, transparent) }
    .small figcaption { font-size: 0.8rem; line-height: 1.3; text-align: center }
    button { all: unset; box-sizing: border-box; cursor: pointer; padding: 2px; border: 3px solid transparent;
      border-radius: 0.4rem }
    button[aria-pressed=true] { border-color: var(--st-primary-color); font-weight: 700 }
    button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px }
    @container (max-width: 330px) { /* beside a figure: both are to be in view with it */
      h3 { font-size: 1rem; padding: .75rem 0 .5rem } .gallery { gap: .5rem }
      img { width: auto; max-width: 100%; max-height: 12.75rem } figcaption { line-height: 1.35 } }""",
    js=script("gallery"),
)


def gallery(
    title: str,
    pictures: Sequence[tuple[str, str, int, int]],
    width: int,
    *,
    key: str,
    chosen: int | None = None,
    on_choice: Callable[[Any], None] | None = None,
) -> None:
    """Show pictures under a heading, if there is one; they wrap where there is no room.

    pictures: of each its words, in plain text, its address, its rows and columns; width: of each, in pixels; small ones
    stand close together. on_choice: they are buttons, and it is called with the number of the one that is pressed; anybody can
    send any other thing. chosen: the number of the one that is pressed now.
    """

    def choose() -> None:
        if on_choice is not None:
            on_choice(heard(key, "choice"))

    content = {"title": title, "width": width, "pictures": pictures, "picks": on_choice is not None, "chosen": chosen}
    # In a list: the values of a dict would each be searched for data frames.
    _component(key=key, data=[content], on_choice_change=choose)
