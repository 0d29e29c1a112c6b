"""Leaky ReLU, tanh and sigmoid: activations besides ReLU, forward and backward, each number by itself.

    leaky ReLU:  out = x where x > 0, else LEAK * x        dx = dout, or LEAK * dout      (Maas et al., 2013)
    tanh:        out = tanh(x)                             dx = dout * (1 - out^2)
    sigmoid:     out = 1 / (1 + exp(-x))                   dx = dout * out * (1 - out)

(CS231n, "Neural networks 1".) x has any shape; out has the same. All functions return x's dtype, or float64 where that is
not a floating one. The cache is x for the leaky ReLU, and out for the others, whose slope is told by it.
"""

from __future__ import annotations

import math

import numpy as np

from cnn_core.checks import Array, check_dout, float_dtype

LEAK = 0.01  # the slope below 0: PyTorch's default


def leaky_relu_forward_naive(x: Array) -> tuple[Array, Array]:
    """Leaky ReLU in a plain loop, one number at a time. Returns out and a cache."""
    out = np.empty(x.shape, dtype=float_dtype(x))
    for index in np.ndindex(*x.shape):
        out[index] = x[index] if x[index] > 0 else LEAK * x[index]
    return out, x


def leaky_relu_backward_naive(dout: Array, cache: Array) -> Array:
    """Gradient of leaky ReLU in a plain loop. Returns dx."""
    check_dout(dout, cache.shape)
    dx = np.empty(cache.shape, dtype=float_dtype(cache))
    for index in np.ndindex(*dout.shape):
        dx[index] = dout[index] if cache[index] > 0 else LEAK * dout[index]
    return dx


def tanh_forward_naive(x: Array) -> tuple[Array, Array]:
    """The hyperbolic tangent in a plain loop. Returns out and a cache."""
    out = np.empty(x.shape, dtype=float_dtype(x))
    for index in np.ndindex(*x.shape):
        out[index] = math.tanh(x[index])
    return out, out


def tanh_backward_naive(dout: Array, cache: Array) -> Array:
    """Gradient of the hyperbolic tangent in a plain loop. Returns dx."""
    check_dout(dout, cache.shape)
    dx = np.empty_like(cache)
    for index in np.ndindex(*dout.shape):
        dx[index] = dout[index] * (1 - cache[index] ** 2)
    return dx


def sigmoid_forward_naive(x: Array) -> tuple[Array, Array]:
    """The sigmoid in a plain loop; the power is taken of what is below 0, so that it cannot overflow."""
    out = np.empty(x.shape, dtype=float_dtype(x))
    for index in np.ndindex(*x.shape):
        power = math.exp(-abs(x[index]))
        out[index] = 1 / (1 + power) if x[index] >= 0 else power / (1 + power)
    return out, out


def sigmoid_backward_naive(dout: Array, cache: Array) -> Array:
    """Gradient of the sigmoid in a plain loop. Returns dx."""
    check_dout(dout, cache.shape)
    dx = np.empty_like(cache)
    for index in np.ndindex(*dout.shape):
        dx[index] = dout[index] * cache[index] * (1 - cache[index])
    return dx


def leaky_relu_forward(x: Array) -> tuple[Array, Array]:
    """x where it is above 0, else LEAK times x. Returns out and a cache."""
    dtype = float_dtype(x)
    return np.maximum(x, np.multiply(x, LEAK, dtype=dtype), dtype=dtype), x


def leaky_relu_backward(dout: Array, cache: Array) -> Array:
    """Gradient of leaky ReLU (LEAK at 0 itself, as in PyTorch). Returns dx."""
    check_dout(dout, cache.shape)
    return np.where(cache > 0, dout, LEAK * dout).astype(float_dtype(cache), copy=False)


def tanh_forward(x: Array) -> tuple[Array, Array]:
    """The hyperbolic tangent. Returns out and a cache."""
    out: Array = np.tanh(x, dtype=float_dtype(x))
    return out, out


def tanh_backward(dout: Array, cache: Array) -> Array:
    """Gradient of the hyperbolic tangent. Returns dx."""
    check_dout(dout, cache.shape)
    dx: Array = (dout * (1 - cache * cache)).astype(cache.dtype, copy=False)
    return dx


def sigmoid_forward(x: Array) -> tuple[Array, Array]:
    """The sigmoid, by way of tanh, which cannot overflow: 1 / (1 + exp(-x)) = (1 + tanh(x / 2)) / 2."""
    out: Array = np.tanh(np.multiply(x, 0.5, dtype=float_dtype(x)))
    out += 1
    out *= 0.5
    return out, out


def sigmoid_backward(dout: Array, cache: Array) -> Array:
    """Gradient of the sigmoid. Returns dx."""
    check_dout(dout, cache.shape)
    dx: Array = (dout * cache * (1 - cache)).astype(cache.dtype, copy=False)
    return dx
