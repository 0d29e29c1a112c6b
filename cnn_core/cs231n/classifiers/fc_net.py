"""cs231n.classifiers.fc_net: fully connected networks, {affine - [norm] - relu - [dropout]} x (L - 1) - affine - softmax."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, cast

import numpy as np

from cnn_core.checks import Array, not_negative, numbers, real, whole
from cnn_core.cs231n import layer_utils, layers
from cnn_core.cs231n.layer_utils import *  # a notebook that imports * from here expects the layers, too
from cnn_core.cs231n.layers import *
from cnn_core.network.spec import single_or_double

__all__ = ["FullyConnectedNet", "TwoLayerNet", *layer_utils.__all__, *layers.__all__]

Call = Callable[..., Any]
Step = tuple[Call, Any, tuple[str, ...]]
NORMALIZATIONS: dict[str, tuple[Call, Call]] = {
    "batchnorm": (layers.batchnorm_forward, layers.batchnorm_backward),
    "layernorm": (layers.layernorm_forward, layers.layernorm_backward),
}


class FullyConnectedNet:
    """A network of fully connected layers, with batch or layer norm and dropout after each hidden one where wanted.

    hidden_dims: units of each hidden layer. input_dim: numbers of an example. dropout, or dropout_keep_ratio (the name since
    2021): the probability to KEEP a number; 1 and 0 are no dropout. normalization: None, "batchnorm" or "layernorm";
    use_batchnorm=True is the former name of "batchnorm". reg: the loss holds 0.5 * reg * sum(W * W). weight_scale: standard
    deviation of the Gaussian weights, drawn from NumPy's global state. dtype: float32 or float64. seed: of each dropout.

    params: W1 (input_dim, hidden_dims[0]), b1, gamma1, beta1, W2, ...; gamma and beta where there is a norm.
    Raises ValueError for sizes below 1, a negative or not finite weight_scale or reg, another normalization, dropout or dtype.
    """

    def __init__(
        self,
        hidden_dims: Sequence[int],
        input_dim: int = 3 * 32 * 32,
        num_classes: int = 10,
        dropout: float = 1,
        normalization: str | None = None,
        reg: float = 0.0,
        weight_scale: float = 1e-2,
        dtype: Any = np.float32,
        seed: int | None = None,
        *,
        dropout_keep_ratio: float | None = None,
        use_batchnorm: bool = False,
    ) -> None:
        if not isinstance(hidden_dims, list | tuple):
            raise ValueError(f"hidden_dims (={str(hidden_dims)[:40]}) must be a list of the units of each hidden layer")
        sizes = [whole("input_dim", input_dim, 1), *(whole("hidden_dims", units, 1) for units in hidden_dims)]
        sizes.append(whole("num_classes", num_classes, 1))
        weight_scale, self.reg = not_negative("weight_scale", weight_scale), not_negative("reg", reg)
        self.normalization = "batchnorm" if use_batchnorm else normalization
        if self.normalization not in (None, *NORMALIZATIONS):
            raise ValueError(f'normalization (={normalization!r}) must be None, "batchnorm" or "layernorm"')
        name, keep = ("dropout", dropout) if dropout_keep_ratio is None else ("dropout_keep_ratio", dropout_keep_ratio)
        keep = real(name, keep, lambda p: 0 <= p <= 1, "from 0 to 1: it is the probability to keep a number")
        self.dtype = single_or_double(dtype)
        self.num_layers, self.use_dropout = len(sizes) - 1, keep not in (0, 1)
        self.params: dict[str, Array] = {}
        for number, (inputs, outputs) in enumerate(pairwise(sizes), 1):
            self.params[f"W{number}"] = np.random.normal(0, weight_scale, (inputs, outputs)).astype(self.dtype)
            self.params[f"b{number}"] = np.zeros(outputs, self.dtype)
            if self.normalization and number < self.num_layers:
                self.params[f"gamma{number}"] = np.ones(outputs, self.dtype)
                self.params[f"beta{number}"] = np.zeros(outputs, self.dtype)
        self.dropout_param: dict[str, Any] = {"p": keep, "seed": seed} if self.use_dropout else {}
        self.bn_params: list[dict[str, Any]] = [{} for _ in hidden_dims] if self.normalization else []

    def loss(self, X: Array, y: Array | None = None) -> Any:
        """Scores (N, num_classes) of X (N, ...), as in use, without y; with y (N,) the loss and its gradients by name.

        Raises ValueError for examples of another size and for other labels.
        """
        scores, tape = self._forward(numbers("X", X).astype(self.dtype), "test" if y is None else "train")
        if y is None:
            return scores
        loss, dout = layers.softmax_loss(scores, y)
        grads: dict[str, Array] = {}
        for backward, cache, names in reversed(tape):
            dout, *gradients = backward(dout, cache) if names else (backward(dout, cache),)
            grads.update(zip(names, gradients, strict=True))
        for number in range(1, self.num_layers + 1):
            w = self.params[f"W{number}"]
            loss += 0.5 * self.reg * float(np.sum(w * w))
            grads[f"W{number}"] += self.reg * w
        return loss, grads

    def _forward(self, x: Array, mode: str) -> tuple[Array, list[Step]]:
        """The scores, and of each layer its backward pass, what that needs, and the names of the parameters it has."""
        tape: list[Step] = []
        for param in (*self.bn_params, self.dropout_param):
            param["mode"] = mode

        def layer(x: Array, forward: Call, backward: Call, *names: str, param: dict[str, Any] | None = None) -> Array:
            options = () if param is None else (param,)
            out, cache = forward(x, *(self.params[name] for name in names), *options)
            tape.append((backward, cache, names))
            return cast(Array, out)

        for number in range(1, self.num_layers + 1):
            x = layer(x, layers.affine_forward, layers.affine_backward, f"W{number}", f"b{number}")
            if number == self.num_layers:
                break
            if self.normalization:
                names, param = (f"gamma{number}", f"beta{number}"), self.bn_params[number - 1]
                x = layer(x, *NORMALIZATIONS[self.normalization], *names, param=param)
            x = layer(x, layers.relu_forward, layers.relu_backward)
            if self.use_dropout:
                x = layer(x, layers.dropout_forward, layers.dropout_backward, param=self.dropout_param)
        return x, tape


class TwoLayerNet(FullyConnectedNet):
    """affine - relu - affine - softmax in float64; params W1, b1, W2, b2. Arguments and errors as in FullyConnectedNet."""

    def __init__(
        self,
        input_dim: int = 3 * 32 * 32,
        hidden_dim: int = 100,
        num_classes: int = 10,
        weight_scale: float = 1e-3,
        reg: float = 0.0,
    ) -> None:
        super().__init__([hidden_dim], input_dim, num_classes, reg=reg, weight_scale=weight_scale, dtype=np.float64)
