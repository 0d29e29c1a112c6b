"""A tensor as a browser component: a grid of cells that one points at, clicks, or walks through with the arrow keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.animation.heard import heard
from pages.animation.scripts import script

_component = st.components.v2.component(
    "convscope_entries",
    html="""<figure class="entries"><figcaption></figcaption><canvas tabindex="0" role="application"></canvas>
    <p class="words" aria-live="polite"></p><p class="legend"></p></figure>""",
    css="""
    .entries { margin: 0; color: var(--st-text-color); font: 14px/1.4 var(--st-font, sans-serif); transition: color 1ms }
    figcaption { font-weight: 600; margin-bottom: 2px }
    canvas { display: block; cursor: pointer; border-radius: 4px; touch-action: manipulation }
    canvas:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px }
    p { margin: 4px 0 0; font-size: 13px } .words { font-variant-numeric: tabular-nums }
    .legend { display: flex; flex-wrap: wrap; gap: 0 14px } .legend b { font-weight: 700 }""",
    js=script("entries"),
)


def entries(drawn: dict[str, Any], chosen: int, *, key: str, on_entry: Callable[[Any], None]) -> None:
    """Show a tensor as `figures.entries` has `drawn` it; chosen: the number of an entry, counted as in memory.

    on_entry: called with the number of the one that the reader chooses; anybody can send any other thing.
    """

    def pick() -> None:
        on_entry(heard(key, "entry"))

    _component(key=key, data=[drawn | {"chosen": chosen}], on_entry_change=pick)
