"""Charts: figures for Plotly, drawn by a component that keeps what it has drawn.

Not `st.plotly_chart`: on Streamlit 1.67 that draws each chart of a page again at every change of any setting, and a chart
whose numbers changed it takes down and builds anew. On the Train page that was half of the browser's time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import streamlit as st
from plotly.utils import PlotlyJSONEncoder

from pages.animation.heard import heard
from pages.animation.plotly_file import address
from pages.animation.scripts import script

_component = st.components.v2.component(
    "convscope_chart",
    html='<div class="chart" role="figure"><div class="canvas"></div><div class="said" aria-live="polite"></div></div>',
    css="""
    .chart { width: 100%; min-width: 0; position: relative; overflow: hidden; color: var(--st-text-color);
      font-family: var(--st-font, sans-serif); transition: color 1ms }
    .chart.picks .nsewdrag { cursor: pointer }
    .chart .said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }""",
    js=script("chart"),
    isolate_styles=False,  # Plotly's styles stand in the page's head
)


def encoded(figure: dict[str, Any]) -> str:
    """A figure, {"data": ..., "layout": ...} in Plotly's words, as it is sent; NumPy's arrays, too, and NaN as null."""
    return json.dumps(figure, cls=PlotlyJSONEncoder)


def chart(
    figure: dict[str, Any] | str, *, key: str, alt: str = "", on_pick: Callable[[Any], None] | None = None
) -> None:
    """Show a figure, as it is or `encoded` (for one that is shown again and again), as wide as there is room.

    alt: what it is, for those who do not see it; by default what its key says. on_pick: called with the [row, column] of the
    cell of a heatmap that the reader clicks, or chooses by arrow keys and Enter; anybody can send any other thing.
    """
    content = figure if isinstance(figure, str) else encoded(figure)
    # In a list: the values of a dict would each be searched for data frames.
    data = {"figure": content, "address": address(), "alt": alt or key.replace("_", " "), "picks": on_pick is not None}

    def pick() -> None:
        if on_pick is not None:
            on_pick(heard(key, "cell"))

    _component(key=key, data=[data], on_cell_change=pick)
