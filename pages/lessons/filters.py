"""What a trained network looks for, and what it makes of one picture."""

import numpy as np
import streamlit as st

from cnn_core import datasets
from cnn_core.convnet import ThreeLayerConvNet
from cnn_core.training import TrainingConfig
from pages.controls import settings
from pages.controls.runs import current_run
from pages.figures.bars import probability_bars
from pages.figures.pixels import as_pixels, as_url
from pages.figures.sheets import filter_sheet, number_sheet

STANDARD, UNTRAINED, OWN = "trained on digits", "not trained yet", "from your training"

st.title("Filters")
st.markdown(
    "Each kernel of the first layer is a small pattern detector. Below are the patterns a network learned by itself, and how "
    "**one picture** passes through them: what each kernel finds (convolution), what of it goes on (ReLU, pooling), and "
    "which class the network makes of it."
)


@st.cache_resource(show_spinner="Training the standard network: 250 steps, about a second")
def standard_network() -> ThreeLayerConvNet:
    """The net of the Train page's own settings, trained once on this server."""
    solver = TrainingConfig().solver()
    for _ in solver.steps():
        pass
    return solver.model


theme = st.context.theme.type or "light"
run = current_run()
with st.sidebar:
    st.header("Network")
    has_run = run is not None and bool(run.params)
    options = ([OWN] if has_run else []) + [STANDARD, UNTRAINED]
    network = settings.choice("weights", "weights", options)
    if not has_run:
        st.caption("Train a network of your own on the **Train** page; its weights can then be chosen here.")
    config = run.config if run is not None and network == OWN else TrainingConfig()
    data = datasets.load(config.dataset)
    st.header("Picture")
    number = settings.whole(
        "test picture", "picture", 0, len(data.test.x) - 1, 0, help="A picture the network never saw."
    )

if run is not None and network == OWN:
    model = config.model()
    model.params = run.params
    st.caption(f"Weights of your training on {config.dataset} after {run.params_iteration} steps.")
elif network == STANDARD:
    model = standard_network()
else:
    model = config.model()

weight = model.params["W1"]
filters, channels = weight.shape[:2]
st.subheader(f"{filters} kernels of {weight.shape[2]}×{weight.shape[3]}")
st.plotly_chart(filter_sheet(weight, theme), key="kernels", config={"displayModeBar": False})
st.caption(
    "Red, green and blue weights as colours around mid-grey, each kernel on its own scale."
    if channels == 3
    else "Blue weights are negative, orange ones positive. A kernel with orange left of blue finds edges from bright to dark."
)

picture, truth = data.test.x[number], int(data.test.y[number])
maps = model.feature_maps(config.centred(picture[None]))
probabilities = maps.probabilities[0]
if not np.isfinite(probabilities).all():
    st.error(
        "The weights of this training are no longer finite numbers: it diverged. Train again with a smaller learning rate."
    )
    st.stop()
guess = int(probabilities.argmax())

st.subheader("One picture on its way through")
left, right = st.columns([1, 2])
left.image(
    as_url(as_pixels(picture)),
    caption=f"test picture {number}: {data.class_names[truth]}",
    width=240,
)
with right:
    verdict = "right" if guess == truth else f"wrong: it is {data.class_names[truth]}"
    st.markdown(
        f"The network says **{data.class_names[guess]}** ({probabilities[guess]:.0%} sure), which is {verdict}."
    )
    st.plotly_chart(
        probability_bars(probabilities, data.class_names, truth), key="probabilities", config={"displayModeBar": False}
    )

STAGES = {
    "1. Convolution": (
        maps.conv[0],
        "Where a kernel fits, its map is orange; where the opposite stands, blue. "
        "What enters is the picture less the average brightness of all training pictures.",
    ),
    "2. ReLU": (maps.relu[0], "Everything below 0 becomes 0: only what was found goes on."),
    "3. Max pooling": (maps.pool[0], "The strongest answer of every 2×2 cells: smaller, and less exact about where."),
}
for title, (values, words) in STAGES.items():
    st.markdown(f"**{title}**, {values.shape[0]} maps of {values.shape[1]}×{values.shape[2]}. {words}")
    names = [f"map {k}" for k in range(filters)]
    st.plotly_chart(number_sheet(values, names, theme), key=f"stage_{title[0]}", config={"displayModeBar": False})
