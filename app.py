"""ConvScope: see every number inside a convolutional network. Start with `streamlit run app.py`.

This file makes the server (docs/decisions/0001); its page settings and list of pages stand in pages/contents.py.
"""

import gc
from pathlib import Path

import pandas
import plotly.graph_objects
import streamlit as st

assert pandas and plotly  # slow to import: done here, when the server starts, so that no visitor waits for it
gc.freeze()  # what is imported by now stays: the garbage collector need not look through it again and again

app = st.App(Path(__file__).parent / "pages" / "contents.py")
