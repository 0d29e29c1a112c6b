"""Work beside the pages, as a visitor sees it: a button that begins it, how far it is, a way to cancel it, what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from cnn_core.training.aside import Aside
from pages.address import messages

REFRESH = 0.5  # seconds between two looks


@dataclass(frozen=True)
class Work:
    """aside: what is done. button: the words on it, help: what is told of it. steps: what it finds, in words: "trainings".

    expected: how many of them. begin: what the button does. busy: why it cannot begin now, empty: it can.
    """

    aside: Aside
    button: str
    help: str
    steps: str
    expected: int
    begin: Callable[[], None]
    busy: str = ""


def follow(work: Callable[[], Work], show: Callable[[], None]) -> None:
    """The button, or how far it is; below that, what `show` shows of the results so far. Both are asked anew at each look."""
    running = work().aside.state == "running"
    st.fragment(_looked_at, run_every=REFRESH if running else None)(work, show, running)


def _looked_at(work: Callable[[], Work], show: Callable[[], None], watching: bool) -> None:
    """As far as it is; looks again by itself while it runs."""
    now = work()
    state = now.aside.state
    if state in ("", "failed"):
        if state:
            messages.error(now.aside.message)
        st.button(
            now.button,
            key="train_all",
            icon=":material/play_arrow:",
            type="primary",
            on_click=now.begin,
            disabled=bool(now.busy),
            help=now.help,
        )
        if now.busy:
            st.caption(now.busy)
    elif state == "running":
        done = len(now.aside.results)
        st.progress(now.aside.share, f"{done} of {now.expected} {now.steps} done")
        st.button("Cancel", key="cancel_training", icon=":material/close:", on_click=now.aside.cancel)
    show()
    if (state == "running") != watching:
        st.rerun()  # the page decides how often to look
