"""The one mechanism behind the layers of norm.py: give each set of numbers mean 0 and variance 1, then scale and shift.

    normalized = (x - mean) / sqrt(variance + eps)        out = gamma * normalized + beta

The layers differ in the sets only. The variance is the mean square distance from the mean. The plain loops go back
through the forward pass step by step; the vectorised form uses what remains when the steps are put together: with
dnormalized = gamma * dout, and means over the same sets,

    dx = (dnormalized - mean(dnormalized) - normalized * mean(dnormalized * normalized)) / sqrt(variance + eps)

(Ioffe and Szegedy, "Batch normalization", 2015, section 3, simplified; docs/math.md.) Where mean and variance were
given, they do not move with x, and dx = dnormalized / sqrt(variance + eps).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, check_dout, float_dtype

Shape = tuple[int, ...]
Given = tuple[Array, Array] | None


class Sets(NamedTuple):
    """How x falls into sets: reshaped to `view`, the numbers along `axes` are one set.

    gamma and beta have the shape `parameters`; reshaped to `scale` they fit to view (1 where one of them serves all).
    """

    view: Shape
    axes: Shape
    scale: Shape
    parameters: Shape

    @property
    def reduced(self) -> Shape:
        """The shape of one number a set: `view` with 1 along `axes`."""
        return tuple(1 if axis in self.axes else n for axis, n in enumerate(self.view))

    @property
    def size(self) -> int:
        """How many numbers a set holds."""
        return math.prod(self.view[axis] for axis in self.axes)

    def each(self) -> Iterator[tuple[int | slice, ...]]:
        """The index of each set in an array shaped as `view` or `reduced`."""
        for index in np.ndindex(*self.reduced):
            yield tuple(slice(None) if axis in self.axes else i for axis, i in enumerate(index))


class NormCache(NamedTuple):
    """What the backward pass needs. `normalized` is shaped as sets.view, `mean` and `variance` as sets.reduced.

    given: mean and variance were not taken from x. shape: that of x.
    """

    normalized: Array
    mean: Array
    variance: Array
    eps: float
    gamma: Array
    sets: Sets
    given: bool
    shape: Shape


def normalize_naive(
    x: Array, gamma: Array, beta: Array, eps: float, sets: Sets, given: Given = None
) -> tuple[Array, NormCache]:
    """The forward pass, one set at a time. given: mean and variance, one number a set each, in place of x's own."""
    _check(x, gamma, beta, eps, sets, given)
    view, scale = sets.view, sets.scale
    dtype = float_dtype(x, gamma)
    values = x.reshape(view)
    gamma_, beta_ = np.broadcast_to(gamma.reshape(scale), view), np.broadcast_to(beta.reshape(scale), view)
    mean, variance = np.empty(sets.reduced, dtype=dtype), np.empty(sets.reduced, dtype=dtype)
    normalized, out = np.empty(view, dtype=dtype), np.empty(view, dtype=dtype)
    if given is not None:
        mean[...], variance[...] = (array.reshape(sets.reduced) for array in given)
    for one in sets.each():
        if given is None:
            mean[one] = values[one].sum() / sets.size
            variance[one] = ((values[one] - mean[one]) ** 2).sum() / sets.size
        normalized[one] = (values[one] - mean[one]) / np.sqrt(variance[one] + eps)
        out[one] = gamma_[one] * normalized[one] + beta_[one]
    cache = NormCache(normalized, mean, variance, eps, gamma, sets, given is not None, x.shape)
    return out.reshape(x.shape), cache


def normalize_backward_naive(dout: Array, cache: NormCache) -> tuple[Array, Array, Array]:
    """The backward pass, one set at a time: dout, shaped as x, gives dx, dgamma, dbeta."""
    check_dout(dout, cache.shape)
    normalized, sets = cache.normalized, cache.sets
    view, scale = sets.view, sets.scale
    dout_, gamma_ = dout.reshape(view), np.broadcast_to(cache.gamma.reshape(scale), view)
    dx, dgamma, dbeta = (np.zeros(shape, dtype=normalized.dtype) for shape in (view, scale, scale))
    for one in sets.each():
        dnormalized = gamma_[one] * dout_[one]
        std = np.sqrt(cache.variance[one] + cache.eps)
        dx[one] = dnormalized / std
        if not cache.given:
            centered = normalized[one] * std
            dvariance = (dnormalized * centered).sum() * -0.5 / std**3
            dmean = -dnormalized.sum() / std
            dx[one] += dvariance * 2 * centered / sets.size + dmean / sets.size
    for index in np.ndindex(*view):
        entry = tuple(i % n for i, n in zip(index, scale, strict=True))
        dgamma[entry] += dout_[index] * normalized[index]
        dbeta[entry] += dout_[index]
    return dx.reshape(cache.shape), dgamma.reshape(sets.parameters), dbeta.reshape(sets.parameters)


def normalize(
    x: Array, gamma: Array, beta: Array, eps: float, sets: Sets, given: Given = None
) -> tuple[Array, NormCache]:
    """The forward pass, all sets at once; takes and returns the same."""
    _check(x, gamma, beta, eps, sets, given)
    view, axes, scale = sets.view, sets.axes, sets.scale
    dtype = float_dtype(x, gamma)
    values = x.reshape(view).astype(dtype, copy=False)
    if given is None:
        mean = values.mean(axes, keepdims=True)
        normalized = values - mean
        variance = np.square(normalized).mean(axes, keepdims=True)
    else:
        mean, variance = (array.reshape(sets.reduced).astype(dtype) for array in given)
        normalized = values - mean
    normalized /= np.sqrt(variance + eps)
    out = normalized * gamma.reshape(scale)
    out += beta.reshape(scale)
    cache = NormCache(normalized, mean, variance, eps, gamma, sets, given is not None, x.shape)
    return out.reshape(x.shape), cache


def normalize_backward(dout: Array, cache: NormCache) -> tuple[Array, Array, Array]:
    """The backward pass, all sets at once: dout, shaped as x, gives dx, dgamma, dbeta."""
    check_dout(dout, cache.shape)
    normalized = cache.normalized
    view, axes, scale, parameters = cache.sets
    dout = dout.reshape(view).astype(normalized.dtype, copy=False)
    shared = tuple(axis for axis, n in enumerate(scale) if n == 1)
    dgamma = (dout * normalized).sum(shared).reshape(parameters)
    dbeta = dout.sum(shared).reshape(parameters)
    dx = dout * cache.gamma.reshape(scale).astype(normalized.dtype, copy=False)
    if not cache.given:
        slope = (dx * normalized).mean(axes, keepdims=True)
        dx -= dx.mean(axes, keepdims=True)
        dx -= normalized * slope
    dx /= np.sqrt(cache.variance + cache.eps)
    return dx.reshape(cache.shape), dgamma, dbeta


def _check(x: Array, gamma: Array, beta: Array, eps: float, sets: Sets, given: Given) -> None:
    if not 0 < eps < math.inf:
        raise ValueError(f"eps (={eps}) must be a finite number above 0: it keeps the division finite")
    for name, array in (("gamma", gamma), ("beta", beta)):
        if array.shape != sets.parameters:
            raise ValueError(
                f"{name} (shape {array.shape}) must be shaped {sets.parameters} to fit x (shape {x.shape})"
            )
    if given is None and sets.size == 0:
        raise ValueError(f"x (shape {x.shape}) must not be empty: it has no mean")
