"""How often a page follows a training that goes on: a look that takes long must not be followed by another at once."""

from __future__ import annotations

import time

import streamlit as st

from cnn_core.training import Run

LEISURE = 10  # times what a look at a new checkpoint took, until the next


def due(run: Run, key: str) -> int | None:
    """The latest checkpoint; the one looked at before while that cost so much that another look must wait.

    key: where the session keeps what `looked` was told. None: nothing is kept yet.
    """
    before = st.session_state.get(key)
    if before is not None and before[0] == run.id and not run.ended and run.state != "paused":
        _, iteration, when, cost = before
        if time.monotonic() < when + LEISURE * cost and run.checkpoints.path(iteration).is_file():
            return int(iteration)
    return run.latest


def looked(run: Run, key: str, iteration: int, began: float) -> None:
    """Note that a look at a checkpoint, begun at so many `time.monotonic()` seconds, is over.

    The first look at each counts: those that follow find it kept, and cost nothing.
    """
    if st.session_state.get(key, ())[:2] != (run.id, iteration):
        now = time.monotonic()
        st.session_state[key] = run.id, iteration, now, now - began
