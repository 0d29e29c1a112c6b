"""What one can do here."""

import streamlit as st

from cnn_core import datasets
from cnn_core.training import TrainingConfig
from pages.animation.drawing import drawing
from pages.figures.network import network_drawing

WAYS = [
    (
        "convolution",
        "Convolution",
        "Slide a kernel over a picture and read every multiplication.",
        ":material/grid_on:",
    ),
    ("pooling", "Pooling", "Keep the largest or the mean of each window; see what is dropped.", ":material/compress:"),
    ("gradient_flow", "Gradient flow", "Walk the backward pass and prove it with a gradient check.", ":material/undo:"),
    ("train", "Train", "Train the network below and watch loss, accuracy and filters live.", ":material/play_arrow:"),
    ("filters", "Filters", "Look at what it learned, and send one picture through it.", ":material/visibility:"),
]

st.title("ConvScope")
st.markdown(
    "**See every number inside a convolutional network.** Pick filter size, stride and padding; walk through convolution, "
    "pooling and their gradients step by step; train a small network and look at what it learned. Every number on these "
    "pages is computed as you watch, by plain NumPy code that you can read."
)

columns = st.columns(len(WAYS))
for column, (script, title, words, icon) in zip(columns, WAYS, strict=True):
    with column.container(border=True, height="stretch"):
        st.page_link(f"lessons/{script}.py", label=f"**{title}**", icon=icon)
        st.markdown(words)

st.subheader("The network on these pages")
config = TrainingConfig()
layers = config.model().layers
digit = datasets.load(config.dataset).test.x[0, 0]
drawing(network_drawing(layers, digit), key="network")
st.markdown(
    f"The three-layer network of Stanford's course CS231n (assignment 2), here for handwritten digits: "
    f"**{sum(layer.parameters for layer in layers):,} weights**. A picture enters at the left; each block is what a layer "
    f"makes of it; ten class scores leave at the right."
)
