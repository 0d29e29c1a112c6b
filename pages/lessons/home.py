"""What one can do here."""

import streamlit as st

from cnn_core.network import layer_table
from cnn_core.training import TrainingConfig
from pages.address.menu import PAGES, target
from pages.animation.drawing import drawing
from pages.figures.network import network_drawing

ACROSS = 3  # cards side by side

st.markdown(
    "**See every number inside a convolutional network.** Pick filter size, stride and padding; walk through convolution, "
    "pooling and their gradients step by step; train a small network and look at what it learned. Every number on these "
    "pages is computed as you watch, by plain NumPy code that you can read."
)

for first in range(1, len(PAGES), ACROSS):  # without Home itself
    for column, page in zip(st.columns(ACROSS), PAGES[first : first + ACROSS], strict=False):
        with column.container(border=True, height="stretch"):
            st.page_link(target(page), label=f"**{page.title}**", icon=f":material/{page.icon}:")
            st.markdown(page.card)

st.subheader("The network on these pages")
config = TrainingConfig()
data = config.training_data()
digit = data.dataset.test.x[:1]
maps = {name: values[0] for name, values in config.model().feature_maps(data.normalised(digit)).items()}
stages = [values for values in maps.values() if values.ndim == 3]  # convolution, ReLU, pooling
seen = stages[1].std(axis=(1, 2)) * -stages[0].clip(max=0).mean(axis=(1, 2))
liveliest = int(seen.argmax())  # the map with most to see: something found, and something that ReLU removes
rows = layer_table(config.network, data.image_shape, data.num_classes)
layers = [row for row in rows if row.kind != "dropout"]  # it has none
drawing(network_drawing(layers, digit[0, 0], [stage[liveliest] for stage in stages]), key="network")
st.markdown(
    f"The three-layer network of Stanford's course CS231n (assignment 2), here for handwritten digits: "
    f"**{sum(layer.parameters for layer in layers):,} numbers to learn**, weights and biases, in its convolution and its "
    f"two fully connected layers. A picture enters at the left; each block is what a layer makes of it (with the weights as "
    f"they are before training); ten class scores leave at the right."
)
