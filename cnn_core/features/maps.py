"""What one layer of a network makes of many pictures, a few at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from cnn_core.checks import Array, one_of
from cnn_core.network.layers import Layer, Mode
from cnn_core.network.network import Network

CHUNK = 1 << 24  # bytes of the largest map of the pictures that are handled at once


def outputs_of(network: Network, x: Array, name: str) -> Iterator[tuple[slice, Array]]:
    """Chunk by chunk, which pictures of x (N, C, H, W), and what the layer `name` gives for them, (n, ...), as in use.

    Raises ValueError, at the first chunk, for another shape of x and for a layer that is not there.
    """
    layers = up_to_layer(network, name)
    largest = max(math.prod(shape) for shape in (network.input_shape, *(layer.shape for layer in layers)))
    images = max(1, CHUNK // (largest * network.dtype.itemsize))
    arrays = {**network.params, **network.buffers}
    for start in range(0, len(x), images):
        some = slice(start, min(start + images, len(x)))
        out = network.images(x[some])
        for layer in layers:
            out, _ = layer.forward(out, arrays, Mode())
        yield some, out


def mean_outputs(network: Network, x: Array, name: str) -> Array:
    """Of each map of a layer the mean over its cells, of a unit its number: (N, M) for pictures x (N, C, H, W)."""
    parts = [out.reshape(*out.shape[:2], -1).mean(axis=2) for _, out in outputs_of(network, x, name)]
    return np.concatenate(parts) if parts else np.empty((0, up_to_layer(network, name)[-1].shape[0]), network.dtype)


def up_to_layer(network: Network, name: str) -> list[Layer]:
    """The layers from the first to the one of this name. Raises ValueError if there is none."""
    names = [layer.name for layer in network.layers]
    one_of("layer", name, names)
    return network.layers[: 1 + names.index(name)]


def answers(network: Network) -> dict[str, str]:
    """By layer with weights, in order: the layer whose output is its answer, its activation where it has one."""
    found, latest = {}, ""
    for layer in network.layers:
        if layer.kind in ("conv", "linear"):
            latest = layer.name
            found[latest] = latest
        elif layer.kind == "activation":
            found[latest] = layer.name
    return found
