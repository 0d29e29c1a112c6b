"""Convolution as matrix products on overlapping rows: the lowering that the training step uses (network/first_block.py).

im2col copies each window, so a 7x7 kernel costs 49 copies of the image. Here the windows are laid out along the width
only (Cho and Brand, "MEC: memory-efficient convolution for deep neural network", 2017): 7 copies. Image row h becomes
C * KW rows of a matrix, one for each channel and kernel column, and holds there what that kernel column meets at each
output column. A window's KH image rows are then KH * C * KW neighbouring rows of the matrix:

    out row 0 = weights @ rows 0 to KH of the image        |  the same matrix, read from a later row on:
    out row 1 = weights @ rows s to s + KH of the image    |  nothing is copied (s is the stride)

so each output row is one matrix product on an overlapping view, which BLAS takes as it is. The batch comes last in
memory: what lies side by side is handled side by side, all images at once. docs/math.md has a picture of it.

Shapes: x (N, C, H, W); lowered (H', C * KW, OW * N), where H' counts the padding too.
"""

from __future__ import annotations

import numpy as np

from cnn_core.checks import Array
from cnn_core.machine.scratch import scratch
from cnn_core.window import Window


def lower(x: Array, window: Window, dtype: np.dtype[np.generic], *, fresh: bool = False) -> Array:
    """Lay the windows of x (N, C, H, W) out along the width: (H', C * KW, OW * N). Without `fresh`, in scratch memory."""
    n, c, h, w = x.shape
    height, width = window.padded_size((h, w))
    padded = scratch("padded", (height, c, width, n), dtype)
    padded.fill(0)
    images = padded.transpose(1, 3, 0, 2)  # (C, N, H', W')
    # First whole rows, then small squares: in one step each number would come from another image, which takes four times
    # as long where a map's size is a power of two, as they all fall into the same lines of the processor's cache.
    rows = scratch("rows", (c, n, h, w), dtype)
    rows[...] = x.swapaxes(0, 1)
    window.crop(images)[...] = rows
    kw, ow = window.kernel_size[1], window.output_size((h, w))[1]
    shape = (height, c, kw, ow, n)
    lowered = np.empty(shape, dtype) if fresh else scratch("lowered", shape, dtype)
    for j in range(kw):
        lowered[:, :, j] = across(window).tap(images, 0, j).transpose(2, 0, 3, 1)
    return lowered.reshape(height, c * kw, ow * n)


def stacked(lowered: Array, window: Window) -> Array:
    """The windows (OH, KH * C * KW, M) of a lowered (H', C * KW, M): a view, unless the height is dilated."""
    windows = down(window).view(lowered.transpose(1, 2, 0)[..., None])[..., 0, :, 0]  # (C * KW, M, OH, KH)
    k, m, rows, kh = windows.shape
    return windows.transpose(2, 3, 0, 1).reshape(rows, kh * k, m)


def across(window: Window) -> Window:
    """The window's width alone, one row high, without padding."""
    return Window((1, window.kernel_size[1]), (1, window.stride[1]), dilation=(1, window.dilation[1]))


def down(window: Window) -> Window:
    """The window's height alone, one column wide, without padding: `across` it, this is the whole window."""
    return Window((window.kernel_size[0], 1), (window.stride[0], 1), dilation=(window.dilation[0], 1))


def by_rows(weight: Array) -> Array:
    """(F, C, KH, KW) -> (F, KH * C * KW): a filter's weights as `stacked` orders a window's cells."""
    f, c, kh, kw = weight.shape
    return weight.swapaxes(1, 2).reshape(f, kh * c * kw)


def from_rows(rows: Array, shape: tuple[int, ...]) -> Array:
    """The inverse of `by_rows`, for a weight of this shape."""
    f, c, kh, kw = shape
    return np.ascontiguousarray(rows.reshape(f, kh, c, kw).swapaxes(1, 2))
