"""A whole network at work on one picture, from all sides."""

import streamlit as st

from pages.address.book import book
from pages.controls.explored import explored
from pages.controls.segments import segments
from pages.sections import network_learned, network_overview, network_shift, network_why

VIEWS = {
    "overview": network_overview.show,
    "learned": network_learned.show,
    "why": network_why.show,
    "shift": network_shift.show,
}

theme = st.context.theme.type or "light"
with book().head or st.container():
    view = segments("view", "view", list(VIEWS))
VIEWS[view](explored(), theme)
