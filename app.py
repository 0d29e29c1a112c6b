"""ConvScope: see every number inside a convolutional network. Start with `streamlit run app.py`.

This file makes the server (docs/decisions/0001); the page settings stand in pages/contents.py, the table of pages in
pages/address/menu.py.
"""

import gc
import sys
from pathlib import Path

from cnn_core import environment
from cnn_core.machine.threads import use_one_thread

use_one_thread()  # before anything below brings NumPy along
try:
    environment.check()
except ValueError as error:
    sys.exit(f"{error}: set it like that, or leave it out")

import pandas  # noqa: E402
import plotly.utils  # noqa: E402
import streamlit as st  # noqa: E402

from pages.animation import plotly_file  # noqa: E402
from pages.server.guard import guard  # noqa: E402
from pages.server.uploads import bounded_uploads  # noqa: E402

assert pandas and plotly  # slow to import: done here, when the server starts, so that no visitor waits for it
gc.freeze()  # what is imported by now stays: the garbage collector need not look through it again and again
sys.setswitchinterval(0.001)  # seconds until a thread may have the interpreter; an answer waits so long some four times

app = st.App(
    Path(__file__).parent / "pages" / "contents.py",
    routes=[plotly_file.route()],
    middleware=[guard()],
    lifespan=bounded_uploads,
)
