"""Parts of a page that are folded up at first, and cost nothing before they are asked for."""

from __future__ import annotations

import streamlit as st

STYLE = (  # a line across the page above each
    ".st-key-code_open, .st-key-export_open { width: 100% !important; border-top: 1px solid #8884; padding-top: 1.5rem; "
    "margin-top: 0.5rem }"
)


def unfolded(label: str, key: str) -> bool:
    """Has the reader asked for this part? It then follows below its switch.

    A switch, and not an expander whose opening runs the script (`on_change="rerun"`): that one left some 17 detached DOM
    nodes behind at every change of a slider, as found on Streamlit 1.67, so that the tab grew as long as it was used.
    """
    return st.toggle(label, key=key)
