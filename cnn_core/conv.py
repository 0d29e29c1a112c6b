"""Two-dimensional convolution, forward and backward: the readable loops and the vectorised form.

As everywhere in deep learning, "convolution" is cross-correlation: the kernel is not flipped.

    out[n, f, y, x] = bias[f] + sum over c, i, j of  weight[f, c, i, j] * x_padded[n, c, y*s + i*d, x*s + j*d]

Shapes: x (N, C, H, W), weight (F, C / groups, KH, KW), bias (F,), out (N, F, OH, OW). With groups > 1 the channels and
the filters are split into as many equal parts, and each part of the filters sees its part of the channels only.

All functions take stride, padding and dilation as `Window.of` does, and raise ValueError where shapes or options do not
fit. bias=None is a bias of zeros; the backward pass returns its gradient all the same. Arrays of real numbers are taken, and
lists: the result has the dtype that numpy gives to x and weight together (float32 in, float32 out); whole numbers and truth
values are computed in float64, and float16 in float32, to come back as float16. A cache is a snapshot: x and weight may be
changed after the forward pass. The gradients are in docs/math.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, PairLike, check_dout, takes_arrays, takes_dout, true_or_false, whole
from cnn_core.machine import at_once, convolve
from cnn_core.machine.plan import plan
from cnn_core.window import PaddingLike, Window


class ConvCache(NamedTuple):
    """What the backward pass needs. x is None where the fast version has `kept` it laid out, or as columns."""

    x_shape: tuple[int, ...]
    x: Array | None
    weight: Array
    window: Window
    groups: int
    kept: convolve.Kept | Array | None = None


@takes_arrays("x", "weight", also=("bias",))
def conv2d_forward_naive(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: PairLike = 1,
    padding: PaddingLike = 0,
    dilation: PairLike = 1,
    groups: int = 1,
) -> tuple[Array, ConvCache]:
    """Convolution in plain loops, one output number at a time. Returns out (N, F, OH, OW) and a cache."""
    window, bias = check_conv2d(x, weight, bias, stride, padding, dilation, groups)
    dh, dw = window.dilation
    ph, pw = window.span
    per_group_in, per_group_out = weight.shape[1], weight.shape[0] // groups
    padded = window.pad(x)
    out = np.empty((len(x), len(weight), *window.output_size(_size(x))), dtype=x.dtype)
    for n in range(len(x)):
        for f in range(len(weight)):
            first = f // per_group_out * per_group_in
            for oy, ox, top, left in window.origins(_size(x)):
                seen = padded[n, first : first + per_group_in, top : top + ph : dh, left : left + pw : dw]
                out[n, f, oy, ox] = np.sum(seen * weight[f]) + bias[f]
    return out, ConvCache(x.shape, x.copy(), weight.copy(), window, groups)


@takes_dout
def conv2d_backward_naive(dout: Array, cache: ConvCache) -> tuple[Array, Array, Array]:
    """Gradients of convolution in plain loops: dout (N, F, OH, OW) gives dx, dweight, dbias, shaped as x, weight, bias.

    Each output number hands its gradient to everything it was made of: to the window through the weights, to the
    weights through the window, to the bias as it is.
    """
    x_shape, x, weight, window, groups, _ = cache
    check_dout(dout, (x_shape[0], len(weight), *window.output_size((x_shape[2], x_shape[3]))))
    if x is None:
        raise ValueError("cache (of conv2d_forward, without x) must come from conv2d_forward_naive")
    dh, dw = window.dilation
    ph, pw = window.span
    per_group_in, per_group_out = weight.shape[1], weight.shape[0] // groups
    padded = window.pad(x)
    dpadded = np.zeros_like(padded)
    dweight = np.zeros_like(weight)
    dbias = np.zeros(len(weight), dtype=weight.dtype)
    for n in range(len(x)):
        for f in range(len(weight)):
            first = f // per_group_out * per_group_in
            for oy, ox, top, left in window.origins(_size(x)):
                where = (n, slice(first, first + per_group_in), slice(top, top + ph, dh), slice(left, left + pw, dw))
                dpadded[where] += dout[n, f, oy, ox] * weight[f]
                dweight[f] += dout[n, f, oy, ox] * padded[where]
                dbias[f] += dout[n, f, oy, ox]
    return window.crop(dpadded), dweight, dbias


@takes_arrays("x", "weight", also=("bias",))
def conv2d_forward(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: PairLike = 1,
    padding: PaddingLike = 0,
    dilation: PairLike = 1,
    groups: int = 1,
) -> tuple[Array, ConvCache]:
    """Convolution as matrix products on overlapping rows (machine/lowering.py). Returns out (N, F, OH, OW) and a cache."""
    window, bias = check_conv2d(x, weight, bias, stride, padding, dilation, groups)
    how = plan(x.shape, len(weight), window, groups, x.itemsize)
    if how.at_once:
        out, columns = at_once.forward(x, weight, bias, window, groups)
        return out, ConvCache(x.shape, None, weight.copy(), window, groups, columns)
    x = np.ascontiguousarray(x)
    out = np.empty((len(x), len(weight), *window.output_size(_size(x))), dtype=x.dtype)
    laid_out = convolve.forward(x, weight, bias, how, out)
    kept = convolve.Kept(how, x.copy() if laid_out is None else None, laid_out)
    return out, ConvCache(x.shape, kept.x, weight.copy(), window, groups, kept)


@takes_dout
def conv2d_backward(dout: Array, cache: ConvCache, *, input_gradient: bool = True) -> tuple[Array, Array, Array]:
    """Gradients of convolution: dout (N, F, OH, OW) gives dx, dweight, dbias, shaped as x, weight, bias.

    input_gradient=False leaves dx out (an empty array comes back in its place): a network's first layer needs none.
    """
    x_shape, x, weight, window, groups, kept = cache
    true_or_false("input_gradient", input_gradient)
    check_dout(dout, (x_shape[0], len(weight), *window.output_size((x_shape[2], x_shape[3]))))
    dout = np.ascontiguousarray(dout, dtype=weight.dtype)
    if isinstance(kept, np.ndarray):
        return at_once.backward(dout, kept, weight, x_shape, window, groups, input_gradient=input_gradient)
    dx = np.empty(x_shape if input_gradient else 0, dtype=weight.dtype)
    kept = kept or convolve.Kept(plan(x_shape, len(weight), window, groups, dout.itemsize), x, None)
    if input_gradient:
        convolve.input_gradient(dout, weight, kept.how, dx)
    return dx, convolve.weight_gradient(dout, weight, kept), convolve.bias_gradient(dout)


def _size(x: Array) -> tuple[int, int]:
    return x.shape[-2], x.shape[-1]


def check_conv2d(
    x: Array, weight: Array, bias: Array | None, stride: PairLike, padding: PaddingLike, dilation: PairLike, groups: int
) -> tuple[Window, Array]:
    """The window, and the bias, which is zeros for None; ValueError where the shapes do not fit together."""
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
    bias = np.zeros(filters, dtype=x.dtype) if bias is None else bias
    if bias.shape != (filters,):
        raise ValueError(f"bias (shape {bias.shape}) must hold one number for each filter: shape ({filters},)")
    window = Window.of((weight.shape[2], weight.shape[3]), stride, padding, dilation)
    window.output_size(_size(x))
    return window, bias
