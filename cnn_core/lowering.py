"""Convolution as matrix products on overlapping rows: the lowering behind conv.py's fast layers.

im2col copies each window, so a 7x7 kernel costs 49 copies of the image. Here the windows are laid out along the width
only (Cho and Brand, "MEC: memory-efficient convolution for deep neural network", 2017): 7 copies. Image row h becomes
C * KW rows of a matrix, one for each channel and kernel column, and holds there what that kernel column meets at each
output column. A window's KH image rows are then KH * C * KW neighbouring rows of the matrix:

    out row 0 = weights @ rows 0 to KH of the image        |  the same matrix, read from a later row on:
    out row 1 = weights @ rows s to s + KH of the image    |  nothing is copied (s is the stride)

so each output row is one matrix product on an overlapping view, which BLAS takes as it is. The batch comes last in
memory: what lies side by side is handled side by side, all images at once. docs/math.md has a picture, and
docs/performance.md what it gains.

Shapes: x (N, C, H, W); lowered (G, H', C/G * KW, OW * N), where H' has the padding and G is the number of groups.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnn_core.checks import Array
from cnn_core.scratch import scratch
from cnn_core.window import Window

BLOCK = 1 << 24  # bytes of a lowered block of images, unless one image needs more
CHUNK = 1 << 21  # bytes of the windows that are handled at once: they should stay in the processor's cache


def blocks(x: Array, window: Window, groups: int) -> Iterator[slice]:
    """Cut the batch of x (N, C, H, W) so that the lowered part is not larger than BLOCK bytes: slices of images."""
    n, c, h, w = x.shape
    one = c * window.padded_size((h, w))[0] * window.kernel_size[1] * window.output_size((h, w))[1] * x.itemsize
    images = max(1, BLOCK // max(1, one))
    for start in range(0, n, images):
        yield slice(start, min(n, start + images))


def chunks(windows: Array) -> Iterator[slice]:
    """Cut the output rows of `stacked` windows (G, OH, K, M) so that a part's windows take about CHUNK bytes."""
    groups, rows, k, m = windows.shape
    some = max(1, CHUNK // max(1, groups * k * m * windows.itemsize))
    for start in range(0, rows, some):
        yield slice(start, min(rows, start + some))


def batch_last(images: Array, out: Array) -> None:
    """Write (..., N, W) to `out` (..., W, N), for a view of an array whose rows of W numbers lie in one piece.

    In two steps, first whole rows and then small squares: in one step each number would come from another image, which
    takes four times as long where a map's size is a power of two, as they all fall into the same lines of the cache.
    """
    rows = scratch("rows", images.shape, out.dtype)
    rows[...] = images
    out[...] = rows.swapaxes(-2, -1)


def lower(x: Array, window: Window, groups: int, dtype: np.dtype[np.generic]) -> Array:
    """Lay the windows of x (N, C, H, W) out along the width: (G, H', C/G * KW, OW * N), in scratch memory."""
    n, c, h, w = x.shape
    padded = _padded(x.shape, window, groups, dtype)
    batch_last(x.reshape(n, groups, c // groups, h, w).transpose(1, 3, 2, 0, 4), _inside(padded, window))
    taps = _taps(padded, window)
    shape = (*padded.shape[:3], len(taps), *taps[0].shape[3:])  # (G, H', C/G, KW, OW, N)
    lowered = scratch("lowered", shape, dtype)
    for j, cells in enumerate(taps):
        lowered[:, :, :, j] = cells
    return lowered.reshape(*shape[:2], shape[2] * shape[3], shape[4] * n)


def raise_(lowered: Array, window: Window, out: Array) -> None:
    """The adjoint of `lower`: add up what came to each cell, and write it to `out` (N, C, H, W)."""
    n, c, h, w = out.shape
    padded = _padded(out.shape, window, len(lowered), out.dtype)
    taps = _taps(padded, window)
    parts = lowered.reshape(*padded.shape[:3], len(taps), *taps[0].shape[3:])
    for j, cells in enumerate(taps):
        cells += parts[:, :, :, j]
    out.reshape(n, len(lowered), c // len(lowered), h, w)[...] = _inside(padded, window).transpose(4, 0, 2, 1, 3)


def stacked(lowered: Array, window: Window) -> Array:
    """The windows (G, OH, KH * C/G * KW, M) of a lowered (G, H', C/G * KW, M): a view, but for a dilation of the height."""
    windows = window.down.view(lowered.transpose(0, 2, 3, 1)[..., None])[..., 0, :, 0]  # (G, C/G * KW, M, OH, KH)
    groups, k, m, rows, kh = windows.shape
    return windows.transpose(0, 3, 4, 1, 2).reshape(groups, rows, kh * k, m)


def unstack(windows: Array, rows: slice, lowered: Array, window: Window) -> None:
    """The adjoint of `stacked`: add the windows of some output rows (G, rows, KH * C/G * KW, M) to `lowered`, in place."""
    groups, _, k, m = lowered.shape
    parts = windows.reshape(groups, windows.shape[1], window.kernel_size[0], k, m)
    for i in range(window.kernel_size[0]):
        cells = window.down.tap(lowered.transpose(0, 2, 3, 1)[..., None], i, 0)[..., rows, 0]
        cells += parts[:, :, i].transpose(0, 2, 3, 1)


def _padded(x_shape: tuple[int, ...], window: Window, groups: int, dtype: np.dtype[np.generic]) -> Array:
    """Zeros for an x with its padding, the batch last: (G, H', C/G, W', N), in scratch memory."""
    n, c, h, w = x_shape
    height, width = window.padded_size((h, w))
    padded = scratch("padded", (groups, height, c // groups, width, n), dtype)
    padded.fill(0)
    return padded


def _inside(padded: Array, window: Window) -> Array:
    """The view of (G, H', C/G, W', N) without the padding."""
    return window.crop(padded.transpose(0, 2, 4, 1, 3)).transpose(0, 3, 1, 4, 2)


def _taps(padded: Array, window: Window) -> list[Array]:
    """By kernel column, what it meets at each output column: views (G, H', C/G, OW, N) of (G, H', C/G, W', N)."""
    images = padded.transpose(0, 2, 4, 1, 3)
    return [window.across.tap(images, 0, j).transpose(0, 3, 1, 4, 2) for j in range(window.kernel_size[1])]
