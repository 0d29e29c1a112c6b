"""The app's script: page settings, the list of pages, run. The server that runs it is made in app.py."""

from pathlib import Path

import streamlit as st

from pages.controls.settings import enter

HERE = Path(__file__).parent
LESSONS = HERE / "lessons"

st.html(
    "<style>.stMainBlockContainer { padding-top: 4.2rem; padding-bottom: 4rem }</style>"
)  # more of the picture in sight
page = st.navigation(
    [
        st.Page(LESSONS / "home.py", title="Home", default=True),
        st.Page(LESSONS / "convolution.py", title="Convolution", url_path="convolution"),
        st.Page(LESSONS / "pooling.py", title="Pooling", url_path="pooling"),
        st.Page(LESSONS / "gradient_flow.py", title="Gradient flow", url_path="gradient-flow"),
        st.Page(LESSONS / "train.py", title="Train", url_path="train"),
        st.Page(LESSONS / "filters.py", title="Filters", url_path="filters"),
    ],
    position="top",
)
st.set_page_config(page_title=f"{page.title} · ConvScope", page_icon=str(HERE / "icon.png"), layout="wide")
enter(page)
page.run()
