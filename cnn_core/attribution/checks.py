"""Is a map to be believed? Checks that need no eye: what it adds up to, what happens without its pixels, and without the weights.

Adding up: the sum of a map beside the score, which it explains in full if they are equal ("completeness", Sundararajan et al.,
2017, arXiv:1703.01365). Only methods that hand out terms of the score can.

Deletion and insertion (Petsiuk et al., 2018, arXiv:1806.07421): the pixels turn grey, the largest of the map first, and the
probability of the class should fall at once; or they come in, and it should rise at once. The area under each curve says it
in a number, 0 to 1; a random order says how much of that any order would do.

Weights made random (Adebayo et al., 2018, arXiv:1810.03292): layer by layer from the top, each in addition to those before.
A map of what the network has learned must change; one that stays is of the picture only. How alike two maps are
is Spearman's rank correlation of their sizes: 1 is the same order of pixels, 0 none in common.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from cnn_core.attribution.maps import METHODS, Method
from cnn_core.attribution.sheet import one_picture
from cnn_core.checks import Array, up_to, whole
from cnn_core.network import Network

STEPS = 16  # of a curve, at most: how often the network looks again
SEEDS = (1, 2, 3)  # of random weights
ALIKE = 0.5  # a rank correlation from here on: still the same map


@dataclass(frozen=True)
class Curve:
    """Probabilities (steps + 1,) of a class, 0 to 1, while a growing share of the pixels, shares (steps + 1,), is changed."""

    shares: Array
    probabilities: Array

    @property
    def area(self) -> float:
        """Under the curve, by trapezoids: 0 to 1."""
        return float(np.trapezoid(self.probabilities, self.shares))


def deletion(network: Network, x: Array, label: int, heat: Array) -> Curve:
    """The probability of a class as pixels turn grey (0), the largest of the map first.

    x: (1, C, H, W). heat: the map, (H, W). Raises ValueError for other shapes, and a class that does not exist.
    """
    return _curve(network, x, label, heat, gone=True)


def insertion(network: Network, x: Array, label: int, heat: Array) -> Curve:
    """The probability of a class as pixels come into a grey picture, the largest of the map first; takes what `deletion` does."""
    return _curve(network, x, label, heat, gone=False)


def random_order(x: Array, seed: int = 0) -> Array:
    """A map of noise, (H, W), to compare with: in its order pixels of x (1, C, H, W) come by chance."""
    order: Array = np.random.default_rng(whole("seed", seed, 0)).permutation(x[0, 0].size)
    return order.reshape(x.shape[2:])


def _curve(network: Network, x: Array, label: int, heat: Array, gone: bool) -> Curve:
    x, label = one_picture(network, x), up_to("label", label, 0, network.num_classes - 1)
    if heat.shape != x.shape[2:]:
        raise ValueError(f"heat (shape {heat.shape}) must have a number for each pixel of x: shape {x.shape[2:]}")
    order = np.argsort(-heat, axis=None, kind="stable")
    counts = np.unique(np.linspace(0, len(order), STEPS + 1).round().astype(int))
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order))
    changed = (rank < counts[:, None]).reshape(-1, 1, *heat.shape)  # (steps + 1, 1, H, W)
    pictures = np.where(changed == gone, x.dtype.type(0), x)
    return Curve(counts / len(order), network.probabilities(pictures)[:, label])


def rank_correlation(a: Array, b: Array) -> float:
    """Spearman's: of the ranks of two arrays of one shape, equal numbers sharing theirs; -1 to 1.

    0 where all numbers of one are equal: it orders nothing.
    """
    ranks = [_ranks(np.asarray(array).ravel()) for array in (a, b)]
    norms = [float(np.linalg.norm(rank)) for rank in ranks]
    return float(ranks[0] @ ranks[1]) / (norms[0] * norms[1]) if all(norms) else 0.0


def _ranks(numbers: Array) -> Array:
    """Ranks around their mean."""
    order = np.sort(numbers)
    ranks: Array = (np.searchsorted(order, numbers, "left") + np.searchsorted(order, numbers, "right")) / 2
    ranks -= ranks.mean()
    return ranks


def randomised(network: Network, seed: int = 0) -> Iterator[tuple[str, Network]]:
    """The network with ever more layers as if it had never learned, from the scores down to the first layer.

    Gives the name of the layer that has become random, with the norm behind it, and the network: it and all above it are
    new. seed: of new weights, drawn as those of an untrained network. The given network stays as it is.
    """
    seed = whole("seed", seed, 0)
    fresh = Network(network.spec, network.input_shape, network.num_classes, dtype=network.dtype, seed=seed)
    params, buffers = dict(network.params), dict(network.buffers)
    for layer in reversed(network.layers):
        if layer.params:
            params |= {name: fresh.params[name] for name in layer.params}
            buffers |= {name: fresh.buffers[name] for name in layer.buffers}
        if layer.kind in ("conv", "linear"):
            made = copy(fresh)
            made.params, made.buffers = dict(params), dict(buffers)
            yield layer.name, made


def after_randomising(
    network: Network, x: Array, label: int, methods: Mapping[str, Method] = METHODS, *, seeds: Sequence[int] = SEEDS
) -> dict[str, dict[str, float]]:
    """How alike a map stays to itself as weights become random, by method and by name of the last layer that became it.

    x (1, C, H, W): the picture. methods: by name, default all. seeds: of the random weights; what is said is the mean over
    them, as two maps of few spots are alike by chance now and then. Raises ValueError as the methods do.
    """
    before = {name: method(network, x, label) for name, method in methods.items()}
    found: dict[str, dict[str, list[float]]] = {name: {} for name in methods}
    for seed in seeds:
        for layer, made in randomised(network, seed):
            for name, method in methods.items():
                found[name].setdefault(layer, []).append(likeness(before[name], method(made, x, label)))
    return {name: {layer: float(np.mean(each)) for layer, each in by_layer.items()} for name, by_layer in found.items()}


def likeness(a: Array, b: Array) -> float:
    """How alike two maps (H, W) are: Spearman's rank correlation of their sizes, -1 to 1."""
    return rank_correlation(np.abs(a), np.abs(b))


def passes(by_layer: Mapping[str, float]) -> bool:
    """Whether a map depends on what was learned: it is another one once all fully connected layers are random.

    by_layer: what `after_randomising` says of it. By then nothing of the answer is left: the scores are those of no class.
    """
    return bool(by_layer["linear1"] < ALIKE)
