"""The front door: a convolution that moves, the ways in, and the network that all of it is about."""

import numpy as np
import streamlit as st

from cnn_core.datasets import pattern
from cnn_core.network import layer_table
from cnn_core.training import TrainingConfig
from cnn_core.walks.trace import trace_conv2d
from cnn_core.window import Window
from pages.address.menu import Page, by_name, groups, target
from pages.animation.drawing import drawing
from pages.animation.glimpse import glimpse
from pages.figures.network import network_drawing

# Whole cards are links, their words below their title. On a phone the titles are, side by side: all is in sight at once.
STYLE = """
.st-key-doors a, .st-key-start a { padding: .4rem .75rem; border: 1px solid #8888; border-radius: .5rem; }
.st-key-doors a:hover, .st-key-start a:hover { border-color: currentColor; }
.st-key-doors a:focus-visible, .st-key-start a:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
.st-key-start p { font-size: 1.2rem; a & { font-size: 1rem; font-weight: 600; } }
.st-key-doors {
  p { white-space: normal; line-height: 1.35; }
  strong { display: block; }
  em { font-style: normal; font-size: .9rem; }
  h3 { padding: .5rem 0 .25rem; font-size: 1.2rem; }
  .stHeading [data-testid=stMarkdownContainer] { margin-bottom: 0; }
  .stElementContainer { margin-block: 0; }
  .stColumn > [data-testid=stVerticalBlock] { gap: .25rem; }
}
.st-key-glimpse { min-height: 217px; } /* its room before it is there: nothing below it moves */
@media (max-width: 1000px) { .st-key-glimpse { min-height: 345px; } }
@media (max-width: 640px) {
  .st-key-glimpse { min-height: 320px; }
  .st-key-start p { font-size: 1rem; line-height: 1.4; }
  .st-key-start a { padding: .2rem .75rem; }
  .st-key-doors {
    em, a > :first-child { display: none; }
    a { padding: .25rem .45rem; min-height: 0; }
    p { line-height: 1.3; }
    h3 { font-size: .95rem; line-height: 1.2; padding: 0; }
    .stHorizontalBlock { gap: .35rem; }
    .stColumn > [data-testid=stVerticalBlock] {
      flex-flow: row wrap;
      gap: 0 .25rem;
      > * { width: auto; }
      > :first-child { width: 100%; }
    }
  }
}
"""
SIZE = 5  # of the cross
KERNEL = np.array([[-1, 1, -1], [1, 1, 1], [-1, 1, -1]], dtype=np.float64)
# How the Convolution page shows the very same walk.
SAME = {
    "preset": "no_padding",
    "input": "cross",
    "input_size": f"{SIZE}",
    "weight": ";".join(",".join(f"{weight:g}" for weight in row) for row in KERNEL),
}
ABOUT = {"input": "data", "conv": "convolution", "pool": "pooling"}  # the page of a layer, by its kind
OTHERS = "network"  # which shows what any layer makes of a picture


def page_of(kind: str) -> Page:
    """The page that is about layers of this kind."""
    return by_name(ABOUT.get(kind, OTHERS))


@st.cache_data(show_spinner=False)
def network_picture() -> tuple[str, int]:
    """The drawing of the network that is trained here, with a digit on its way through it; and how many parameters it has."""
    config = TrainingConfig()
    data = config.training_data()
    digit = data.dataset.test.x[:1]
    maps = {name: values[0] for name, values in config.model().feature_maps(data.normalised(digit)).items()}
    stages = [values for values in maps.values() if values.ndim == 3]  # convolution, ReLU, pooling
    seen = stages[1].std(axis=(1, 2)) * -stages[0].clip(max=0).mean(axis=(1, 2))
    liveliest = int(seen.argmax())  # the map with most to see: something found, and something that ReLU removes
    rows = layer_table(config.network, data.image_shape, data.num_classes)
    layers = [row for row in rows if row.kind != "dropout"]  # it has none
    links = {row.kind: (page_of(row.kind).path, page_of(row.kind).title) for row in layers}
    svg = network_drawing(layers, digit[0, 0], [stage[liveliest] for stage in stages], links)
    return svg, sum(layer.parameters for layer in layers)


st.html(f"<style>{STYLE}</style>")
said, shown = st.columns([1, 2])
start = said.container(key="start")
start.markdown(
    "**See every number inside a convolutional network:** slide a kernel over a picture, follow the gradients back, train a "
    "small network, and look at what it has learned."
)
start.page_link(
    target(by_name("convolution")),
    label="Start with this convolution",
    icon=":material/arrow_forward:",
    query_params=SAME,
)
with shown:
    walk = trace_conv2d(pattern("cross", SIZE)[None], KERNEL[None, None], None, Window.of(3))
    glimpse(walk, {"x": "input", "weight": "kernel", "out": "output"}, key="glimpse")

with st.container(key="doors"):
    named = {group: pages for group, pages in groups().items() if group}
    for column, (group, pages) in zip(st.columns(len(named)), named.items(), strict=True):
        column.subheader(group, anchor=False)
        for page in pages:
            column.page_link(
                target(page),
                label=f"**{page.title}** *{page.card}*",
                icon=f":material/{page.icon}:",
                width="stretch",
            )

st.subheader("The network that you can train here", anchor=False)
svg, parameters = network_picture()
drawing(svg, key="network")
st.markdown(
    f"The three-layer network of Stanford's course CS231n (assignment 2), for handwritten digits: **{parameters:,} parameters** "
    f"(weights and biases, the numbers it learns) in its convolution and its two fully connected layers. A picture enters at the "
    f"left, each block is what a layer makes of it, here before training, and ten class scores leave at the right. Each block "
    f"leads to its page."
)
