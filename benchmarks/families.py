"""Families of layers and random combinations of their options: benchmarks/scan.py times them, tests/fuzz compares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import cnn_core as cc
from benchmarks import drawing
from benchmarks.drawing import Drawn, Rng, Sizes
from cnn_core.checks import Array
from cnn_core.speed import vectorized

Layer = tuple[Callable[..., Any], Callable[..., Any]]  # forward and backward


@dataclass(frozen=True)
class Combination:
    """One layer with its arguments: `positional` in their order, the arrays among them, and `options` by name."""

    family: str
    positional: Mapping[str, Any]
    options: Mapping[str, Any]

    def __str__(self) -> str:
        shown = {
            name: value.shape if isinstance(value, np.ndarray) else value for name, value in self.positional.items()
        }
        return f"{self.family} " + " ".join(f"{name}={value}" for name, value in {**shown, **self.options}.items())

    def forward(self, who: str) -> tuple[Any, Any]:
        """Output and cache. who: loops, plain or fast, where the family has it."""
        out, cache = FAMILIES[self.family].versions[who][0](*self.positional.values(), **self.options)
        return out, cache

    def backward(self, who: str, dout: Array, cache: Any) -> list[Array]:
        """The gradients."""
        gradients = FAMILIES[self.family].versions[who][1](dout, cache)
        return list(gradients) if isinstance(gradients, tuple) else [gradients]

    def run(self, who: str, seed: int) -> list[Array]:
        """Output and gradients; the gradient from above is drawn from the seed."""
        out, cache = self.forward(who)
        return [out, *self.backward(who, draw_dout(out, seed), cache)]


def draw_dout(out: Array, seed: int) -> Array:
    """A gradient from above for this output: whole numbers, so that sums are exact where the layer's are."""
    dout: Array = np.random.default_rng(seed).integers(-3, 4, out.shape).astype(out.dtype)
    return dout


class Family(NamedTuple):
    """draw: a random combination's arguments; versions: loops, plain (whole arrays, nothing else) and fast."""

    draw: Callable[[Rng, Sizes], Drawn]
    versions: dict[str, Layer]


def draw(family: str, seed: int, sizes: Sizes, dtype: str = "float64") -> Combination:
    """The combination of this number."""
    rng = np.random.default_rng([seed, *family.encode()])
    positional, options = FAMILIES[family].draw(rng, sizes)
    for name, value in positional.items():
        if isinstance(value, np.ndarray):
            positional[name] = value.astype(dtype)
    return Combination(family, positional, options)


def _with_running(layer: Layer) -> Layer:
    """Batch norm, with the running statistics it leaves behind beside its gradients; those given are not changed."""

    def forward(x: Array, gamma: Array, beta: Array, mean: Array, var: Array, **options: Any) -> tuple[Array, Any]:
        running = mean.copy(), var.copy()
        out, cache = layer[0](x, gamma, beta, *running, **options)
        return out, (cache, running)

    def backward(dout: Array, cache: Any) -> tuple[Array, ...]:
        return (*layer[1](dout, cache[0]), *cache[1])

    return forward, backward


def _as_layer(loss: Callable[..., tuple[float, Array]]) -> Layer:
    """A loss with its gradient at once, as a layer whose output is the loss."""

    def forward(scores: Array, y: Array) -> tuple[Array, Array]:
        value, dscores = loss(scores, y.astype(int))
        return np.array(value), dscores

    return forward, lambda dout, dscores: dscores


def _both(name: str) -> dict[str, Layer]:
    """The loops and the fast version of a layer of the core."""
    found = {who: f"{name}_{{}}{ending}" for who, ending in (("loops", "_naive"), ("fast", ""))}
    return {who: (getattr(cc, n.format("forward")), getattr(cc, n.format("backward"))) for who, n in found.items()}


CONV_PLAIN = vectorized.conv2d_forward_vectorized, vectorized.conv2d_backward_vectorized
POOL_PLAIN = vectorized.max_pool2d_forward_vectorized, vectorized.max_pool2d_backward_vectorized
FAMILIES = {
    "conv2d": Family(drawing.conv, _both("conv2d") | {"plain": CONV_PLAIN}),
    "depthwise_conv2d": Family(drawing.depthwise, _both("conv2d") | {"plain": CONV_PLAIN}),
    "conv_transpose2d": Family(drawing.conv_transpose, _both("conv_transpose2d")),
    "max_pool2d": Family(drawing.max_pool, _both("max_pool2d") | {"plain": POOL_PLAIN}),
    "avg_pool2d": Family(drawing.avg_pool, _both("avg_pool2d")),
    "linear": Family(drawing.linear, _both("linear")),
    "batch_norm": Family(drawing.batch_norm, {who: _with_running(layer) for who, layer in _both("batch_norm").items()}),
    "layer_norm": Family(drawing.layer_norm, _both("layer_norm")),
    "group_norm": Family(drawing.group_norm, _both("group_norm")),
    "instance_norm": Family(drawing.instance_norm, _both("instance_norm")),
    **{name: Family(drawing.activation, _both(name)) for name in ("relu", "leaky_relu", "tanh", "sigmoid")},
    "dropout": Family(drawing.dropout, _both("dropout")),
    "softmax_cross_entropy": Family(
        drawing.softmax,
        {"loops": _as_layer(cc.softmax_cross_entropy_naive), "fast": _as_layer(cc.softmax_cross_entropy)},
    ),
}
# Of small whole numbers these give whole numbers, or products of them, whatever the order of adding.
EXACT = {"conv2d", "depthwise_conv2d", "conv_transpose2d", "max_pool2d", "linear", "relu", "leaky_relu"}
