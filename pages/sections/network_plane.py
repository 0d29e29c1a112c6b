"""The test pictures as points in the plane of a layer in which they spread most, and the nearest to the chosen picture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from cnn_core.datasets import as_pixels
from cnn_core.features import nearest
from cnn_core.features.maps import mean_outputs
from cnn_core.shares import percent
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
    units = [one.name for one in seen.network.layers if len(one.shape) == 1]
    test = seen.data.dataset.test
    y, test_names = test.y[:MOST_JUDGED], seen.data.dataset.class_names
    if len(y) < 2:
        st.caption("One test picture makes no plane.")
        return
    found = learned.plane(seen.weights, seen.network, seen.judged, layer)
    answers = learned.guesses(seen.weights, seen.network, seen.judged)
    own = mean_outputs(seen.network, seen.x, layer)[0]
    what = layer if layer in units else f"the mean of each map of {layer}"
    st.subheader("The test pictures, as the network sees them")
    left, right = st.columns([3, 2])
    here = (own - found.mean) @ found.axes.T
    with left:
        chart(plane_of_pictures(found.points, y, answers, test_names, here, theme), key="plane")
    with right:
        st.markdown(
            f"Each point is a test picture, by {what}: the two directions in which these numbers spread most, "
            f"**{percent(found.share.sum())}** of their variance (principal component analysis). Points of one class lie "
            f"together where the network tells them apart. A ring is around each mistake; the large diamond, “chosen”, is around "
            f"{seen.words}."
        )
        features = learned.features(seen.weights, seen.network, seen.judged, layer)
        order, distances = nearest(features, own, min(NEIGHBOURS + 1, len(y)))
        tiles: list[Tile] = []
        for index, distance in zip(order, distances, strict=True):
            if len(tiles) == NEIGHBOURS or np.array_equal(
                as_pixels(test.x[index]), seen.picture
            ):  # a test picture itself
                continue
            pixels = shown(as_pixels(test.x[index]))
            words = f"{test_names[y[index]]} (picture {index}), {distance:.2g} away"
            tiles.append((words, as_url(pixels), *pixels.shape[:2]))
        st.markdown("The test pictures nearest to it, if all of these numbers count and not only the two directions:")
        gallery("", tiles, 96, key="neighbours")
