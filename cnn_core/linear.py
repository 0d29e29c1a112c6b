"""The fully connected layer, forward and backward: the readable loops and the matrix product.

    out[n, m] = bias[m] + sum over d of  x[n, d] * weight[d, m]

Shapes: x (N, ...), each example read as one row of D numbers; weight (D, M), bias (M,), out (N, M). The weight is the
course's (CS231n, "affine layer"); PyTorch's `nn.Linear` stores the transpose, (M, D).

All functions raise ValueError where the shapes do not fit, and return the dtype that numpy gives to x and weight
together (float32 in, float32 out). The gradients are in docs/math.md.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, check_dout, float_dtype
from cnn_core.machine.threads import share

SHARED = 1 << 23  # multiplications that are worth a thread


class LinearCache(NamedTuple):
    """What the backward pass needs."""

    x: Array
    weight: Array


def linear_forward_naive(x: Array, weight: Array, bias: Array) -> tuple[Array, LinearCache]:
    """The fully connected layer in plain loops, one output number at a time. Returns out (N, M) and a cache."""
    _check(x, weight, bias)
    rows = _rows(x)
    out = np.empty((len(x), len(bias)), dtype=float_dtype(x, weight))
    for n in range(len(x)):
        for m in range(len(bias)):
            out[n, m] = np.sum(rows[n] * weight[:, m]) + bias[m]
    return out, LinearCache(x, weight)


def linear_backward_naive(dout: Array, cache: LinearCache) -> tuple[Array, Array, Array]:
    """Gradients in plain loops: dout (N, M) gives dx, dweight, dbias, shaped as x, weight, bias.

    Each output number hands its gradient to its row through the weights, to its weights through the row, and to its
    bias as it is.
    """
    x, weight = cache
    check_dout(dout, (len(cache.x), cache.weight.shape[1]))
    rows, dtype = _rows(x), float_dtype(x, weight)
    drows = np.zeros(rows.shape, dtype=dtype)
    dweight = np.zeros(weight.shape, dtype=dtype)
    dbias = np.zeros(weight.shape[1], dtype=dtype)
    for n, m in np.ndindex(*dout.shape):
        drows[n] += dout[n, m] * weight[:, m]
        dweight[:, m] += dout[n, m] * rows[n]
        dbias[m] += dout[n, m]
    return drows.reshape(x.shape), dweight, dbias


def linear_forward(x: Array, weight: Array, bias: Array) -> tuple[Array, LinearCache]:
    """The fully connected layer as one matrix product. Returns out (N, M) and a cache."""
    _check(x, weight, bias)
    out = product(_rows(x), weight) + bias
    return out.astype(float_dtype(x, weight), copy=False), LinearCache(x, weight)


def linear_backward(dout: Array, cache: LinearCache) -> tuple[Array, Array, Array]:
    """Gradients of the fully connected layer: dout (N, M) gives dx, dweight, dbias, shaped as x, weight, bias."""
    x, weight = cache
    check_dout(dout, (len(cache.x), cache.weight.shape[1]))
    dtype = float_dtype(x, weight)
    dx = product(dout, weight.T).reshape(x.shape).astype(dtype, copy=False)
    dweight = product(_rows(x).T, dout).astype(dtype, copy=False)
    return dx, dweight, dout.sum(axis=0).astype(dtype, copy=False)


def product(a: Array, b: Array, *, out: Array | None = None) -> Array:
    """a @ b for a (N, K) and b (K, M), into `out` (N, M) where it is given; large ones are shared by the threads."""
    (n, k), m = a.shape, b.shape[1]
    made = np.empty((n, m), np.result_type(a, b)) if out is None else out
    by_rows = n >= m

    def some(part: slice) -> None:
        if by_rows:
            np.matmul(a[part], b, out=made[part])
        else:
            np.matmul(a, b[:, part], out=made[:, part])

    share(some, max(n, m), SHARED // max(1, k * min(n, m)))
    return made


def _rows(x: Array) -> Array:
    """(N, ...) -> (N, D)."""
    return x.reshape(len(x), math.prod(x.shape[1:]))


def _check(x: Array, weight: Array, bias: Array) -> None:
    if x.ndim < 2:
        raise ValueError(f"x (shape {x.shape}) must have 2 axes or more: (N, ...)")
    if weight.ndim != 2:
        raise ValueError(f"weight (shape {weight.shape}) must have 2 axes: (D, M)")
    size = math.prod(x.shape[1:])
    if len(weight) != size:
        raise ValueError(f"weight (shape {weight.shape}) must have {size} rows: each example of x has as many numbers")
    if bias.shape != weight.shape[1:]:
        raise ValueError(f"bias (shape {bias.shape}) must hold one number for each output: shape {weight.shape[1:]}")
