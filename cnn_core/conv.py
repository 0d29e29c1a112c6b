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

from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, PairLike, check_dout, float_dtype, whole
from cnn_core.window import PaddingLike, Window


class ConvCache(NamedTuple):
    """What the backward pass needs. `columns` is None for the loop version."""

    x: Array
    weight: Array
    window: Window
    groups: int
    columns: Array | None


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
    return out, ConvCache(x, weight, window, groups, None)


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
    """Convolution as one matrix product per group (im2col). Returns out (N, F, OH, OW) and a cache.

    Each window becomes a column of C / groups * KH * KW numbers, each filter a row of as many weights.
    """
    window, dtype = check_conv2d(x, weight, bias, stride, padding, dilation, groups)
    n, f = len(x), len(weight)
    oh, ow = window.output_size(_size(x))
    columns = _columns(window.view(window.pad(x)), groups)  # (G, K, N * P)
    rows = weight.reshape(groups, f // groups, -1)  # (G, F/G, K)
    out = (rows @ columns).reshape(f, n, oh, ow) + bias[:, None, None, None]
    return np.ascontiguousarray(out.transpose(1, 0, 2, 3), dtype=dtype), ConvCache(x, weight, window, groups, columns)


def conv2d_backward(dout: Array, cache: ConvCache, *, input_gradient: bool = True) -> tuple[Array, Array, Array]:
    """Gradients of convolution: dout (N, F, OH, OW) gives dx, dweight, dbias, shaped as x, weight, bias.

    input_gradient=False leaves dx out (an empty array comes back in its place): a network's first layer needs none.
    """
    x, weight, window, groups, columns = cache
    check_dout(dout, (len(x), len(weight), *window.output_size(_size(x))))
    if columns is None:  # the loop version made this cache
        columns = _columns(window.view(window.pad(x)), groups)
    n, f, oh, ow = dout.shape
    rows = weight.reshape(groups, f // groups, -1)
    drows = dout.transpose(1, 0, 2, 3).reshape(groups, f // groups, n * oh * ow)
    dtype = float_dtype(x, weight)
    dweight = (drows @ columns.transpose(0, 2, 1)).reshape(weight.shape).astype(dtype, copy=False)
    dbias = dout.sum(axis=(0, 2, 3)).astype(dtype, copy=False)
    if not input_gradient:
        return np.empty(0, dtype=dtype), dweight, dbias
    dcolumns = rows.transpose(0, 2, 1) @ drows  # (G, K, N * P)
    windows = dcolumns.reshape(x.shape[1], *window.kernel_size, n, oh, ow).transpose(3, 0, 4, 5, 1, 2)
    dpadded = window.view_adjoint(windows, window.padded_size(_size(x)))
    return np.ascontiguousarray(window.crop(dpadded), dtype=dtype), dweight, dbias


def _columns(windows: Array, groups: int) -> Array:
    """(N, C, OH, OW, KH, KW) -> (G, C/G * KH * KW, N * OH * OW): the rows run as a filter's weights do."""
    n, c, oh, ow, kh, kw = windows.shape
    return windows.transpose(1, 4, 5, 0, 2, 3).reshape(groups, c // groups * kh * kw, n * oh * ow)


def by_rows(weight: Array, groups: int) -> Array:
    """(F, C/G, KH, KW) -> (G, F/G, KH * C/G * KW): a filter's weights in the order of lowering.py, row by row."""
    f, c, kh, kw = weight.shape
    return weight.swapaxes(1, 2).reshape(groups, f // groups, kh * c * kw)


def from_rows(rows: Array, shape: tuple[int, ...]) -> Array:
    """The inverse of `by_rows`, for a weight of this shape."""
    f, c, kh, kw = shape
    return np.ascontiguousarray(rows.reshape(f, kh, c, kw).swapaxes(1, 2))


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
