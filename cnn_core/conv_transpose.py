"""Transposed convolution, forward and backward: the readable loops and the vectorised form.

It is convolution (conv.py) the other way round: forward, each input number adds its multiple of the kernel to one
window of the output; backward, the windows of the gradient are weighed and summed, which is a convolution. It enlarges
images where the stride is 2 or more. It does not undo a convolution: it gives back the size, not the numbers.

    plane[n, f, y*s + i*d, z*s + j*d] += x[n, c, y, z] * weight[c, f, i, j]   for all c, y, z, i, j
    out = plane without its padding + bias

Shapes: x (N, C, H, W), weight (C, F / groups, KH, KW), bias (F,), out (N, F, OH, OW). The weight is the weight of the
convolution that leads from out's shape to x's: its C filters look at F channels. With groups > 1 the channels of x and
of out are split into as many equal parts, and each part of x reaches its part of out only.

All functions take stride, padding and dilation as `Window.of` does. These belong to that convolution as well: padding
is therefore cut off the plane, and output_padding (0 to stride - 1) adds rows at its bottom and columns at its right.
The size is `Window.transposed_size`. ValueError where shapes or options do not fit. bias=None is a bias of zeros; the
backward pass returns its gradient all the same. Dtypes are those of conv.py, and as there a cache is a snapshot: x and weight
may be changed after the forward pass. The gradients are in docs/math.md.

(Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4; the arguments and layouts
are those of PyTorch's ConvTranspose2d.)
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, Pair, PairLike, check_dout, takes_arrays, takes_dout, whole
from cnn_core.machine import convolve
from cnn_core.machine.plan import plan
from cnn_core.window import PaddingLike, Window


class ConvTransposeCache(NamedTuple):
    """What the backward pass needs. `window` slides over the output, whose height and width are `output_size`."""

    x: Array
    weight: Array
    window: Window
    groups: int
    output_size: Pair


@takes_arrays("x", "weight", also=("bias",))
def conv_transpose2d_forward_naive(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: PairLike = 1,
    padding: PaddingLike = 0,
    output_padding: PairLike = 0,
    dilation: PairLike = 1,
    groups: int = 1,
) -> tuple[Array, ConvTransposeCache]:
    """Transposed convolution in plain loops, one input number at a time. Returns out (N, F, OH, OW) and a cache."""
    window, size, bias = _check(x, weight, bias, stride, padding, output_padding, dilation, groups)
    dh, dw = window.dilation
    ph, pw = window.span
    per_group_in, per_group_out = len(weight) // groups, weight.shape[1]
    plane = np.zeros((len(x), len(bias), *window.padded_size(size)), dtype=x.dtype)
    for n in range(len(x)):
        for c in range(len(weight)):
            first = c // per_group_in * per_group_out
            for y, z, top, left in window.origins(size):  # one window of the output for each cell (y, z) of the input
                touched = plane[n, first : first + per_group_out, top : top + ph : dh, left : left + pw : dw]
                touched += x[n, c, y, z] * weight[c]
    # The bias comes last: it reaches every cell of the output once, also those that no window touches.
    out = window.crop(plane) + bias[:, None, None]
    return out, ConvTransposeCache(x.copy(), weight.copy(), window, groups, size)


@takes_dout
def conv_transpose2d_backward_naive(dout: Array, cache: ConvTransposeCache) -> tuple[Array, Array, Array]:
    """Gradients in plain loops: dout (N, F, OH, OW) gives dx, dweight, dbias, shaped as x, weight, bias.

    Each input number gets back what it handed out: the gradients of its window, weighed as it was. The weights get the
    same gradients, times the input number; the bias gets the gradient of every cell.
    """
    x, weight, window, groups, size = cache
    check_dout(dout, (len(x), weight.shape[1] * groups, *size))
    dh, dw = window.dilation
    ph, pw = window.span
    per_group_in, per_group_out = len(weight) // groups, weight.shape[1]
    dplane = window.pad(dout)  # what was cut off has no gradient
    dx = np.zeros_like(x)
    dweight = np.zeros_like(weight)
    dbias = np.zeros(dout.shape[1], dtype=x.dtype)
    for n in range(len(x)):
        for c in range(len(weight)):
            first = c // per_group_in * per_group_out
            for y, z, top, left in window.origins(size):
                touched = dplane[n, first : first + per_group_out, top : top + ph : dh, left : left + pw : dw]
                dx[n, c, y, z] = np.sum(touched * weight[c])
                dweight[c] += x[n, c, y, z] * touched
        for f in range(dout.shape[1]):
            dbias[f] += np.sum(dout[n, f])
    return dx, dweight, dbias


@takes_arrays("x", "weight", also=("bias",))
def conv_transpose2d_forward(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: PairLike = 1,
    padding: PaddingLike = 0,
    output_padding: PairLike = 0,
    dilation: PairLike = 1,
    groups: int = 1,
) -> tuple[Array, ConvTransposeCache]:
    """Transposed convolution as matrix products (machine/convolve.py). Returns out (N, F, OH, OW) and a cache.

    It is the gradient of x of the convolution that leads back, for x as the gradient that comes from above.
    """
    window, size, bias = _check(x, weight, bias, stride, padding, output_padding, dilation, groups)
    out = np.empty((len(x), len(bias), *size), dtype=x.dtype)
    convolve.input_gradient(
        np.ascontiguousarray(x), weight, plan(out.shape, len(weight), window, groups, out.itemsize), out
    )
    out += bias[:, None, None]
    return out, ConvTransposeCache(x.copy(), weight.copy(), window, groups, size)


@takes_dout
def conv_transpose2d_backward(dout: Array, cache: ConvTransposeCache) -> tuple[Array, Array, Array]:
    """Gradients: dout (N, F, OH, OW) gives dx, dweight, dbias, shaped as x, weight, bias.

    Forward is the adjoint of a convolution (docs/math.md), and the adjoint of the adjoint is the convolution itself:
    dx is dout convolved. The product <out, dout> is the same read as <x, convolved dout>, so the weights get what they
    would get in that convolution: there dout is the image, and x the gradient that comes from above.
    """
    x, weight, window, groups, size = cache
    check_dout(dout, (len(x), weight.shape[1] * groups, *size))
    dout = np.ascontiguousarray(dout, dtype=x.dtype)
    dx, no_bias = np.empty_like(x), np.zeros(len(weight), dtype=x.dtype)
    how = plan(dout.shape, len(weight), window, groups, dout.itemsize)
    laid_out = convolve.forward(dout, weight, no_bias, how, dx)
    dweight = convolve.weight_gradient(x, weight, convolve.Kept(how, dout, laid_out))
    return dx, dweight, convolve.bias_gradient(dout)


def as_convolution(
    x: Array, weight: Array, window: Window, *, output_padding: PairLike = 0, groups: int = 1
) -> tuple[Array, Array, Window, Array]:
    """The same layer as an ordinary convolution, which gathers where the transposed one spreads.

    x (..., C, H, W) is drawn apart, with stride - 1 zeros between its cells; the kernel is flipped, and moves by 1 over all
    places where it meets a cell (Dumoulin and Visin 2016, chapter 4). Returns x drawn apart, weight (F, C / groups, KH,
    KW), the window, and which cells are zeros in between. Raises ValueError where padding cuts off more than the kernel
    adds: that has no such picture.
    """
    apart = replace(window, padding=((0, 0), (0, 0)))
    down, across = (length - 1 for length in window.span)
    height, width = apart.transposed_size((x.shape[-2], x.shape[-1]), output_padding)
    spread = np.zeros((*x.shape[:-2], height, width), dtype=x.dtype)
    between = np.ones((height, width), dtype=bool)
    apart.tap(spread, 0, 0)[...] = x
    apart.tap(between, 0, 0)[...] = False
    (top, bottom), (left, right) = window.padding
    around = ((down - top, down - bottom), (across - left, across - right))
    if min(*around[0], *around[1]) < 0:
        raise ValueError(
            f"padding (={max(top, bottom, left, right)}) must be at most {min(down, across)}, the kernel's reach, to be seen "
            f"as a convolution: make it smaller, or the kernel larger"
        )
    split = weight.reshape(groups, -1, *weight.shape[1:]).swapaxes(1, 2)  # (G, F/G, C/G, KH, KW)
    flipped = np.ascontiguousarray(split.reshape(-1, *split.shape[2:])[..., ::-1, ::-1])
    inside = slice(0, height - down), slice(0, width - across)
    gathering = Window.of(window.kernel_size, 1, around, window.dilation)
    return spread[(..., *inside)], flipped, gathering, between[inside]


def _check(
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: PairLike,
    padding: PaddingLike,
    output_padding: PairLike,
    dilation: PairLike,
    groups: int,
) -> tuple[Window, Pair, Array]:
    """The window, the output's height and width, and the bias; ValueError where the shapes do not fit together."""
    for name, array, shape in (("x", x, "(N, C, H, W)"), ("weight", weight, "(C, F / groups, KH, KW)")):
        if array.ndim != 4:
            raise ValueError(f"{name} (shape {array.shape}) must have 4 axes: {shape}")
    groups = whole("groups", groups, 1)
    channels, filters = x.shape[1], weight.shape[1] * groups
    if channels % groups:
        raise ValueError(f"groups (={groups}) must divide the channels of x (={channels})")
    if len(weight) != channels:
        raise ValueError(
            f"weight (shape {weight.shape}) must have {channels} channels on its first axis, as x has: "
            f"(C, F / groups, KH, KW)"
        )
    bias = np.zeros(filters, dtype=x.dtype) if bias is None else bias
    if bias.shape != (filters,):
        raise ValueError(
            f"bias (shape {bias.shape}) must hold one number for each channel of the output: shape ({filters},)"
        )
    window = Window.of((weight.shape[2], weight.shape[3]), stride, padding, dilation)
    size = window.transposed_size((x.shape[2], x.shape[3]), output_padding)
    return window, size, bias
