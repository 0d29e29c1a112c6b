"""The app's script: page settings, the list of pages, run. The server that runs it is made in app.py."""

from pathlib import Path

import streamlit as st

from pages.controls.hiding import hide_controls_if_asked
from pages.controls.settings import enter

HERE = Path(__file__).parent
LESSONS = HERE / "lessons"

# More of the picture in sight; pictures side by side do not touch.
st.html(
    "<style>.stMainBlockContainer { padding: 3.6rem clamp(1rem, 3vw, 3rem) 4rem } h1 { font-size: 2rem !important } "
    "[data-testid=stImage] { column-gap: 1rem }</style>"
)
page = st.navigation(
    [
        st.Page(LESSONS / "home.py", title="Home", default=True),
        st.Page(LESSONS / "convolution.py", title="Convolution", url_path="convolution"),
        st.Page(LESSONS / "pooling.py", title="Pooling", url_path="pooling"),
        st.Page(LESSONS / "transposed.py", title="Transposed", url_path="transposed"),
        st.Page(LESSONS / "im2col.py", title="im2col", url_path="im2col"),
        st.Page(LESSONS / "receptive_field.py", title="Receptive field", url_path="receptive-field"),
        st.Page(LESSONS / "gradient_flow.py", title="Gradient flow", url_path="gradient-flow"),
        st.Page(LESSONS / "data.py", title="Data", url_path="data"),
        st.Page(LESSONS / "train.py", title="Train", url_path="train"),
        st.Page(LESSONS / "runs.py", title="Runs", url_path="runs"),
        st.Page(LESSONS / "filters.py", title="Filters", url_path="filters"),
        st.Page(LESSONS / "speed.py", title="Speed", url_path="speed"),
    ],
    position="top",
)
st.set_page_config(page_title=f"{page.title} · ConvScope", page_icon=str(HERE / "icon.png"), layout="wide")
enter(page)
hide_controls_if_asked()
page.run()
