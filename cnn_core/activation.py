"""Activations, forward and backward, each number by itself: ReLU, leaky ReLU, tanh, sigmoid.

    relu:        out = 0 where x < 0, else x          dx = 0 where x <= 0, else dout
    leaky ReLU:  out = x where x > 0, else LEAK * x   dx = dout where x > 0, else LEAK * dout          (Maas et al., 2013)
    tanh:        out = tanh(x)                        dx = dout * (1 - out^2)     = dout / cosh(x)^2
    sigmoid:     out = 1 / (1 + exp(-x))              dx = dout * out * (1 - out) = dout / (exp(x) + 2 + exp(-x))

(CS231n, "Neural networks 1".) Where out is near 1 its distance from 1 has lost its digits, so the last forms are computed.

x is an array of real numbers of any shape; out and dx have its shape and its dtype, or float64 where that is not a floating
one (float16 is computed in float32). NaN, for which no comparison holds, goes through, as in PyTorch. A forward pass returns
out and a cache, which is a snapshot: what happens to x or out afterwards changes no gradient. A backward pass takes the
cache of either version, and raises ValueError for a dout of another shape.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cnn_core.checks import Array, check_dout, takes_arrays, takes_dout
from cnn_core.machine.in_place import by_blocks
from cnn_core.machine.select import select

LEAK = 0.01  # the slope below 0: PyTorch's default


class SignCache(NamedTuple):
    """What ReLU and leaky ReLU keep: where the gradient passes as it is, and the dtype of x."""

    passes: Array
    dtype: np.dtype[Any]


class TanhCache(NamedTuple):
    """What tanh keeps: cosh(x), infinite where it overflows."""

    cosh: Array


class SigmoidCache(NamedTuple):
    """What the sigmoid keeps: exp(-x), infinite where it overflows."""

    power: Array


@takes_arrays("x")
def relu_forward_naive(x: Array) -> tuple[Array, SignCache]:
    """ReLU in a plain loop, one number at a time. Returns out, shaped as x, and a cache."""
    out, passes = np.empty_like(x), np.empty(x.shape, dtype=bool)
    for index in np.ndindex(*x.shape):
        out[index] = 0 if x[index] < 0 else x[index]
        passes[index] = not x[index] <= 0
    return out, SignCache(passes, x.dtype)


@takes_dout
def relu_backward_naive(dout: Array, cache: SignCache) -> Array:
    """Gradient of ReLU in a plain loop: dout gives dx, shaped as x."""
    check_dout(dout, cache.passes.shape)
    dx = np.zeros(dout.shape, dtype=cache.dtype)
    for index in np.ndindex(*dout.shape):
        if cache.passes[index]:
            dx[index] = dout[index]
    return dx


@takes_arrays("x")
def relu_forward(x: Array) -> tuple[Array, SignCache]:
    """x, and 0 below 0. Returns out, shaped as x, and a cache."""
    out = np.zeros_like(x)
    np.maximum(out, x, out=out)  # of two equal ones the second, so that -0.0 stays -0.0 (an ARM processor makes it 0.0)
    return out, SignCache(~(out <= 0), x.dtype)


@takes_dout
def relu_backward(dout: Array, cache: SignCache) -> Array:
    """Gradient of ReLU: dout where x was above 0, else 0 (at 0 itself too, as in PyTorch). Returns dx, shaped as x."""
    check_dout(dout, cache.passes.shape)
    return select(cache.passes, dout.astype(cache.dtype, copy=False))


@takes_arrays("x")
def leaky_relu_forward_naive(x: Array) -> tuple[Array, SignCache]:
    """Leaky ReLU in a plain loop, one number at a time. Returns out, shaped as x, and a cache."""
    out, passes = np.empty_like(x), np.empty(x.shape, dtype=bool)
    for index in np.ndindex(*x.shape):
        passes[index] = x[index] > 0
        out[index] = x[index] if passes[index] else LEAK * x[index]
    return out, SignCache(passes, x.dtype)


@takes_dout
def leaky_relu_backward_naive(dout: Array, cache: SignCache) -> Array:
    """Gradient of leaky ReLU in a plain loop: dout gives dx, shaped as x."""
    check_dout(dout, cache.passes.shape)
    dx = np.empty(dout.shape, dtype=cache.dtype)
    for index in np.ndindex(*dout.shape):
        dx[index] = dout[index] if cache.passes[index] else LEAK * dout[index]
    return dx


@takes_arrays("x")
def leaky_relu_forward(x: Array) -> tuple[Array, SignCache]:
    """x, and LEAK times x below 0. Returns out, shaped as x, and a cache."""
    out, passes = np.empty_like(x), np.empty_like(x, dtype=bool)

    def block(x: Array, out: Array, passes: Array) -> None:
        np.multiply(x, LEAK, out=out)
        np.maximum(x, out, out=out)
        np.greater(x, 0, out=passes)

    by_blocks(block, x, out, passes)
    return out, SignCache(passes, x.dtype)


@takes_dout
def leaky_relu_backward(dout: Array, cache: SignCache) -> Array:
    """Gradient of leaky ReLU: dout where x was above 0, else LEAK times it (at 0 too, as in PyTorch). Returns dx,
    shaped as x.
    """
    check_dout(dout, cache.passes.shape)
    dx = np.empty(dout.shape, cache.dtype)

    def block(dout: Array, passes: Array, dx: Array) -> None:
        dx[...] = passes
        dx *= 1 - LEAK
        dx += LEAK  # the slope: LEAK, or exactly 1
        dx *= dout

    by_blocks(block, dout.astype(cache.dtype, copy=False), cache.passes, dx)
    return dx


@takes_arrays("x")
def tanh_forward_naive(x: Array) -> tuple[Array, TanhCache]:
    """The hyperbolic tangent in a plain loop. Returns out, shaped as x, and a cache."""
    out, cosh = np.empty_like(x), np.empty_like(x)
    with np.errstate(over="ignore"):
        for index in np.ndindex(*x.shape):
            out[index], cosh[index] = np.tanh(x[index]), np.cosh(x[index])
    return out, TanhCache(cosh)


@takes_dout
def tanh_backward_naive(dout: Array, cache: TanhCache) -> Array:
    """Gradient of the hyperbolic tangent in a plain loop: dout gives dx, shaped as x."""
    check_dout(dout, cache.cosh.shape)
    dx = np.empty_like(cache.cosh)
    with np.errstate(over="ignore"):
        for index in np.ndindex(*dout.shape):
            dx[index] = dout[index] / cache.cosh[index] ** 2
    return dx


@takes_arrays("x")
def tanh_forward(x: Array) -> tuple[Array, TanhCache]:
    """The hyperbolic tangent. Returns out, shaped as x, and a cache."""
    out, cosh = np.empty_like(x), np.empty_like(x)

    def block(x: Array, out: Array, cosh: Array) -> None:
        np.tanh(x, out=out)
        np.cosh(x, out=cosh)

    with np.errstate(over="ignore"):
        by_blocks(block, x, out, cosh)
    return out, TanhCache(cosh)


@takes_dout
def tanh_backward(dout: Array, cache: TanhCache) -> Array:
    """Gradient of the hyperbolic tangent. Returns dx, shaped as x."""
    check_dout(dout, cache.cosh.shape)
    dx = np.empty_like(cache.cosh)

    def block(dout: Array, cosh: Array, dx: Array) -> None:
        np.square(cosh, out=dx)
        np.divide(dout, dx, out=dx)

    with np.errstate(over="ignore"):
        by_blocks(block, dout.astype(dx.dtype, copy=False), cache.cosh, dx)
    return dx


@takes_arrays("x")
def sigmoid_forward_naive(x: Array) -> tuple[Array, SigmoidCache]:
    """The sigmoid in a plain loop. Returns out, shaped as x, and a cache."""
    out, power = np.empty_like(x), np.empty_like(x)
    with np.errstate(over="ignore"):
        for index in np.ndindex(*x.shape):
            power[index] = np.exp(-x[index])
            out[index] = 1 / (1 + power[index])
    return out, SigmoidCache(power)


@takes_dout
def sigmoid_backward_naive(dout: Array, cache: SigmoidCache) -> Array:
    """Gradient of the sigmoid in a plain loop: dout gives dx, shaped as x."""
    check_dout(dout, cache.power.shape)
    dx = np.empty_like(cache.power)
    with np.errstate(divide="ignore", over="ignore"):
        for index in np.ndindex(*dout.shape):
            dx[index] = dout[index] / (1 / cache.power[index] + 2 + cache.power[index])
    return dx


@takes_arrays("x")
def sigmoid_forward(x: Array) -> tuple[Array, SigmoidCache]:
    """The sigmoid. Returns out, shaped as x, and a cache."""
    out, power = np.empty_like(x), np.empty_like(x)

    def block(x: Array, out: Array, power: Array) -> None:
        np.exp(np.negative(x, out=power), out=power)
        np.divide(1, np.add(power, 1, out=out), out=out)

    with np.errstate(over="ignore"):
        by_blocks(block, x, out, power)
    return out, SigmoidCache(power)


@takes_dout
def sigmoid_backward(dout: Array, cache: SigmoidCache) -> Array:
    """Gradient of the sigmoid. Returns dx, shaped as x."""
    check_dout(dout, cache.power.shape)
    dx = np.empty_like(cache.power)

    def block(dout: Array, power: Array, dx: Array) -> None:
        np.divide(1, power, out=dx)
        dx += 2
        dx += power
        np.divide(dout, dx, out=dx)

    with np.errstate(divide="ignore", over="ignore"):
        by_blocks(block, dout.astype(dx.dtype, copy=False), cache.power, dx)
    return dx
