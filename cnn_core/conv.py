"""Two-dimensional convolution, forward and backward: the readable loops and the vectorised form.

As everywhere in deep learning, "convolution" is cross-correlation: the kernel is not flipped.

    out[n, f, y, x] = bias[f] + sum over c, i, j of  weight[f, c, i, j] * x_padded[n, c, y*s + i*d, x*s + j*d]

Shapes: x (N, C, H, W), weight (F, C / groups, KH, KW), bias (F,), out (N, F, OH, OW). With groups > 1 the channels and
the filters are split into as many equal parts, and each part of the filters sees its part of the channels only.

All functions take stride, padding and dilation as `Window.of` does, raise ValueError where shapes or options do not
fit, and return the dtype that numpy gives to x and weight together (float32 in, float32 out). The gradients are in
docs/math.md.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, PairLike, check_dout, float_dtype, whole
from cnn_core.machine.col2im import add_back, room_for, roomy
from cnn_core.machine.scratch import scratch
from cnn_core.machine.threads import share, threads
from cnn_core.window import PaddingLike, Window

BLOCK = 1 << 21  # bytes of the columns that are handled at once: they should stay in the processor's cache
KEPT = 1 << 24  # bytes of columns that a cache holds at the most; more are made again in the backward pass
NARROW = 100  # positions; with fewer, a block's images share one product


class ConvCache(NamedTuple):
    """What the backward pass needs. `columns` is None where it has to make them again."""

    x: Array
    weight: Array
    window: Window
    groups: int
    columns: list[Array] | None = None


def conv2d_forward_naive(
    x: Array,
    weight: Array,
    bias: Array,
    *,
    stride: PairLike = 1,
    padding: PaddingLike = 0,
    dilation: PairLike = 1,
    groups: int = 1,
) -> tuple[Array, ConvCache]:
    """Convolution in plain loops, one output number at a time. Returns out (N, F, OH, OW) and a cache."""
    window, dtype = check_conv2d(x, weight, bias, stride, padding, dilation, groups)
    dh, dw = window.dilation
    ph, pw = window.span
    per_group_in, per_group_out = weight.shape[1], weight.shape[0] // groups
    padded = window.pad(x)
    out = np.empty((len(x), len(weight), *window.output_size(_size(x))), dtype=dtype)
    for n in range(len(x)):
        for f in range(len(weight)):
            first = f // per_group_out * per_group_in
            for oy, ox, top, left in window.origins(_size(x)):
                seen = padded[n, first : first + per_group_in, top : top + ph : dh, left : left + pw : dw]
                out[n, f, oy, ox] = np.sum(seen * weight[f]) + bias[f]
    return out, ConvCache(x, weight, window, groups)


def conv2d_backward_naive(dout: Array, cache: ConvCache) -> tuple[Array, Array, Array]:
    """Gradients of convolution in plain loops: dout (N, F, OH, OW) gives dx, dweight, dbias, shaped as x, weight, bias.

    Each output number hands its gradient to everything it was made of: to the window through the weights, to the
    weights through the window, to the bias as it is.
    """
    x, weight, window, groups, _ = cache
    check_dout(dout, (len(x), len(weight), *window.output_size(_size(x))))
    dh, dw = window.dilation
    ph, pw = window.span
    per_group_in, per_group_out = weight.shape[1], weight.shape[0] // groups
    padded = window.pad(x)
    dtype = float_dtype(x, weight)
    dpadded = np.zeros(padded.shape, dtype=dtype)
    dweight = np.zeros(weight.shape, dtype=dtype)
    dbias = np.zeros(len(weight), dtype=dtype)
    for n in range(len(x)):
        for f in range(len(weight)):
            first = f // per_group_out * per_group_in
            for oy, ox, top, left in window.origins(_size(x)):
                where = (n, slice(first, first + per_group_in), slice(top, top + ph, dh), slice(left, left + pw, dw))
                dpadded[where] += dout[n, f, oy, ox] * weight[f]
                dweight[f] += dout[n, f, oy, ox] * padded[where]
                dbias[f] += dout[n, f, oy, ox]
    return window.crop(dpadded), dweight, dbias


def conv2d_forward(
    x: Array,
    weight: Array,
    bias: Array,
    *,
    stride: PairLike = 1,
    padding: PaddingLike = 0,
    dilation: PairLike = 1,
    groups: int = 1,
) -> tuple[Array, ConvCache]:
    """Convolution as matrix products (im2col), a few images at a time. Returns out (N, F, OH, OW) and a cache.

    A window becomes a column of C / groups * KH * KW numbers and a 1, a filter a row of as many weights and its bias.
    """
    window, dtype = check_conv2d(x, weight, bias, stride, padding, dilation, groups)
    x, f, size = x.astype(dtype, copy=False), len(weight), window.output_size(_size(x))
    filters = _rows(weight, groups, dtype)
    rows = np.concatenate([filters, bias.reshape(*filters.shape[:2], 1)], axis=2, dtype=dtype, casting="same_kind")
    out = np.empty((len(x), f, *size), dtype=dtype)
    keep = x.shape[1] * math.prod(window.kernel_size) * out[:, :1].size * x.itemsize <= KEPT
    blocks = _blocks(x, window)

    def make(part: slice) -> list[Array]:
        kept: list[Array] = []
        for images in blocks[part]:
            columns, maps = _columns(x[images], window, groups, fresh=keep), out[images]
            if keep:
                kept.append(columns)
            if len(columns) == len(maps):  # an image's product comes out as its maps
                np.matmul(rows[..., : columns.shape[2]], columns, out=_products(maps, len(columns), groups))
            else:
                product = scratch("made", (len(columns), groups, f // groups, columns.shape[3]), dtype)
                maps[...] = _maps(np.matmul(rows, columns, out=product), maps.shape)
            if columns.shape[2] < rows.shape[2]:  # columns without a 1
                np.add(maps, bias[:, None, None], out=maps, casting="same_kind")
        return kept

    columns = [columns for part in share(make, len(blocks), 1) for columns in part]
    return out, ConvCache(x, weight, window, groups, columns if keep else None)


def conv2d_backward(dout: Array, cache: ConvCache, *, input_gradient: bool = True) -> tuple[Array, Array, Array]:
    """Gradients of convolution: dout (N, F, OH, OW) gives dx, dweight, dbias, shaped as x, weight, bias.

    input_gradient=False leaves dx out (an empty array comes back in its place): a network's first layer needs none.
    """
    x, weight, window, groups, kept = cache
    check_dout(dout, (len(x), len(weight), *window.output_size(_size(x))))
    dtype = float_dtype(x, weight)
    x, dout, f = x.astype(dtype, copy=False), dout.astype(dtype, copy=False), len(weight)
    turned = np.ascontiguousarray(_rows(weight, groups, dtype).swapaxes(1, 2))  # (G, K, F/G)
    k = turned.shape[1]
    product = np.multiply if f == groups else np.matmul  # with one filter a group they are the same, and this is faster
    dx = np.empty(x.shape if input_gradient else 0, dtype=dtype)
    blocks, room = _blocks(x, window), room_for(dout, x, window)

    def weigh(part: slice) -> Array:
        drows = np.zeros((groups, f // groups, k + 1), dtype=dtype)
        for number, images in enumerate(blocks[part], part.start):
            columns = kept[number] if kept is not None else _columns(x[images], window, groups)
            dmade = _products(dout[images], len(columns), groups)
            drows[..., : columns.shape[2]] += (dmade @ columns.swapaxes(2, 3)).sum(axis=0)
            if columns.shape[2] == k:  # columns without a 1
                drows[..., k] += dout[images].sum(axis=(0, 2, 3)).reshape(drows.shape[:2])
            if input_gradient:
                dmade = _products(roomy(dout[images], room), len(columns), groups)
                dcolumns = scratch("dcolumns", (len(columns), groups, k, dmade.shape[3]), dtype)
                product(turned, dmade, out=dcolumns)
                packs, (b, c, *_) = len(columns), dx[images].shape
                add_back(dcolumns.reshape(packs, c, *window.kernel_size, b // packs, *room), window, dx[images])
        return drows

    drows = np.sum(share(weigh, len(blocks), 1), axis=0)
    return dx, drows[..., :k].copy().reshape(weight.shape), drows[..., k].copy().reshape(f)


def _rows(weight: Array, groups: int, dtype: np.dtype[np.generic]) -> Array:
    """(F, C/G, KH, KW) -> (G, F/G, K): each filter as a row of K = C/G * KH * KW weights."""
    f, *sizes = weight.shape
    return weight.astype(dtype, copy=False).reshape(groups, f // groups, math.prod(sizes))


def _blocks(x: Array, window: Window) -> list[slice]:
    """Cut the batch of x evenly, so that a part's columns take about BLOCK bytes: slices of images, as many for each thread."""
    one = x.shape[1] * math.prod(window.kernel_size) * math.prod(window.output_size(_size(x))) * x.itemsize
    count = -(-len(x) * one // BLOCK)
    images = max(1, -(-len(x) // max(1, count + (-count % threads() if count > 1 else 0))))
    return [slice(start, min(len(x), start + images)) for start in range(0, len(x), images)]


def _columns(x: Array, window: Window, groups: int, *, fresh: bool = False) -> Array:
    """im2col of a block of images x (B, C, H, W): (B/M, G, K + 1, M * OH * OW), with a matrix for each M images.

    Each window is copied into a column, whose K = C/G * KH * KW numbers run as a filter's weights do; last comes a 1, for
    the bias. M is 1, or B where the output is so small that a matrix of one image would be too narrow to be multiplied
    fast. Without `fresh`, the memory is scratch. Where nothing has to be copied, x comes back, K rows without the 1.
    """
    b, c, h, w = x.shape
    if window == Window((1, 1)) and h * w >= NARROW:  # each cell is a window: the image is its own columns
        return x.reshape(b, groups, c // groups, h * w)
    padded = x
    if (size := window.padded_size((h, w))) != (h, w):
        padded = scratch("padded", (b, c, *size), x.dtype)
        padded.fill(0)
        window.crop(padded)[...] = x
    windows = window.view(padded)  # (B, C, OH, OW, KH, KW)
    oh, ow, kh, kw = windows.shape[2:]
    m, per_group = b if oh * ow < NARROW else 1, c // groups
    shape = (b // m, groups, per_group * kh * kw + 1, m * oh * ow)
    columns = np.empty(shape, dtype=x.dtype) if fresh else scratch("columns", shape, x.dtype)
    columns[:, :, -1] = 1
    cells = columns[:, :, :-1].reshape(b // m, groups, per_group, kh, kw, m, oh, ow)
    cells[...] = windows.reshape(b // m, m, groups, per_group, oh, ow, kh, kw).transpose(0, 2, 3, 6, 7, 1, 4, 5)
    return columns


def _maps(made: Array, shape: tuple[int, ...]) -> Array:
    """The products (B/M, G, F/G, M * P) as maps (B, F, OH, OW): a view where M is 1."""
    b, f, oh, ow = shape
    return made.reshape(len(made), f, b // max(1, len(made)), oh * ow).swapaxes(1, 2).reshape(shape)


def _products(maps: Array, packs: int, groups: int) -> Array:
    """The inverse of `_maps`: (B, F, OH, OW) -> (B/M, G, F/G, M * P) for B/M packs."""
    b, f, oh, ow = maps.shape
    together = maps.reshape(packs, b // packs, f, oh * ow).swapaxes(1, 2)
    return together.reshape(packs, groups, f // groups, b // packs * oh * ow)


def _size(x: Array) -> tuple[int, int]:
    return x.shape[-2], x.shape[-1]


def check_conv2d(
    x: Array, weight: Array, bias: Array, stride: PairLike, padding: PaddingLike, dilation: PairLike, groups: int
) -> tuple[Window, np.dtype[np.generic]]:
    """The window and the output's dtype; ValueError where the shapes do not fit together."""
    for name, array, shape in (("x", x, "(N, C, H, W)"), ("weight", weight, "(F, C / groups, KH, KW)")):
        if array.ndim != 4:
            raise ValueError(f"{name} (shape {array.shape}) must have 4 axes: {shape}")
    groups = whole("groups", groups, 1)
    channels, filters = x.shape[1], len(weight)
    if channels % groups or filters % groups:
        raise ValueError(f"groups (={groups}) must divide both the channels (={channels}) and the filters (={filters})")
    if weight.shape[1] != channels // groups:
        raise ValueError(
            f"weight (shape {weight.shape}) must have {channels // groups} channels on its second axis: "
            f"x has {channels}, groups is {groups}"
        )
    if bias.shape != (filters,):
        raise ValueError(f"bias (shape {bias.shape}) must hold one number for each filter: shape ({filters},)")
    window = Window.of((weight.shape[2], weight.shape[3]), stride, padding, dilation)
    window.output_size(_size(x))
    return window, float_dtype(x, weight)
