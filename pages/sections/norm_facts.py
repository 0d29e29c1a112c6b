"""What one asks of norms: over which numbers, and what happens at the ends, in a few lines each."""

from __future__ import annotations

import streamlit as st

from pages.sections.norm_tensor import Activations


def facts(given: Activations) -> None:
    """The four norms side by side for the tensor that is shown, and what becomes of a constant channel and a batch of one."""
    n, c, h, w = given.x.shape
    part = max((size for size in range(1, c) if c % size == 0), default=1)
    st.subheader("Over which numbers?")
    st.markdown(
        "| norm | mean and variance are taken over | numbers in a set, here | sets |\n|---|---|---|---|\n"
        f"| batch | a channel of **all pictures** | {n}·{h}·{w} = {n * h * w} | {c} |\n"
        f"| layer | **all channels** of a picture | {c}·{h}·{w} = {c * h * w} | {n} |\n"
        f"| group | **a group of channels** of a picture | with {c // part} group{'s' * (c > part)} {part}·{h}·{w} = "
        f"{part * h * w} | {n}·{c // part} = {n * (c // part)} |\n"
        f"| instance | **one channel** of a picture | {h}·{w} = {h * w} | {n}·{c} = {n * c} |\n\n"
        "In use, batch norm takes running averages from training; the others do as in training. "
        "**1 group has the mean and variance of layer norm**; its γ and β are one a channel, layer norm's are one for each "
        "number of a picture. **As many groups as channels is instance norm**."
    )
    left, right = st.columns(2)
    left.markdown(
        "**A batch of one.** Batch norm of maps then takes its mean over the map's own cells: it becomes instance norm, and in "
        "use the running averages fit no single picture. With one number a channel (a fully connected layer) the set is a single "
        "number: minus its mean it is 0, whatever it was, so every picture would look the same, and no gradient came back. "
        "`cnn_core` and PyTorch refuse it. Group norm does not ask how many pictures there are."
    )
    right.markdown(
        "**A constant channel**, as of a dead filter. Its variance is 0, and eps alone keeps the division possible: x − mean is "
        "0, so x̂ is 0 and β comes out. On the way back the gradient is divided by √eps ≈ 0.00316, that is, **316 times as "
        "large**. See it above, with the tensor “the same, one channel constant”. In a set with other channels (layer, group "
        "norm) it is one among many."
    )
