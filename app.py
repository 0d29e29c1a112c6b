"""ConvScope: see every number inside a convolutional network. Start with `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

app = st.App(Path(__file__).parent / "pages" / "contents.py")
