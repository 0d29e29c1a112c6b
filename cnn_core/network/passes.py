"""One forward and one backward pass through a network with everything kept: what each layer gives, and each gradient.

A training keeps only what it needs; who looks into a network wants every number. Both passes are made as in use: batch norm
takes its running statistics, so that a picture's numbers do not depend on others, and nothing is dropped. That makes the
network one fixed function of the picture, and the gradients those of this function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cnn_core.checks import Array, check_dout, numbers, one_of
from cnn_core.network.layers import Arrays, Conv, Layer, Mode
from cnn_core.network.network import Network

Rule = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class ForwardPass:
    """What a network made of pictures. x: (N, C, H, W). outputs: by layer, in order, (N, ...) each; the last are the scores.

    caches: by layer, what its backward pass needs.
    """

    network: Network
    x: Array
    outputs: Arrays
    caches: dict[str, Any]

    @property
    def scores(self) -> Array:
        """Class scores (N, num_classes)."""
        return self.outputs[self.network.layers[-1].name]

    def input_of(self, name: str) -> Array:
        """What goes into the layer of this name: the pictures, or the output of the layer below it."""
        names = [layer.name for layer in self.network.layers]
        place = names.index(name)
        return self.outputs[names[place - 1]] if place else self.x


@dataclass(frozen=True)
class BackwardPass:
    """Gradients of one number, a loss or a score. outputs: by layer, the gradient of what goes out of it, (N, ...).

    dx: that of the pictures, (N, C, H, W). params: by name, summed over the pictures, without L2.
    """

    outputs: Arrays
    dx: Array
    params: Arrays


def in_double(network: Network) -> Network:
    """The same network in float64: every float32 weight is a float64 number, so no weight changes, and sums round less."""
    shape, classes = network.input_shape, network.num_classes
    double = Network(network.spec, shape, classes, reg=network.reg, dtype=np.float64)
    double.params = {name: w.astype(np.float64) for name, w in network.params.items()}
    double.buffers = {name: b.astype(np.float64) for name, b in network.buffers.items()}
    return double


def forward_pass(network: Network, x: Array) -> ForwardPass:
    """What every layer makes of pictures x (N, C, H, W), as in use. Raises ValueError for other shapes."""
    x = out = network.images(x)
    arrays, outputs, caches = {**network.params, **network.buffers}, {}, {}
    for layer in network.layers:
        out, caches[layer.name] = layer.forward(out, arrays, Mode())
        outputs[layer.name] = out
    return ForwardPass(network, x, outputs, caches)


def backward_pass(
    done: ForwardPass, dout: Array, *, at: str | None = None, rules: Mapping[str, Rule] | None = None
) -> BackwardPass:
    """The way back to the pixels from dout, the gradient of the scores (N, num_classes).

    at: dout is the gradient of this layer's output instead, shaped as that; layers above it have no part. rules: by kind
    of layer ("activation", say), a function of the gradient of the layer's output and of its input that gives another one for
    its input: no gradient any more, but what guided backpropagation and its like hand down. Default none.
    Raises ValueError where dout is not shaped as that output, and for a layer that is not there.
    """
    names = [layer.name for layer in done.network.layers]
    one_of("at", at or names[-1], names)
    layers = done.network.layers[: 1 + names.index(at or names[-1])]
    gradient = numbers("dout", dout).astype(done.network.dtype)
    check_dout(gradient, done.outputs[layers[-1].name].shape)
    shapes = {name: shape for layer in layers for name, shape in layer.params.items()}
    params = {name: np.empty(shape, done.network.dtype) for name, shape in shapes.items()}
    outputs: Arrays = {}
    for layer in reversed(layers):
        outputs[layer.name] = gradient
        below = _whole(layer).backward(gradient, done.caches[layer.name], params)
        rule = (rules or {}).get(layer.kind)
        gradient = below if rule is None else rule(gradient, below)
    return BackwardPass({layer.name: outputs[layer.name] for layer in layers}, gradient, params)


def one_score(done: ForwardPass, label: int) -> Array:
    """dscores (N, num_classes) that leads back from the score of one class: 1 there, 0 elsewhere."""
    dscores = np.zeros_like(done.scores)
    dscores[:, label] = 1
    return dscores


def _whole(layer: Layer) -> Layer:
    """The layer with its input's gradient, which a training leaves out where nobody needs it."""
    return replace(layer, input_gradient=True) if isinstance(layer, Conv) else layer
