"""The learning-rate range test: its plot, its suggestion, and the way back into the settings."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cnn_core.training import Run, TrainingConfig
from cnn_core.training.range_test import suggest
from pages.address import messages, state
from pages.animation.chart import chart
from pages.controls.training import LEARNING_RATES, nearest
from pages.controls.words import word_of
from pages.figures.curves import range_curve
from pages.sections.training_words import OTHER_SETTINGS, what_on_what
from pages.server import runs

HARDLY = (
    "The loss hardly fell at any rate in so few steps. Larger batches, another optimiser, batch norm or another "
    "initialisation may help; whether gradients arrive is seen in a training, under **Layers**."
)


def range_view(run: Run, config: TrainingConfig | None) -> None:
    """What the test has found so far; when it is over, a rate to take over. config: of the next training, to compare with."""
    with st.container(border=True):
        st.subheader("Learning-rate range test")
        st.markdown(
            "Each step takes a larger rate than the one before. Too small: the loss stands still. Too large: it rises or "
            "explodes. A good rate lies where it **falls most steeply**."
        )
        if not run.config.range_test:
            messages.warning(f"range_test (={run.id}) in the link is a training, not a learning-rate range test.")
            st.button("Close", key="close_range", on_click=_close)
            return
        tried = run.config
        st.caption(messages.plain(f"Tried: {what_on_what(tried)}, batches of {tried.batch_size}."))
        if run.state == "failed":
            messages.error(run.message)
        rate, stands = suggest(run.records) if run.ended else None, word_of("state", run.state)
        chart(range_curve(run.records, rate), key="range_curve")
        row = st.container(horizontal=True, vertical_alignment="center")
        if rate is not None:
            value = nearest(LEARNING_RATES, rate)
            row.button(
                f"Use {value}", key="take_over", type="primary", icon=":material/check:", on_click=_use, args=(value,)
            )
            row.markdown(f"The loss fell most steeply at a rate of {rate:.2g}.")
        elif run.state == "finished":
            row.markdown(HARDLY)
        elif run.ended:
            row.markdown(f"{stands} after {run.done} steps: too early to say.")
        else:
            row.markdown(f"{stands}: step {run.done} of {run.iterations}" if run.iterations else "starting")
        row.button("Close", key="close_range", on_click=_close)
        if config is not None and _of(config) != _of(tried):
            st.info(f"{OTHER_SETTINGS}: **Find a learning rate** tries those.")


def _of(config: TrainingConfig) -> TrainingConfig:
    """What a test depends on: not on the rate that it looks for, nor on when a training would end."""
    return replace(config.for_range_test(), learning_rate=1.0, lr_decay=1.0, num_epochs=1)


def _use(value: str) -> None:
    state.put({"learning_rate": value})
    _close()


def _close() -> None:
    runs.show_runs({runs.RANGE: None})
    st.session_state["redraw"] = True  # the settings stand outside of the part that refreshes itself
