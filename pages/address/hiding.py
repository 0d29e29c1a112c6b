"""When a page has no sidebar: where it has no settings, and, for teachers, in a link with `hide_controls=true`."""

from __future__ import annotations

import streamlit as st

from pages.address import messages, state
from pages.address.links import tell_repeated
from pages.address.menu import Page

KEY = "hide_controls"
HIDDEN = '[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none }'
WIDE = "(min-width: 768px)"  # on a narrower screen Streamlit puts the menu into the sidebar


def hide_sidebar_if_asked(page: Page) -> None:
    """Hide the sidebar and the button that opens it; call it on every run, after `state.enter`.

    Where the page has no settings: Streamlit now and then leaves the former page's sidebar standing, empty. And if the address
    says so: the controls are there all the same, so that the link's settings count.
    """
    values = st.query_params.get_all(KEY)
    hidden = "" if page.sidebar else f"@media {WIDE} {{ {HIDDEN} }}"
    if len(values) > 1:
        tell_repeated(KEY)
    elif values and values[0] not in ("true", "false"):
        messages.warning(f"{KEY} (={values[0][:40]}) in the link must be true or false; the controls are shown.")
    elif state.text(KEY) == "true":
        hidden = HIDDEN
    if hidden:
        st.html(f"<style>{hidden}</style>")
