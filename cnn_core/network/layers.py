"""The layers of a network: what each makes of its input, and of the gradient that comes back, in terms of cnn_core.

A layer knows its parameters by name but does not own them: the network hands them in. `forward(x, arrays, mode)` returns
the output and what `backward(dout, cache, grads)` needs; that returns dx and writes the parameters' gradients into `grads`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnn_core.activation import (
    leaky_relu_backward,
    leaky_relu_forward,
    relu_backward,
    relu_forward,
    sigmoid_backward,
    sigmoid_forward,
    tanh_backward,
    tanh_forward,
)
from cnn_core.checks import Array
from cnn_core.conv import conv2d_backward, conv2d_forward
from cnn_core.dropout import dropout_backward, dropout_forward
from cnn_core.linear import bias_gradient, product
from cnn_core.network.blur import blur_backward, blur_forward
from cnn_core.network.first_block import conv_pool_backward, conv_pool_forward
from cnn_core.norm import (
    batch_norm_forward,
    group_norm_forward,
    instance_norm_forward,
    layer_norm_forward,
    norm_backward,
)
from cnn_core.pool import avg_pool2d_backward, avg_pool2d_forward, max_pool2d_backward, max_pool2d_forward
from cnn_core.window import Window

Arrays = dict[str, Array]
Shape = tuple[int, ...]


Forward = Callable[[Array], tuple[Array, Any]]
Backward = Callable[[Array, Any], Array]
ACTIVATIONS: dict[str, tuple[Forward, Backward, str]] = {
    "relu": (relu_forward, relu_backward, "ReLU"),
    "leaky_relu": (leaky_relu_forward, leaky_relu_backward, "leaky ReLU"),
    "tanh": (tanh_forward, tanh_backward, "tanh"),
    "sigmoid": (sigmoid_forward, sigmoid_backward, "sigmoid"),
}

POOLED: dict[str, Backward] = {"max": max_pool2d_backward, "avg": avg_pool2d_backward, "blur": blur_backward}


@dataclass(frozen=True)
class Mode:
    """How a forward pass is made. training: batch norm and dropout act; dropout: its probability; rng: for its luck."""

    training: bool = False
    dropout: float = 0.0
    rng: np.random.Generator | None = None


@dataclass(frozen=True)
class Layer:
    """One layer. kind: conv, norm, activation, pool, linear, dropout. shape: of its output for one image.

    params, buffers: shapes of what it learns and of what it keeps, by full name. window: of a convolution or pooling.
    """

    name: str
    kind: str
    shape: Shape
    description: str
    window: Window | None = None
    params: dict[str, Shape] = field(default_factory=dict)
    buffers: dict[str, Shape] = field(default_factory=dict)

    def forward(self, x: Array, arrays: Arrays, mode: Mode) -> tuple[Array, Any]:
        """The output for x (N, ...), and a cache."""
        raise NotImplementedError

    def backward(self, dout: Array, cache: Any, grads: Arrays) -> Array:
        """dx; the parameters' gradients are written into `grads`."""
        raise NotImplementedError


@dataclass(frozen=True)
class Conv(Layer):
    """Convolution. input_gradient: whether it computes dx; in a training nobody needs that of the first layer."""

    input_gradient: bool = True

    def forward(self, x: Array, arrays: Arrays, mode: Mode) -> tuple[Array, Any]:
        assert self.window is not None
        weight, bias = arrays[f"{self.name}.weight"], arrays[f"{self.name}.bias"]
        return conv2d_forward(x, weight, bias, stride=self.window.stride, padding=self.window.padding)

    def backward(self, dout: Array, cache: Any, grads: Arrays) -> Array:
        dx, dweight, dbias = conv2d_backward(dout, cache, input_gradient=self.input_gradient)
        grads[f"{self.name}.weight"][...], grads[f"{self.name}.bias"][...] = dweight, dbias
        return dx


@dataclass(frozen=True)
class Norm(Layer):
    """Batch, layer, group or instance norm."""

    norm: str = "batch"
    num_groups: int = 1

    def forward(self, x: Array, arrays: Arrays, mode: Mode) -> tuple[Array, Any]:
        gamma, beta = arrays[f"{self.name}.gamma"], arrays[f"{self.name}.beta"]
        if self.norm == "batch":
            running = arrays[f"{self.name}.running_mean"], arrays[f"{self.name}.running_var"]
            return batch_norm_forward(x, gamma, beta, *running, training=mode.training)
        if self.norm == "layer":
            return layer_norm_forward(x, gamma, beta)
        if self.norm == "group":
            return group_norm_forward(x, self.num_groups, gamma, beta)
        return instance_norm_forward(x, gamma, beta)

    def backward(self, dout: Array, cache: Any, grads: Arrays) -> Array:
        dx, dgamma, dbeta = norm_backward(dout, cache)
        grads[f"{self.name}.gamma"][...], grads[f"{self.name}.beta"][...] = dgamma, dbeta
        return dx


@dataclass(frozen=True)
class Activation(Layer):
    """ReLU and its relatives."""

    activation: str = "relu"

    def forward(self, x: Array, arrays: Arrays, mode: Mode) -> tuple[Array, Any]:
        return ACTIVATIONS[self.activation][0](x)

    def backward(self, dout: Array, cache: Any, grads: Arrays) -> Array:
        return ACTIVATIONS[self.activation][1](dout, cache)


@dataclass(frozen=True)
class Pool(Layer):
    """Max or average pooling, or a blur: a weighted average whose weights are fixed."""

    pool: str = "max"

    def forward(self, x: Array, arrays: Arrays, mode: Mode) -> tuple[Array, Any]:
        assert self.window is not None
        if self.pool == "blur":
            return blur_forward(x, self.window.stride[0])
        pool = max_pool2d_forward if self.pool == "max" else avg_pool2d_forward
        return pool(x, self.window.kernel_size, stride=self.window.stride)

    def backward(self, dout: Array, cache: Any, grads: Arrays) -> Array:
        return POOLED[self.pool](dout, cache)


class FirstBlock(Layer):
    """Convolution, ReLU and 2x2 max pooling in one go (first_block.py), where no gradient of the input is needed.

    Its output is shaped as that of the three layers, but the batch lies last in memory.
    """

    def forward(self, x: Array, arrays: Arrays, mode: Mode) -> tuple[Array, Any]:
        assert self.window is not None
        weight, bias = arrays[f"{self.name}.weight"], arrays[f"{self.name}.bias"]
        maps, cache = conv_pool_forward(x, weight, bias, padding=self.window.padding)
        return maps.transpose(3, 0, 1, 2), cache

    def backward(self, dout: Array, cache: Any, grads: Arrays) -> Array:
        dweight, dbias = conv_pool_backward(dout.transpose(1, 2, 3, 0), cache)
        grads[f"{self.name}.weight"][...], grads[f"{self.name}.bias"][...] = dweight, dbias
        return np.empty(0, dout.dtype)


class Linear(Layer):
    """A fully connected layer; maps are taken as one long row of numbers each."""

    def forward(self, x: Array, arrays: Arrays, mode: Mode) -> tuple[Array, Any]:
        # `linear_forward`, but without a snapshot: the network changes neither x nor weight before the backward pass.
        weight = arrays[f"{self.name}.weight"]
        return product(x.reshape(len(x), len(weight)), weight) + arrays[f"{self.name}.bias"], (x, weight)

    def backward(self, dout: Array, cache: Any, grads: Arrays) -> Array:
        # `linear_backward`, but in place, and with dx lying in memory as x does: the batch last after a fused first block.
        x, weight = cache
        rows = x.reshape(len(x), len(weight))
        product(rows.T, dout, out=grads[f"{self.name}.weight"])
        grads[f"{self.name}.bias"][...] = bias_gradient(dout)
        dx = product(dout, weight.T) if x.flags.c_contiguous else product(weight, dout.T).T
        return dx.reshape(x.shape)


class Dropout(Layer):
    """Dropout with the probability of the mode; where nothing is dropped, what comes in goes on as it is."""

    def forward(self, x: Array, arrays: Arrays, mode: Mode) -> tuple[Array, Any]:
        if not (mode.training and mode.dropout > 0):
            return x, None
        return dropout_forward(x, p=mode.dropout, rng=mode.rng)

    def backward(self, dout: Array, cache: Any, grads: Arrays) -> Array:
        return dout if cache is None else dropout_backward(dout, cache)
