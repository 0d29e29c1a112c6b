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
    """aside: what is done. button: the words on it, help: what is told of it, begin: what it does. doing: what is told while
    it runs, beside how far it is. ahead: what must end before it can begin, waiting: what is told of that."""

    aside: Aside
    button: str
    help: str
    doing: str
    begin: Callable[[], None]
    ahead: Aside | None = None
    waiting: str = ""

    @property
    def changes(self) -> bool:
        """Whether there is something new to see from look to look."""
        return self.aside.state == "running" or self.ahead is not None


def follow(work: Callable[[], Work], show: Callable[[], None]) -> None:
    """The button, or how far it is; below that, what `show` shows of the results so far. Both are asked anew at each look."""
    changes = work().changes
    st.fragment(_looked_at, run_every=REFRESH if changes else None)(work, show, changes)


def _looked_at(work: Callable[[], Work], show: Callable[[], None], watching: bool) -> None:
    """As far as it is; looks again by itself while it runs, or waits for others."""
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
            disabled=now.ahead is not None,
            help=now.help,
        )
        if now.ahead is not None:
            st.progress(now.ahead.share, now.waiting)
    elif state == "running":
        st.progress(now.aside.share, now.doing)
        st.button("Cancel", key="cancel_training", icon=":material/close:", on_click=now.aside.cancel)
    show()
    if now.changes != watching:
        st.rerun()  # the page decides how often to look
