"""A small convolution: all windows of the batch as columns of one matrix, and nothing else (im2col).

What blocks, rows and scratch memory save is less here than what their calls cost. It is what speed/vectorized.py shows.
"""

from __future__ import annotations

import math

import numpy as np

from cnn_core.checks import Array
from cnn_core.machine.col2im import add_back, room_for
from cnn_core.window import Window


def forward(x: Array, weight: Array, bias: Array, window: Window, groups: int) -> tuple[Array, Array]:
    """The convolution of x (N, C, H, W): out (N, F, OH, OW), and the columns (G, C/G * KH * KW, N * OH * OW), a copy."""
    windows = window.view(window.pad(x))
    n, c, oh, ow, kh, kw = windows.shape
    f, cells, positions = len(weight), c // groups * kh * kw, n * oh * ow
    if 1 < ow < kw:  # a window's rows are longer than those of a map: window by window, seen as columns
        some = windows.reshape(n, groups, c // groups, oh, ow, kh, kw).transpose(1, 0, 3, 4, 2, 5, 6)
        columns = some.reshape(groups, positions, cells).swapaxes(1, 2)
    else:
        columns = windows.transpose(1, 4, 5, 0, 2, 3).reshape(groups, cells, positions)
    made = weight.reshape(groups, f // groups, columns.shape[1]) @ columns
    out: Array = np.add(made.reshape(f, n, oh, ow).swapaxes(0, 1), bias[:, None, None], order="C")
    return out, columns


def backward(
    dout: Array,
    columns: Array,
    weight: Array,
    shape: tuple[int, ...],
    window: Window,
    groups: int,
    *,
    input_gradient: bool,
) -> tuple[Array, Array, Array]:
    """The gradients of x, of this shape (N, C, H, W), weight and bias that go with dout (N, F, OH, OW)."""
    n, f, oh, ow = dout.shape
    drows = dout.swapaxes(0, 1).reshape(groups, f // groups, n * oh * ow)
    dweight, dbias = (drows @ columns.swapaxes(1, 2)).reshape(weight.shape), dout.sum(axis=(0, 2, 3))
    if not input_gradient:
        return np.empty(0, dout.dtype), dweight, dbias
    dcolumns = weight.reshape(groups, f // groups, columns.shape[1]).swapaxes(1, 2) @ drows
    maps, size = dcolumns.reshape(shape[1], *window.kernel_size, n, oh, ow), (shape[2], shape[3])
    if math.prod(window.kernel_size) > math.prod(window.stride) and room_for((oh, ow), size, window) == (oh, ow):
        dx = np.empty(shape, dout.dtype)
        add_back(maps.transpose(0, 3, 1, 2, 4, 5), window, dx.swapaxes(0, 1))
    else:
        dpadded = window.view_adjoint(maps.transpose(3, 0, 4, 5, 1, 2), window.padded_size(size))
        dx = np.ascontiguousarray(window.crop(dpadded))
    return dx, dweight, dbias
