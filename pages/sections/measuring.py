"""Measuring speed on the server: one measurement at a time, in pieces between which its reader may stop it.

It runs in the page's own script, not in a process of its own as a training does: it takes some seconds, its pieces are short
enough for a click to end it, and whoever leaves the page ends it as well.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from cnn_core.speed import Piece, Plan, Report, measure

MEASURING = threading.Lock()  # two at once would disturb each other, and their numbers would say nothing
PATIENCE = 60.0  # seconds that a reader waits for a turn
REFRESH = 0.25  # seconds between two signs of life: a browser on this machine that draws more of them would disturb
KEY, ASKED, PROBLEM = "speed_report", "speed_asked", "speed_problem"


@dataclass
class Measurement:
    """A measurement of one visitor. After a click Streamlit runs the page anew while the old run still ends, in a thread of
    its own: `closed` keeps what the new one shows from changing under its hands.
    """

    report: Report
    guard: threading.Lock = field(default_factory=threading.Lock)
    closed: bool = False


def plan(dtype: str, seconds: float) -> Plan:
    """The course's shapes, with the reader's settings."""
    return Plan(dtype=dtype, seconds=seconds)


def ask() -> None:
    """Button callback: the next run of the page measures."""
    st.session_state[ASKED] = True


def asked() -> bool:
    """Has Start been pressed just now? True once: any other click ends the measurement."""
    return bool(st.session_state.pop(ASKED, False))


def report() -> Report | None:
    """What this visitor's last measurement has found, be it finished or stopped half way; if it still goes on, it ends."""
    last: Measurement | None = st.session_state.get(KEY)
    if last is None:
        return None
    with last.guard:
        last.closed = True
    return last.report


def problem() -> str | None:
    """Why the last measurement came to nothing, if it did; told once."""
    text: str | None = st.session_state.pop(PROBLEM, None)
    return text


def run(plan: Plan, spot: Any) -> None:
    """Measure; `spot`, an empty place of the page, shows how far it is.

    What is found is kept in the session as it comes. After a click Streamlit ends this run at its next
    call of `st`, and the page's next run closes the measurement: whichever comes first.
    """
    bar, began = spot.progress(0.0, "Starting"), time.monotonic()
    while not MEASURING.acquire(timeout=REFRESH):
        bar.progress(0.0, "Waiting for a turn: somebody else is measuring on this server")
        if time.monotonic() - began > PATIENCE:
            st.session_state[PROBLEM] = (
                f"Others have been measuring on this server for {PATIENCE:g} s, and two at once would disturb each other. "
                f"Press Start again later."
            )
            return
    try:
        own = st.session_state[KEY] = Measurement(Report(plan))
        shown = 0.0
        for record in measure(plan):
            with own.guard:
                if own.closed:
                    break
                own.report.add(record)
            if isinstance(record, Piece) and time.monotonic() - shown >= REFRESH:
                bar.progress(record.share, record.doing)
                shown = time.monotonic()
    except (ValueError, MemoryError) as error:
        st.session_state[PROBLEM] = str(error)
    finally:
        MEASURING.release()
