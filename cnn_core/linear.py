"""The fully connected layer, forward and backward: the readable loops and the matrix product.

    out[n, m] = bias[m] + sum over d of  x[n, d] * weight[d, m]

Shapes: x (N, ...), each example read as one row of D numbers; weight (D, M), bias (M,), out (N, M). The weight is the
course's (CS231n, "affine layer"); PyTorch's `nn.Linear` stores the transpose, (M, D).

Arrays are taken as `checks.takes_arrays` says: lists too, whole numbers computed in float64, float16 in float32. Results have
the dtype that numpy gives to x and weight together (float32 in, float32 out). bias=None means no bias; its gradient is what
a bias of zeros would get. A cache is a snapshot: what happens to x, weight or out after the forward pass changes no gradient.
All functions raise ValueError where the shapes do not fit. The gradients are in docs/math.md.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, check_dout, takes_arrays, takes_dout
from cnn_core.machine.sums import wide
from cnn_core.machine.threads import share

SHARED = 1 << 23  # multiplications that are worth a thread


class LinearCache(NamedTuple):
    """What the backward pass needs: copies of both."""

    x: Array
    weight: Array


@takes_arrays("x", "weight", also=("bias",))
def linear_forward_naive(x: Array, weight: Array, bias: Array | None = None) -> tuple[Array, LinearCache]:
    """The fully connected layer in plain loops, one output number at a time.

    x (N, ...), weight (D, M), bias (M,) or None. Returns out (N, M) and a cache.
    """
    rows = _rows(x, weight, bias)
    out = np.empty((len(x), weight.shape[1]), dtype=x.dtype)
    for n, m in np.ndindex(*out.shape):
        out[n, m] = np.sum(rows[n] * weight[:, m])
        if bias is not None:
            out[n, m] += bias[m]
    return out, LinearCache(x.copy(), weight.copy())


@takes_dout
def linear_backward_naive(dout: Array, cache: LinearCache) -> tuple[Array, Array, Array]:
    """Gradients in plain loops: dout (N, M) gives dx, dweight, dbias, shaped as x, weight, bias.

    Each output number hands its gradient to its row through the weights, to its weights through the row, and to its
    bias as it is.
    """
    x, weight = cache
    check_dout(dout, (len(x), weight.shape[1]))
    rows = _rows(x, weight, None)
    drows, dweight = np.zeros_like(rows), np.zeros_like(weight)
    dbias = np.zeros(weight.shape[1], dtype=wide(weight.dtype))
    for n, m in np.ndindex(*dout.shape):
        drows[n] += dout[n, m] * weight[:, m]
        dweight[:, m] += dout[n, m] * rows[n]
        dbias[m] += dout[n, m]
    return drows.reshape(x.shape), dweight, dbias.astype(weight.dtype)


@takes_arrays("x", "weight", also=("bias",))
def linear_forward(x: Array, weight: Array, bias: Array | None = None) -> tuple[Array, LinearCache]:
    """The fully connected layer as one matrix product.

    x (N, ...), weight (D, M), bias (M,) or None. Returns out (N, M) and a cache.
    """
    out = product(_rows(x, weight, bias), weight)
    if bias is not None:
        out += bias
    return out, LinearCache(x.copy(), weight.copy())


@takes_dout
def linear_backward(dout: Array, cache: LinearCache) -> tuple[Array, Array, Array]:
    """Gradients of the fully connected layer: dout (N, M) gives dx, dweight, dbias, shaped as x, weight, bias."""
    x, weight = cache
    check_dout(dout, (len(x), weight.shape[1]))
    dout = dout.astype(weight.dtype, copy=False)
    return product(dout, weight.T).reshape(x.shape), product(_rows(x, weight, None).T, dout), bias_gradient(dout)


def bias_gradient(dout: Array) -> Array:
    """The gradient (M,) of the bias: the sum of the rows of dout (N, M), in their dtype.

    NumPy adds one row after the other, and float32 loses digits with each: it is added up in float64.
    """
    total: Array = dout.sum(axis=0, dtype=wide(dout.dtype)).astype(dout.dtype)
    return total


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


def _rows(x: Array, weight: Array, bias: Array | None) -> Array:
    """x (N, ...) as rows (N, D); ValueError where the shapes do not fit together."""
    if x.ndim < 2:
        raise ValueError(f"x (shape {x.shape}) must have 2 axes or more: (N, ...)")
    if weight.ndim != 2:
        raise ValueError(f"weight (shape {weight.shape}) must have 2 axes: (D, M)")
    size = math.prod(x.shape[1:])
    if len(weight) != size:
        raise ValueError(f"weight (shape {weight.shape}) must have {size} rows: each example of x has as many numbers")
    if bias is not None and bias.shape != weight.shape[1:]:
        raise ValueError(f"bias (shape {bias.shape}) must hold one number for each output: shape {weight.shape[1:]}")
    return x.reshape(len(x), size)
