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

from cnn_core.checks import Array, check_dout
from cnn_core.conv import check_conv2d
from cnn_core.machine.lowering import by_rows, from_rows, lower, stacked
from cnn_core.machine.scratch import scratch
from cnn_core.machine.threads import share
from cnn_core.window import PaddingLike, Window

CHUNK = 1 << 21  # bytes of the windows that are handled at once: they should stay in the processor's cache
KEPT = 1 << 23  # bytes of windows laid out that a cache holds, about, at the most
SHARED = 1 << 21  # bytes of them that are worth a thread
POOL = Window.of(2, 2)


class ConvPoolCache(NamedTuple):
    """What the backward pass needs: where of two neighbours the right one won, where of two rows the lower one."""

    x: Array
    weight: Array
    window: Window
    out: Array
    right: Array
    below: Array
    lowered: Array | None = None  # the windows, laid out; None where the backward pass has to do it again


def conv_pool_forward(x: Array, weight: Array, bias: Array, *, padding: PaddingLike) -> tuple[Array, ConvPoolCache]:
    """ReLU of the 2x2 max pooling of a convolution with stride 1. Returns out (F, OH // 2, OW // 2, N) and a cache.

    Raises ValueError as conv2d_forward does, and where the output is smaller than a pooling window.
    """
    window, dtype = check_conv2d(x, weight, bias, 1, padding, 1, 1)
    n, f = len(x), len(weight)
    oh, ow = window.output_size((x.shape[2], x.shape[3]))
    ph, pw = POOL.output_size((oh, ow))
    rows = by_rows(weight).astype(dtype, copy=False)
    keep = x.size * window.kernel_size[1] * dtype.itemsize <= KEPT
    lowered = lower(x, window, dtype, fresh=keep)
    windows = stacked(lowered, window)  # (OH, K, OW * N)
    out = np.empty((f, ph, pw, n), dtype=dtype)
    right, below = np.empty((ph, 2, f, pw, n), dtype=bool), np.empty((ph, f, pw, n), dtype=bool)

    def make(part: slice) -> None:
        for some in _pairs(windows, part):
            seen = windows[2 * some.start : 2 * some.stop]
            made = scratch("made", (len(seen), f, ow * n), dtype)
            np.matmul(rows, seen, out=made)
            maps = made.reshape(len(seen) // 2, 2, f, ow, n)[..., : 2 * pw, :]
            one, other = maps[..., ::2, :], maps[..., 1::2, :]
            np.greater(other, one, out=right[some])  # strictly: the first maximum wins, row by row
            np.maximum(one, other, out=one)
            np.greater(one[:, 1], one[:, 0], out=below[some])
            best = np.maximum(one[:, 0], one[:, 1], out=one[:, 0]).swapaxes(0, 1)  # (F, some, PW, N)
            np.add(best, bias[:, None, None, None], out=best)
            np.maximum(best, 0, out=out[:, some])

    share(make, ph, SHARED // _bytes(windows))
    return out, ConvPoolCache(x, weight, window, out, right, below, lowered if keep else None)


def conv_pool_backward(dout: Array, cache: ConvPoolCache) -> tuple[Array, Array]:
    """dout (F, OH // 2, OW // 2, N) gives dweight and dbias. It is a network's first layer: its x needs no gradient."""
    x, weight, window, out, right, below, lowered = cache
    check_dout(dout, out.shape)
    f, ph, pw, n = out.shape
    ow = window.output_size((x.shape[2], x.shape[3]))[1]
    windows = stacked(lower(x, window, out.dtype) if lowered is None else lowered, window)
    dpooled = scratch("dpooled", (ph, f, pw, n), out.dtype)  # in the order of the products
    np.multiply(dout.swapaxes(0, 1), out.swapaxes(0, 1) > 0, out=dpooled)

    def weigh(part: slice) -> Array:
        drows = np.zeros((f, windows.shape[1]), dtype=out.dtype)
        for some in _pairs(windows, part):
            seen = windows[2 * some.start : 2 * some.stop]
            dmade = scratch("made", (len(seen), f, ow, n), out.dtype)
            dmaps = dmade.reshape(len(seen) // 2, 2, f, ow, n)
            dmaps[..., 2 * pw :, :] = 0  # a column that no pooling window covers
            dbest = scratch("dbest", dmaps[..., :pw, :].shape, out.dtype)
            np.multiply(dpooled[some], below[some], out=dbest[:, 1])
            np.subtract(dpooled[some], dbest[:, 1], out=dbest[:, 0])
            np.multiply(dbest, right[some], out=dmaps[..., 1 : 2 * pw : 2, :])
            np.subtract(dbest, dmaps[..., 1 : 2 * pw : 2, :], out=dmaps[..., : 2 * pw : 2, :])
            for maps, columns in zip(dmade.reshape(len(seen), f, ow * n), seen, strict=True):
                drows += maps @ columns.T
        return drows

    drows = np.sum(share(weigh, ph, SHARED // _bytes(windows)), axis=0)
    return from_rows(drows, weight.shape), dpooled.sum(axis=(0, 2, 3))


def _pairs(windows: Array, part: slice) -> Iterator[slice]:
    """Cut a part of the pairs of rows of windows (OH, K, M) again, so that each takes about CHUNK bytes."""
    some = max(1, CHUNK // _bytes(windows))
    for start in range(part.start, part.stop, some):
        yield slice(start, min(part.stop, start + some))


def _bytes(windows: Array) -> int:
    """Of a pair of rows of windows (OH, K, M), at least 1."""
    _, k, m = windows.shape
    return max(1, int(2 * k * m * windows.itemsize))
