"""Convolution, one window at a time."""

import numpy as np
import streamlit as st

from cnn_core.conv import conv2d_forward
from cnn_core.trace import trace_conv2d
from cnn_core.window import Window
from pages.animation.player import player
from pages.controls import messages, settings
from pages.controls.formula import size_formula, size_titles, unseen_note
from pages.controls.kernel import kernel
from pages.controls.pictures import picture
from pages.figures.pixels import as_pixels, as_url, sign_note

st.title("Convolution")
st.markdown(
    "A small **kernel** of weights slides over the input. At each stop the numbers under it are multiplied by the weights, "
    "the products are added up, and the sum becomes **one number of the output**. Press play, or walk with the arrow keys; "
    "click an output cell to see where it came from."
)

try:
    with st.sidebar:
        st.header("Input")
        chosen = picture("lake", 4, 32, 8)
        st.header("Kernel")
        kernel_size = settings.whole("kernel size", "kernel_size", 1, 7, 3)
        weight = kernel(kernel_size)
        bias = settings.number("bias", "bias", -99.0, 99.0, 0.0, help="A number added to every output.")
        st.header("Walk")
        stride = settings.whole("stride", "stride", 1, 6, 1, help="How many cells the window moves at a time.")
        padding = settings.whole("padding", "padding", 0, 6, 1, help="Rows and columns of zeros around the input.")
        dilation = settings.whole("dilation", "dilation", 1, 4, 1, help="Distance between neighbouring kernel cells.")

    window = Window.of(kernel_size, stride, padding, dilation)
    trace = trace_conv2d(chosen.grid[None], weight[None, None], np.array([round(bias, 4)]), window)
except ValueError as error:
    messages.error(error)
    st.stop()

size = trace.input_size
player(trace, key="player", titles=size_titles(window, size) | {"weight": f"kernel {kernel_size}×{kernel_size}"})
unseen_note(window, size)
size_formula(window, size)

st.subheader("The whole picture")
channels = len(chosen.whole)
try:
    filtered, _ = conv2d_forward(
        chosen.whole[None].astype(np.float64),
        np.repeat(weight[None, None], channels, axis=0),
        np.full(channels, bias),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=channels,
    )
except ValueError as error:
    messages.error(error)
    st.stop()
before, after = st.columns(2)
before.image(
    as_url(as_pixels(chosen.whole), photograph=len(chosen.whole) > 1),
    caption=f"input, {chosen.whole.shape[2]}×{chosen.whole.shape[1]}",
    width=360,
)
after.image(
    as_url(as_pixels(filtered[0]), photograph=channels > 1),
    caption=f"the same kernel on every {'channel' if channels > 1 else 'cell'}, "
    f"{filtered.shape[3]}×{filtered.shape[2]}. {sign_note(filtered[0])}",
    width=360,
)
