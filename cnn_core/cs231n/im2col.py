"""cs231n.im2col: windows as columns, and columns added up where their windows stood."""

from __future__ import annotations

import numpy as np

from cnn_core.checks import Array, numbers, takes_arrays, whole
from cnn_core.window import Window

__all__ = ["col2im_indices", "im2col_indices"]


def im2col_indices(x: Array, field_height: int, field_width: int, padding: int = 1, stride: int = 1) -> Array:
    """The windows of x (N, C, H, W) as columns (C * field_height * field_width, OH * OW * N), a place's N images together.

    Raises ValueError for an x of other axes and for windows that do not fit.
    """
    window, x = Window.of((field_height, field_width), stride, padding), numbers("x", x)
    if x.ndim != 4:
        raise ValueError(f"x (shape {x.shape}) must have 4 axes: (N, C, H, W)")
    window.output_size((x.shape[2], x.shape[3]))
    windows = window.view(window.pad(x))  # (N, C, OH, OW, KH, KW)
    return windows.transpose(1, 4, 5, 2, 3, 0).reshape(x.shape[1] * field_height * field_width, -1)


@takes_arrays("cols")
def col2im_indices(
    cols: Array,
    x_shape: tuple[int, int, int, int],
    field_height: int = 3,
    field_width: int = 3,
    padding: int = 1,
    stride: int = 1,
) -> Array:
    """The adjoint of `im2col_indices`: x (N, C, H, W), each cell the sum of the columns' numbers that came from it.

    Whole numbers are added up in float64. Raises ValueError for columns of another shape than `im2col_indices` gives.
    """
    window = Window.of((field_height, field_width), stride, padding)
    if np.shape(x_shape) != (4,):
        raise ValueError(f"x_shape (={str(x_shape)[:40]}) must have 4 numbers: (N, C, H, W)")
    n, c, *size = (whole("x_shape", number, 0) for number in x_shape)
    oh, ow = window.output_size((size[0], size[1]))
    if cols.shape != (shape := (c * field_height * field_width, oh * ow * n)):
        raise ValueError(f"cols (shape {cols.shape}) must have the shape {shape} for x of shape {(n, c, *size)}")
    windows = cols.reshape(c, field_height, field_width, oh, ow, n).transpose(5, 0, 3, 4, 1, 2)
    return np.ascontiguousarray(window.crop(window.view_adjoint(windows, window.padded_size((size[0], size[1])))))
