"""Dropout, forward and backward.

    training:    out = x / (1 - p) where kept, else 0      dx = dout / (1 - p) where kept, else 0
    evaluation:  out = x                                   dx = dout

Each number is dropped with probability p. This is the inverted form: what is kept is scaled up in training, so evaluation
changes nothing (Srivastava et al., "Dropout", 2014; CS231n, "Neural networks 2").

x is an array of real numbers of any shape; out and dx have its shape and its dtype, or float64 where that is not a floating
one (float16 is computed in float32). What is dropped is 0, were it infinite or NaN. A backward pass takes the cache of either
version, and raises ValueError for a dout of another shape.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cnn_core.checks import Array, check_dout, drop_probability, takes_arrays, takes_dout, true_or_false
from cnn_core.machine.select import select


class DropoutCache(NamedTuple):
    """What the backward pass needs: where x was kept, what that was multiplied by, and the dtype of x."""

    kept: Array
    scale: float
    dtype: np.dtype[Any]


@takes_arrays("x")
def dropout_forward_naive(
    x: Array, *, p: float = 0.5, training: bool = True, rng: np.random.Generator | int | None = None
) -> tuple[Array, DropoutCache]:
    """Dropout in a plain loop, one draw at a time: from the same rng the mask is that of `dropout_forward`.

    Takes x of any shape, and returns out, shaped as x, and a cache.
    """
    drop_probability("p", p)
    if not true_or_false("training", training):
        return x.copy(), _all_kept(x)
    rng = _generator(rng)
    kept, out, scale = np.empty(x.shape, dtype=bool), np.empty_like(x), 1 / (1 - p)
    for index in np.ndindex(*x.shape):
        kept[index] = rng.random() >= p
        out[index] = x[index] * scale if kept[index] else 0
    return out, DropoutCache(kept, scale, x.dtype)


@takes_dout
def dropout_backward_naive(dout: Array, cache: DropoutCache) -> Array:
    """Gradient of dropout in a plain loop: what was dropped gets none, what was kept gets it scaled up alike.

    Takes dout, shaped as x, and returns dx, shaped alike.
    """
    check_dout(dout, cache.kept.shape)
    dx = np.empty(dout.shape, dtype=cache.dtype)
    for index in np.ndindex(*dout.shape):
        dx[index] = dout[index] * cache.scale if cache.kept[index] else 0
    return dx


@takes_arrays("x")
def dropout_forward(
    x: Array, *, p: float = 0.5, training: bool = True, rng: np.random.Generator | int | None = None
) -> tuple[Array, DropoutCache]:
    """Drop each number of x with probability p and scale up the others. Returns out, shaped as x, and a cache.

    p: the probability to DROP, from 0 to below 1, as in PyTorch. (In the course's exercise p is the probability to
    KEEP: its p is 1 minus this one.)
    training: False lets x through as it is (a copy).
    rng: a NumPy generator (it moves on), or a seed for a new one (the same mask each time); None draws a fresh seed.

    Raises ValueError for another p, training or rng.
    """
    drop_probability("p", p)
    if not true_or_false("training", training):
        return x.copy(), _all_kept(x)
    kept = np.asarray(_generator(rng).random(x.shape) >= p)
    cache = DropoutCache(kept, 1 / (1 - p), x.dtype)
    return _kept_and_scaled(x, cache), cache


@takes_dout
def dropout_backward(dout: Array, cache: DropoutCache) -> Array:
    """Gradient of dropout: dout where x was kept, scaled alike, else 0; dout itself (a copy) in evaluation.

    Takes dout, shaped as x, and returns dx, shaped alike.
    """
    check_dout(dout, cache.kept.shape)
    return _kept_and_scaled(dout.astype(cache.dtype, copy=False), cache)


def _kept_and_scaled(values: Array, cache: DropoutCache) -> Array:
    out = select(cache.kept, values)
    out *= cache.scale
    return out


def _all_kept(x: Array) -> DropoutCache:
    return DropoutCache(np.broadcast_to(np.True_, x.shape), 1.0, x.dtype)


def _generator(rng: object) -> np.random.Generator:
    try:
        return np.random.default_rng(rng)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(f"rng (={str(rng)[:40]}) must be a NumPy generator, a seed (0 or more) or None") from None
