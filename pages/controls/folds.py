"""Parts of a page that are folded up at first, and cost nothing, or little, before they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from pages.address.book import book

STYLE = (  # a line across the page above each switch
    ".st-key-code_open, .st-key-export_open { width: 100% !important; border-top: 1px solid #8884; padding-top: 1.5rem; "
    "margin-top: 0.5rem }"
)


def unfolded(label: str, key: str) -> bool:
    """Has the reader asked for this part? It then follows below its switch.

    A switch: an expander whose opening runs the script (`on_change="rerun"`) left some 17 detached DOM nodes behind at every
    change of a slider around these parts, as found on Streamlit 1.67, so that the tab grew as long as it was used. Those
    around settings leave none.
    """
    return st.toggle(label, key=key)


@contextmanager
def folded(label: str, key: str, *, opened: bool = False) -> Iterator[None]:
    """Settings in an expander; opened: at first. While it is closed, `pages.controls.settings` draws those only that are not
    at their default.

    Each widget costs the server and the browser at each change of any other one, also where nobody sees it. One that was
    changed stays, because Streamlit takes the parameter of a widget that goes out of the address.
    """
    with st.expander(label, opened, key=key, on_change="rerun") as place:
        book().folded = not place.open
        try:
            yield
        finally:
            book().folded = False
