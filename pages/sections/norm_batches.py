"""Batch norm beside group norm on batches of 1, 2, 4 and 8 pictures: trained when somebody asks, then there for all."""

from __future__ import annotations

import streamlit as st

from cnn_core.training.batch_sizes import NORMS, PICTURES, RATE, SEEDS, SIZES, Comparison, all_trainings
from pages.address import messages
from pages.animation.chart import chart
from pages.figures.norms import small_batches
from pages.server.small_batches import comparison

REFRESH = 0.5  # seconds between two looks


def batch_sizes() -> None:
    """The question, a button, and its results so far."""
    st.subheader("Why group norm? Small batches")
    st.markdown(
        f"The same small network is trained {len(all_trainings())} times: with batch norm and with group norm, in batches of "
        f"{', '.join(map(str, SIZES))}, from the same {len(SEEDS)} seeds. Each training sees {PICTURES} digits; its learning "
        f"rate is {RATE:g} for each picture of a batch. The smaller the batch, the more its mean and variance are a guess; "
        f"group norm takes them from one picture (Wu and He, 2018)."
    )
    running = comparison().state == "running"
    st.fragment(_looked_at, run_every=REFRESH if running else None)(running)


def _looked_at(watching: bool) -> None:
    """As far as it is; looks again by itself while it trains."""
    now = comparison()
    state = now.state
    if state in ("", "failed"):
        if state:
            messages.error(now.message)
        st.button(
            "Train them all",
            key="train_all",
            icon=":material/play_arrow:",
            type="primary",
            on_click=now.start,
            help="Half a minute to some minutes, on the server that this page comes from, beside everything else.",
        )
    elif state == "running":
        st.progress(now.share, f"{len(now.trained)} of {len(all_trainings())} trainings done")
    if now.trained:
        found = {
            f"{norm} norm": {size: [round(100 * one, 2) for one in accuracies] for size, accuracies in by_size.items()}
            for norm, by_size in now.found().items()
        }
        chart(small_batches(found, SIZES), key="small_batches")
    if state == "done":
        st.markdown(_said(now))
    if (state == "running") != watching:
        st.rerun()  # the page decides how often to look


def _said(now: Comparison) -> str:
    """What the means over the seeds say, from the largest batch to the smallest."""
    means = {
        norm: {size: 100 * sum(one) / len(one) for size, one in by_size.items()}
        for norm, by_size in now.found().items()
    }
    ends = SIZES[-1], SIZES[0]
    went = [f"{norm} norm from {means[norm][ends[0]]:.1f} to {means[norm][ends[1]]:.1f} %" for norm in NORMS]
    return (
        f"From batches of {ends[0]} to batches of {ends[1]}, the mean over the seeds goes with {' and with '.join(went)} of the "
        f"test pictures right. Each dot is one seed; the bars reach from the worst to the best. With large batches batch norm is "
        f"the better one here; on small ones it loses, and group norm hardly does."
    )
