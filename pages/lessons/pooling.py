"""Max and average pooling, one window at a time."""

import numpy as np
import streamlit as st

from cnn_core.pool import avg_pool2d_forward, max_pool2d_forward
from cnn_core.trace import trace_avg_pool2d, trace_max_pool2d
from cnn_core.window import Window
from pages.animation.player import player
from pages.controls import messages, settings
from pages.controls.formula import size_formula, size_titles, unseen_note
from pages.controls.pictures import picture
from pages.figures.pixels import as_pixels, as_url, sign_note

st.title("Pooling")
st.markdown(
    "Pooling makes a map smaller: each window is summed up by **one number**, its largest (max pooling) or its mean "
    "(average pooling). There are no weights to learn. What stays is *that* something was there; where exactly is given up."
)

try:
    with st.sidebar:
        st.header("Input")
        chosen = picture("digit", 4, 32, 8)
        st.header("Pooling")
        pooling = settings.choice("pooling", "pooling", ["max", "average"])
        kernel_size = settings.whole("kernel size", "kernel_size", 1, 7, 2, help="Rows and columns of the window.")
        stride = settings.whole("stride", "stride", 1, 6, 2, help="How many cells the window moves at a time.")
        padding = settings.whole(
            "padding", "padding", 0, 3, 0, help="Cells around the input: −∞ for max, 0 for average."
        )
    window = Window.of(kernel_size, stride, padding)
    trace = (trace_max_pool2d if pooling == "max" else trace_avg_pool2d)(chosen.grid[None], window)
    pool = max_pool2d_forward if pooling == "max" else avg_pool2d_forward
    pooled, _ = pool(chosen.whole[None].astype(np.float64), kernel_size, stride=stride, padding=padding)
except ValueError as error:
    messages.error(error)
    st.stop()

size = trace.input_size
player(trace, key="player", titles=size_titles(window, size))
unseen_note(window, size)

cells, outputs = size[0] * size[1], trace.steps
if trace.winner is not None:
    winners = trace.origin + trace.taps[trace.winner]  # the cells of the padded plane that reach the output
    kept = len(np.unique(winners))
    st.metric("activations dropped", f"{1 - kept / cells:.0%}")
    st.markdown(
        f"Of the {cells} numbers, {kept} are the largest of some window and go on; **{cells - kept} are dropped**. "
        f"In the backward pass only those {kept} will get a gradient."
    )
else:
    unread = int((window.crop(window.coverage(size)) == 0).sum())
    st.metric("activations dropped", f"{unread / cells:.0%}")
    st.markdown(
        f"Averaging drops none of the numbers under its windows: {cells - unread} numbers are blended into {outputs}. "
        f"In the backward pass each of them gets its share of the gradient."
    )
size_formula(window, size)

st.subheader("The whole picture")
before, after = st.columns(2)
before.image(
    as_url(as_pixels(chosen.whole), photograph=len(chosen.whole) > 1),
    caption=f"input, {chosen.whole.shape[2]}×{chosen.whole.shape[1]}",
    width=360,
)
after.image(
    as_url(as_pixels(pooled[0]), photograph=len(chosen.whole) > 1),
    caption=f"after {pooling} pooling, {pooled.shape[3]}×{pooled.shape[2]}. {sign_note(pooled[0])}",
    width=360,
)
