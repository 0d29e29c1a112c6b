"""One training step seen from inside, layer by layer: do the numbers flow, and do the weights move at a healthy pace?

CS231n, "Neural networks 3", asks for the ratio of a step to the weights it changes (about 1e-3 is healthy), for the
distribution of activations and gradients in each layer, and for units that never fire.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.network.network import Network

BINS = 30
BLOCK = 1 << 16  # numbers at once


@dataclass(frozen=True)
class Histogram:
    """How many numbers lie between each two edges: BINS counts, BINS + 1 edges."""

    counts: list[int]
    edges: list[float]


@dataclass(frozen=True)
class LayerStatistics:
    """A layer with weights, after one step on a batch.

    grad_norm, weight_norm: the lengths of the weights' gradient and of the weights before the step. update_ratio: the
    length of the step to that of the weights. weights, gradients, activations: their distributions; activations are what
    the activation function after the layer gave, for the scores layer the scores. dead: the share of ReLU units that gave 0
    for the whole batch (of a map: 0 everywhere); None where there is no ReLU.
    """

    name: str
    grad_norm: float
    weight_norm: float
    update_ratio: float
    weights: Histogram
    gradients: Histogram
    activations: Histogram
    dead: float | None

    def as_dict(self) -> dict[str, Any]:
        """By name, ready for JSON."""
        return asdict(self)


def layer_statistics(
    network: Network, outputs: Mapping[str, Array], grads: Mapping[str, Array], before: Mapping[str, Array]
) -> list[LayerStatistics]:
    """Statistics of each layer with weights. outputs: by layer, of one step (`Network.loss_parts(watch=)`); grads, and the
    parameters before the step: by parameter name. The network is as it is after the step."""
    found = []
    for place, layer in enumerate(network.layers):
        if layer.kind not in ("conv", "linear"):
            continue
        name = f"{layer.name}.weight"
        old = before[name]
        length, moved = _length(old), _length(network.params[name], old)
        following = network.layers[place + 1 : place + 3]
        act = next((other for other in following if other.kind == "activation"), layer)
        if layer is network.layers[-1]:
            act = layer
        out = outputs[act.name]
        dead = None
        if act.name.startswith("relu"):
            axes = (0, *range(2, out.ndim))
            dead = float(np.mean(out.max(axis=axes) <= 0))
        found.append(
            LayerStatistics(
                layer.name,
                _length(grads[name]),
                length,
                moved / length if length else 0.0,
                histogram(old),
                histogram(grads[name]),
                histogram(out),
                dead,
            )
        )
    return found


def histogram(values: Array) -> Histogram:
    """The distribution of all numbers of an array; of those that are finite, where some are not."""
    flat = values.reshape(-1)
    if not np.isfinite(flat).all():
        flat = flat[np.isfinite(flat)]
    low, high = (np.float64(edge) for edge in (flat.min(), flat.max())) if flat.size else (np.float64(0),) * 2
    if high - low < 1e-6 * max(abs(low), abs(high), 1e-30):
        # Hardly a spread: bins around it, wide enough to be told apart.
        half = 0.5 * max(abs(low), 1)
        low, high = low - half, high + half
    # Edges in float64 make NumPy count in float64, where a float32's largest and least number have a distance.
    counts, edges = np.histogram(flat, bins=BINS, range=(low, high))
    return Histogram(counts.tolist(), [float(f"{edge:.4g}") for edge in edges])


def _length(array: Array, other: Array | None = None) -> float:
    """The Euclidean length of an array, or of its difference from another: part by part, in float64.

    In float32 the squares of a training that runs away would be infinite, and the ratio of two such no number.
    """
    squares, flat = 0.0, array.reshape(-1)
    for start in range(0, flat.size, BLOCK):
        part = flat[start : start + BLOCK].astype(np.float64)
        if other is not None:
            part -= other.reshape(-1)[start : start + BLOCK]
        squares += float(part @ part)
    return math.sqrt(squares)
