"""What one number inside a network is made of: from a layer over a map and a cell down to one product, forward and backward."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import streamlit as st

from cnn_core.checks import Array
from cnn_core.explorer import Inside, look_inside
from cnn_core.network import Network
from pages.address import messages, state
from pages.animation.zoom import zoom
from pages.controls.explored import Explored
from pages.controls.segments import show_part
from pages.figures.zoom_spot import KEYS, settled
from pages.figures.zoom_view import zoom_view
from pages.sections.network_places import DEEPER, FORWARD, WAYS

LONGEST = 500  # letters of an address that is gone to


@st.cache_resource(max_entries=8, show_spinner=False)
def passes(key: str, target: int, _network: Network, _x: Array) -> Inside:
    """Both passes in float64, with the loss of class `target`; key: of network and picture."""
    return look_inside(_network, _x, target)


def zoomed() -> bool:
    """Whether the address names anything to zoom into."""
    return any([state.text("layer"), state.text("param")])


def show_zoom(explored: Explored, way: str, target: int, theme: str) -> None:
    """Show the depth that the address names (`layer`, `map`, `cell`, `term`; `param`, `entry`), with a breadcrumb above it.

    way: "forward" or "backward"; the latter starts at the loss of class `target`. Nothing is shown where the address names no
    layer and no parameter.
    """
    said = {key: state.text(key) for key in DEEPER} | {"way": way}
    inside = passes(explored.key, target, explored.network, explored.x)
    spot, problem = settled(inside, said)
    if problem is not None:
        messages.warning(problem)
    if spot is not None:
        zoom(zoom_view(inside, spot, explored.data.dataset.class_names) | {"address": KEYS}, key="zoom", on_go=_go)


def _go(query: Any) -> None:
    """Put another depth into the address; the next run shows it."""
    said = dict(parse_qsl(query[:LONGEST])) if isinstance(query, str) else {}
    there = {key: said.get(key) for key in DEEPER}
    if (way := said.get("way")) in WAYS:
        show_part("way", way)
        there["way"] = None if way == FORWARD else way
    state.set_texts(there)
