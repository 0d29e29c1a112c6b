"""Batch norm in training and in use: its running averages as they settle, in both conventions."""

from __future__ import annotations

import streamlit as st

from cnn_core.shares import percent
from cnn_core.walks.norm_running import running_averages
from pages.animation.chart import chart
from pages.controls import settings
from pages.figures.norms import settling
from pages.sections.norm_tensor import Activations

MOMENTA = ("0.01", "0.05", "0.1", "0.2", "0.5", "0.9", "1.0")


def settling_averages(given: Activations) -> None:
    """The running mean and variance of a channel over batches of training pictures, and what each convention calls momentum."""
    batches, count, channels = given.batches.shape[:3]
    size = given.batches[0, :, 0].size
    st.subheader("In training and in use: running averages")
    st.markdown(
        "In training, batch norm divides by what **the batch at hand** has. In use there may be one picture only, and its answer "
        "must not depend on which others came along: so training keeps **running averages** of mean and variance, and in use "
        "these take their place (above: **in use**; PyTorch calls it `eval()` mode). They begin at 0 and 1, and follow each "
        "batch by a small share."
    )
    with st.container(horizontal=True, key="of_averages"):
        share = settings.scale(
            "momentum, as PyTorch has it", "momentum", MOMENTA, "0.1", help="The share of the new value in the average."
        )
        channel = settings.whole("channel", "channel", 0, channels - 1, 0)
    old = round(1 - share, 2)
    theirs, ours = running_averages(given.batches, "pytorch", share), running_averages(given.batches, "course", old)
    swapped = running_averages(given.batches, "pytorch", old)
    names = f"PyTorch, momentum {share:g}", f"course, momentum {old:g}", f"PyTorch, given the course's {old:g}"
    for column, what in zip(st.columns(2), ("mean", "variance"), strict=True):
        lines = {
            name: getattr(found, what)[:, channel] for name, found in zip(names, (theirs, ours, swapped), strict=True)
        }
        with column:
            chart(
                settling(getattr(theirs, f"batch_{what}")[:, channel], lines, f"{what} of channel {channel}"),
                key=f"running_{what}",
            )
    begun = old**batches  # the share that their first values still have
    left = f", in which {percent(begun, 1)} is still the 1 that they began with" if begun > 1e-3 else ""
    last = theirs.variance[-1, channel], ours.variance[-1, channel]
    st.markdown(
        f"**Momentum** means two things. PyTorch's {share:g} is the share of the **new** value, the course's {old:g} that of the "
        f"**old** one: the same rule, so the two means are one line. Given the other's number, the average hardly moves, or "
        f"hardly remembers. **Variance** has two conventions, too: of the batch's {size} numbers the course divides by {size} "
        f"(biased), as every norm does in training, PyTorch's running variance by {size - 1} (unbiased), which is larger by "
        f"{size}/{size - 1} for each batch. After {batches} batches of {count} the averages are {last[0]:.4g} and "
        f"{last[1]:.4g}{left}."
    )
