"""What a trained network looks for, and what it makes of one picture."""

import numpy as np
import streamlit as st

from cnn_core import datasets
from cnn_core.network import Network, layer_table
from cnn_core.training import TrainingConfig
from pages.address import messages
from pages.address.messages import plain
from pages.animation.chart import chart
from pages.controls import settings
from pages.controls.words import word_of
from pages.figures.pixels import as_url
from pages.figures.sheets import filter_sheet, map_sheet, number_sheet
from pages.sections.picture_way import how_many, picture_and_classes, way_through
from pages.server import runs

STANDARD, UNTRAINED, OWN = "standard", "untrained", "own"
MOST_MAPS = 64  # of a layer: more would be too small to see anything
MOST_NUMBERS = 16 * 28 * 28  # that are sent to be read on hover; a larger sheet is sent as a picture
WORDS = {
    "conv": "Where a kernel fits, its feature map is orange; where the opposite stands, blue.",
    "norm": "Each feature map brought back to a common mean and spread, then scaled and shifted as was learned.",
    "activation": "Of each number, what goes on: with ReLU everything below 0 becomes 0, only what was found is left.",
    "pool": "One number of each window: smaller, and less exact about where.",
    "linear": "Every number here is a weighted sum of all numbers before it.",
}
FIRST = "What enters is the picture, normalised as in its training."

st.markdown(
    "Each kernel of the first layer is a small pattern detector. Below are the patterns a network learned by itself, and how "
    "**one picture** passes through them: what each kernel finds (convolution), what of it goes on (activation, pooling), and "
    "which class the network makes of it."
)


@st.cache_resource(show_spinner="Training the standard network: 250 steps, about a second")
def standard_network() -> Network:
    """The net of the Train page's own settings, trained once on this server."""
    solver = TrainingConfig().solver()
    for _ in solver.steps():
        pass
    assert isinstance(solver.model, Network)
    return solver.model


theme = st.context.theme.type or "light"
run = runs.current_run()
trained = run.latest if run is not None else None
with st.sidebar:
    st.header("Network")
    options = ([OWN] if trained else []) + [STANDARD, UNTRAINED]
    chosen = settings.choice("weights", "weights", options)
    if not trained:
        st.caption("Train a network of your own on the **Train** page; its weights can then be chosen here.")
config = run.config if run is not None and chosen == OWN else TrainingConfig()
try:
    data = config.training_data()
except ValueError as error:  # the training's data set may have been removed since
    messages.error(error)
    st.stop()
test = data.dataset.test
with st.sidebar:
    st.header("Picture")
    number = settings.whole("test picture", "picture", 0, len(test.x) - 1, 0, help="A picture the network never saw.")

if run is not None and trained and chosen == OWN:
    try:
        model = runs.network_at(run, trained)
    except (ValueError, OSError) as error:
        messages.error(error)
        st.stop()
    st.caption(f"Weights of your training on {plain(word_of('dataset', config.dataset))} after {trained} steps.")
elif chosen == STANDARD:
    model = standard_network()
else:
    model = config.model()

weight = next(iter(model.params.values()))
filters, channels = weight.shape[:2]
st.subheader(f"{filters} kernels of {weight.shape[2]}×{weight.shape[3]}")
chart(filter_sheet(weight, theme), key="kernels")
st.caption(
    "Red, green and blue weights as colours around mid-grey, each kernel on its own scale."
    if channels == 3
    else "Blue weights are negative, orange ones positive. A kernel with orange left of blue finds edges from bright to dark."
)

picture, truth = datasets.as_pixels(test.x[number]), int(test.y[number])
made, probabilities = way_through(model, data, picture)
if not np.isfinite(probabilities).all():
    st.error(
        "What these weights make of a picture is beyond all bounds: the training diverged. Train again with a smaller learning "
        "rate."
    )
    st.stop()
names = data.dataset.class_names
guess = int(probabilities.argmax())

st.subheader("One picture on its way through")
verdict = "right" if guess == truth else f"wrong: it is {plain(names[truth])}"
said = f"The network says **{plain(names[guess])}** ({probabilities[guess]:.0%} sure), which is {verdict}."
picture_and_classes(
    picture, f"test picture {number}", truth, names, probabilities, width=240, key="probabilities", said=said
)

kinds = {row.name: row.kind for row in layer_table(config.network, data.image_shape, data.num_classes)}
for place, (name, values) in enumerate(made.items(), 1):
    words = f"{WORDS[kinds[name]]} {FIRST}" if place == 1 else WORDS[kinds[name]]
    count = how_many(values, MOST_MAPS)
    st.markdown(f"**{place}. {name}**, {count}. {words}")
    shown = values[:MOST_MAPS]
    if values.ndim == 1:
        st.image(as_url(map_sheet(values[None, None], theme)), alt=f"{name}: {count}")
    elif shown.size <= MOST_NUMBERS:
        labels = [f"feature map {k}" for k in range(len(shown))]
        chart(number_sheet(shown, labels, theme), key=f"stage_{name}")
    else:
        st.image(as_url(map_sheet(shown, theme)), alt=f"{name}: {count}")
