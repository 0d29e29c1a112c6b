"""cs231n.classifiers.cnn: the three-layer network, conv - relu - 2x2 max pool - affine - relu - affine - softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_core.checks import Array, up_to, whole
from cnn_core.cs231n import fast_layers, layer_utils, layers
from cnn_core.cs231n.fast_layers import *  # a notebook that imports * from here expects the layers, too
from cnn_core.cs231n.layer_utils import *
from cnn_core.cs231n.layers import *
from cnn_core.loss import LossParts
from cnn_core.network import ConvBlock, Network, NetworkSpec
from cnn_core.network.spec import MOST_KERNEL, MOST_UNITS

__all__ = ["ThreeLayerConvNet", *fast_layers.__all__, *layer_utils.__all__, *layers.__all__]

NAMES = {  # the course's names of the parameters, and the network's
    "W1": "conv1.weight",
    "b1": "conv1.bias",
    "W2": "linear1.weight",
    "b2": "linear1.bias",
    "W3": "linear2.weight",
    "b3": "linear2.bias",
}


class ThreeLayerConvNet:
    """A `network.Network` under the course's names, with L2 on the three weights.

    input_dim: (C, H, W) of one image, H and W 2 or more. num_filters, filter_size: the convolution's, stride 1, padded
    to keep the size. hidden_dim, num_classes: the affine layers'. weight_scale: standard deviation of the Gaussian
    weights; biases start at 0. reg: the loss holds 0.5 * reg * sum(W * W). dtype: float32 or float64.
    seed: of the weights, as Network draws them; None draws from NumPy's global state, as the course does.

    params: W1 (F, C, HH, WW), b1 (F,), W2 (F * H//2 * W//2, hidden_dim), b2, W3 (hidden_dim, num_classes), b3; new arrays may
    take their places, and reg another value, at any time.
    Raises ValueError for sizes out of range, a negative or not finite weight_scale or reg, another dtype.
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
        if np.shape(input_dim) != (3,):
            raise ValueError(f"input_dim (={str(input_dim)[:40]}) must be that of one image: (C, H, W)")
        channels, height, width = (whole("input_dim", size, 1) for size in input_dim)
        up_to("filter_size", filter_size, 1, MOST_KERNEL)
        up_to("hidden_dim", hidden_dim, 1, MOST_UNITS)
        block = ConvBlock(num_filters, filter_size)
        spec = NetworkSpec((block,), (hidden_dim,), weight_init="fixed", weight_scale=weight_scale)
        self._network = Network(spec, (channels, height, width), num_classes, reg=reg, dtype=dtype, seed=seed or 0)
        self.reg, self.dtype = reg, self._network.dtype
        self.params: dict[str, Array] = {name: self._network.params[its] for name, its in NAMES.items()}
        if seed is None:
            for name in ("W1", "W2", "W3"):
                drawn = np.random.normal(0, weight_scale, self.params[name].shape)
                self.params[name] = np.asarray(drawn, self.dtype)

    @property
    def network(self) -> Network:
        """The network itself, with the parameters and the reg of now: its outputs layer by layer, its exports."""
        self._network.params = {its: self.params[name] for name, its in NAMES.items()}
        self._network.reg = self.reg
        return self._network

    def loss(self, X: Array, y: Array | None = None) -> Any:
        """The course's call: scores (N, num_classes) without y; with y (N,) the pair (loss, gradients by name)."""
        if y is None:
            return self.network.scores(X)
        parts = self.loss_parts(X, y)
        return parts.data_loss + parts.reg_loss, parts.grads

    def loss_parts(self, x: Array, y: Array, *, into: dict[str, Array] | None = None) -> LossParts:
        """Data loss, L2 loss and all gradients for images x (N, C, H, W) with labels y (N,).

        into: arrays by parameter name, shaped as the parameters, to write the gradients to; new ones without it.
        """
        grads = {name: np.empty_like(w) for name, w in self.params.items()} if into is None else into
        parts = self.network.loss_parts(x, y, into={its: grads[name] for name, its in NAMES.items()})
        return parts._replace(grads=grads)

    def accuracy(self, x: Array, y: Array) -> float:
        """Share of images x (N, C, H, W) whose largest score is their label's in y (N,)."""
        return self.network.accuracy(x, y)

    def first_not_finite(self, x: Array, y: Array) -> str | None:
        """Where the first number that is not finite turns up for images x (N, C, H, W) with labels y (N,), or None."""
        return self.network.first_not_finite(x, y)
