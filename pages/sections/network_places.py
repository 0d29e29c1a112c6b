"""Places of a network's zoom as one goes to them from another view: all that the address then says, in a link or at a click."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import streamlit as st

from pages.address import state
from pages.controls.explored import ALL, TEST, Explored
from pages.controls.segments import show_part
from pages.figures.zoom_spot import BACKWARD, KEYS

FORWARD = "forward"
WAYS = (FORWARD, BACKWARD)
DEEPER = tuple(key for key in KEYS if key != "way")
STAYS = ("weights", "run", "step", "source", "class", "picture", "range")  # which network and picture, and the colours


def place_of(
    seen: Explored | int, layer: str, number: int, cell: str | None = None, target: int | None = None
) -> Mapping[str, str | None]:
    """What the address says at a number of a layer; None: nothing. seen: what is looked into, or a test picture's number.

    target: the class whose loss is followed backward; None is the forward way.
    """
    picture = seen if isinstance(seen, int) else seen.number
    said = dict.fromkeys(("view", "way", "target", *DEEPER)) | {"layer": layer, "map": str(number), "cell": cell}
    if target is not None:
        said |= {"way": BACKWARD, "target": str(target)}
    if picture is not None:  # by its number among all: among the mistakes or in a class, a number means another one
        said |= {"source": None, "class": None, "picture": str(picture) if picture else None}
    return said


def link_to(place: Mapping[str, str | None]) -> str:
    """The address of a place of `place_of`, to be opened anew."""
    kept = {key: value for key, value in st.query_params.to_dict().items() if key in STAYS}
    return f"?{urlencode({key: value for key, value in (kept | dict(place)).items() if value is not None})}"


def go_to(place: Mapping[str, str | None]) -> None:
    """In a callback: show a place of `place_of`, as one step in the browser's history."""
    show_part("view", "overview")
    show_part("way", place["way"] or FORWARD)
    if place["target"] is not None:
        state.put({"target": place["target"]})
    if "picture" in place:
        state.put({"source": TEST, "class": ALL, "picture": int(place["picture"] or 0)})
    state.set_texts(dict.fromkeys(key for key in st.query_params if key not in STAYS) | dict(place))
