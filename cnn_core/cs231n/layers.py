"""The layers of the course's assignment 2, and `install`, which lets its notebooks find them."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnn_core import activation, conv, linear, loss, norm, pool
from cnn_core.checks import Array, float_dtype
from cnn_core.cs231n.convnet import ThreeLayerConvNet
from cnn_core.cs231n.data import get_CIFAR10_data, visualize_grid
from cnn_core.cs231n.solver import Solver, adam, rmsprop, sgd, sgd_momentum
from cnn_core.gradient_check import numeric_gradient, relative_error

Forward = tuple[Array, Any]
Three = tuple[Array, Array, Array]
Param = Mapping[str, Any]

# What `from cs231n.layers import *` (or of any other of the modules) brings into a notebook.
__all__ = [
    "Solver", "ThreeLayerConvNet", "adam", "affine_backward", "affine_forward", "affine_relu_backward",
    "affine_relu_forward", "batchnorm_backward", "batchnorm_backward_alt", "batchnorm_forward", "conv_backward_fast",
    "conv_backward_naive", "conv_bn_relu_backward", "conv_bn_relu_forward", "conv_forward_fast", "conv_forward_naive",
    "conv_relu_backward", "conv_relu_forward", "conv_relu_pool_backward", "conv_relu_pool_forward",
    "dropout_backward", "dropout_forward", "eval_numerical_gradient", "eval_numerical_gradient_array",
    "get_CIFAR10_data", "layernorm_backward", "layernorm_forward", "max_pool_backward_fast", "max_pool_backward_naive",
    "max_pool_forward_fast", "max_pool_forward_naive", "rel_error", "relu_backward", "relu_forward", "rmsprop", "sgd",
    "sgd_momentum", "softmax_loss", "spatial_batchnorm_backward", "spatial_batchnorm_forward",
    "spatial_groupnorm_backward", "spatial_groupnorm_forward", "visualize_grid",
]  # fmt: skip

PACKAGES = ("cs231n", "cs231n.classifiers")
MODULES = (
    *(f"cs231n.{name}" for name in ("layers", "fast_layers", "layer_utils", "solver", "optim", "gradient_check")),
    *(f"cs231n.{name}" for name in ("data_utils", "vis_utils")),
    *(f"cs231n.classifiers.{name}" for name in ("cnn", "fc_net")),
)

# Where the course's call is the core's, letter by letter.
affine_backward = linear.linear_backward
relu_forward, relu_backward = activation.relu_forward, activation.relu_backward
conv_backward_naive, conv_backward_fast = conv.conv2d_backward_naive, conv.conv2d_backward
max_pool_backward_naive, max_pool_backward_fast = pool.max_pool2d_backward_naive, pool.max_pool2d_backward
batchnorm_backward = batchnorm_backward_alt = spatial_batchnorm_backward = norm.batch_norm_backward
layernorm_backward = norm.layer_norm_backward
dropout_backward = activation.dropout_backward
rel_error = relative_error


def affine_forward(x: Array, w: Array, b: Array) -> Forward:
    """The fully connected layer: x (N, ...), w (D, M), b (M,), out (N, M)."""
    return linear.linear_forward(x, w, b)


def softmax_loss(x: Array, y: Array) -> tuple[float, Array]:
    """Mean softmax cross-entropy of scores x (N, C) with labels y (N,), and its gradient dx."""
    return loss.softmax_cross_entropy(x, y)


def conv_forward_naive(x: Array, w: Array, b: Array, conv_param: Param) -> Forward:
    """Convolution in loops: x (N, C, H, W), w (F, C, HH, WW), b (F,). conv_param: stride, pad."""
    return conv.conv2d_forward_naive(x, w, b, **_conv_options(conv_param))


def conv_forward_fast(x: Array, w: Array, b: Array, conv_param: Param) -> Forward:
    """Convolution as matrix products; takes and returns what `conv_forward_naive` does."""
    return conv.conv2d_forward(x, w, b, **_conv_options(conv_param))


def max_pool_forward_naive(x: Array, pool_param: Param) -> Forward:
    """Max pooling in loops: x (N, C, H, W). pool_param: pool_height, pool_width, stride."""
    return pool.max_pool2d_forward_naive(x, **_pool_options(pool_param))


def max_pool_forward_fast(x: Array, pool_param: Param) -> Forward:
    """Max pooling, all windows at once; takes and returns what `max_pool_forward_naive` does."""
    return pool.max_pool2d_forward(x, **_pool_options(pool_param))


def batchnorm_forward(x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any]) -> Forward:
    """Batch norm of x (N, D). bn_param: mode ("train" or "test"), eps, momentum, running_mean, running_var (D,).

    momentum (0.9) is the share of the OLD value in the running statistics (the core's and PyTorch's: of the new), and
    running_var takes the variance of n, not n - 1, values. Both start as zeros; bn_param gets new arrays at each call.
    """
    momentum = bn_param.get("momentum", 0.9)
    if not 0 <= momentum <= 1:
        raise ValueError(f"momentum (={momentum}) must be from 0 to 1: the share of the old value")
    zeros = np.zeros(x.shape[1], dtype=float_dtype(x))
    running = {name: np.array(bn_param.get(name, zeros)) for name in ("running_mean", "running_var")}
    eps, training = bn_param.get("eps", 1e-5), _training("bn_param", bn_param)
    out, cache = norm.batch_norm_forward(
        x, gamma, beta, **running, training=training, momentum=1 - momentum, eps=eps, unbiased=False
    )
    bn_param.update(running)
    return out, cache


def spatial_batchnorm_forward(x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any]) -> Forward:
    """Batch norm of x (N, C, H, W), each channel over all examples and places. bn_param: as in `batchnorm_forward`."""
    return batchnorm_forward(x, gamma, beta, bn_param)


def layernorm_forward(x: Array, gamma: Array, beta: Array, ln_param: Param) -> Forward:
    """Layer norm of x (N, D), each example by itself. ln_param: eps."""
    return norm.layer_norm_forward(x, gamma, beta, eps=ln_param.get("eps", 1e-5))


def spatial_groupnorm_forward(x: Array, gamma: Array, beta: Array, G: int, gn_param: Param) -> Forward:
    """Group norm of x (N, C, H, W) in G groups of channels. gamma, beta: (1, C, 1, 1). gn_param: eps."""
    out, cache = norm.group_norm_forward(x, G, gamma.ravel(), beta.ravel(), eps=gn_param.get("eps", 1e-5))
    return out, (cache, gamma.shape)


def spatial_groupnorm_backward(dout: Array, cache: Any) -> Three:
    """Gradients of group norm: dx, dgamma, dbeta, the last two shaped (1, C, 1, 1) as gamma is."""
    norm_cache, shape = cache
    dx, dgamma, dbeta = norm.group_norm_backward(dout, norm_cache)
    return dx, dgamma.reshape(shape), dbeta.reshape(shape)


def dropout_forward(x: Array, dropout_param: Param) -> Forward:
    """Inverted dropout. dropout_param: mode ("train" or "test"), p, seed.

    p is the probability to KEEP a number (the core's and PyTorch's: to drop it). seed makes the mask the same each
    time; without one it is drawn from numpy's global state.
    """
    p, training = _option("dropout_param", dropout_param, "p"), _training("dropout_param", dropout_param)
    if not 0 < p <= 1:
        raise ValueError(f"p (={p}) must be above 0 and at most 1: it is the probability to keep a number")
    seed = dropout_param.get("seed")
    rng = seed if seed is not None or not training else np.random.randint(2**31)
    return activation.dropout_forward(x, p=1 - p, training=training, rng=rng)


def affine_relu_forward(x: Array, w: Array, b: Array) -> Forward:
    """affine - relu."""
    a, fc_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, (fc_cache, relu_cache)


def affine_relu_backward(dout: Array, cache: Any) -> Three:
    """Gradients of affine - relu: dx, dw, db."""
    fc_cache, relu_cache = cache
    return affine_backward(relu_backward(dout, relu_cache), fc_cache)


def conv_relu_forward(x: Array, w: Array, b: Array, conv_param: Param) -> Forward:
    """conv - relu."""
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    out, relu_cache = relu_forward(a)
    return out, (conv_cache, relu_cache)


def conv_relu_backward(dout: Array, cache: Any) -> Three:
    """Gradients of conv - relu: dx, dw, db."""
    conv_cache, relu_cache = cache
    return conv_backward_fast(relu_backward(dout, relu_cache), conv_cache)


def conv_relu_pool_forward(x: Array, w: Array, b: Array, conv_param: Param, pool_param: Param) -> Forward:
    """conv - relu - max pool."""
    a, conv_relu_cache = conv_relu_forward(x, w, b, conv_param)
    out, pool_cache = max_pool_forward_fast(a, pool_param)
    return out, (conv_relu_cache, pool_cache)


def conv_relu_pool_backward(dout: Array, cache: Any) -> Three:
    """Gradients of conv - relu - max pool: dx, dw, db."""
    conv_relu_cache, pool_cache = cache
    return conv_relu_backward(max_pool_backward_fast(dout, pool_cache), conv_relu_cache)


def conv_bn_relu_forward(
    x: Array, w: Array, b: Array, gamma: Array, beta: Array, conv_param: Param, bn_param: dict[str, Any]
) -> Forward:
    """conv - spatial batch norm - relu."""
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    normalized, bn_cache = spatial_batchnorm_forward(a, gamma, beta, bn_param)
    out, relu_cache = relu_forward(normalized)
    return out, (conv_cache, bn_cache, relu_cache)


def conv_bn_relu_backward(dout: Array, cache: Any) -> tuple[Array, ...]:
    """Gradients of conv - spatial batch norm - relu: dx, dw, db, dgamma, dbeta."""
    conv_cache, bn_cache, relu_cache = cache
    da, dgamma, dbeta = spatial_batchnorm_backward(relu_backward(dout, relu_cache), bn_cache)
    return *conv_backward_fast(da, conv_cache), dgamma, dbeta


def eval_numerical_gradient(f: Callable[[Array], Any], x: Array, verbose: bool = True, h: float = 1e-5) -> Array:
    """Numeric gradient of the number f(x), by central differences. verbose prints it, entry by entry."""
    gradient = numeric_gradient(f, x, h=h)
    if verbose:
        for index in np.ndindex(*x.shape):
            print(index, gradient[index])
    return gradient


def eval_numerical_gradient_array(f: Callable[[Array], Array], x: Array, df: Array, h: float = 1e-5) -> Array:
    """Numeric gradient of sum(f(x) * df): what a backward pass should make of df."""
    return numeric_gradient(f, x, df, h=h)


def install() -> None:
    """Let `import cs231n` and its modules find this one. Raises ImportError where another cs231n package is there."""
    here = sys.modules[__name__]
    if getattr(sys.modules.get("cs231n"), "layers", None) is here:
        return
    loaded, found = sys.modules.get("cs231n"), None if "cs231n" in sys.modules else importlib.util.find_spec("cs231n")
    # A plain folder of that name (the course's data, say) has no file of its own: it is not the course's code.
    other = getattr(loaded, "__file__", None) or getattr(found, "origin", None)
    if other:
        raise ImportError(
            f"cs231n (={other}) must not be replaced: it is another package of that name; use it as it is, import from "
            f"cnn_core.cs231n, or start Python where that package cannot be found"
        )
    for name in PACKAGES:
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
        sys.modules[name] = importlib.util.module_from_spec(spec)
    for name in (*PACKAGES[1:], *MODULES):
        module = sys.modules.setdefault(name, here)
        parent, _, last = name.rpartition(".")
        setattr(sys.modules[parent], last, module)


def _option(param_name: str, param: Param, key: str) -> Any:
    if key not in param:
        raise ValueError(f"{param_name} (={dict(param)}) must have the key {key!r}")
    return param[key]


def _training(param_name: str, param: Param) -> bool:
    mode = _option(param_name, param, "mode")
    if mode not in ("train", "test"):
        raise ValueError(f'{param_name}["mode"] (={mode!r}) must be "train" or "test"')
    return bool(mode == "train")


def _conv_options(conv_param: Param) -> dict[str, Any]:
    return {name: _option("conv_param", conv_param, key) for name, key in (("stride", "stride"), ("padding", "pad"))}


def _pool_options(pool_param: Param) -> dict[str, Any]:
    height, width, stride = (_option("pool_param", pool_param, key) for key in ("pool_height", "pool_width", "stride"))
    return {"kernel_size": (height, width), "stride": stride}
