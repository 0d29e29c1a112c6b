"""One picture on its way through a network: what each layer makes of it, and which class it is taken for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.network import Network
from cnn_core.training.data import TrainingData
from pages.address.messages import plain
from pages.animation.chart import chart
from pages.figures.bars import probability_bars
from pages.figures.pixels import as_pixels, as_url


def way_through(network: Network, data: TrainingData, picture: Array) -> tuple[dict[str, Array], Array]:
    """By name what each layer makes of a picture (C,H,W), feature maps (F,H,W) or units (M,), and the probabilities (K,).

    Dropout is left out: outside of training it lets all pass. Of weights that diverged the numbers are not finite.
    """
    with np.errstate(all="ignore"):
        made = {name: values[0] for name, values in network.feature_maps(data.normalised(picture[None])).items()}
    chances = made.pop("softmax")
    return {name: values for name, values in made.items() if not name.startswith("dropout")}, chances


def picture_and_classes(
    picture: Array,
    words: str,
    truth: int,
    names: Sequence[str],
    chances: Array,
    *,
    width: int,
    key: str,
    said: str = "",
) -> None:
    """The picture, its class below it, and beside it what the network says. said: a sentence in markdown, above the bars."""
    left, right = st.columns([1, 2])
    left.image(
        as_url(as_pixels(picture)),
        caption=f"{words}: {plain(names[truth])}",
        width=width,
        alt=f"{words}: {names[truth]}",
    )
    with right:
        if said:
            st.markdown(said)
        chart(probability_bars(chances, names, truth), key=key)


def how_many(values: Array, most: int) -> str:
    """How many numbers a layer made of the picture, and how many of its feature maps are shown."""
    if values.ndim == 1:
        return f"{len(values)} numbers"
    some = f", the first {most} shown" if len(values) > most else ""
    return f"{len(values)} feature maps of {values.shape[1]}×{values.shape[2]}{some}"
