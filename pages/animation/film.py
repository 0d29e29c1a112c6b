"""A training's checkpoints as thumbnails, which play in the browser like a film and say where it comes to rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.animation.heard import heard
from pages.animation.scripts import script

_component = st.components.v2.component(
    "convscope_film",
    html="""<div class="film">
    <figure><img alt="the filters at this step"><figcaption></figcaption></figure>
    <div class="side"><button class="play" type="button">▶ Play</button><ol aria-label="checkpoints"></ol></div>
    </div>""",
    css="""
    .film { display: flex; gap: 1rem; align-items: center; color: var(--st-text-color); font: 0.875rem var(--st-font) }
    figure { margin: 0; flex: none; text-align: center }
    figure img { width: 168px; height: 168px; display: block }
    img { image-rendering: pixelated; object-fit: contain }
    .side { min-width: 0; flex: 1 }
    button { font: inherit; color: inherit; background: none; border: 2px solid transparent; border-radius: 0.4rem;
      padding: 0.25rem; cursor: pointer }
    .play { border-color: var(--st-border-color); padding: 0.4rem 0.8rem; min-width: 6rem }
    ol { display: flex; gap: 0.25rem; overflow-x: auto; list-style: none; margin: 0.5rem 0 0; padding: 0 0 0.5rem;
      position: relative }
    li { flex: none } li img { width: 56px; height: 56px; display: block }
    li button { text-align: center } [aria-current] { border-color: var(--st-primary-color); font-weight: 600 }
    @media (max-width: 640px) { figure img { width: 96px; height: 96px } }""",
    js=script("film"),
)


def film(frames: Sequence[tuple[int, str]], step: int, *, key: str, on_step: Callable[[Any], None]) -> None:
    """Show pictures by step, (iteration, address), and the one of `step` larger.

    on_step: called with the iteration at which it came to rest, or which was clicked; anybody can send any other thing.
    """

    def rest() -> None:
        on_step(heard(key, "step"))

    _component(key=key, data=[{"frames": [list(frame) for frame in frames], "step": step}], on_step_change=rest)
