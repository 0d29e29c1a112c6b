"""What matters most for a map: how much each map of the layer below gives to it, or each map above to its gradient.

A map of a convolution is a sum of partial maps, one for each channel of its input, and the bias; so is a unit of a fully
connected layer, whose partial "map" is one number. The strength of a link is the mean size of the partial map: that of the
weights alone would count a channel that is dark in this picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from cnn_core.checks import Array
from cnn_core.conv import conv2d_forward
from cnn_core.conv_transpose import conv_transpose2d_forward
from cnn_core.network.layers import Activation, Layer, Norm
from cnn_core.network.network import Network
from cnn_core.network.passes import ForwardPass, backward_pass, one_score

MOST_NUMBERS = 1 << 20  # of partial maps at once


def mixes(layer: Layer) -> bool:
    """Whether each map of a layer is made from all maps of the layer below, and not from the one of its own number."""
    return layer.kind in ("conv", "linear")


def strengths(network: Network, layer: Layer, x: Array) -> Array:
    """How much each channel of x gives to each map of a layer that mixes: mean sizes of the partial maps, (M, C).

    x: what goes into the layer for one picture, (1, C, H, W) or (1, C).
    """
    weight = network.params[f"{layer.name}.weight"]
    if layer.kind == "linear":
        rows = x.reshape(x.shape[1], 1, -1)
        sums: Array = np.abs(rows @ weight.reshape(x.shape[1], rows.shape[2], -1))[:, 0].T
        return sums
    window, made = layer.window, np.empty(weight.shape[:2])
    assert window is not None
    for part in _parts(x.shape[1], len(weight) * math.prod(layer.shape[1:])):
        apart = weight[:, part].swapaxes(0, 1)  # every channel is a group of its own, with all filters
        groups, filters = apart.shape[:2]
        flat = apart.reshape(groups * filters, 1, *apart.shape[2:])
        partial, _ = conv2d_forward(x[:, part], flat, stride=window.stride, padding=window.padding, groups=groups)
        made[:, part] = np.abs(partial).mean(axis=(0, 2, 3)).reshape(groups, filters).T
    return made


def strengths_back(network: Network, layer: Layer, x: Array, dout: Array) -> Array:
    """How much each map of a layer that mixes gives to the gradient of each channel of its input: mean sizes, (C, M).

    x: what goes into the layer for one picture, (1, C, H, W) or (1, C); dout: the gradient of the layer's output, (1, M, ...).
    """
    weight = network.params[f"{layer.name}.weight"]
    if layer.kind == "linear":
        cells: Array = np.abs(weight).reshape(x.shape[1], -1, weight.shape[1]).mean(axis=1)
        return cells * np.abs(dout)
    window, made = layer.window, np.empty(weight.shape[1::-1])
    assert window is not None
    left = window.leftover((x.shape[2], x.shape[3]))
    for part in _parts(len(weight), math.prod(x.shape)):
        own, groups = weight[part], len(weight[part])
        partial, _ = conv_transpose2d_forward(
            dout[:, part], own, stride=window.stride, padding=window.padding, output_padding=left, groups=groups
        )
        made[:, part] = np.abs(partial).mean(axis=(0, 2, 3)).reshape(groups, -1).T
    return made


def first_maps(done: ForwardPass, k: int, most: int = 3) -> tuple[str, tuple[tuple[int, float], ...]] | None:
    """The first convolution's name, and the maps of it that bring most of the score of class k, as (number, how much).

    A map brings the sum of its numbers, each times the score's gradient there (gradient x activation). All maps together bring
    the score less what biases above them add, if all layers above are linear piece by piece: None where they are not (tanh,
    sigmoid, norms with the statistics of the picture itself). done: of one picture; most: maps that are named; those that bring
    nothing, or less, are left out.
    """
    layers = done.network.layers
    first = next((layer.name for layer in layers if layer.kind == "conv"), None)
    if first is None or not all(_is_piecewise_linear(layer) for layer in layers):
        return None
    gradient = backward_pass(done, one_score(done, k)).outputs[first][0].astype(np.float64)
    amounts = (gradient * done.outputs[first][0]).sum(axis=(1, 2))
    best = np.argsort(-np.nan_to_num(amounts), kind="stable")[:most].tolist()
    return first, tuple((number, float(amounts[number])) for number in best if amounts[number] > 0)


def _is_piecewise_linear(layer: Layer) -> bool:
    if isinstance(layer, Activation):
        return layer.activation in ("relu", "leaky_relu")
    return not isinstance(layer, Norm) or layer.norm == "batch"


def _parts(count: int, numbers: int) -> Iterator[slice]:
    """`count` channels in parts that make no more than MOST_NUMBERS at once; numbers: that one of them makes."""
    each = max(1, MOST_NUMBERS // numbers)
    return (slice(start, start + each) for start in range(0, count, each))
