"""cs231n.im2col: windows as columns, and columns added up where their windows stood."""

from __future__ import annotations

import numpy as np

from cnn_core.checks import Array, numbers
from cnn_core.window import Window

__all__ = ["col2im_indices", "im2col_indices"]


def im2col_indices(x: Array, field_height: int, field_width: int, padding: int = 1, stride: int = 1) -> Array:
    """The windows of x (N, C, H, W) as columns (C * field_height * field_width, OH * OW * N), a place's N images together.

    Raises ValueError for windows that do not fit.
    """
    window, x = Window.of((field_height, field_width), stride, padding), numbers("x", x)
    window.output_size((x.shape[2], x.shape[3]))
    windows = window.view(window.pad(x))  # (N, C, OH, OW, KH, KW)
    return windows.transpose(1, 4, 5, 2, 3, 0).reshape(x.shape[1] * field_height * field_width, -1)


def col2im_indices(
    cols: Array,
    x_shape: tuple[int, int, int, int],
    field_height: int = 3,
    field_width: int = 3,
    padding: int = 1,
    stride: int = 1,
) -> Array:
    """The adjoint of `im2col_indices`: x (N, C, H, W), each cell the sum of the columns' numbers that came from it."""
    window, cols = Window.of((field_height, field_width), stride, padding), numbers("cols", cols)
    n, c, *size = x_shape
    oh, ow = window.output_size((size[0], size[1]))
    windows = cols.reshape(c, field_height, field_width, oh, ow, n).transpose(5, 0, 3, 4, 1, 2)
    return np.ascontiguousarray(window.crop(window.view_adjoint(windows, window.padded_size((size[0], size[1])))))
