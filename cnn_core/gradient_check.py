"""Is a gradient right? Compare it with what the function does when its inputs move a little.

Two ways: entry by entry (two calls for each number; shows where it is wrong), and along one random direction
(two calls in all, whatever the size; as in HIPS/autograd's checker). Use float64: with float32 the differences drown
in rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnn_core.checks import Array


def relative_error(a: Array | float, b: Array | float) -> float:
    """The largest |a - b| / max(|a| + |b|, 1e-8) over all entries: 0 when equal, 1 or so when unrelated.

    Below 1e-7 a gradient is right; above 1e-2 it is wrong (CS231n, "Gradient checks"). 0 for empty arrays.
    """
    a, b = np.asarray(a), np.asarray(b)
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-8), initial=0.0))


def overall_error(a: Array, b: Array) -> float:
    """The largest |a - b| over the largest |a| + |b|: as `relative_error`, but entries near 0 do not magnify rounding."""
    scale = float(np.max(np.abs(a) + np.abs(b), initial=0.0))
    return float(np.max(np.abs(a - b), initial=0.0)) / scale if scale else 0.0


def numeric_gradient(f: Callable[[Array], Any], x: Array, dout: Array | float = 1.0, *, h: float = 1e-5) -> Array:
    """d(sum(f(x) * dout)) / dx, entry by entry, by central differences with step h.

    f: takes x, returns a number or an array. x: a float array; each entry is moved and put back in place.
    dout: the gradient with respect to f(x): same shape as f(x), or 1 for a number. Returns an array shaped as x.
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        before = x[index]
        x[index] = before + h
        above = np.array(f(x), copy=True)
        x[index] = before - h
        below = np.array(f(x), copy=True)
        x[index] = before
        gradient[index] = np.sum((above - below) * dout) / (2 * h)
    return gradient


def projection_error(
    f: Callable[..., Any],
    inputs: Sequence[Array],
    gradients: Sequence[Array],
    dout: Array | float = 1.0,
    *,
    h: float = 1e-5,
    seed: int = 0,
) -> float:
    """Relative error of all gradients of sum(f(*inputs) * dout) at once, along one random direction.

    f: takes the inputs, returns a number or an array. inputs, gradients: float arrays, pairwise of one shape.
    A wrong entry shows unless the direction happens to be orthogonal to the mistake.
    """
    rng = np.random.default_rng(seed)
    directions = [rng.standard_normal(x.shape) for x in inputs]
    above = f(*(x + h * d for x, d in zip(inputs, directions, strict=True)))
    below = f(*(x - h * d for x, d in zip(inputs, directions, strict=True)))
    numeric = float(np.sum((above - below) * dout)) / (2 * h)
    analytic = float(sum(np.sum(g * d) for g, d in zip(gradients, directions, strict=True)))
    # A gradient may happen to be nearly orthogonal to the direction: its length says how large the two could have been.
    length = float(np.sqrt(sum(float(np.sum(g * g)) for g in gradients)))
    return abs(numeric - analytic) / max(abs(numeric) + abs(analytic), length, 1e-8)
