"""Max and average pooling, forward and backward: the readable loops and the vectorised form.

Shapes: x (N, C, H, W), out (N, C, OH, OW). `stride` defaults to the kernel size, as in PyTorch; stride, padding and dilation
are taken as `Window.of` does. Padding never wins a maximum, not even over minus infinity. Where several cells share a maximum,
the first one, row by row, gets the gradient; NaN wins over all numbers, and of several the last one, as in PyTorch.

Arrays are taken as `checks.takes_arrays` says: lists too, whole numbers computed in float64, float16 in float32. Results have
the dtype of x. A cache holds nothing of x or out: what happens to them after the forward pass changes no gradient.
All functions raise ValueError where shapes or options do not fit. The gradients are derived in docs/math.md.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, Pair, PairLike, check_dout, takes_arrays, takes_dout, true_or_false
from cnn_core.machine.maxima import maxima, place
from cnn_core.machine.means import spread, window_sums
from cnn_core.window import PaddingLike, Window


class MaxPoolCache(NamedTuple):
    """What the backward pass needs: `winner` (N, C, OH, OW) numbers the window's cells row by row.

    `place`, shaped alike, numbers all cells of x; the fast forward pass adds it.
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


@takes_arrays("x")
def max_pool2d_forward_naive(
    x: Array,
    kernel_size: PairLike,
    *,
    stride: PairLike | None = None,
    padding: PaddingLike = 0,
    dilation: PairLike = 1,
) -> tuple[Array, MaxPoolCache]:
    """The largest number of each window, in plain loops, one cell after the other. Returns out (N, C, OH, OW) and a cache."""
    window = pool_window(x, kernel_size, stride, padding, dilation)
    (above, _), (before, _) = window.padding
    out = np.empty((*x.shape[:2], *window.output_size(_size(x))), dtype=x.dtype)
    winner = np.full(out.shape, -1)
    offsets = window.offsets().tolist()
    for n, c in np.ndindex(*x.shape[:2]):
        for oy, ox, top, left in window.origins(_size(x)):
            where = n, c, oy, ox
            for number, (i, j) in enumerate(offsets):
                row, column = top + i - above, left + j - before
                if not (0 <= row < x.shape[2] and 0 <= column < x.shape[3]):
                    continue  # padding
                value = x[n, c, row, column]
                if winner[where] < 0 or value > out[where] or np.isnan(value):
                    out[where], winner[where] = value, number
    return out, MaxPoolCache(x.shape, x.dtype, window, winner)


@takes_dout
def max_pool2d_backward_naive(dout: Array, cache: MaxPoolCache) -> Array:
    """Each gradient goes to the cell that won its window; `+=`, because a cell may win several.

    dout (N, C, OH, OW) gives dx, shaped as x.
    """
    x_shape, dtype, window, winner, _ = cache
    check_dout(dout, winner.shape)
    dpadded = _padded_zeros(x_shape, window, dtype)
    offsets = window.offsets()
    for n, c in np.ndindex(*x_shape[:2]):
        for oy, ox, top, left in window.origins((x_shape[2], x_shape[3])):
            i, j = offsets[winner[n, c, oy, ox]]
            dpadded[n, c, top + i, left + j] += dout[n, c, oy, ox]
    return window.crop(dpadded)


@takes_arrays("x")
def max_pool2d_forward(
    x: Array,
    kernel_size: PairLike,
    *,
    stride: PairLike | None = None,
    padding: PaddingLike = 0,
    dilation: PairLike = 1,
) -> tuple[Array, MaxPoolCache]:
    """The largest number of each window, all windows at once. Returns out (N, C, OH, OW) and a cache.

    Where the maxima are is found by machine/maxima.py.
    """
    window = pool_window(x, kernel_size, stride, padding, dilation)
    padded = padded_for(window, x, -np.inf)
    out, winner = maxima(padded, window, _size(x))
    settle(winner, out, padded, window, _size(x))
    where = place(winner, window, x.shape)
    if not out.all():  # for the sign of a zero
        out = x.reshape(-1).take(where)
    return out, MaxPoolCache(x.shape, x.dtype, window, winner, where)


@takes_dout
def max_pool2d_backward(dout: Array, cache: MaxPoolCache) -> Array:
    """The gradient of max pooling: dout (N, C, OH, OW) gives dx, shaped as x."""
    x_shape, dtype, window, winner, where = cache
    check_dout(dout, winner.shape)
    if where is None:
        where = place(winner, window, x_shape)
    dx, places, share = np.zeros(math.prod(x_shape), dtype=dtype), where.ravel(), dout.astype(dtype, copy=False).ravel()
    if window.stride[0] >= window.span[0] and window.stride[1] >= window.span[1]:  # no cell has two windows
        dx[places] = share
    else:
        np.add.at(dx, places, share)
    return dx.reshape(x_shape)


@takes_arrays("x")
def avg_pool2d_forward_naive(
    x: Array,
    kernel_size: PairLike,
    *,
    stride: PairLike | None = None,
    padding: PaddingLike = 0,
    count_include_pad: bool = True,
) -> tuple[Array, AvgPoolCache]:
    """The mean of each window, in plain loops. Returns out (N, C, OH, OW) and a cache.

    count_include_pad=False leaves the padding's zeros out of the mean.
    """
    window = pool_window(x, kernel_size, stride, padding, 1)
    padded, divisor = window.pad(x), _divisor(window, x, count_include_pad)
    out = np.empty((*x.shape[:2], *divisor.shape), dtype=x.dtype)
    kh, kw = window.kernel_size
    for n, c in np.ndindex(*x.shape[:2]):
        for oy, ox, top, left in window.origins(_size(x)):
            out[n, c, oy, ox] = np.sum(padded[n, c, top : top + kh, left : left + kw], initial=0) / divisor[oy, ox]
    return out, AvgPoolCache(x.shape, x.dtype, window, divisor)


@takes_dout
def avg_pool2d_backward_naive(dout: Array, cache: AvgPoolCache) -> Array:
    """Each gradient is spread evenly over the window it came from: dout (N, C, OH, OW) gives dx, shaped as x."""
    x_shape, dtype, window, divisor = cache
    check_dout(dout, (*x_shape[:2], *divisor.shape))
    dpadded = _padded_zeros(x_shape, window, dtype)
    kh, kw = window.kernel_size
    for n, c in np.ndindex(*x_shape[:2]):
        for oy, ox, top, left in window.origins((x_shape[2], x_shape[3])):
            dpadded[n, c, top : top + kh, left : left + kw] += dout[n, c, oy, ox] / divisor[oy, ox]
    return window.crop(dpadded)


@takes_arrays("x")
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
    window = pool_window(x, kernel_size, stride, padding, 1)
    padded, divisor = padded_for(window, x, 0), _divisor(window, x, count_include_pad)
    out = window_sums(padded, window)
    out /= divisor
    return out, AvgPoolCache(x.shape, x.dtype, window, divisor)


@takes_dout
def avg_pool2d_backward(dout: Array, cache: AvgPoolCache) -> Array:
    """The gradient of average pooling: dout (N, C, OH, OW) gives dx, shaped as x."""
    x_shape, dtype, window, divisor = cache
    check_dout(dout, (*x_shape[:2], *divisor.shape))
    share = np.divide(dout, divisor, dtype=dtype, casting="same_kind")
    return np.ascontiguousarray(window.crop(spread(share, window, window.padded_size((x_shape[2], x_shape[3])))))


def pool_window(
    x: Array, kernel_size: PairLike, stride: PairLike | None, padding: PaddingLike, dilation: PairLike
) -> Window:
    """The window; ValueError where it does not fit onto x, or sees padding only."""
    if x.ndim != 4:
        raise ValueError(f"x (shape {x.shape}) must have 4 axes: (N, C, H, W)")
    window = Window.of(kernel_size, kernel_size if stride is None else stride, padding, dilation)
    window.output_size(_size(x))
    window.require_real_cells(_size(x))
    return window


def padded_for(window: Window, x: Array, fill: float) -> Array:
    """x with the window's padding around it; x itself where there is none."""
    return window.pad(x, fill) if any(map(any, window.padding)) else x


def settle(winner: Array, best: Array, padded: Array, window: Window, input_size: Pair) -> None:
    """Correct the winners of maxima `best` (N, C, OH, OW) where comparing numbers does not tell them.

    NaN is not larger than anything: the last one of the window wins. And among minus infinities padding may have come first.
    """
    if np.isnan(best).any():
        lost = np.isnan(best)
        seen = np.isnan(window.view(padded)[lost]).reshape(-1, math.prod(window.kernel_size))
        winner[lost] = seen.shape[1] - 1 - seen[:, ::-1].argmax(axis=1)
    if padded.shape[-2:] != input_size:
        (rows, columns), (dh, dw) = window.starts(input_size), window.dilation
        first = np.maximum(0, -(rows // dh))[:, None] * window.kernel_size[1] + np.maximum(0, -(columns // dw))
        np.maximum(winner, first, out=winner, casting="unsafe")


def _padded_zeros(x_shape: tuple[int, ...], window: Window, dtype: np.dtype[np.generic]) -> Array:
    """Where a backward pass adds up: as x with its padding."""
    return np.zeros((*x_shape[:2], *window.padded_size((x_shape[2], x_shape[3]))), dtype=dtype)


def _divisor(window: Window, x: Array, count_include_pad: bool) -> Array:
    """How many cells each mean counts: (OH, OW), in the dtype of x."""
    true_or_false("count_include_pad", count_include_pad)
    if count_include_pad:
        return np.full(window.output_size(_size(x)), math.prod(window.kernel_size), dtype=x.dtype)
    axes = zip(window.starts(_size(x)), window.kernel_size, _size(x), strict=True)
    rows, columns = (np.minimum(start + k, cells) - np.maximum(start, 0) for start, k, cells in axes)  # real ones
    divisor: Array = (rows[:, None] * columns).astype(x.dtype)
    return divisor


def _size(x: Array) -> Pair:
    return x.shape[-2], x.shape[-1]
