"""A whole network at work on one picture, ready to be drawn: every layer's maps as levels, what they range over, what links them.

Layers come in groups: one that mixes (a convolution, a fully connected layer) and those above it that take each map by itself,
so that map k of all of them belongs together. Dropout, which does nothing in use, is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn_core.checks import Array
from cnn_core.explorer.levels import Levels, levels
from cnn_core.explorer.strengths import mixes, strengths, strengths_back
from cnn_core.loss import softmax
from cnn_core.network.layers import Layer
from cnn_core.network.passes import BackwardPass, ForwardPass

MOST_SHOWN = 128  # maps of a layer
MOST_LINKS = 8  # of a map

Link = tuple[int, float]
Links = tuple[tuple[Link, ...], ...]


@dataclass(frozen=True)
class LayerView:
    """One layer on one picture; the input is one, too, and mixes nothing.

    kind, description: as of a Layer, or "input". shape: of the output for one picture. group: of layers that belong together,
    from 0. numbers: of the maps that are shown, (S,), the first in `order` where there are more than MOST_SHOWN.
    order: places among them, the most active map first, with a backward pass that of the largest gradient, (S,); by mean sizes
    in the group's last layer. maps: of those shown. links: for each of those shown, of the
    layer below, which maps gave most, as (number, share of all that was given), the strongest first; empty where nothing is
    mixed.
    gradient, norm: levels of the gradient of these maps and its length over all maps; None without a backward pass. back: for
    each of those shown, which maps of the layer above gave most to its gradient; empty where that layer mixes nothing.
    """

    name: str
    kind: str
    description: str
    shape: tuple[int, ...]
    group: int
    numbers: Array
    order: Array
    maps: Levels
    links: Links = ()
    gradient: Levels | None = None
    norm: float | None = None
    back: Links = ()


@dataclass(frozen=True)
class Overview:
    """All layers from the input to the scores, and the probabilities (K,) that the scores stand for; NaN if they diverged."""

    layers: tuple[LayerView, ...]
    scores: Array
    probabilities: Array


def overview(done: ForwardPass, backward: BackwardPass | None = None) -> Overview:
    """The overview of a pass with one picture; backward: of the same pass, if its gradients are to be shown, too.

    Raises ValueError for a pass with several pictures.
    """
    if len(done.x) != 1:
        raise ValueError(f"x (shape {done.x.shape}) must hold one picture: (1, C, H, W)")
    start = Layer("input", "input", done.network.input_shape, "the normalised picture")
    layers = [start, *(layer for layer in done.network.layers if layer.kind != "dropout")]
    groups = np.cumsum([mixes(layer) for layer in layers]).tolist()
    outputs = {"input": done.x} | done.outputs
    gradients = None if backward is None else {"input": backward.dx} | backward.outputs
    with np.errstate(all="ignore"):  # a training that diverged
        # The last layer of a group says which of its maps count: those that the next group sees, or has gradients for.
        counted = outputs if gradients is None else gradients
        chosen = {group: _most_active(counted[layer.name][0]) for group, layer in zip(groups, layers, strict=True)}
        views = []
        for place, (layer, group) in enumerate(zip(layers, groups, strict=True)):
            numbers, order = chosen[group]
            links: Links = ()
            back: Links = ()
            gradient, norm = None, None
            if mixes(layer):
                links = _strongest(strengths(done.network, layer, outputs[layers[place - 1].name])[numbers])
            if gradients is not None:
                gradient = levels(gradients[layer.name][0, numbers])
                norm = float(np.linalg.norm(gradients[layer.name].astype(np.float64)))
            if gradients is not None and layer is not layers[-1] and mixes(above := layers[place + 1]):
                given = strengths_back(done.network, above, outputs[layer.name], gradients[above.name])
                back = _strongest(given[numbers])
            shown = levels(outputs[layer.name][0, numbers])
            about = layer.name, layer.kind, layer.description, layer.shape, group, numbers, order
            views.append(LayerView(*about, shown, links, gradient, norm, back))
        return Overview(tuple(views), done.scores[0], softmax(done.scores)[0])


def _most_active(maps: Array) -> tuple[Array, Array]:
    """Which maps to show, in the order of their numbers; and their places, the most active first."""
    sizes = np.abs(maps.reshape(len(maps), -1).astype(np.float64)).mean(axis=1)
    active = np.where(np.isfinite(sizes), sizes, np.inf)
    numbers = np.sort(np.argsort(-active, kind="stable")[:MOST_SHOWN])
    return numbers, np.argsort(-active[numbers], kind="stable")


def _strongest(given: Array) -> Links:
    """Of each row of strengths (M, C), the strongest as (number, share of the row); none where all are 0 or not finite."""
    total = given.sum(axis=1, dtype=np.float64)
    best = np.argsort(-given, axis=1, kind="stable")[:, :MOST_LINKS].tolist()
    return tuple(
        tuple((c, float(row[c] / whole)) for c in places if row[c] > 0) if np.isfinite(whole) and whole > 0 else ()
        for row, whole, places in zip(given, total, best, strict=True)
    )
