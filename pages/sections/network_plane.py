"""The test pictures as points in the plane of a layer in which they spread most, and the nearest to the chosen picture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from cnn_core.datasets import as_pixels
from cnn_core.features import nearest, outputs_of
from pages.animation.chart import chart
from pages.animation.gallery import gallery
from pages.controls.explored import MOST_JUDGED, Explored
from pages.figures.patches import Tile
from pages.figures.pixels import as_pixels as shown
from pages.figures.pixels import as_url
from pages.figures.plane import plane_of_pictures
from pages.server import learned

NEIGHBOURS = 6


def the_plane(seen: Explored, named: Mapping[str, str], theme: str) -> None:
    """Of the last layer below the scores, in which classes have come apart most."""
    layer = list(named.values())[-2]
    test = seen.data.dataset.test
    x, y = seen.data.normalised(test.x[:MOST_JUDGED]), test.y[:MOST_JUDGED]
    if len(y) < 2:
        st.caption("One test picture makes no plane.")
        return
    found = learned.plane(seen.weights, seen.network, x, layer)
    answers = seen.network.scores(x).argmax(axis=1)
    (_, own), *_ = outputs_of(seen.network, seen.x, layer)
    st.subheader("The test pictures, as the network sees them")
    left, right = st.columns([3, 2])
    here = (own[0].reshape(-1) - found.mean) @ found.axes.T
    with left:
        chart(plane_of_pictures(found.points, y, answers, seen.names, here, theme), key="plane")
    with right:
        st.markdown(
            f"Each point is a test picture, by what {layer} makes of it: the two directions in which these numbers spread most, "
            f"**{found.share.sum():.0%}** of their variance (principal component analysis). Points of one class lie "
            f"together where the network tells them apart. A cross is a mistake; the six-pointed star is {seen.words}."
        )
        features = learned.features(seen.weights, seen.network, x, layer)
        order, distances = nearest(features, own[0], min(NEIGHBOURS + 1, len(y)))
        tiles: list[Tile] = []
        for index, distance in zip(order, distances, strict=True):
            if len(tiles) == NEIGHBOURS or np.array_equal(
                as_pixels(test.x[index]), seen.picture
            ):  # a test picture itself
                continue
            pixels = shown(as_pixels(test.x[index]))
            words = f"{seen.names[y[index]]} (n° {index}), {distance:.2g} away"
            tiles.append((words, as_url(pixels), *pixels.shape[:2]))
        st.markdown("Nearest to it, in all directions of the layer:")
        gallery("", tiles, 96, key="neighbours")
