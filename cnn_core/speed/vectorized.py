"""The layers with all windows at once, as one first writes them with NumPy's arrays: im2col, and a maximum over windows.

They stand between the readable loops (`_naive`) and the fast layers: the same arguments, shapes and
errors as those in conv.py and pool.py. The im2col walk-through shows how they work; benchmarks and the Speed page
measure what they gain, and what is left to gain.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, PairLike, check_dout, takes_arrays, takes_dout
from cnn_core.conv import check_conv2d
from cnn_core.pool import MaxPoolCache, padded_for, pool_window, settle
from cnn_core.window import PaddingLike, Window


class Im2colCache(NamedTuple):
    """What the backward pass needs: `columns` (G, C/G * KH * KW, N * OH * OW) holds every window as a column."""

    x_shape: tuple[int, ...]
    weight: Array
    window: Window
    groups: int
    columns: Array


@takes_arrays("x", "weight", also=("bias",))
def conv2d_forward_vectorized(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: PairLike = 1,
    padding: PaddingLike = 0,
    dilation: PairLike = 1,
    groups: int = 1,
) -> tuple[Array, Im2colCache]:
    """Convolution as one matrix product per group (im2col). Returns out (N, F, OH, OW) and a cache.

    Each window becomes a column of C / groups * KH * KW numbers, each filter a row of as many weights.
    """
    window, bias = check_conv2d(x, weight, bias, stride, padding, dilation, groups)
    n, f = len(x), len(weight)
    oh, ow = window.output_size((x.shape[2], x.shape[3]))
    columns = _columns(window.view(window.pad(x)), groups)  # (G, K, N * P)
    rows = weight.reshape(groups, f // groups, columns.shape[1])  # (G, F/G, K)
    out = (rows @ columns).reshape(f, n, oh, ow) + bias[:, None, None, None]
    return np.ascontiguousarray(out.transpose(1, 0, 2, 3)), Im2colCache(x.shape, weight.copy(), window, groups, columns)


@takes_dout
def conv2d_backward_vectorized(dout: Array, cache: Im2colCache) -> tuple[Array, Array, Array]:
    """Gradients of convolution: dout (N, F, OH, OW) gives dx, dweight, dbias, shaped as x, weight, bias."""
    x_shape, weight, window, groups, columns = cache
    size = x_shape[2], x_shape[3]
    check_dout(dout, (x_shape[0], len(weight), *window.output_size(size)))
    n, f, oh, ow = dout.shape
    rows = weight.reshape(groups, f // groups, columns.shape[1])
    drows = dout.transpose(1, 0, 2, 3).reshape(groups, f // groups, n * oh * ow).astype(weight.dtype, copy=False)
    dweight = (drows @ columns.transpose(0, 2, 1)).reshape(weight.shape)
    dbias = dout.sum(axis=(0, 2, 3)).astype(weight.dtype, copy=False)
    dcolumns = rows.transpose(0, 2, 1) @ drows  # (G, K, N * P)
    windows = dcolumns.reshape(x_shape[1], *window.kernel_size, n, oh, ow).transpose(3, 0, 4, 5, 1, 2)
    dpadded = window.view_adjoint(windows, window.padded_size(size))
    return np.ascontiguousarray(window.crop(dpadded)), dweight, dbias


def _columns(windows: Array, groups: int) -> Array:
    """(N, C, OH, OW, KH, KW) -> (G, C/G * KH * KW, N * OH * OW): the rows run as a filter's weights do."""
    n, c, oh, ow, kh, kw = windows.shape
    return windows.transpose(1, 4, 5, 0, 2, 3).reshape(groups, c // groups * kh * kw, n * oh * ow)


@takes_arrays("x")
def max_pool2d_forward_vectorized(
    x: Array,
    kernel_size: PairLike,
    *,
    stride: PairLike | None = None,
    padding: PaddingLike = 0,
    dilation: PairLike = 1,
) -> tuple[Array, MaxPoolCache]:
    """The largest number of each window, by one argmax over all windows. Returns out (N, C, OH, OW) and a cache."""
    window = pool_window(x, kernel_size, stride, padding, dilation)
    padded, (kh, kw) = padded_for(window, x, -np.inf), window.kernel_size
    windows = window.view(padded)
    windows = windows.reshape(*windows.shape[:-2], kh * kw)
    winner = windows.argmax(axis=-1)
    out = np.take_along_axis(windows, winner[..., None], axis=-1)[..., 0]
    settle(winner, out, padded, window, (x.shape[2], x.shape[3]))
    return out, MaxPoolCache(x.shape, x.dtype, window, winner)


@takes_dout
def max_pool2d_backward_vectorized(dout: Array, cache: MaxPoolCache) -> Array:
    """The gradient of max pooling: each cell of the windows gets dout where it won, all added up. Returns dx."""
    x_shape, dtype, window, winner, _ = cache
    check_dout(dout, winner.shape)
    kh, kw = window.kernel_size
    won = winner[..., None] == np.arange(kh * kw)
    windows = np.where(won, dout[..., None], 0).reshape(*winner.shape, kh, kw)
    dpadded = window.view_adjoint(windows, window.padded_size((x_shape[2], x_shape[3])))
    return np.ascontiguousarray(window.crop(dpadded), dtype=dtype)
