"""The terms of a number that goes out of a layer: those of the layer's own formula (docs/math.md), with the numbers put in."""

from __future__ import annotations

import numpy as np

from cnn_core.activation import LEAK
from cnn_core.checks import Array
from cnn_core.explorer.inside import SOFTMAX, Inside, places, seen
from cnn_core.explorer.terms import At, Explanation, Factors, Known, Sum, Tensor
from cnn_core.network.blur import blur_kernel
from cnn_core.network.layers import Activation, Layer, Norm, Pool
from cnn_core.walks.norm_graph import sets_of

EPS = 1e-5  # that of the norms
ACTIVATIONS = {
    "relu": "max(0, x)",
    "leaky_relu": f"x if x > 0 else {LEAK} * x",
    "tanh": "tanh(x)",
    "sigmoid": "1 / (1 + exp(-x))",
}


def forward_terms(inside: Inside, name: str, at: At) -> Explanation:
    """What the number at this place of the layer's output is made of; name: of the layer, or "softmax"."""
    if name == SOFTMAX:
        return _softmax(inside, at)
    layer = inside.layer(name)
    if layer.kind == "conv":
        return Explanation.of_sum(_conv(inside, layer, at))
    if layer.kind == "linear":
        return Explanation.of_sum(_linear(inside, layer, at))
    if isinstance(layer, Pool):
        return Explanation.of_sum(_pool(inside, layer, at))
    if isinstance(layer, Norm):
        return _norm(inside, layer, at)
    formula = ACTIVATIONS[layer.activation] if isinstance(layer, Activation) else "x"
    out = float(inside.array(Tensor("value", name))[at])
    return Explanation.of_steps({"x": inside.known("value", inside.below(name), at)}, ("out", formula, out))


def _softmax(inside: Inside, at: At) -> Explanation:
    """Each score less the largest one, its exponential, and the sum of all of them."""
    last = inside.below(SOFTMAX)
    scores = inside.array(Tensor("value", last))
    largest = inside.known("value", last, (int(scores.argmax()),))
    with np.errstate(all="ignore"):
        powers = np.exp(scores - largest.value)
    factors = Factors("exp(score − largest)", powers, Tensor("value", last), np.arange(len(scores))[:, None])
    return Explanation.of_steps(
        {"score": inside.known("value", last, at), "largest": largest},
        ("power", "exp(score - largest)", float(powers[at])),
        ("probability", "power / total", float(inside.probabilities[at])),
        sums={"total": Sum(factors, None, np.zeros(len(scores), int), "")},
    )


def _conv(inside: Inside, layer: Layer, at: At) -> Sum:
    assert layer.window is not None
    below, name = Tensor("value", inside.below(layer.name)), f"{layer.name}.weight"
    x, (f, row, column) = inside.array(below), at
    size = x.shape[1], x.shape[2]
    cells = seen(layer.window, size)[row, column].ravel()
    weight = inside.array(Tensor("param", name))[f]
    channel = np.repeat(np.arange(len(x)), len(cells))
    values = np.where(cells < 0, 0, x.reshape(len(x), -1)[:, cells]).ravel()
    where = np.column_stack([channel, np.tile(places(cells, size), (len(x), 1))])
    entry = np.column_stack([np.full(len(channel), f), np.indices(weight.shape).reshape(3, -1).T])
    left, right = Factors("x", values, below, where), Factors("weight", weight.ravel(), Tensor("param", name), entry)
    bias = inside.known("param", f"{layer.name}.bias", (f,))
    return Sum(left, right, channel, "channel", layer.window.kernel_size, bias)


def _linear(inside: Inside, layer: Layer, at: At) -> Sum:
    below, weight = Tensor("value", inside.below(layer.name)), Tensor("param", f"{layer.name}.weight")
    x = inside.array(below)
    where = np.indices(x.shape).reshape(x.ndim, -1).T
    entry = np.column_stack([np.arange(x.size), np.full(x.size, at[0])])
    left, right = (
        Factors("x", x.ravel(), below, where),
        Factors("weight", inside.array(weight)[:, at[0]], weight, entry),
    )
    group, by = (where[:, 0], "map") if x.ndim == 3 else (np.zeros(x.size, int), "")
    return Sum(left, right, group, by, None, inside.known("param", f"{layer.name}.bias", at))


def _pool(inside: Inside, layer: Pool, at: At) -> Sum:
    assert layer.window is not None
    below = Tensor("value", inside.below(layer.name))
    x, (channel, row, column) = inside.array(below), at
    size = x.shape[1], x.shape[2]
    cells = seen(layer.window, size)[row, column].ravel()
    where = np.column_stack([np.full(len(cells), channel), places(cells, size)])
    values, group = np.where(cells < 0, 0, x[channel].ravel()[cells]), np.zeros(len(cells), int)
    left = Factors("x", values, below, where)
    cache, kernel = inside.forward.caches[layer.name], layer.window.kernel_size
    if layer.pool == "max":
        return Sum(left, None, group, "", kernel, chosen=int(cache.winner[(0, *at)]))
    if layer.pool == "blur":
        shares = blur_kernel(layer.window.stride[0]).ravel()
        return Sum(left, Factors("share", shares, below, where, fixed=True), group, "", kernel)
    return Sum(left, None, group, "", kernel, scale=1 / float(cache.divisor[row, column]))


def _norm(inside: Inside, layer: Norm, at: At) -> Explanation:
    found = NormNumbers(inside, layer, at)
    sums: dict[str, Sum] = {}
    if not found.given:
        centered = found.x_set - found.mean
        sums["mean"] = found.average("x", found.x_set)
        sums["var"] = found.average("x − mean", centered, ("x − mean", centered))
    return Explanation.of_steps(
        found.knowns | {"gamma": found.gamma, "beta": found.beta},
        ("std", "sqrt(var + eps)", found.std),
        ("normalized", "(x - mean) / std", found.normalized),
        ("out", "gamma * normalized + beta", float(inside.array(Tensor("value", layer.name))[at])),
        sums=sums,
    )


class NormNumbers:
    """What a norm knows of one of its cells: the set that the cell belongs to, its mean and variance, gamma and beta."""

    def __init__(self, inside: Inside, layer: Norm, at: At) -> None:
        self.below, name = Tensor("value", inside.below(layer.name)), layer.name
        x, cache = inside.array(self.below), inside.forward.caches[name]
        sets = sets_of(layer.norm, (1, *x.shape), layer.num_groups)
        numbers = np.arange(cache.mean.size).reshape(sets.reduced)
        set_of = np.broadcast_to(sets.meet(numbers), sets.view).reshape(x.shape)
        own = int(set_of[at])
        self.given = bool(cache.given)
        self.mean, self.var = float(cache.mean.ravel()[own]), float(cache.variance.ravel()[own])
        self.std, self.x = float(np.sqrt(self.var + EPS)), inside.known("value", self.below.name, at)
        self.cells = np.argwhere(set_of == own)
        self.x_set = x[tuple(self.cells.T)]
        entry = at if layer.norm == "layer" else at[:1]
        self.gamma = inside.known("param", f"{name}.gamma", entry)
        self.beta = inside.known("param", f"{name}.beta", entry)
        self.normalized = (self.x.value - self.mean) / self.std
        self.all_normalized = cache.centered.reshape(x.shape) / cache.std.ravel()[set_of]
        self.knowns = {"x": self.x, "eps": Known(EPS)}
        if self.given:
            self.knowns |= {what: inside.known("param", f"{name}.running_{what}", at[:1]) for what in ("mean", "var")}

    def average(self, label: str, values: Array, by: tuple[str, Array] | None = None, of: Tensor | None = None) -> Sum:
        """The mean over the cell's set: of values, or of these times others. of: where they stand; default: what goes in."""
        left = Factors(label, values, of or self.below, self.cells)
        right = None if by is None else Factors(by[0], by[1], self.below, self.cells)
        return Sum(left, right, self.cells[:, 0], "map", scale=1 / len(self.cells))
