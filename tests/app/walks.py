"""A walk of every kind, small enough to look at each step, with numbers of several decimals."""

import numpy as np

from cnn_core.walks import gather_conv_transpose2d, gather_dx, trace
from cnn_core.window import Window

TITLES = {"x": "input", "weight": "kernel", "out": "output", "dx": "gradient of the input", "dout": "upstream gradient"}


def numbers(rng, *shape, scale=10):
    return rng.integers(-99, 100, shape) / scale


def conv(window, channels=1, filters=1, groups=1, size=(5, 6), backward=True):
    rng = np.random.default_rng(0)
    x, weight = numbers(rng, channels, *size), numbers(rng, filters, channels // groups, *window.kernel_size)
    dout = numbers(rng, filters, *window.output_size(size)) if backward else None
    return trace.trace_conv2d(x, weight, numbers(rng, filters, scale=100), window, groups=groups, dout=dout)


def transposed():
    rng, window = np.random.default_rng(0), Window.of(3, 2, 1)
    dout = numbers(rng, 2, *window.transposed_size((2, 3), 1))
    return trace.trace_conv_transpose2d(
        numbers(rng, 2, 2, 3), numbers(rng, 2, 2, 3, 3), window, output_padding=1, dout=dout
    )


def gathered(window, filters=1, channels=1, groups=1, size=(5, 6)):
    """dx of a convolution, number by number."""
    rng = np.random.default_rng(0)
    dout, weight = (
        numbers(rng, *shape)
        for shape in ((filters, *window.output_size(size)), (filters, channels // groups, *window.kernel_size))
    )
    return gather_dx(dout, weight, window, input_size=size, groups=groups)


def transposed_gathered():
    rng = np.random.default_rng(0)
    return gather_conv_transpose2d(numbers(rng, 2, 2, 3), numbers(rng, 2, 2, 3, 3), Window.of(3, 2, 1))


def im2col():
    rng = np.random.default_rng(0)
    x, weight = rng.integers(0, 10, (2, 4, 4)), rng.integers(-9, 10, (3, 2, 3, 2))
    return trace.trace_im2col(x, weight, numbers(rng, 3), Window.of((3, 2), 1, (1, 0)))


def pool(tracer, window, broken=False):
    rng = np.random.default_rng(0)
    dout = numbers(rng, 2, *window.output_size((5, 5)))
    return tracer(numbers(rng, 2, 5, 5), window, dout=dout, broken=broken)


def large():
    """Cells below 7 pixels: drawn as pictures, with a close-up."""
    return conv(Window.of(3, 1, 1), 3, 8, size=(32, 32), backward=False)


WALKS = {
    "conv2d": conv(Window.of(3)),
    "course": conv(Window.of(3, 2, 1), 3, 2, size=(5, 5)),
    "padded": conv(Window.of((3, 2), 1, ((0, 1), (2, 0)))),
    "groups": conv(Window.of(2), 4, 2, 2, size=(3, 3)),
    "dilation": conv(Window.of(3, 1, 1, 2)),
    "forward": conv(Window.of(3, 1, 1), backward=False),
    "backward": conv(Window.of(3, 1, 1)).only(["backward"]),
    "transposed": transposed(),
    "gathered": transposed_gathered(),
    "dx gathered": gathered(Window.of(3, 2, 1)),
    "dx of groups": gathered(Window.of(2), 2, 4, 2, (3, 3)),
    "im2col": im2col(),
    "max": pool(trace.trace_max_pool2d, Window.of(3, 2, 1)),
    "avg": pool(trace.trace_avg_pool2d, Window.of(3, 2, 1)),
    "avg of 4": pool(trace.trace_avg_pool2d, Window.of(2, 2)),
    "broken max": pool(trace.trace_max_pool2d, Window.of(3, 1, 1), broken=True),
    "broken avg": pool(trace.trace_avg_pool2d, Window.of(3, 1, 1), broken=True),
}
