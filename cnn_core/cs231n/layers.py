"""cs231n.layers: each layer of the course's assignment 2 forward and backward, and its two losses.

x, w, b, gamma, beta and dout are arrays (or lists) of real numbers. What the core refuses is refused here in the same words: a
ValueError that names the argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnn_core import activation, conv, dropout, linear, loss, norm, pool
from cnn_core.checks import Array, computed_in, float_dtype, labels, numbers, real, takes_arrays, whole

Forward = tuple[Array, Any]
Three = tuple[Array, Array, Array]
Param = Mapping[str, Any]

__all__ = [
    "affine_backward",
    "affine_forward",
    "batchnorm_backward",
    "batchnorm_backward_alt",
    "batchnorm_forward",
    "conv_backward_naive",
    "conv_forward_naive",
    "dropout_backward",
    "dropout_forward",
    "layernorm_backward",
    "layernorm_forward",
    "max_pool_backward_naive",
    "max_pool_forward_naive",
    "relu_backward",
    "relu_forward",
    "softmax_loss",
    "spatial_batchnorm_backward",
    "spatial_batchnorm_forward",
    "spatial_groupnorm_backward",
    "spatial_groupnorm_forward",
    "svm_loss",
]

# Where the course's call is the core's, letter by letter.
affine_backward = linear.linear_backward
relu_forward, relu_backward = activation.relu_forward, activation.relu_backward
conv_backward_naive, max_pool_backward_naive = conv.conv2d_backward_naive, pool.max_pool2d_backward_naive
batchnorm_backward = batchnorm_backward_alt = spatial_batchnorm_backward = norm.batch_norm_backward
layernorm_backward, dropout_backward = norm.layer_norm_backward, dropout.dropout_backward


def affine_forward(x: Array, w: Array, b: Array | None) -> Forward:
    """The fully connected layer: x (N, ...), w (D, M), b (M,), out (N, M)."""
    return linear.linear_forward(x, w, b)


def softmax_loss(x: Array, y: Array) -> tuple[float, Array]:
    """Mean softmax cross-entropy of scores x (N, C) with labels y (N,), and its gradient dx (N, C)."""
    return loss.softmax_cross_entropy(x, y)


@takes_arrays("x")
def svm_loss(x: Array, y: Array) -> tuple[float, Array]:
    """Mean multiclass hinge loss of scores x (N, C) with labels y (N,), and its gradient dx (N, C).

    An example's loss is the sum over the wrong classes j of max(0, x[j] - x[y] + 1) (CS231n, "Linear classification").
    Raises ValueError for scores of other axes or without a row, and for other labels.
    """
    if x.ndim != 2 or not len(x):
        raise ValueError(f"x (shape {x.shape}) must have 2 axes, (N, C), and one row or more")
    y, rows = labels("y", y, *x.shape), np.arange(len(x))
    margins = x - x[rows, y][:, None] + 1
    margins[rows, y] = 0
    dx = (margins > 0).astype(x.dtype)
    dx[rows, y] = -dx.sum(axis=1)
    return float(np.maximum(margins, 0).sum() / len(x)), dx / len(x)


def conv_forward_naive(x: Array, w: Array, b: Array | None, conv_param: Param) -> Forward:
    """Convolution in loops: x (N, C, H, W), w (F, C, HH, WW), b (F,), out (N, F, H', W'). conv_param: stride, pad."""
    return conv.conv2d_forward_naive(x, w, b, **conv_options(conv_param))


def max_pool_forward_naive(x: Array, pool_param: Param) -> Forward:
    """Max pooling in loops: x (N, C, H, W), out (N, C, H', W'). pool_param: pool_height, pool_width, stride."""
    return pool.max_pool2d_forward_naive(x, **pool_options(pool_param))


def batchnorm_forward(x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any]) -> Forward:
    """Batch norm of x (N, D). bn_param: mode ("train" or "test"), eps, momentum, running_mean, running_var (D,).

    momentum (0.9) is the share of the OLD value in the running statistics (the core's and PyTorch's: of the new), and
    running_var takes the variance of n, not n - 1, values. Both start as zeros; bn_param gets new arrays at each call.
    """
    training = _training("bn_param", bn_param)
    x, momentum, eps = numbers("x", x), bn_param.get("momentum", 0.9), bn_param.get("eps", 1e-5)
    if x.ndim < 2:
        raise ValueError(f"x (shape {x.shape}) must have 2 axes, (N, D)")
    momentum = real("momentum", momentum, lambda share: 0 <= share <= 1, "from 0 to 1: the share of the old value")
    zeros = np.zeros(x.shape[1], dtype=float_dtype(x))
    given = {name: numbers(name, bn_param.get(name, zeros)) for name in ("running_mean", "running_var")}
    running = {name: np.array(array, computed_in(float_dtype(array))) for name, array in given.items()}
    out, cache = norm.batch_norm_forward(
        x, gamma, beta, **running, training=training, momentum=1 - momentum, eps=eps, unbiased=False
    )
    bn_param.update(running)
    return out, cache


def spatial_batchnorm_forward(x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any]) -> Forward:
    """Batch norm of x (N, C, H, W), each channel over all examples and places. bn_param: as in `batchnorm_forward`."""
    return batchnorm_forward(x, gamma, beta, bn_param)


def layernorm_forward(x: Array, gamma: Array, beta: Array, ln_param: Param | None) -> Forward:
    """Layer norm of x (N, D), each example by itself. ln_param: eps (1e-5); None is as {}."""
    return norm.layer_norm_forward(x, gamma, beta, eps=_given("ln_param", ln_param).get("eps", 1e-5))


def spatial_groupnorm_forward(x: Array, gamma: Array, beta: Array, G: int, gn_param: Param | None) -> Forward:
    """Group norm of x (N, C, H, W) in G groups of channels. gamma, beta: (1, C, 1, 1). gn_param: eps (1e-5); None is as {}."""
    gamma, beta, eps = numbers("gamma", gamma), numbers("beta", beta), _given("gn_param", gn_param).get("eps", 1e-5)
    out, cache = norm.group_norm_forward(x, G, gamma.ravel(), beta.ravel(), eps=eps)
    return out, (cache, gamma.shape)


def spatial_groupnorm_backward(dout: Array, cache: Any) -> Three:
    """Gradients of group norm: dx, dgamma, dbeta, the last two shaped (1, C, 1, 1) as gamma is."""
    if not isinstance(cache, tuple) or len(cache) != 2:
        raise ValueError(f"cache ({type(cache).__name__}) must be the one that spatial_groupnorm_forward returned")
    norm_cache, shape = cache
    dx, dgamma, dbeta = norm.group_norm_backward(dout, norm_cache)
    return dx, dgamma.reshape(shape), dbeta.reshape(shape)


@takes_arrays("x")
def dropout_forward(x: Array, dropout_param: Param) -> Forward:
    """Inverted dropout of x, of any shape. dropout_param: mode ("train" or "test"), p, seed.

    p is the probability to KEEP a number (the core's and PyTorch's: to drop it): kept is where a number drawn from
    NumPy's global state is below p. A seed sets that state anew at each call, as the course does, so the mask is the same
    each time. Raises ValueError for another mode or p.
    """
    p, training = _option("dropout_param", dropout_param, "p"), _training("dropout_param", dropout_param)
    p = real("p", p, lambda p: 0 < p <= 1, "above 0 and at most 1: it is the probability to keep a number")
    if dropout_param.get("seed") is not None:
        np.random.seed(whole("seed", dropout_param["seed"], 0))
    kept = np.asarray(np.random.random_sample(x.shape) < p) if training else np.ones(x.shape, bool)
    cache = dropout.DropoutCache(kept, 1 / p if training else 1, x.dtype)
    return dropout.dropout_backward(x, cache), cache  # what becomes of x becomes of the gradient


def conv_options(conv_param: Param) -> dict[str, Any]:
    """The core's arguments for the course's conv_param. Raises ValueError where one is missing."""
    return {name: _option("conv_param", conv_param, key) for name, key in (("stride", "stride"), ("padding", "pad"))}


def pool_options(pool_param: Param) -> dict[str, Any]:
    """The core's arguments for the course's pool_param. Raises ValueError where one is missing."""
    height, width, stride = (_option("pool_param", pool_param, key) for key in ("pool_height", "pool_width", "stride"))
    return {"kernel_size": (height, width), "stride": stride}


def _given(param_name: str, param: Param | None) -> Param:
    """Settings by name; None is none."""
    if param is not None and not isinstance(param, Mapping):
        raise ValueError(f"{param_name} (={str(param)[:40]}) must be a dict of settings, or None for the defaults")
    return {} if param is None else param


def _option(param_name: str, param: Param, key: str) -> Any:
    if not isinstance(param, Mapping) or key not in param:
        raise ValueError(f"{param_name} (={str(param)[:80]}) must be a dict with the key {key!r}")
    return param[key]


def _training(param_name: str, param: Param) -> bool:
    mode = _option(param_name, param, "mode")
    if mode not in ("train", "test"):
        raise ValueError(f'{param_name}["mode"] (={mode!r}) must be "train" or "test"')
    return bool(mode == "train")
