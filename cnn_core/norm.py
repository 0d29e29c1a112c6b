"""Batch, layer, group and instance norm, forward and backward: one mechanism (normalize.py) over different sets.

    normalized = (x - mean) / sqrt(variance + eps)        out = gamma * normalized + beta

| layer    | mean and variance are taken over        | gamma, beta         | source                                    |
|----------|-----------------------------------------|---------------------|-------------------------------------------|
| batch    | a channel of all examples               | (C,)                | Ioffe and Szegedy, 2015, arXiv:1502.03167 |
| layer    | an example                              | (C, H, W), or (D,)  | Ba et al., 2016, arXiv:1607.06450         |
| group    | a group of channels of an example       | (C,)                | Wu and He, 2018, arXiv:1803.08494         |
| instance | a channel of an example                 | (C,)                | Ulyanov et al., 2016, arXiv:1607.08022    |

x is (N, C, H, W) or (N, D), where a feature is a channel (instance norm takes the first only). The gradients are
derived in docs/math.md. All functions raise ValueError where shapes or options do not fit, take eps above 0, and return
the dtype that numpy gives to x and gamma together (float32 in, float32 out). A backward pass takes the cache of either
version: dout, shaped as x, gives dx, dgamma, dbeta.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnn_core.checks import Array, whole
from cnn_core.normalize import (
    NormCache,
    Sets,
    normalize,
    normalize_backward,
    normalize_backward_naive,
    normalize_naive,
)


def batch_norm_forward_naive(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    *,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
    unbiased: bool = True,
) -> tuple[Array, NormCache]:
    """Batch norm, one channel at a time; takes and returns what `batch_norm_forward` does."""
    running = running_mean, running_var
    return _batch_norm(normalize_naive, x, gamma, beta, running, training, momentum, eps, unbiased)


def batch_norm_backward_naive(dout: Array, cache: NormCache) -> tuple[Array, Array, Array]:
    """Gradients of batch norm, one channel at a time."""
    return normalize_backward_naive(dout, cache)


def batch_norm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    *,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
    unbiased: bool = True,
) -> tuple[Array, NormCache]:
    """Batch norm of each channel over all examples. Returns out, shaped as x, and a cache.

    running_mean, running_var: (C,), floating. Training updates them in place; evaluation (training=False) uses them
    in place of the batch's own.
    momentum: the share of the NEW value in them, 0 to 1, as in PyTorch. The course's is the share of the old one: its
    0.9 is 0.1 here.
    unbiased: whether running_var takes the estimate from n - 1 values (PyTorch) or from n (the course). What is
    divided by in training is always the one from n.

    Raises ValueError if training finds no value in a channel, or a single one with unbiased=True.
    """
    running = running_mean, running_var
    return _batch_norm(normalize, x, gamma, beta, running, training, momentum, eps, unbiased)


def batch_norm_backward(dout: Array, cache: NormCache) -> tuple[Array, Array, Array]:
    """Gradients of batch norm. In evaluation mean and variance are constants: dx is dout scaled."""
    return normalize_backward(dout, cache)


def layer_norm_forward_naive(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> tuple[Array, NormCache]:
    """Layer norm, one example at a time; takes and returns what `layer_norm_forward` does."""
    return normalize_naive(x, gamma, beta, eps, _layer_sets(x))


def layer_norm_backward_naive(dout: Array, cache: NormCache) -> tuple[Array, Array, Array]:
    """Gradients of layer norm, one example at a time."""
    return normalize_backward_naive(dout, cache)


def layer_norm_forward(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> tuple[Array, NormCache]:
    """Layer norm of each example over all axes but the first. Returns out, shaped as x, and a cache.

    x: (N, ...), any axes. gamma, beta: shaped as one example, x.shape[1:].
    """
    return normalize(x, gamma, beta, eps, _layer_sets(x))


def layer_norm_backward(dout: Array, cache: NormCache) -> tuple[Array, Array, Array]:
    """Gradients of layer norm."""
    return normalize_backward(dout, cache)


def group_norm_forward_naive(
    x: Array, num_groups: int, gamma: Array, beta: Array, *, eps: float = 1e-5
) -> tuple[Array, NormCache]:
    """Group norm, one group of one example at a time; takes and returns what `group_norm_forward` does."""
    return normalize_naive(x, gamma, beta, eps, _group_sets(x, num_groups))


def group_norm_backward_naive(dout: Array, cache: NormCache) -> tuple[Array, Array, Array]:
    """Gradients of group norm, one group of one example at a time."""
    return normalize_backward_naive(dout, cache)


def group_norm_forward(
    x: Array, num_groups: int, gamma: Array, beta: Array, *, eps: float = 1e-5
) -> tuple[Array, NormCache]:
    """Group norm: the channels of each example in num_groups equal parts. Returns out, shaped as x, and a cache.

    num_groups: 1 or more; must divide the channels. gamma, beta: (C,), one number a channel, not a group.
    """
    return normalize(x, gamma, beta, eps, _group_sets(x, num_groups))


def group_norm_backward(dout: Array, cache: NormCache) -> tuple[Array, Array, Array]:
    """Gradients of group norm."""
    return normalize_backward(dout, cache)


def instance_norm_forward_naive(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> tuple[Array, NormCache]:
    """Instance norm, one channel of one example at a time; takes and returns what `instance_norm_forward` does."""
    return normalize_naive(x, gamma, beta, eps, _instance_sets(x))


def instance_norm_backward_naive(dout: Array, cache: NormCache) -> tuple[Array, Array, Array]:
    """Gradients of instance norm, one channel of one example at a time."""
    return normalize_backward_naive(dout, cache)


def instance_norm_forward(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> tuple[Array, NormCache]:
    """Instance norm of x (N, C, H, W): group norm with as many groups as channels. Returns out and a cache."""
    return normalize(x, gamma, beta, eps, _instance_sets(x))


def instance_norm_backward(dout: Array, cache: NormCache) -> tuple[Array, Array, Array]:
    """Gradients of instance norm."""
    return normalize_backward(dout, cache)


def _batch_norm(
    forward: Callable[..., tuple[Array, NormCache]],
    x: Array,
    gamma: Array,
    beta: Array,
    running: tuple[Array, Array],
    training: bool,
    momentum: float,
    eps: float,
    unbiased: bool,
) -> tuple[Array, NormCache]:
    """Batch norm by the given forward pass: in training the running statistics follow those of x."""
    _check_axes(x, x.ndim in (2, 4), "(N, D) or (N, C, H, W)")
    channels = (x.shape[1],)
    scale = (1, *channels, *(1,) * (x.ndim - 2))
    sets = Sets(x.shape, (0, *range(2, x.ndim)), scale, channels)
    for name, array in zip(("running_mean", "running_var"), running, strict=True):
        if array.shape != channels or not np.issubdtype(array.dtype, np.floating):
            raise ValueError(
                f"{name} (shape {array.shape}, {array.dtype}) must be a floating array of one number a channel: "
                f"shape {channels}"
            )
    if not 0 <= momentum <= 1:
        raise ValueError(f"momentum (={momentum}) must be from 0 to 1: the share of the new value")
    if not training:
        return forward(x, gamma, beta, eps, sets, running)
    if unbiased and sets.size == 1:
        raise ValueError(
            f"x (shape {x.shape}) must hold more than one value a channel in training: an unbiased variance divides by "
            f"n - 1; give a larger batch, training=False or unbiased=False"
        )
    out, cache = forward(x, gamma, beta, eps, sets)
    estimate = cache.variance * (sets.size / (sets.size - 1) if unbiased else 1)
    for old, new in zip(running, (cache.mean, estimate), strict=True):
        old *= 1 - momentum
        old += momentum * new.reshape(channels)
    return out, cache


def _layer_sets(x: Array) -> Sets:
    _check_axes(x, x.ndim >= 2, "(N, ...)")
    return Sets(x.shape, tuple(range(1, x.ndim)), (1, *x.shape[1:]), x.shape[1:])


def _group_sets(x: Array, num_groups: int) -> Sets:
    _check_axes(x, x.ndim in (2, 4), "(N, D) or (N, C, H, W)")
    N, C, *size = x.shape
    num_groups = whole("num_groups", num_groups, 1)
    if C % num_groups:
        raise ValueError(f"num_groups (={num_groups}) must divide the channels (={C})")
    per_group = C // num_groups
    view, scale = (N, num_groups, per_group, *size), (1, num_groups, per_group, *(1 for _ in size))
    return Sets(view, tuple(range(2, len(view))), scale, (C,))


def _instance_sets(x: Array) -> Sets:
    _check_axes(x, x.ndim == 4, "(N, C, H, W)")
    return _group_sets(x, x.shape[1])


def _check_axes(x: Array, fits: bool, axes: str) -> None:
    if not fits:
        raise ValueError(f"x (shape {x.shape}) must have the axes {axes}")
