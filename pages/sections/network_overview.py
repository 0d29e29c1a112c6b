"""The view "Overview" of a network: one picture on its way through all layers."""

from __future__ import annotations

import streamlit as st

from cnn_core.network import layer_table
from pages.address import state
from pages.address.messages import plain
from pages.animation.chart import chart
from pages.controls.explored import Explored, what_weights
from pages.figures.pixels import as_url
from pages.figures.sheets import map_sheet, number_sheet
from pages.sections.network_zoom import show_zoom, zoomed
from pages.sections.picture_way import how_many, picture_and_classes, way_through

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


def show(seen: Explored, theme: str) -> None:
    """The picture, what each layer makes of it, and the answer."""
    if zoomed():
        target = seen.truth if seen.truth is not None else int(seen.network.scores(seen.x).argmax())
        wanted = state.text("target") or ""
        if wanted in map(str, range(seen.network.num_classes)):
            target = int(wanted)
        show_zoom(seen, state.text("way") or "forward", target, theme)
        return
    made, chances = way_through(seen.network, seen.data, seen.picture)
    names = seen.data.dataset.class_names
    guess = int(chances.argmax())
    said = f"The network says **{plain(names[guess])}** ({chances[guess]:.0%} sure)"
    if seen.truth is not None:
        said += ", which is " + ("right" if guess == seen.truth else f"wrong: it is {plain(names[seen.truth])}")
    truth = guess if seen.truth is None else seen.truth
    picture_and_classes(
        seen.picture, seen.words, truth, names, chances, width=240, key="probabilities", said=f"{said}."
    )
    st.caption(what_weights(seen))
    shape, classes = seen.data.image_shape, seen.data.num_classes
    kinds = {row.name: row.kind for row in layer_table(seen.config.network, shape, classes)}
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
