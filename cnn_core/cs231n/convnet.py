"""The three-layer network of CS231n's assignment 2: conv - relu - 2x2 max pool - affine - relu - affine - softmax."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from cnn_core.activation import relu_backward, relu_forward
from cnn_core.checks import Array, whole
from cnn_core.conv import conv2d_forward
from cnn_core.linear import linear_backward, linear_forward, product
from cnn_core.loss import LossParts, softmax, softmax_cross_entropy
from cnn_core.machine.in_place import add_scaled
from cnn_core.network.first_block import conv_pool_backward, conv_pool_forward
from cnn_core.pool import max_pool2d_forward
from cnn_core.window import Window

CHUNK = 256  # images at once where no gradient is needed: bounds the memory of a whole data set's forward pass


class FeatureMaps(NamedTuple):
    """What one forward pass computes on the way: conv, relu (N, F, H, W), pool (N, F, H // 2, W // 2), probabilities."""

    conv: Array
    relu: Array
    pool: Array
    probabilities: Array


class Layer(NamedTuple):
    """One layer as a table shows it: its output's shape for one image, and how many numbers it learns."""

    name: str
    output_shape: tuple[int, ...]
    parameters: int


class ThreeLayerConvNet:
    """conv - relu - 2x2 max pool - affine - relu - affine - softmax, with L2 on the three weights.

    input_dim: (C, H, W) of one image, H and W 2 or more. num_filters, filter_size: the convolution's, stride 1, padded
    to keep the size. hidden_dim, num_classes: the affine layers'. weight_scale: standard deviation of the Gaussian
    weights; biases start at 0. reg: the loss holds 0.5 * reg * sum(W * W). dtype: float32 or float64.
    seed: of the weights; None draws from numpy's global state, as the course does.

    params: W1 (F, C, HH, WW), b1 (F,), W2 (F * H//2 * W//2, hidden_dim), b2, W3 (hidden_dim, num_classes), b3.
    Raises ValueError for sizes below 1, a negative or not finite weight_scale or reg, another dtype.
    """

    dropout = 0.0  # it has none; a solver asks

    def __init__(
        self,
        input_dim: tuple[int, int, int] = (3, 32, 32),
        num_filters: int = 32,
        filter_size: int = 7,
        hidden_dim: int = 100,
        num_classes: int = 10,
        weight_scale: float = 1e-3,
        reg: float = 0.0,
        dtype: Any = np.float32,
        seed: int | None = None,
    ) -> None:
        channels, height, width = (whole("input_dim", size, 1) for size in input_dim)
        for name, number in (("num_filters", num_filters), ("filter_size", filter_size)):
            whole(name, number, 1)
        for name, number in (("hidden_dim", hidden_dim), ("num_classes", num_classes)):
            whole(name, number, 1)
        for name, value in (("weight_scale", weight_scale), ("reg", reg)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} (={value}) must be a finite number, 0 or more")
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype (={self.dtype}) must be float32 or float64")
        self.input_dim = (channels, height, width)
        self.reg = reg
        self.conv_options: dict[str, Any] = {"stride": 1, "padding": "same"}
        pooled_height, pooled_width = Window.of(2, 2).output_size((height, width))
        normal = np.random.normal if seed is None else np.random.default_rng(seed).normal
        shapes = {
            "W1": (num_filters, channels, filter_size, filter_size),
            "b1": (num_filters,),
            "W2": (num_filters * pooled_height * pooled_width, hidden_dim),
            "b2": (hidden_dim,),
            "W3": (hidden_dim, num_classes),
            "b3": (num_classes,),
        }
        self.params: dict[str, Array] = {
            name: (normal(0, weight_scale, shape) if name.startswith("W") else np.zeros(shape)).astype(self.dtype)
            for name, shape in shapes.items()
        }

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, from the input to the scores."""
        channels, height, width = self.input_dim
        filters, _, *size = self.params["W1"].shape
        learned = {n: self.params[f"W{n}"].size + self.params[f"b{n}"].size for n in (1, 2, 3)}
        hidden, classes = self.params["W3"].shape
        maps, pooled = (filters, height, width), (filters, *Window.of(2, 2).output_size((height, width)))
        return [
            Layer("input", (channels, height, width), 0),
            Layer(f"convolution {size[0]}×{size[1]}", maps, learned[1]),
            Layer("ReLU", maps, 0),
            Layer("max pooling 2×2", pooled, 0),
            Layer("fully connected", (hidden,), learned[2]),
            Layer("ReLU", (hidden,), 0),
            Layer("fully connected, softmax", (classes,), learned[3]),
        ]

    def loss(self, X: Array, y: Array | None = None) -> Any:
        """The course's call: scores (N, num_classes) without y; with y (N,) the pair (loss, gradients by name)."""
        if y is None:
            return self.scores(X)
        parts = self.loss_parts(X, y)
        return parts.data_loss + parts.reg_loss, parts.grads

    def loss_parts(self, x: Array, y: Array, *, into: dict[str, Array] | None = None) -> LossParts:
        """Data loss, L2 loss and all gradients for images x (N, C, H, W) with labels y (N,).

        into: arrays by parameter name, shaped as the parameters, to write the gradients to; new ones without it.
        """
        p = self.params
        grads = {name: np.empty_like(w) for name, w in p.items()} if into is None else into
        maps, cache = conv_pool_forward(self._images(x), p["W1"], p["b1"], padding="same")
        flat = maps.reshape(-1, len(x)).T  # (N, F * H//2 * W//2); the batch stays last in memory
        hidden, _ = linear_forward(flat, p["W2"], p["b2"])
        relu, relu_cache = relu_forward(hidden)
        scores, scores_cache = linear_forward(relu, p["W3"], p["b3"])
        data_loss, dscores = softmax_cross_entropy(scores, y)

        drelu, grads["W3"][...], grads["b3"][...] = linear_backward(dscores, scores_cache)
        dhidden = relu_backward(drelu, relu_cache)
        product(flat.T, dhidden, out=grads["W2"])  # linear_backward, but with the batch last, and in place
        np.sum(dhidden, axis=0, out=grads["b2"])
        dmaps = product(p["W2"], dhidden.T)
        grads["W1"][...], grads["b1"][...] = conv_pool_backward(dmaps.reshape(maps.shape), cache)

        reg_loss = 0.0
        for name in ("W1", "W2", "W3"):
            reg_loss += 0.5 * self.reg * float(np.vdot(p[name], p[name]))
            add_scaled(grads[name], self.reg, p[name])
        return LossParts(data_loss, reg_loss, grads)

    def scores(self, x: Array) -> Array:
        """Class scores (N, num_classes) for images x (N, C, H, W), in chunks."""
        p = self.params
        chunks = [np.empty((0, len(p["b3"])), dtype=self.dtype)]
        for start in range(0, len(x), CHUNK):
            maps, _ = conv_pool_forward(self._images(x[start : start + CHUNK]), p["W1"], p["b1"], padding="same")
            hidden, _ = relu_forward(linear_forward(maps.reshape(-1, maps.shape[3]).T, p["W2"], p["b2"])[0])
            chunks.append(linear_forward(hidden, p["W3"], p["b3"])[0])
        return np.concatenate(chunks)

    def accuracy(self, x: Array, y: Array) -> float:
        """Share of images x (N, C, H, W) whose largest score is their label's in y (N,)."""
        return float(np.mean(self.scores(x).argmax(axis=1) == y))

    def feature_maps(self, x: Array) -> FeatureMaps:
        """Every stage of the forward pass for images x (N, C, H, W)."""
        conv, _ = conv2d_forward(self._images(x), self.params["W1"], self.params["b1"], **self.conv_options)
        relu, _ = relu_forward(conv)
        pool, _ = max_pool2d_forward(relu, 2, stride=2)
        return FeatureMaps(conv, relu, pool, softmax(self.scores(x)))

    def first_not_finite(self, x: Array, y: Array) -> str | None:
        """The first of conv, relu, pool, softmax with a number that is not finite for images x; None if all are."""
        stages = self.feature_maps(x)._asdict()
        return next((name for name, values in stages.items() if not np.isfinite(values).all()), None)

    def _images(self, x: Array) -> Array:
        if x.shape[1:] != self.input_dim:
            raise ValueError(f"x (shape {x.shape}) must hold images of shape {self.input_dim}")
        return x.astype(self.dtype, copy=False)
