"""A nudge against a network: the picture that it turns into, what was done to it, and how large one must be."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core.checks import Array
from cnn_core.loss import softmax
from cnn_core.robustness import nudged
from cnn_core.shares import percent
from pages.controls.explored import Explored
from pages.figures.pixels import as_pixels, as_url
from pages.server.shifts import LARGEST_NUDGE, nudge_of

WIDTH = 110  # pixels of the screen


def nudge(seen: Explored, moved: Array, key: str, size: int, pictures: DeltaGenerator) -> Array:
    """The moved picture (C, H, W) nudged by `size` 255ths, in `pictures`, and what that does, in words here. Returns its
    probabilities (K,). key: of weights and moved picture."""
    network, data, names = seen.network, seen.data, seen.class_words
    before = softmax(network.scores(data.normalised(moved[None])))[0]
    answer = int(before.argmax())
    label = answer if seen.truth is None else seen.truth
    gradient, smallest = nudge_of(key, network, data, moved, label)
    changed = nudged(moved, gradient, size / 255)
    after: Array = softmax(network.scores(data.normalised(changed[None])))[0]
    now = int(after.argmax())
    what = f"nudged by {size}/255"
    pictures.image(as_url(as_pixels(changed)), caption=what, width=WIDTH, alt=f"{seen.words}, {what}")
    pattern = as_pixels(np.sign(gradient), (-1.0, 1.0))
    words = "where the nudge goes: white is lighter, black darker, grey as it is"
    pictures.image(as_url(pattern), caption="white: lighter, black: darker", width=WIDTH, alt=words)
    against = f"the true class {names[label]}" if seen.truth is not None else f"{names[label]}, the class it names"
    said = [f"**A nudge against it** raises the loss of {against}."]
    if not gradient.any():
        said = ["**A nudge against it** finds no direction: no pixel changes the loss."]
    elif size and now != answer:
        said.append(
            f"By {size}/255, {names[answer]} ({percent(before[answer])}) becomes **{names[now]}** ({percent(after[now])})."
        )
    elif size:
        said.append(
            f"By {size}/255, it stays **{names[answer]}**: {percent(before[answer])} before, {percent(after[answer])} after."
        )
    if smallest is None:
        said.append(f"None up to {LARGEST_NUDGE}/255 changes the answer.")
    else:
        said.append(
            f"The smallest that changes the answer is **{round(255 * smallest[0])}/255**, to {names[smallest[1]]}."
        )
    st.markdown(" ".join(said))
    return after
