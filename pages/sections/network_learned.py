"""The view "What it learned" of a network: what each filter looks for, and what is lost without it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.datasets import as_pixels
from cnn_core.features import Patches, answers, silenced
from cnn_core.features.maps import up_to_layer
from cnn_core.loss import softmax
from cnn_core.shares import percent
from pages.animation.gallery import gallery
from pages.controls import settings
from pages.controls.explored import MOST_JUDGED, Explored, what_weights
from pages.figures.patches import LARGE, Tile, patch_pixels, weight_pixels
from pages.figures.pixels import as_url
from pages.sections.network_ascent import made_to_excite
from pages.sections.network_places import go_to, place_of
from pages.sections.network_plane import the_plane
from pages.sections.run_filters import LOOKS
from pages.server import learned

SMALL, TILE = 52, 76  # pixels: a filter among all, a patch of the chosen one
MOST = 128  # filters that are shown
NAMED = 24  # dead ones that are named
ABOUT = (
    "Each filter answers to one kind of patch. Choose one: beside it stand its weights, the places in the test pictures at which "
    "it answers most, and a picture made to excite it."
)


def show(seen: Explored, theme: str) -> None:
    """All filters of a layer; of one of them all there is to see; the test pictures in the plane."""
    named = answers(seen.network)
    left, right = st.columns([2, 3])
    with left:
        st.markdown(ABOUT)
        choice, slider = st.columns(2)
        with choice:
            layer = settings.choice("layer", "learned_layer", list(named), listed=True)
        found = _patches(seen, named[layer])
        with slider:
            number = _number(min(MOST, len(found.values)))
        _all_of_them(seen, layer, found, number, theme)
    with right:
        _one_filter(seen, layer, named[layer], number, found, theme)
    the_plane(seen, named, theme)
    st.caption(what_weights(seen))


def _patches(seen: Explored, layer: str) -> Patches:
    place = st.empty()

    def progress(done: int, total: int) -> None:
        place.progress(done / total, f"{done:,} of {total:,} pictures looked through")

    found = learned.patches(seen.weights, seen.network, seen.judged, layer, progress)
    place.empty()
    return found


def _number(count: int) -> int:
    return settings.whole("filter", "filter", 0, count - 1, 0) if count > 1 else 0


def _all_of_them(seen: Explored, layer: str, found: Patches, number: int, theme: str) -> None:
    """Every filter of the layer as a small picture to choose; number: the chosen one."""
    count = min(MOST, len(found.values))
    gallery(
        "",
        _tiles(seen.weights, layer, count, theme, seen, found),
        SMALL,
        key="filters",
        chosen=number,
        on_choice=partial(_choose, count),
    )
    some = "" if count == len(found.values) else f" The first {count} of {len(found.values)}."
    what = "its weights" if layer == "conv1" else "the patch that excites it most"
    st.caption(f"Shown: {what}.{some} {_dead(found)}")
    if layer == "conv1":
        st.caption(LOOKS)


def _count(seen: Explored) -> int:
    """How many test pictures all is measured on."""
    return min(MOST_JUDGED, len(seen.data.dataset.test.y))


def _dead(found: Patches) -> str:
    """Which filters of the layer no test picture excites."""
    dead = [str(k) for k in np.flatnonzero(found.silent == 1)]
    more = f" and {len(dead) - NAMED} more" if len(dead) > NAMED else ""
    return f"Dead (silent on every test picture): {', '.join(dead[:NAMED]) or 'none'}{more}."


def _choose(count: int, number: Any) -> None:
    if type(number) is int and 0 <= number < count:  # anybody can send any
        st.session_state["filter"] = number


@st.cache_data(max_entries=32, show_spinner=False)
def _tiles(key: str, layer: str, count: int, theme: str, _seen: Explored, _found: Patches) -> list[Tile]:
    """Of the first `count` filters a small picture each, with its number. key: of the weights."""
    tiles: list[Tile] = []
    for k in range(count):
        weight = _seen.network.params[f"{layer}.weight"]
        pixels = weight_pixels(weight[k], theme) if layer == "conv1" else _patch(_seen, _found, k, 0)
        tiles.append((f"{k}", as_url(pixels), *pixels.shape[:2]))
    return tiles


def _patch(seen: Explored, found: Patches, k: int, place: int) -> Array:
    picture = as_pixels(seen.data.dataset.test.x[found.pictures[k, place]])
    return patch_pixels(picture, found.fields[k, place])


def _one_filter(seen: Explored, layer: str, answer: str, k: int, found: Patches, theme: str) -> None:
    """Its weights, its patches, a picture made for it, and the network without it."""
    name = "unit" if layer.startswith("linear") else "filter"
    st.markdown(f"##### {layer}, {name} {k}")
    weights, patches = st.columns([1, 2])
    with weights:
        tile = _weights(seen, layer, k, theme)
        gallery("", [tile], 150, key="weights_of_one")
        made_to_excite(seen, layer, k)
    with patches:
        tiles: list[Tile] = []
        for place, (value, picture) in enumerate(zip(found.values[k], found.pictures[k], strict=True)):
            pixels = _patch(seen, found, k, place)
            tiles.append((f"{value:.3g}, picture\xa0{picture}", as_url(pixels), *pixels.shape[:2]))
        gallery("", tiles, TILE, key="patches")
        st.caption(
            f"The {len(tiles)} largest answers (of {answer}) to {_count(seen):,} test "
            f"pictures, at most one from each picture. Grey lies outside the picture."
        )
        cell = found.cells[k, 0] if layer.startswith("conv") else None
        st.button(
            "Walk the first one",
            key="walk_patch",
            icon=":material/zoom_in:",
            on_click=_walk,
            args=(int(found.pictures[k, 0]), answer, k, cell),
            help="Its picture in the overview, and how this answer is made of it.",
        )
    st.markdown(_silent(found, k, _count(seen), one_place=layer.startswith("linear"), cut=answer.startswith("relu")))
    if layer != list(answers(seen.network))[-1]:
        _without(seen, layer, k)


def _walk(picture: int, layer: str, number: int, cell: Array | None) -> None:
    """Open the overview at this answer."""
    go_to(place_of(picture, layer, number, None if cell is None else f"{cell[0]}-{cell[1]}"))


def _silent(found: Patches, k: int, count: int, *, one_place: bool, cut: bool) -> str:
    """How often it answers nothing. count: of the pictures. cut: by ReLU, so that nothing is 0."""
    nothing, places, pictures = "0" if cut else "not above 0", found.zero[k], found.silent[k]
    if pictures == 1:
        return "It is **dead**: no test picture excites it."
    if one_place:
        return f"Its answer is {nothing} for **{percent(pictures)}** of the pictures."
    nowhere = round(pictures * count)
    some = (
        f"On **{nowhere:,} of {count:,}** pictures it answers nowhere."
        if nowhere
        else "On every picture it answers somewhere."
    )
    return f"Its answer is {nothing} at **{percent(places)}** of all places. {some}"


def _weights(seen: Explored, layer: str, k: int, theme: str) -> Tile:
    """Its weights as a picture, with what they are in words."""
    weight = seen.network.params[f"{layer}.weight"]
    if weight.ndim == 4:
        one, maps = weight[k], None
        words = f"weights, {one.shape[0]} × {one.shape[1]}×{one.shape[2]}"
    else:
        one = weight[:, k]
        maps = up_to_layer(seen.network, layer)[-2].shape
        words = f"weights onto {' × '.join(map(str, maps))} numbers"
    pixels = weight_pixels(one, theme, maps, LARGE)
    if one.shape[0] != 3:
        words += ": orange above 0, blue below"
    return words, as_url(pixels), *pixels.shape[:2]


def _without(seen: Explored, layer: str, k: int) -> None:
    """A switch that silences it: accuracy, and the answer to the picture, before and after."""
    if not settings.switch(
        "silence it (on this view only)",
        "silence",
        help="The next layer's weights for it are set to 0: whatever it answers, nobody listens. The trained network is not "
        "changed.",
    ):
        return
    y = seen.data.dataset.test.y[:MOST_JUDGED]
    before, after = (
        float(np.mean(learned.guesses(seen.weights, seen.network, seen.judged, without) == y))
        for without in (None, (layer, k))
    )
    scores = [network.scores(seen.x)[0] for network in (seen.network, silenced(seen.network, layer, k))]
    chances = [softmax(one[None])[0] for one in scores]
    likely = sorted({int(np.argmax(one)) for one in chances})
    told = "; ".join(f"{seen.class_words[c]} {percent(chances[0][c], 1)} → {percent(chances[1][c], 1)}" for c in likely)
    st.markdown(
        f"Without it **{percent(before, 1)} → {percent(after, 1)}** of {len(y):,} test pictures are named right. "
        f"{seen.words.capitalize()}: {told}."
    )
