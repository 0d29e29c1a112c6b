"""Convolution, 2x2 max pooling and ReLU in one go, as a network trains with them: forward, and the weights' gradients.

The layers of conv.py, pool.py and activation.py one after the other give the same (tests hold it to that), but pass large
maps through memory. Here a few output rows at a time are made by the lowering (machine/lowering.py), and pooled while they
are still in the processor's cache. Bias and ReLU come after the pooling, on a quarter of the numbers: max(a + b, c + b) is
max(a, c) + b, and the largest of max(a, 0), max(c, 0) is max(max(a, c), 0). A tie of zeros gets no gradient either way.

Shapes: x (N, C, H, W), weight (F, C, KH, KW), bias (F,); the result has the batch last: (F, OH // 2, OW // 2, N), whose
rows and columns are those of the output that whole pooling windows cover.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, check_dout, takes_arrays, takes_dout
from cnn_core.conv import check_conv2d
from cnn_core.machine.lowering import by_rows, from_rows, lower_batch_last, stacked
from cnn_core.machine.scratch import scratch
from cnn_core.machine.select import select
from cnn_core.machine.threads import share
from cnn_core.window import PaddingLike, Window

CHUNK = 1 << 21  # bytes of the windows that are handled at once: they should stay in the processor's cache
KEPT = 1 << 23  # bytes of windows laid out that a cache holds, about, at the most
SHARED = 1 << 21  # bytes of them that are worth a thread
POOL = Window.of(2, 2)


class ConvPoolCache(NamedTuple):
    """What the backward pass needs: which numbers ReLU let pass (F, OH // 2, OW // 2, N), and what won in their windows.

    right: where of two neighbours the right one won; below: where of two rows the lower one. windows: laid out, as
    `stacked` gives them; where that is too much, x is kept instead.
    """

    x_shape: tuple[int, ...]
    x: Array | None
    weight_shape: tuple[int, ...]
    window: Window
    positive: Array
    right: Array
    below: Array
    windows: Array | None


@takes_arrays("x", "weight", also=("bias",))
def conv_pool_forward(
    x: Array, weight: Array, bias: Array | None = None, *, padding: PaddingLike
) -> tuple[Array, ConvPoolCache]:
    """ReLU of the 2x2 max pooling of a convolution with stride 1. Returns out (F, OH // 2, OW // 2, N) and a cache.

    Dtypes, bias and cache are as those of conv2d_forward. Raises ValueError as it does, and where the output is smaller than
    a pooling window.
    """
    window, bias = check_conv2d(x, weight, bias, 1, padding, 1, 1)
    n, f = len(x), len(weight)
    oh, ow = window.output_size((x.shape[2], x.shape[3]))
    ph, pw = POOL.output_size((oh, ow))
    rows = by_rows(weight)[0]
    keep = x.size * window.kernel_size[1] * x.itemsize <= KEPT
    windows = _windows(x, window, fresh=keep)
    out, positive = np.empty((f, ph, pw, n), dtype=x.dtype), np.empty((f, ph, pw, n), dtype=bool)
    right, below = np.empty((ph, 2, f, pw, n), dtype=bool), np.empty((ph, f, pw, n), dtype=bool)
    zeros = np.zeros((pw, n), dtype=x.dtype)  # NumPy compares with them faster than with the number

    def make(part: slice) -> None:
        for some in _pairs(windows, part):
            seen = windows[2 * some.start : 2 * some.stop]
            made = scratch("made", (len(seen), f, ow * n), x.dtype)
            np.matmul(rows, seen, out=made)
            maps = made.reshape(len(seen) // 2, 2, f, ow, n)[..., : 2 * pw, :]
            one, other = scratch("neighbours", (2, len(seen) // 2, 2, f, pw, n), x.dtype)
            one[...], other[...] = maps[..., ::2, :], maps[..., 1::2, :]  # without gaps, what follows is twice as fast
            np.greater(other, one, out=right[some])  # strictly: the first maximum wins, row by row
            np.maximum(one, other, out=one)
            np.greater(one[:, 1], one[:, 0], out=below[some])
            best = np.maximum(one[:, 0], one[:, 1], out=one[:, 0]).swapaxes(0, 1)  # (F, some, PW, N)
            biased = np.add(best, bias[:, None, None, None], out=out[:, some])
            np.maximum(biased, zeros, out=biased)
            np.greater(biased, 0, out=positive[:, some])

    share(make, ph, SHARED // _bytes(windows))
    kept = (None, windows) if keep else (x.copy(), None)
    return out, ConvPoolCache(x.shape, kept[0], weight.shape, window, positive, right, below, kept[1])


@takes_dout
def conv_pool_backward(dout: Array, cache: ConvPoolCache) -> tuple[Array, Array]:
    """dout (F, OH // 2, OW // 2, N) gives dweight and dbias. It is a network's first layer: its x needs no gradient."""
    x_shape, x, weight_shape, window, positive, right, below, windows = cache
    check_dout(dout, positive.shape)
    f, ph, pw, n = positive.shape
    if windows is None:
        assert x is not None
        windows = _windows(x, window)
    dtype = windows.dtype
    ow = window.output_size((x_shape[2], x_shape[3]))[1]
    dpooled = scratch("dpooled", (ph, f, pw, n), dtype)  # in the order of the products
    select(positive.swapaxes(0, 1), dout.swapaxes(0, 1).astype(dtype, copy=False), dpooled)

    def weigh(part: slice) -> Array:
        drows = np.zeros((f, windows.shape[1]), dtype=dtype)
        for some in _pairs(windows, part):
            seen = windows[2 * some.start : 2 * some.stop]
            dmade = scratch("made", (len(seen), f, ow, n), dtype)
            dmaps = dmade.reshape(len(seen) // 2, 2, f, ow, n)
            dmaps[..., 2 * pw :, :] = 0  # a column that no pooling window covers
            dbest = scratch("dbest", dmaps[..., :pw, :].shape, dtype)
            select(below[some], dpooled[some], dbest[:, 1])
            select(~below[some], dpooled[some], dbest[:, 0])
            select(right[some], dbest, dmaps[..., 1 : 2 * pw : 2, :])
            select(~right[some], dbest, dmaps[..., : 2 * pw : 2, :])
            for each in np.matmul(dmade.reshape(len(seen), f, ow * n), seen.swapaxes(1, 2)):
                drows += each
        return drows

    drows = np.sum(share(weigh, ph, SHARED // _bytes(windows)), axis=0)
    return from_rows(drows, weight_shape), dpooled.sum(axis=(0, 2, 3))


def conv_gradient(dout: Array, cache: ConvPoolCache) -> Array:
    """What arrives at the convolution's own output (N, F, OH, OW) when dout (N, F, OH // 2, OW // 2) arrives at the block's: a
    number where one has won its window and ReLU has let it pass, else 0."""
    f, ph, pw, n = cache.positive.shape
    arriving = np.zeros((f, *cache.window.output_size((cache.x_shape[2], cache.x_shape[3])), n), dtype=dout.dtype)
    passed = select(cache.positive, dout.transpose(1, 2, 3, 0))
    for row, column in np.ndindex(2, 2):
        won = (cache.below == row) & (cache.right[:, row] == column)  # (PH, F, PW, N)
        arriving[:, row : 2 * ph : 2, column : 2 * pw : 2] = select(won.swapaxes(0, 1), passed)
    return arriving.transpose(3, 0, 1, 2)


def _windows(x: Array, window: Window, *, fresh: bool = False) -> Array:
    """The windows (OH, K, OW * N) of x (N, C, H, W), laid out; without `fresh`, in scratch memory."""
    return stacked(lower_batch_last(x, window, fresh=fresh), window.kernel_size[0])


def _pairs(windows: Array, part: slice) -> Iterator[slice]:
    """Cut a part of the pairs of rows of windows (OH, K, M) again, so that each takes about CHUNK bytes."""
    some = max(1, CHUNK // _bytes(windows))
    for start in range(part.start, part.stop, some):
        yield slice(start, min(part.stop, start + some))


def _bytes(windows: Array) -> int:
    """Of a pair of rows of windows (OH, K, M), at least 1."""
    _, k, m = windows.shape
    return max(1, int(2 * k * m * windows.itemsize))
