"""Blur before stride: a fixed blur of each map, of which only every other place is kept.

Zhang, "Making Convolutional Networks Shift-Invariant Again" (2019, arXiv:1904.11486): a stride that simply leaves numbers out
makes the output depend on which it happens to keep; blurred first, neighbours have a share in each. His max pooling is one of
stride 1, and then this. The weights are binomial: 1 2 1 for stride 2, 1 4 6 4 1 for stride 3, along both axes.
"""

from __future__ import annotations

import math

import numpy as np

from cnn_core.checks import Array, whole
from cnn_core.conv import ConvCache, conv2d_backward, conv2d_forward
from cnn_core.window import Window


def blur_window(stride: int) -> Window:
    """Where the blur of this stride looks: 2 * stride - 1 cells, with so many zeros around the map that a pooling window of
    `stride` cells moved by as many would give as many outputs. ValueError for a stride below 1."""
    taps = len(blur_kernel(stride))
    return Window.of(taps, stride, taps // 2)


def blur_kernel(stride: int) -> Array:
    """The weights (2 * stride - 1, 2 * stride - 1), float64, whose sum is 1. ValueError for a stride below 1."""
    taps = 2 * whole("stride", stride, 1) - 1
    row = np.array([math.comb(taps - 1, k) for k in range(taps)]) / 2 ** (taps - 1)
    return np.outer(row, row)


def blur_forward(x: Array, stride: int) -> tuple[Array, ConvCache]:
    """Each map of x (N, C, H, W) blurred, with this stride: (N, C, OH, OW), and a cache. ValueError for a stride below 1."""
    window = blur_window(stride)
    maps = x.reshape(-1, 1, *x.shape[2:])  # a picture of one channel each: faster than as many groups
    kernel = blur_kernel(stride).astype(x.dtype)[None, None]
    out, cache = conv2d_forward(maps, kernel, stride=window.stride, padding=window.padding)
    return out.reshape(*x.shape[:2], *out.shape[2:]), cache


def blur_backward(dout: Array, cache: ConvCache) -> Array:
    """The gradient: dout (N, C, OH, OW) gives dx, shaped as x. The weights are fixed: they have none."""
    dx, _, _ = conv2d_backward(dout.reshape(-1, 1, *dout.shape[2:]), cache)
    return dx.reshape(*dout.shape[:2], *dx.shape[2:])
