"""For teachers: a link with `hide_controls=true` shows a page without its sidebar, with the settings of the link."""

from __future__ import annotations

import streamlit as st

from pages.address import messages, state
from pages.address.links import tell_repeated

KEY = "hide_controls"
CSS = '[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none }'


def hide_controls_if_asked() -> None:
    """Hide the sidebar and the button that opens it, if the address says so; call it on every run, after `state.enter`.

    The controls are there all the same, so that the link's settings count.
    """
    values = st.query_params.get_all(KEY)
    if len(values) > 1:
        tell_repeated(KEY)
    elif values and values[0] not in ("true", "false"):
        messages.warning(f"{KEY} (={values[0][:40]}) in the link must be true or false; the controls are shown.")
    elif state.text(KEY) == "true":
        st.html(f"<style>{CSS}</style>")
