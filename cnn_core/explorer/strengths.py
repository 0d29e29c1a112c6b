"""What matters most for a map: how much each map of the layer below gives to it, or each map above to its gradient.

A map of a convolution is a sum of partial maps, one for each channel of its input, and the bias; so is a unit of a fully
connected layer, whose partial "map" is one number. The strength of a link is the mean size of the partial map: that of the
weights alone would count a channel that is dark in this picture.
"""

from __future__ import annotations

import numpy as np

from cnn_core.checks import Array
from cnn_core.conv import conv2d_backward, conv2d_forward
from cnn_core.network.layers import Layer
from cnn_core.network.network import Network


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
    assert layer.window is not None
    stride, padding = layer.window.stride, layer.window.padding
    made = np.empty(weight.shape[:2])
    for c in range(x.shape[1]):
        partial, _ = conv2d_forward(x[:, c : c + 1], weight[:, c : c + 1], stride=stride, padding=padding)
        made[:, c] = np.abs(partial[0]).mean(axis=(1, 2))
    return made


def strengths_back(network: Network, layer: Layer, x: Array, dout: Array) -> Array:
    """How much each map of a layer that mixes gives to the gradient of each channel of its input: mean sizes, (C, M).

    x: what goes into the layer for one picture, (1, C, H, W) or (1, C); dout: the gradient of the layer's output, (1, M, ...).
    """
    weight = network.params[f"{layer.name}.weight"]
    if layer.kind == "linear":
        cells: Array = np.abs(weight).reshape(x.shape[1], -1, weight.shape[1]).mean(axis=1)
        return cells * np.abs(dout)
    assert layer.window is not None
    stride, padding = layer.window.stride, layer.window.padding
    made = np.empty(weight.shape[1::-1])
    for f in range(len(weight)):
        _, cache = conv2d_forward(x, weight[f : f + 1], stride=stride, padding=padding)
        partial, _, _ = conv2d_backward(dout[:, f : f + 1], cache)
        made[:, f] = np.abs(partial[0]).mean(axis=(1, 2))
    return made
