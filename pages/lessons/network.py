"""A whole network at work on one picture, from all sides."""

import streamlit as st

from pages.controls.explored import explored
from pages.controls.segments import segments
from pages.sections import network_learned, network_overview

VIEWS = {"overview": network_overview.show, "learned": network_learned.show}

theme = st.context.theme.type or "light"
view = segments("view", "view", list(VIEWS))
VIEWS[view](explored(), theme)
