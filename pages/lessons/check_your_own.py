"""How to have one's own layers judged; and the cases that the judge's reports link to."""

from html import escape

import streamlit as st

from cnn_core.check.link import read
from pages.address import messages, state
from pages.sections.shared_case import shared_case
from pages.server.example_report import example_report

COMMANDS = """\
python -m cnn_core.check my_layers.py          # your functions, under the course's names or ours
python -m cnn_core.check --course assignment2  # the course's whole folder
python -m cnn_core.check --tests my_tests.py   # your tests: which mistakes do they find?
"""
# Its columns must not break: a screen that is narrower scrolls, by keyboard too, which Streamlit's own code block does not.
SCROLLS = (
    "overflow-x: auto; margin: 0; padding: 16px; border-radius: 8px; font-size: 14px; line-height: 1.6; "
    "background: color-mix(in srgb, currentColor 4%, transparent)"
)
PLACE = ("case", "step", "pinned")


def go(query: str = "") -> None:
    """To the case of a link's query; without one, away from any."""
    given = dict(part.split("=", 1) for part in query.split("&") if part)
    state.set_texts({name: given.get(name) for name in PLACE})


asked, shared = state.text("case"), None
if asked is not None:
    try:
        shared = read(asked)
    except ValueError as error:
        messages.error(error)
if shared is not None:
    shared_case(shared)
    st.button("How to check your own", key="back", icon=":material/arrow_back:", on_click=go)
else:
    st.markdown(
        "**Is your layer right?** A command on your own machine runs your file against this app's core: what is wrong, where and "
        "when, which known mistake gives the same numbers, and the **smallest case** that shows it. Nothing is uploaded."
    )
    st.code(COMMANDS, language="bash", wrap_lines=True)
    example = example_report()
    st.markdown("**A report** on a file that writes `=` where `+=` belongs:")
    st.html(f'<pre tabindex="0" role="region" aria-label="A report" style="{SCROLLS}">{escape(example.text)}</pre>')
    st.button("Open this case", key="open", icon=":material/open_in_new:", on_click=go, args=(example.query,))
    st.caption(
        "Your file runs in a process of its own, with limits on time, memory and output. Your backward pass gets the cache that "
        "your own forward pass returned, whatever that is. In the folder of the app, the command is `.venv/bin/python -m ...`; "
        "`pip install .` installs it anywhere."
    )
