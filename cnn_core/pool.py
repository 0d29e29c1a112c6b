"""Max and average pooling, forward and backward: the readable loops and the vectorised form.

Shapes: x (N, C, H, W), out (N, C, OH, OW). `stride` defaults to the kernel size, as in PyTorch. Padding never wins a
maximum (it counts as minus infinity, which x itself must not hold). Where several cells share a maximum, the first one,
row by row, gets the gradient. All functions raise ValueError where shapes or options do not fit, and keep the dtype of x.
The gradients are derived in docs/math.md.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, PairLike, check_dout, float_dtype
from cnn_core.machine.scratch import scratch
from cnn_core.window import PaddingLike, Window


class MaxPoolCache(NamedTuple):
    """What the backward pass needs: `winner` (N, C, OH, OW) numbers the window's cells row by row.

    `place`, shaped alike, numbers all cells of the padded x; the fast forward pass adds it where no cell has two windows.
    """

    x_shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    window: Window
    winner: Array
    place: Array | None = None


class AvgPoolCache(NamedTuple):
    """What the backward pass needs: `divisor` (OH, OW) is how many cells each mean was taken over."""

    x_shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    window: Window
    divisor: Array


def max_pool2d_forward_naive(
    x: Array,
    kernel_size: PairLike,
    *,
    stride: PairLike | None = None,
    padding: PaddingLike = 0,
    dilation: PairLike = 1,
) -> tuple[Array, MaxPoolCache]:
    """The largest number of each window, in plain loops. Returns out (N, C, OH, OW) and a cache."""
    window, padded, out = prepare_pool(x, kernel_size, stride, padding, dilation, -np.inf)
    (dh, dw), (ph, pw) = window.dilation, window.span
    winner = np.empty(out.shape, dtype=np.intp)
    for n, c in np.ndindex(*x.shape[:2]):
        for oy, ox, top, left in window.origins(_size(x)):
            seen = padded[n, c, top : top + ph : dh, left : left + pw : dw]
            winner[n, c, oy, ox] = np.argmax(seen)
            out[n, c, oy, ox] = seen.flat[winner[n, c, oy, ox]]
    return out, MaxPoolCache(x.shape, out.dtype, window, winner)


def max_pool2d_backward_naive(dout: Array, cache: MaxPoolCache) -> Array:
    """Each gradient goes to the cell that won its window; `+=`, because a cell may win several. Returns dx."""
    x_shape, dtype, window, winner, _ = cache
    check_dout(dout, winner.shape)
    dpadded = _padded_zeros(x_shape, window, dtype)
    offsets = window.offsets()
    for n, c in np.ndindex(*x_shape[:2]):
        for oy, ox, top, left in window.origins((x_shape[2], x_shape[3])):
            down, across = offsets[winner[n, c, oy, ox]]
            dpadded[n, c, top + down, left + across] += dout[n, c, oy, ox]
    return window.crop(dpadded)


def max_pool2d_forward(
    x: Array,
    kernel_size: PairLike,
    *,
    stride: PairLike | None = None,
    padding: PaddingLike = 0,
    dilation: PairLike = 1,
) -> tuple[Array, MaxPoolCache]:
    """The largest number of each window, all windows at once. Returns out (N, C, OH, OW) and a cache.

    A running maximum over the window's cells: each cell is compared for all windows in one go. NaN wins.
    """
    window, padded, out = prepare_pool(x, kernel_size, stride, padding, dilation, -np.inf)
    winner = np.zeros(out.shape, dtype=np.min_scalar_type(max(0, math.prod(window.kernel_size) - 1)))
    better, candidate = scratch("won", out.shape, bool), scratch("candidate", out.shape, winner.dtype)
    out[...] = window.tap(padded, 0, 0)
    for number, (i, j) in list(enumerate(np.ndindex(*window.kernel_size)))[1:]:
        cell = window.tap(padded, i, j)
        np.greater(cell, out, out=better)  # strictly: the first maximum stays
        np.maximum(out, cell, out=out)
        np.multiply(better, winner.dtype.type(number), out=candidate)
        np.maximum(winner, candidate, out=winner)  # the numbers only grow
    if np.isnan(out).any():  # nothing is larger than NaN: say which one was the first
        lost = np.isnan(out)
        winner[lost] = np.isnan(window.view(padded)[lost]).reshape(-1, math.prod(window.kernel_size)).argmax(axis=1)
    apart = all(step >= span for step, span in zip(window.stride, window.span, strict=True))
    return out, MaxPoolCache(x.shape, out.dtype, window, winner, _place(winner, padded, window) if apart else None)


def max_pool2d_backward(dout: Array, cache: MaxPoolCache) -> Array:
    """The gradient of max pooling: dout (N, C, OH, OW) gives dx, shaped as x."""
    x_shape, dtype, window, winner, place = cache
    check_dout(dout, winner.shape)
    dpadded = _padded_zeros(x_shape, window, dtype)
    if place is not None:
        dpadded.reshape(-1)[place] = dout
        return np.ascontiguousarray(window.crop(dpadded))
    won, share = scratch("won", winner.shape, bool), scratch("share", winner.shape, dtype)
    finite = np.isfinite(dout).all()  # else 0 * inf would be NaN where it has to be 0
    for number, (i, j) in enumerate(np.ndindex(*window.kernel_size)):
        np.equal(winner, number, out=won)
        if finite:
            np.multiply(dout, won, out=share, casting="same_kind")
        else:
            share[...] = np.where(won, dout, 0)
        cells = window.tap(dpadded, i, j)
        cells += share
    return np.ascontiguousarray(window.crop(dpadded))


def avg_pool2d_forward_naive(
    x: Array,
    kernel_size: PairLike,
    *,
    stride: PairLike | None = None,
    padding: PaddingLike = 0,
    count_include_pad: bool = True,
) -> tuple[Array, AvgPoolCache]:
    """The mean of each window, in plain loops. Returns out (N, C, OH, OW) and a cache."""
    window, padded, out = prepare_pool(x, kernel_size, stride, padding, 1, 0.0)
    divisor = _divisor(window, _size(x), count_include_pad)
    kh, kw = window.kernel_size
    for n, c in np.ndindex(*x.shape[:2]):
        for oy, ox, top, left in window.origins(_size(x)):
            out[n, c, oy, ox] = np.sum(padded[n, c, top : top + kh, left : left + kw]) / divisor[oy, ox]
    return out, AvgPoolCache(x.shape, out.dtype, window, divisor)


def avg_pool2d_backward_naive(dout: Array, cache: AvgPoolCache) -> Array:
    """Each gradient is spread evenly over the window it came from. Returns dx."""
    x_shape, dtype, window, divisor = cache
    check_dout(dout, (*x_shape[:2], *divisor.shape))
    dpadded = _padded_zeros(x_shape, window, dtype)
    kh, kw = window.kernel_size
    for n, c in np.ndindex(*x_shape[:2]):
        for oy, ox, top, left in window.origins((x_shape[2], x_shape[3])):
            dpadded[n, c, top : top + kh, left : left + kw] += dout[n, c, oy, ox] / divisor[oy, ox]
    return window.crop(dpadded)


def avg_pool2d_forward(
    x: Array,
    kernel_size: PairLike,
    *,
    stride: PairLike | None = None,
    padding: PaddingLike = 0,
    count_include_pad: bool = True,
) -> tuple[Array, AvgPoolCache]:
    """The mean of each window, all windows at once. Returns out (N, C, OH, OW) and a cache.

    count_include_pad=False leaves the padding's zeros out of the mean.
    """
    window, padded, out = prepare_pool(x, kernel_size, stride, padding, 1, 0.0)
    divisor = _divisor(window, _size(x), count_include_pad)
    out[...] = 0
    for i, j in np.ndindex(*window.kernel_size):
        out += window.tap(padded, i, j)
    out /= divisor.astype(out.dtype)
    return out, AvgPoolCache(x.shape, out.dtype, window, divisor)


def avg_pool2d_backward(dout: Array, cache: AvgPoolCache) -> Array:
    """The gradient of average pooling: dout (N, C, OH, OW) gives dx, shaped as x."""
    x_shape, dtype, window, divisor = cache
    check_dout(dout, (*x_shape[:2], *divisor.shape))
    share = (dout / divisor).astype(dtype)
    dpadded = _padded_zeros(x_shape, window, dtype)
    for i, j in np.ndindex(*window.kernel_size):
        window.tap(dpadded, i, j)[...] += share
    return np.ascontiguousarray(window.crop(dpadded))


def prepare_pool(
    x: Array,
    kernel_size: PairLike,
    stride: PairLike | None,
    padding: PaddingLike,
    dilation: PairLike,
    fill: float,
) -> tuple[Window, Array, Array]:
    """The window, the padded input and an empty output; ValueError where they do not fit together."""
    if x.ndim != 4:
        raise ValueError(f"x (shape {x.shape}) must have 4 axes: (N, C, H, W)")
    window = Window.of(kernel_size, kernel_size if stride is None else stride, padding, dilation)
    size = window.output_size(_size(x))
    window.require_real_cells(_size(x))
    dtype = float_dtype(x)
    x = x.astype(dtype, copy=False)
    return window, window.pad(x, fill) if np.any(window.padding) else x, np.empty((*x.shape[:2], *size), dtype=dtype)


def _place(winner: Array, padded: Array, window: Window) -> Array:
    """Where in padded (N, C, H', W'), read row by row, each winner (N, C, OH, OW) lies."""
    n, c, *size = padded.shape
    area = math.prod(size)
    cells = window.view(np.arange(area).reshape(size))  # (OH, OW, KH, KW)
    place: Array = cells[0, 0].ravel().take(winner)
    place += cells[:, :, 0, 0]
    place += np.arange(n * c).reshape(n, c, 1, 1) * area
    return place


def _padded_zeros(x_shape: tuple[int, ...], window: Window, dtype: np.dtype[np.generic]) -> Array:
    """Where a backward pass adds up: as x with its padding."""
    return np.zeros((*x_shape[:2], *window.padded_size((x_shape[2], x_shape[3]))), dtype=dtype)


def _divisor(window: Window, input_size: tuple[int, int], count_include_pad: bool) -> Array:
    """How many cells each mean counts: (OH, OW)."""
    inside = window.pad(np.ones(input_size), value=float(count_include_pad))
    divisor: Array = window.view(inside).sum(axis=(-2, -1))
    return divisor


def _size(x: Array) -> tuple[int, int]:
    return x.shape[-2], x.shape[-1]
