"""Why this score? The exact answer: a score as a sum of one term for each pixel and one for each layer's bias.

A network of ReLU (or leaky ReLU), pooling, batch norm in use and linear layers is piecewise linear: as long as no ReLU opens
or shuts and no maximum gets another winner, its score is a plane over the pixels (Montufar et al., "On the number of linear
regions of deep neural networks", 2014, arXiv:1402.1869). On this picture's own piece, with nothing left over,

    score = sum over pixels of  x * slope  +  sum over layers of  bias * slope        slope = d score / d pixel, d bias

(Srinivas and Fleuret, "Full-gradient representation", 2019, arXiv:1905.00780). A pixel's slope is itself a sum, over the open
paths that lead from it to the score, of the product of all weights on the way (Balduzzi et al., "Neural Taylor
approximations", 2017, arXiv:1611.02345). A path is open if every ReLU on it is and if it wins every maximum it goes through.

Layer, group and instance norm divide by a deviation of the picture itself, which no plane does. Their mean and deviation
are taken as the fixed numbers that they are for this picture: the sum is exact, but its slopes are no gradients. With tanh
or sigmoid there is no piece that is linear: the sum then misses the score, and says by how much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.conv import conv2d_backward
from cnn_core.network import ForwardPass, Layer, Network, backward_pass, forward_pass, in_double, one_score
from cnn_core.network.blur import blur_backward
from cnn_core.network.layers import Activation, Arrays, Conv, Linear, Norm, Pool
from cnn_core.network.network import CHUNK

LINEAR = ("relu", "leaky_relu")  # activations that are straight lines but for one corner
COUNTABLE = 2.0**53  # up to here float64 holds every whole number


@dataclass(frozen=True)
class AnswerSheet:
    """The scores of one picture as sums, in float64. K: classes.

    scores (K,): what the network says. slopes, terms (K, C, H, W): of each pixel of the picture as the network sees it.
    biases: by name of the layer that adds them, (K,): of a norm, all that it adds, beta - gamma * mean / deviation.
    paths (C, H, W): how many open paths lead from a pixel to a score; to each class as many, as all end in the same layer.
    linear: whether the network is piecewise linear, so that the sum is the score. fixed: names of the norms whose mean and
    deviation, which are the picture's own, were taken as fixed numbers.
    """

    scores: Array
    slopes: Array
    terms: Array
    biases: Arrays
    paths: Array
    linear: bool
    fixed: tuple[str, ...]

    @property
    def sums(self) -> Array:
        """What the terms add up to, (K,)."""
        pixels: Array = self.terms.sum(axis=(1, 2, 3))
        return pixels + sum(self.biases.values())

    @property
    def missing(self) -> Array:
        """What the sums lack, (K,): rounding if `linear`, else what bends."""
        return self.scores - self.sums

    @property
    def counted(self) -> bool:
        """Whether `paths` are exact: from 2^53 on, float64 rounds whole numbers."""
        return bool(self.paths.max() < COUNTABLE)


def answer_sheet(network: Network, x: Array) -> AnswerSheet:
    """All scores of one picture x (1, C, H, W), normalised as the network's pictures are. Raises ValueError for other shapes."""
    double = in_double(network)
    x, classes = one_picture(double, x), double.num_classes
    scores, slopes = np.empty(classes), np.empty((classes, *x.shape[1:]))
    biases: Arrays = {}
    for piece in pieces(double, classes):  # a copy of the picture for each class: many at once
        labels = np.arange(classes)[piece]
        done = forward_pass(double, np.repeat(x, len(labels), axis=0))
        held = replace(done, caches={layer.name: _held(done.caches[layer.name], layer) for layer in double.layers})
        back = backward_pass(held, np.eye(classes)[labels])
        scores[piece], slopes[piece] = done.scores[0, labels], back.dx
        for layer in double.layers:
            added = _bias_terms(layer, back.outputs[layer.name], done.caches[layer.name], double.params)
            if added is not None:
                biases.setdefault(layer.name, np.empty(classes))[piece] = added
    kinds = {layer.activation for layer in double.layers if isinstance(layer, Activation)}
    fixed = tuple(layer.name for layer in double.layers if isinstance(layer, Norm) and layer.norm != "batch")
    return AnswerSheet(
        scores=scores,
        slopes=slopes,
        terms=x * slopes,
        biases=biases,
        paths=_open_paths(forward_pass(double, x)),
        linear=kinds <= set(LINEAR),
        fixed=fixed,
    )


def one_picture(network: Network, x: Array) -> Array:
    """x (1, C, H, W) in the network's dtype. Raises ValueError where it is another number of pictures, or they are shaped
    otherwise."""
    x = network.images(x)
    if len(x) != 1:
        raise ValueError(f"x (shape {x.shape}) must hold one picture: (1, C, H, W)")
    return x


def pieces(network: Network, count: int) -> list[slice]:
    """So many pictures in pieces that are kept at once, so that no map of a piece takes more than CHUNK bytes."""
    largest = max(math.prod(layer.shape) for layer in network.layers) * network.dtype.itemsize
    most = max(1, CHUNK // largest)
    return [slice(start, min(start + most, count)) for start in range(0, count, most)]


def _bias_terms(layer: Layer, slope: Array, cache: Any, params: Arrays) -> Array | None:
    """What the biases of a layer add to the scores that the slopes (n, ...) of its output lead to, (n,); None: it has none."""
    if isinstance(layer, Norm):
        return _added(slope * _shift(cache, params[f"{layer.name}.beta"]))
    if f"{layer.name}.bias" not in params:
        return None
    each = slope.reshape(*slope.shape[:2], -1).sum(axis=2)  # the bias of a filter is added at every place
    return _added(each * params[f"{layer.name}.bias"])


def _added(terms: Array) -> Array:
    """The sum of each class's terms: (K, ...) gives (K,)."""
    total: Array = terms.reshape(len(terms), -1).sum(axis=1)
    return total


def _held(cache: Any, layer: Layer) -> Any:
    """What a layer's backward pass needs, with a norm's mean and deviation as fixed numbers."""
    return cache._replace(given=True) if isinstance(layer, Norm) else cache


def _shift(cache: Any, beta: Array) -> Array:
    """What a norm adds to gamma / deviation * x, shaped as x: beta - gamma * mean / deviation."""
    sets = cache.sets
    mean = np.broadcast_to(sets.meet(cache.mean), sets.view)
    shift: Array = sets.spread(beta) - sets.scaled(mean, cache.gamma, 1 / cache.std, np.empty(sets.view))
    return shift.reshape(sets.shape)


def _open_paths(done: ForwardPass) -> Array:
    """How many open paths lead from each pixel to a score, (C, H, W): the way back with 1 for every factor but ReLU's 0."""
    paths = one_score(done, 0)
    for layer in reversed(done.network.layers):
        cache = done.caches[layer.name]
        match layer:
            case Conv():
                paths = conv2d_backward(paths, cache._replace(weight=np.ones_like(cache.weight)))[0]
            case Linear():
                paths = (paths @ np.ones_like(cache[1]).T).reshape(cache[0].shape)
            case Pool(pool="blur"):
                paths = blur_backward(paths, cache._replace(weight=np.ones_like(cache.weight)))
            case Pool(pool="avg"):
                paths = layer.backward(paths, cache._replace(divisor=np.ones_like(cache.divisor)), {})
            case Pool() | Activation(activation="relu"):
                paths = layer.backward(paths, cache, {})  # the winner's, and those that are not shut
            case _:
                pass  # from one number to one: a norm, an activation that never shuts
    counted: Array = paths[0]
    return counted
