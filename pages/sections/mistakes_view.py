"""The view "Mistakes": which classes are taken for which, and the pictures a network is most wrong about."""

from __future__ import annotations

import time

import streamlit as st

from cnn_core.training import Run
from cnn_core.training.evaluate import Evaluation
from pages.address import messages
from pages.animation.chart import chart
from pages.figures.confusion import confusion_grid
from pages.figures.pixels import as_pixels, as_url
from pages.server import runs
from pages.server.leisure import due, looked

WORST, ACROSS = 8, 4  # pictures shown, and how many side by side


def mistakes_view(run: Run, theme: str) -> None:
    """As of the last checkpoint that there was leisure to look at."""
    iteration = due(run, "judged")
    if iteration is None:
        st.info("No step has been kept yet: the first one is on its way.")
        return
    try:
        began = time.monotonic()
        found = runs.evaluation_at(run, iteration)
        looked(run, "judged", iteration, began)
    except (ValueError, OSError) as error:
        messages.error(error)
        return
    left, right = st.columns([1, 1])
    with left:
        taken_for(run, found, theme, f" after {iteration} steps", key="confusion")
    with right:
        st.subheader("The worst mistakes")
        _worst(run, found)


def taken_for(run: Run, found: Evaluation, theme: str, when: str, *, key: str) -> None:
    """Which classes are taken for which. when: goes into the sentence below, behind the number of pictures."""
    st.subheader("What is taken for what")
    names = run.config.training_data().dataset.class_names
    chart(confusion_grid(found.confusion, names, theme), key=key)
    st.caption(f"{len(found.truth)} validation pictures{when}: {found.accuracy:.1%} are right.")


def _worst(run: Run, found: Evaluation) -> None:
    data = run.config.training_data()
    pictures, _ = data.val_part(len(found.truth))
    names = data.dataset.class_names
    worst = found.worst(WORST).tolist()
    if not worst:
        st.success("None: every validation picture is named right.")
        return
    for first in range(0, len(worst), ACROSS):
        for column, index in zip(st.columns(ACROSS), worst[first : first + ACROSS], strict=False):
            chances, truth = found.probabilities[index], int(found.truth[index])
            likely = (-chances).argsort()[:2].tolist()
            told = likely if truth in likely else [*likely, truth]
            column.image(as_url(as_pixels(pictures[index])), width=110)
            lines = [f"**is {messages.plain(names[truth])}**"]
            lines += [f"{messages.plain(names[k])}: {chances[k]:.1%}" for k in told]
            column.markdown("  \n".join(lines))
    st.caption("The pictures whose true class seemed least likely to the network, with what it thought likely instead.")
