"""Layers without parameters that act on each number by itself: ReLU and dropout, forward and backward.

    relu:     out = max(x, 0)
    dropout:  out = x * mask,   mask = 0 with probability p, 1 / (1 - p) otherwise   (training)
              out = x                                                               (evaluation)

Dropout is the inverted form: what is kept is scaled up in training, so evaluation changes nothing (Srivastava et al.,
"Dropout", 2014; CS231n, "Neural networks 2"). x has any shape; out has the same. All functions return x's dtype, or
float64 where that is not a floating one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, check_dout, float_dtype


class ReluCache(NamedTuple):
    """What the backward pass needs."""

    x: Array


class DropoutCache(NamedTuple):
    """What the backward pass needs: the scaled mask, shaped as x, or None in evaluation."""

    mask: Array | None


def relu_forward_naive(x: Array) -> tuple[Array, ReluCache]:
    """ReLU in a plain loop, one number at a time. Returns out, shaped as x, and a cache."""
    out = np.empty(x.shape, dtype=float_dtype(x))
    for index in np.ndindex(*x.shape):
        out[index] = max(x[index], 0)
    return out, ReluCache(x)


def relu_backward_naive(dout: Array, cache: ReluCache) -> Array:
    """Gradient of ReLU in a plain loop: dout gives dx, shaped as x."""
    check_dout(dout, cache.x.shape)
    dx = np.zeros(dout.shape, dtype=float_dtype(cache.x))
    for index in np.ndindex(*dout.shape):
        if cache.x[index] > 0:
            dx[index] = dout[index]
    return dx


def relu_forward(x: Array) -> tuple[Array, ReluCache]:
    """The larger of x and 0, number by number. Returns out, shaped as x, and a cache."""
    return np.maximum(x, 0, dtype=float_dtype(x)), ReluCache(x)


def relu_backward(dout: Array, cache: ReluCache) -> Array:
    """Gradient of ReLU: dout where x was above 0, else 0 (at 0 itself too, as in PyTorch). Returns dx, shaped as x."""
    check_dout(dout, cache.x.shape)
    return np.multiply(dout, cache.x > 0).astype(float_dtype(cache.x), copy=False)


def dropout_forward_naive(
    x: Array, *, p: float = 0.5, training: bool = True, rng: np.random.Generator | int | None = None
) -> tuple[Array, DropoutCache]:
    """Dropout in a plain loop, one draw at a time: from the same rng the mask is that of `dropout_forward`."""
    _check_p(p)
    dtype = float_dtype(x)
    if not training:
        return x.astype(dtype), DropoutCache(None)
    rng = np.random.default_rng(rng)
    mask, out = np.empty(x.shape, dtype=dtype), np.empty(x.shape, dtype=dtype)
    for index in np.ndindex(*x.shape):
        mask[index] = 0 if rng.random() < p else 1 / (1 - p)
        out[index] = x[index] * mask[index]
    return out, DropoutCache(mask)


def dropout_backward_naive(dout: Array, cache: DropoutCache) -> Array:
    """Gradient of dropout in a plain loop: what was dropped gets none, what was kept gets it scaled up alike."""
    if cache.mask is None:
        return dout.astype(float_dtype(dout))
    check_dout(dout, cache.mask.shape)
    dx = np.empty_like(cache.mask)
    for index in np.ndindex(*dout.shape):
        dx[index] = dout[index] * cache.mask[index]
    return dx


def dropout_forward(
    x: Array, *, p: float = 0.5, training: bool = True, rng: np.random.Generator | int | None = None
) -> tuple[Array, DropoutCache]:
    """Drop each number of x with probability p and scale up the others. Returns out, shaped as x, and a cache.

    p: the probability to DROP, from 0 to below 1, as in PyTorch. (In the course's exercise p is the probability to
    KEEP: its p is 1 minus this one.)
    training: False lets x through as it is (a copy).
    rng: a NumPy generator (it moves on), or a seed for a new one (the same mask each time); None draws a fresh seed.

    Raises ValueError for other p.
    """
    _check_p(p)
    dtype = float_dtype(x)
    if not training:
        return x.astype(dtype), DropoutCache(None)
    kept = np.random.default_rng(rng).random(x.shape) >= p
    mask = np.multiply(kept, 1 / (1 - p), dtype=dtype)
    return x * mask, DropoutCache(mask)


def dropout_backward(dout: Array, cache: DropoutCache) -> Array:
    """Gradient of dropout: dout through the same mask; dout itself (a copy) in evaluation. Returns dx, shaped as x."""
    if cache.mask is None:
        return dout.astype(float_dtype(dout))
    check_dout(dout, cache.mask.shape)
    return (dout * cache.mask).astype(cache.mask.dtype, copy=False)


def _check_p(p: float) -> None:
    if not 0 <= p < 1:
        raise ValueError(f"p (={p}) must be at least 0 and below 1: it is the probability to drop a number")
