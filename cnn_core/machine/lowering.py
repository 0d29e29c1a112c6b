"""Convolution as matrix products on overlapping rows: the lowering that conv.py and the training step use.

im2col copies each window, so a 7x7 kernel costs 49 copies of the image. Here the windows are laid out along the width
only (Cho and Brand, "MEC: memory-efficient convolution for deep neural network", 2017): 7 copies. Image row h becomes
C * KW rows of a matrix, one for each channel and kernel column, and holds there what that kernel column meets at each
output column. A window's KH image rows are then KH * C * KW neighbouring rows of the matrix:

    out row 0 = weights @ rows 0 to KH of the image        |  the same matrix, read from a later row on:
    out row 1 = weights @ rows s to s + KH of the image    |  nothing is copied (s is the stride)

so each output row is one matrix product on an overlapping view, which BLAS takes as it is. Images lie side by side in the
matrix, so that it is wide enough to be multiplied fast. docs/math.md has a picture of it.

A kernel that is dilated in height sees every d-th row only: such rows are treated as an image of their own, a `Strip`. So are
the rows that windows see which stand further apart than they are high.

Shapes: x (N, C, H, W); lowered (G, R, C/G * KW, N * OW), for G groups and the R rows of a strip.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, Pair
from cnn_core.machine.means import across
from cnn_core.machine.scratch import ALIGNED, scratch
from cnn_core.window import Window


class Meeting(NamedTuple):
    """Rows of a strip, or numbers of a row, and the cells of the image that they are.

    which: the rows; inside: those of them that do not lie in the padding; cells: rows or columns of the image.
    """

    which: slice
    inside: slice
    cells: slice


class Strip(NamedTuple):
    """Rows of the image that some rows of the output are made of: number t of these sees rows t * step to t * step + KH.

    out: which rows of the output; height: how many rows the strip has; rows: what they are in the image.
    """

    out: slice
    height: int
    step: int
    rows: list[Meeting]


def strips(window: Window, input_size: Pair) -> list[Strip]:
    """The strips that together make all rows of the output: one, or as many as the height's dilation makes apart."""
    (dilation, _), (kernel, _), output_rows = window.dilation, window.kernel_size, window.output_size(input_size)[0]
    common = math.gcd(window.stride[0], dilation)
    jump, parts = (length // common for length in (window.stride[0], dilation))  # in rows and in windows of a strip
    step = min(jump, kernel)
    found = []
    for r in range(min(parts, output_rows)):
        windows, first = len(range(r, output_rows, parts)), window.start(r, 0)
        height = (windows - 1) * step + kernel
        if jump <= kernel:
            rows = [_meeting(slice(None), first, dilation, height, input_size[0])]
        else:  # rows between the windows are left out
            rows = [
                _meeting(slice(i, None, kernel), first + dilation * i, dilation * jump, windows, input_size[0])
                for i in range(kernel)
            ]
        found.append(Strip(slice(r, None, parts), height, step, rows))
    return found


def _meeting(which: slice, first: int, apart: int, count: int, length: int) -> Meeting:
    """The meeting of `count` rows or numbers with the cells first, first + apart, ... of which those in range(length) exist."""
    start = min(count, len(range(first, 0, apart)))
    stop = max(start, min(count, len(range(first, length, apart))))
    return Meeting(which, slice(start, stop), slice(first + start * apart, max(0, first + stop * apart), apart))


def _columns(window: Window, input_size: Pair) -> list[Meeting]:
    """Where each kernel column meets the image, at all output columns."""
    count, first = window.output_size(input_size)[1], window.start(0, 1)
    (_, dilation), (_, apart) = window.dilation, window.stride
    return [
        _meeting(slice(j, j + 1), first + dilation * j, apart, count, input_size[1])
        for j in range(window.kernel_size[1])
    ]


def lower(images: Array, window: Window, strip: Strip, *, fresh: bool = False) -> Array:
    """Lay the windows of images (N, G, C/G, H, W) out along the width: (G, R, C/G * KW, N * OW).

    Without `fresh`, in scratch memory.
    """
    n, groups, c, h, w = images.shape
    columns = _columns(window, (h, w))
    kw, ow = len(columns), window.output_size((h, w))[1]
    shape = (groups, strip.height, c, kw, n, ow)
    lowered = np.empty(shape, images.dtype) if fresh else scratch("lowered", shape, images.dtype)
    for row, inside, seen in strip.rows:
        rows = lowered[:, row]
        rows[:, : inside.start] = rows[:, inside.stop :] = 0
        cells = images[..., seen, :].transpose(1, 3, 2, 0, 4)
        for j, (_, wide, met) in enumerate(columns):
            one = rows[:, inside, :, j]
            one[..., : wide.start] = one[..., wide.stop :] = 0
            one[..., wide] = cells[..., met]
    return lowered.reshape(groups, strip.height, c * kw, n * ow)


def lower_moved(images: Array, window: Window, strip: Strip) -> Array:
    """The same for stride 1 across, in fewer and longer copies, in scratch memory: (G, R, C/G * KW, N * W').

    The images' rows stand in one line, with the padding between two of them shared: W' = W + max(left, right). A kernel
    column is this line, moved. Of an image's W' windows OW are its own, from the first on; the others reach into the next.
    """
    n, groups, c, _, w = images.shape
    left, kw, apart, row = window.padding[1][0], window.kernel_size[1], window.dilation[1], w + max(window.padding[1])
    m = n * row
    line = scratch("padded", (groups, strip.height, c, m + apart * (kw - 1)), images.dtype)
    line.fill(0)
    cells = line[..., :m].reshape(groups, strip.height, c, n, row)[..., left : left + w]
    for which, inside, seen in strip.rows:
        cells[:, which][:, inside] = images[..., seen, :].transpose(1, 3, 2, 0, 4)
    whole = ALIGNED // images.itemsize
    lowered = scratch("lowered", (groups, strip.height, c * kw, -(-m // whole) * whole), images.dtype)[..., :m]
    for j in range(kw):
        lowered[:, :, j::kw] = line[..., apart * j : apart * j + m]
    return lowered


def add_back(dlowered: Array, window: Window, strip: Strip, dimages: Array) -> None:
    """The adjoint of `lower`: adds dlowered (G, R, C/G * KW, N * OW) to dimages (N, G, C/G, H, W) where it came from."""
    n, groups, c, h, w = dimages.shape
    columns = _columns(window, (h, w))
    maps = dlowered.reshape(groups, strip.height, c, len(columns), n, window.output_size((h, w))[1])
    for row, inside, seen in strip.rows:
        rows = maps[:, row][:, inside]
        cells = dimages[..., seen, :].transpose(1, 3, 2, 0, 4)
        for j, (_, wide, met) in enumerate(columns):
            np.add(cells[..., met], rows[:, :, :, j, :, wide], out=cells[..., met])


def stacked(lowered: Array, kernel: int, step: int = 1) -> Array:
    """The windows (..., O, KH * K, M) of a lowered (..., R, K, M), `step` rows apart: a view, in which rows overlap."""
    *lead, rows, k, m = lowered.shape
    if kernel == step == 1:
        return lowered
    *leads, down, one, last = lowered.strides
    shape = (*lead, len(range(kernel, rows + 1, step)), kernel * k, m)
    return np.lib.stride_tricks.as_strided(lowered, shape, (*leads, down * step, one, last), writeable=False)


def lower_batch_last(x: Array, window: Window, *, fresh: bool = False) -> Array:
    """The same for all of x (N, C, H, W), not dilated in height, with the batch last: (H', C * KW, OW * N).

    What lies side by side in memory is then handled side by side, all images at once.
    """
    n, c, h, w = x.shape
    height, width = window.padded_size((h, w))
    padded = scratch("padded", (height, c, width, n), x.dtype)
    padded.fill(0)
    images = padded.transpose(1, 3, 0, 2)  # (C, N, H', W')
    # First whole rows, then small squares: in one step each number would come from another image, which takes four times
    # as long where a map's size is a power of two, as they all fall into the same lines of the processor's cache.
    rows = scratch("rows", (c, n, h, w), x.dtype)
    rows[...] = x.swapaxes(0, 1)
    window.crop(images)[...] = rows
    kw, ow, row = window.kernel_size[1], window.output_size((h, w))[1], across(window)
    shape = (height, c, kw, ow, n)
    lowered = np.empty(shape, x.dtype) if fresh else scratch("lowered", shape, x.dtype)
    for j in range(kw):
        lowered[:, :, j] = row.tap(images, 0, j).transpose(2, 0, 3, 1)
    return lowered.reshape(height, c * kw, ow * n)


def by_rows(weight: Array, groups: int = 1) -> Array:
    """(F, C/G, KH, KW) -> (G, F/G, KH * C/G * KW): a filter's weights as `stacked` orders a window's cells."""
    f, c, kh, kw = weight.shape
    return weight.swapaxes(1, 2).reshape(groups, f // groups, kh * c * kw)


def from_rows(rows: Array, shape: tuple[int, ...]) -> Array:
    """The inverse of `by_rows`, for a weight of this shape."""
    f, c, kh, kw = shape
    return np.ascontiguousarray(rows.reshape(f, kh, c, kw).swapaxes(1, 2))
