"""The learning-rate range test: its plot, its suggestion, and the way back into the settings."""

from __future__ import annotations

import streamlit as st

from cnn_core.training import Run
from cnn_core.training.range_test import suggest
from pages.animation.chart import chart
from pages.controls import messages, runs, settings
from pages.controls.steering import RANGE
from pages.controls.training import LEARNING_RATES, nearest
from pages.figures.curves import range_curve


def range_view(run: Run) -> None:
    """What the test has found so far; when it is over, a rate to take over."""
    with st.container(border=True):
        st.subheader("Which learning rate?")
        st.markdown(
            "Each step takes a larger rate than the one before. Too small: the loss stands still. Too large: it rises or "
            "explodes. A good rate lies where it **falls most steeply**."
        )
        if not run.config.range_test:
            messages.warning(f"range_test (={run.id}) in the link is a training, not a search for a learning rate.")
            st.button("Close", key="close_range", on_click=_close)
            return
        if run.state == "failed":
            messages.error(run.message)
        rate = suggest(run.records) if run.ended else None
        chart(range_curve(run.records, rate), key="range_curve")
        row = st.container(horizontal=True, vertical_alignment="center")
        if rate is not None:
            value = nearest(LEARNING_RATES, rate)
            row.button(
                f"Use {value}", key="take_over", type="primary", icon=":material/check:", on_click=_use, args=(value,)
            )
            row.markdown(f"The loss fell most steeply at a rate of {rate:.2g}.")
        elif run.ended:
            row.markdown("The loss never fell: the network may be unable to learn, or the batch too small.")
        else:
            row.markdown(f"{run.state}: step {run.done} of {run.iterations}")
        row.button("Close", key="close_range", on_click=_close)


def _use(value: str) -> None:
    settings.put({"learning_rate": value})
    _close()


def _close() -> None:
    runs.show_run(None, RANGE)
    st.session_state["redraw"] = True  # the settings stand outside of the part that refreshes itself
