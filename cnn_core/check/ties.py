"""Max pooling where several numbers of a window are its largest: any way to share the gradient among them is right."""

from __future__ import annotations

import numpy as np

from cnn_core.check.cases import Case
from cnn_core.checks import Array
from cnn_core.window import Window


def other_ways(case: Case) -> list[Array]:
    """The gradients dx (N, C, H, W) of max pooling that are usual besides the core's and PyTorch's, the first row by row.

    The whole goes to the last, or to the first or the last column by column; or all get the same share.
    """
    x, dout, options = case.arrays["x"].astype(np.float64), case.arrays["dout"].astype(np.float64), case.options
    window = Window.of(options["kernel_size"], options["stride"], options["padding"], options["dilation"])
    ((top, bottom), (left, right)), (down, along), (apart, aside) = window.padding, window.stride, window.dilation
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=-np.inf)
    ways = [np.zeros_like(padded) for _ in range(4)]
    for n, c, i, j in np.ndindex(dout.shape):
        rows = i * down + apart * np.arange(window.kernel_size[0])
        columns = j * along + aside * np.arange(window.kernel_size[1])
        inside = padded[n, c][np.ix_(rows, columns)]
        tied = np.argwhere(inside == inside.max())
        by_column = tied[np.lexsort((tied[:, 0], tied[:, 1]))]
        for way, cells in zip(ways, (tied[-1:], by_column[:1], by_column[-1:], tied), strict=True):
            for a, b in cells:
                way[n, c, rows[a], columns[b]] += dout[n, c, i, j] / len(cells)
    height, width = x.shape[2:]
    return [way[:, :, top : top + height, left : left + width] for way in ways]
