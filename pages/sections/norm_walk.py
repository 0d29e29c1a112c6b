"""The walk of a norm on a page: its graph, the layer that it is held to, and the player with its place in the address."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.norm import (
    batch_norm_forward,
    group_norm_forward,
    instance_norm_forward,
    layer_norm_forward,
    norm_backward,
)
from cnn_core.walks.counts import decimals_of
from cnn_core.walks.norm_graph import NormGraph, sets_of, trace_norm
from pages.animation.norm import norm_player
from pages.sections.norm_tensor import Activations
from pages.sections.walkthrough import KEY, begin_with, to_address

MORE = 4  # decimals beyond those of x
SEED = 231
Running = tuple[Array, Array] | None
# By norm: what to press where a set would be a single number.
REMEDIES = {
    "batch": "press “in use (test)”, or choose a larger batch size",
    "layer": "choose another tensor",
    "group": "choose fewer groups, or maps as the tensor",
    "instance": "choose another norm, or maps as the tensor",
}


def upstream_of(x: Array) -> Array:
    """The gradient that arrives: whole numbers from -3 to 3, shaped as x."""
    return np.asarray(np.random.default_rng(SEED).integers(-3, 4, x.shape), dtype=np.float64)


def norm_walk(norm: str, given: Activations, num_groups: int, running: Running) -> NormGraph:
    """Show the walk of a norm over the activations; running: mean and variance (C,) that batch norm uses instead of their own.

    Returns its graph, rounded as it is shown. Raises ValueError where the layer does, in the page's words where a set is a
    single number.
    """
    x, dout = given.x, upstream_of(given.x)
    if running is None and sets_of(norm, x.shape, num_groups).size == 1:
        raise ValueError(
            f"Here each number would have a mean of its own, and minus that it is 0, whatever it was: {REMEDIES[norm]}."
        )
    gamma, beta = given.gamma, given.beta
    if norm == "layer":  # it has a number for each number of an example
        gamma, beta = (np.broadcast_to(array[:, None, None], x.shape[1:]).copy() for array in (gamma, beta))
    options: dict[str, Any] = {"num_groups": num_groups, "dout": dout, "running": running}
    decimals = max(6, decimals_of("x", x, 2) + MORE)
    graph = trace_norm(norm, x, gamma, beta, decimals=decimals, **options)
    exact = trace_norm(norm, x, gamma, beta, **options)
    layer = layer_itself(norm, x, gamma, beta, dout, num_groups, running)
    apart = max(
        float(np.abs(exact.cells[name] - array).max()) for name, array in zip(("out", "dx"), layer, strict=True)
    )
    begin = begin_with(lambda **cell: require_cell(x, **cell))
    norm_player(graph, layer, apart, key=KEY, begin=begin, on_place=to_address)
    return graph


def layer_itself(
    norm: str, x: Array, gamma: Array, beta: Array, dout: Array, num_groups: int, running: Running
) -> tuple[Array, Array]:
    """out and dx as the layer of norm.py gives them. Raises its ValueErrors."""
    if norm == "batch":
        kept = (np.zeros(x.shape[1]), np.ones(x.shape[1])) if running is None else running
        out, cache = batch_norm_forward(x, gamma, beta, *kept, training=running is None)
    elif norm == "group":
        out, cache = group_norm_forward(x, num_groups, gamma, beta)
    else:
        out, cache = (layer_norm_forward if norm == "layer" else instance_norm_forward)(x, gamma, beta)
    return out, norm_backward(dout, cache)[0]


def require_cell(x: Array, name: str, plane: int, index: int) -> None:
    """Raise ValueError unless this is a cell of x (N, C, H, W): plane counts channels and pictures, index the cells of a map."""
    pictures, channels, rows, columns = x.shape
    if name != "x" or plane >= pictures * channels or index >= rows * columns:
        raise ValueError(f"x has {pictures * channels} planes of {rows * columns} cells")
