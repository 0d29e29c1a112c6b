"""Batch, layer, group and instance norm, forward and backward: one formula over different sets of numbers (norm_sets.py).

    normalized = (x - mean) / std,   std = sqrt(variance + eps)        out = gamma * normalized + beta

| layer    | mean and variance are taken over        | gamma, beta         | source                                    |
|----------|-----------------------------------------|---------------------|-------------------------------------------|
| batch    | a channel of all examples               | (C,)                | Ioffe and Szegedy, 2015, arXiv:1502.03167 |
| layer    | an example                              | (C, H, W), or (D,)  | Ba et al., 2016, arXiv:1607.06450         |
| group    | a group of channels of an example       | (C,)                | Wu and He, 2018, arXiv:1803.08494         |
| instance | a channel of an example                 | (C,)                | Ulyanov et al., 2016, arXiv:1607.08022    |

x is (N, C, H, W) or (N, D), where a feature is a channel (instance norm takes the first only). out has its shape, and the
dtype that numpy gives to x and gamma together; whole numbers are computed in float64, float16 in float32. A forward pass
returns out and a cache, which is a snapshot: what happens to x, gamma or out afterwards changes no gradient. It raises
ValueError where shapes or options do not fit, and where a mean would be taken of a single number. A backward pass takes
the cache of either version: dout, shaped as x, gives dx, dgamma, dbeta. The gradients are derived in docs/math.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, check_dout, takes_arrays, takes_dout
from cnn_core.machine.broadcast import along_rows
from cnn_core.machine.scratch import scratch
from cnn_core.machine.sums import sum_rows, wide
from cnn_core.norm_sets import (
    Sets,
    batch_sets,
    check_fit,
    check_running,
    group_sets,
    instance_sets,
    layer_sets,
    update_running,
)

FAR = 2  # standard deviations
Given = tuple[Array, Array] | None
Forward = tuple[Array, "NormCache"]


class NormCache(NamedTuple):
    """What the backward pass needs: centered = x - mean, gamma (E,), a number a set each; given: the mean was not x's own."""

    centered: Array
    gamma: Array
    mean: Array
    variance: Array
    std: Array
    sets: Sets
    given: bool


def _forward_naive(x: Array, gamma: Array, beta: Array, eps: float, sets: Sets, given: Given = None) -> Forward:
    """The formula, one set at a time, in float64. given: mean and variance of each channel, in place of x's own."""
    check_fit(x, gamma, beta, eps, sets, given is None)
    out, centered = np.empty(sets.view, x.dtype), np.empty(sets.view, x.dtype)  # (N, G, K, P)
    mean, variance = np.empty((2, *sets.reduced), wide(x.dtype))  # (N, G), of batch norm (1, C)
    if given is not None:
        mean[...], variance[...] = given
    x, shared_gamma, shared_beta = x.reshape(sets.view), sets.spread(gamma), sets.spread(beta)
    for at, one, shared in sets.each():
        if given is None:
            mean[at] = x[one].astype(mean.dtype).sum() / sets.size
            variance[at] = ((x[one] - mean[at]) ** 2).sum() / sets.size
        centered[one] = x[one] - mean[at]
        normalized = (x[one] - mean[at]) / np.sqrt(variance[at] + eps)
        out[one] = shared_gamma[shared] * normalized + shared_beta[shared]
    std = np.sqrt(variance + eps)
    return out.reshape(sets.shape), NormCache(centered, gamma.flatten(), mean, variance, std, sets, given is not None)


@takes_dout
def norm_backward_naive(dout: Array, cache: NormCache) -> tuple[Array, Array, Array]:
    """Gradients dx, dgamma, dbeta, shaped as x, gamma, beta: one set at a time, back through each step of the formula."""
    centered, std, sets = cache.centered, cache.std, cache.sets
    check_dout(dout, sets.shape)
    dout = dout.reshape(sets.view).astype(wide(cache.gamma.dtype))  # (N, G, K, P)
    dx, normalized, gamma = np.empty(sets.view, centered.dtype), np.empty_like(dout), sets.spread(cache.gamma)
    for at, one, shared in sets.each():
        dnormalized, normalized[one] = gamma[shared] * dout[one], centered[one] / std[at]
        total = dnormalized / std[at]
        if not cache.given:
            dvariance = (dnormalized * centered[one]).sum() * -0.5 / std[at] ** 3
            total += (dvariance * 2 * centered[one] - total.sum()) / sets.size  # by way of variance, and of mean
        dx[one] = total
    by_entry = len(dout), sets.entries, sets.places  # what shares an entry of gamma lies side by side
    dgamma, dbeta = ((dout * factor).reshape(by_entry).sum(axis=(0, 2)) for factor in (normalized, 1))
    return dx.reshape(sets.shape), sets.parameter(dgamma, dx.dtype), sets.parameter(dbeta, dx.dtype)


@along_rows
def _forward(x: Array, gamma: Array, beta: Array, eps: float, sets: Sets, given: Given = None) -> Forward:
    """The formula, for as many sets at once as stay in the processor's cache; takes and returns the same."""
    check_fit(x, gamma, beta, eps, sets, given is None)
    out, centered = np.empty(sets.view, x.dtype), np.empty(sets.view, x.dtype)  # (N, G, K, P)
    x, gamma, beta = x.reshape(sets.view), gamma.flatten(), sets.spread(beta)
    known = None if given is None else (given[0].astype(x.dtype)[None], given[1].astype(x.dtype)[None])  # (1, C)
    parts = sets.parts(given is None)
    found = [_part(x[part], gamma, beta, eps, sets, known, centered[part], out[part]) for part, _ in parts]
    return out.reshape(sets.shape), NormCache(centered, gamma, *sets.together(found), sets, given is not None)


def _part(
    x: Array, gamma: Array, beta: Array, eps: float, sets: Sets, known: Given, centered: Array, out: Array
) -> tuple[Array, Array, Array]:
    """A part of x, (n, G, K, P), into centered and out. Returns mean, variance, std: (n, G), of batch norm (1, C)."""
    mean = sets.mean(x) if known is None else known[0]
    np.subtract(x, sets.meet(mean), out=centered)
    variance = sets.mean(centered, centered) if known is None else known[1]
    if known is None and np.count_nonzero(np.abs(mean) > FAR * np.sqrt(variance)):
        centered -= sets.meet(sets.mean(centered))  # what rounding a mean far from 0 has left
        variance = sets.mean(centered, centered)
    std = np.sqrt(variance + eps)
    sets.scaled(centered, gamma, np.reciprocal(std), out)
    out += beta
    return mean, variance, std


@takes_dout
@along_rows
def norm_backward(dout: Array, cache: NormCache) -> tuple[Array, Array, Array]:
    """Gradients dx, dgamma, dbeta, shaped as x, gamma, beta. With dnormalized = gamma * dout, and means over the same sets,

        dx = (dnormalized - mean(dnormalized) - normalized * mean(dnormalized * normalized)) / std

    (Ioffe and Szegedy, section 3, simplified). Where mean and variance were given, dx = dnormalized / std.
    """
    gamma, sets = cache.gamma, cache.sets
    check_dout(dout, sets.shape)
    dx = np.empty(sets.view, cache.centered.dtype)  # (N, G, K, P)
    dgamma, dbeta = np.zeros((2, sets.entries), wide(dx.dtype))
    dout = dout.astype(dx.dtype, copy=False).reshape(sets.view)
    for part, each in sets.parts(not cache.given):
        centered, some, inverse = cache.centered[part], dout[part], np.reciprocal(cache.std[each])
        slopes, shifts = sets.by_entry(some, centered), sets.by_entry(some)  # (n, E)
        dgamma += sets.over_examples(slopes, inverse)
        dbeta += sum_rows(shifts)
        scaled = sets.scaled(some, gamma, inverse, dx[part])
        if not cache.given:
            slope, shift = (sets.mean_by_entry(sums, gamma) * inverse for sums in (slopes, shifts))
            away = scratch("norm", some.shape, dx.dtype)
            np.multiply(centered, sets.meet(slope * inverse * inverse), out=away)
            away += sets.meet(shift)
            scaled -= away
    return dx.reshape(sets.shape), sets.parameter(dgamma, dx.dtype), sets.parameter(dbeta, dx.dtype)


@takes_arrays("x", "gamma", also=("beta",))
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
) -> Forward:
    """Batch norm of x (N, C, H, W) or (N, C), one channel at a time; takes and returns what `batch_norm_forward` does."""
    sets, running = batch_sets(x.shape), (running_mean, running_var)
    check_running(*running, sets, momentum, training, unbiased)
    out, cache = _forward_naive(x, gamma, beta, eps, sets, None if training else running)
    if training:
        update_running(running, (cache.mean, cache.variance), sets, momentum, unbiased)
    return out, cache


@takes_arrays("x", "gamma", also=("beta",))
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
) -> Forward:
    """Batch norm of each channel over all examples. Returns out, shaped as x, and a cache.

    running_mean, running_var: (C,), floating. Training updates them in place, last of all; evaluation (training=False) uses
    them in place of the batch's own, and then dx is dout scaled.
    momentum: the share of the NEW value in them, 0 to 1, as in PyTorch. The course's is the share of the old one: its
    0.9 is 0.1 here.
    unbiased: whether running_var takes the estimate from n - 1 values (PyTorch) or from n (the course). What is
    divided by in training is always the one from n.
    Raises ValueError if training finds no value in a channel, or a single one.
    """
    sets, running = batch_sets(x.shape), (running_mean, running_var)
    check_running(*running, sets, momentum, training, unbiased)
    out, cache = _forward(x, gamma, beta, eps, sets, None if training else running)
    if training:
        update_running(running, (cache.mean, cache.variance), sets, momentum, unbiased)
    return out, cache


@takes_arrays("x", "gamma", also=("beta",))
def layer_norm_forward_naive(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> Forward:
    """Layer norm of x (N, ...), one example at a time; takes and returns what `layer_norm_forward` does."""
    return _forward_naive(x, gamma, beta, eps, layer_sets(x.shape))


@takes_arrays("x", "gamma", also=("beta",))
def layer_norm_forward(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> Forward:
    """Layer norm of each example over all axes but the first. Returns out, shaped as x, and a cache.

    x: (N, ...), any axes. gamma, beta: shaped as one example, x.shape[1:].
    """
    return _forward(x, gamma, beta, eps, layer_sets(x.shape))


@takes_arrays("x", "gamma", also=("beta",))
def group_norm_forward_naive(x: Array, num_groups: int, gamma: Array, beta: Array, *, eps: float = 1e-5) -> Forward:
    """Group norm of x (N, C, ...), one group of one example at a time; takes and returns what `group_norm_forward` does."""
    return _forward_naive(x, gamma, beta, eps, group_sets(x.shape, num_groups))


@takes_arrays("x", "gamma", also=("beta",))
def group_norm_forward(x: Array, num_groups: int, gamma: Array, beta: Array, *, eps: float = 1e-5) -> Forward:
    """Group norm: the channels of each example in num_groups equal parts. Returns out, shaped as x, and a cache.

    num_groups: 1 or more; must divide the channels. gamma, beta: (C,), one number a channel, not a group.
    """
    return _forward(x, gamma, beta, eps, group_sets(x.shape, num_groups))


@takes_arrays("x", "gamma", also=("beta",))
def instance_norm_forward_naive(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> Forward:
    """Instance norm of x (N, C, H, W), a channel of an example at a time; takes and returns what `instance_norm_forward` does."""
    return _forward_naive(x, gamma, beta, eps, instance_sets(x.shape))


@takes_arrays("x", "gamma", also=("beta",))
def instance_norm_forward(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> Forward:
    """Instance norm of x (N, C, H, W): group norm with as many groups as channels. Returns out and a cache."""
    return _forward(x, gamma, beta, eps, instance_sets(x.shape))


# The way back is the same for all: the cache knows the sets.
batch_norm_backward = layer_norm_backward = group_norm_backward = instance_norm_backward = norm_backward
batch_norm_backward_naive = layer_norm_backward_naive = norm_backward_naive
group_norm_backward_naive = instance_norm_backward_naive = norm_backward_naive
