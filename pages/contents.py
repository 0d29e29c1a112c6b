"""The app's script: page settings, the menu, run. The server that runs it is made in app.py."""

from collections import ChainMap

import streamlit as st

from pages.address.book import book
from pages.address.hiding import hide_sidebar_if_asked
from pages.address.menu import former, icon, menu, target
from pages.address.state import enter, leave
from pages.animation.scripts import script
from pages.controls import folds, legible, places
from pages.server.one_by_one import line
from pages.server.runs import give_way

give_way()
groups = menu()
listed = {group: list(pages) for group, pages in groups.items()}
page = st.navigation(listed | {"": [*listed[""], *former()]}, position="top", expanded=True)
if page in former():
    st.switch_page(target(former()[page]), query_params=st.query_params.to_dict())
entry = ChainMap(*groups.values())[page]
here = f"[data-testid=stTopNav] > :nth-child({1 + list(groups).index(entry.group)}) [data-testid=stTopNavSection]"
# More of the picture in sight; pictures side by side do not touch. The menu marks the group that the page belongs to. No fading
# while an answer is on its way: each part of the page would become a layer of its own and back again at each change, a seventh
# of the time until the change is seen.
st.html(
    "<style>.stMainBlockContainer { padding: 3.7rem clamp(1rem, 2vw, 2rem) 4rem; > .stVerticalBlock { gap: .3rem } } "
    "h1 { font-size: 1.7rem !important; padding: .3rem 0 !important; white-space: nowrap } "
    ".stMain :is(.st-key-preset, .st-key-tensor):not(.st-key-checking *) { "
    "width: auto !important; min-width: 0; flex: 0 1 22rem !important; "
    "label { white-space: nowrap; gap: .25rem } "
    "[data-testid=stSelectbox] { display: flex; align-items: center; gap: .6rem } } "
    "[data-testid=stImage] { column-gap: 1rem } "
    f"{here} {{ font-weight: 600 }} "
    "[data-testid=stElementContainer] { opacity: 1 !important; transition: none !important } "
    "[data-testid=stElementContainer]:has(> .stHtml > script) { display: none } "
    f"{folds.STYLE} {legible.STYLE} {places.STYLE}</style><script>{script('drawer')}{script('focus')}</script>",
    unsafe_allow_javascript=True,
)
st.set_page_config(page_title=f"{page.title} · ConvScope", page_icon=icon(), layout="wide")
enter(page)
hide_sidebar_if_asked(entry)
book().head = head = st.container(
    horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"
)
head.title(entry.heading or page.title, width="content")
with line.turn():
    page.run()
leave()
