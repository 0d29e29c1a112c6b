"""What a layer has to do: how many operations, and how many bytes it must at least bring in and take out.

Both follow from the definition of the layer, not from a version of it, with one exception: the vectorised version makes a
copy of all windows (im2col), whose bytes are its own.
"""

from __future__ import annotations

from math import prod

from cnn_core.speed.layers import Convolution, Direction, TimedLayer, Version


def operations(layer: TimedLayer, direction: Direction) -> int:
    """Additions, multiplications and comparisons of one batch; the zeros of the padding are multiplied as well.

    A window has K = C * KH * KW cells in a convolution, and KH * KW in a pooling. For each number of the output:
    convolution forward K products, and as many additions (the bias is one); backward K products and K additions for dx,
    the same for dweight, one addition for dbias; pooling forward K - 1 comparisons; backward one addition.
    """
    if isinstance(layer, Convolution):
        cells = _cells(layer) * layer.channels
        return _outputs(layer) * (2 * cells if direction == "forward" else 4 * cells + 1)
    return _outputs(layer) * (_cells(layer) - 1 if direction == "forward" else 1)


def data_bytes(layer: TimedLayer, direction: Direction, version: Version, itemsize: int = 8) -> int:
    """Bytes that one batch must at least move, with `itemsize` bytes a number (8 for float64).

    Each input is read once and each result written once. The vectorised version also writes its copy of the windows and
    reads it; backward, its convolution reads the forward pass's copy in place of x. Numbers that lie in the processor's
    cache are moved faster than from memory; those that do not fit there are moved more than once.
    """
    x, out = layer.batch * layer.channels * layer.size**2, _outputs(layer)
    copied = copied_numbers(layer) if version == "vectorised" else 0
    if not isinstance(layer, Convolution):
        return (x + out + 2 * copied) * itemsize  # forward x in, out out; backward dout in, dx out
    weight, bias = layer.filters * layer.channels * _cells(layer), layer.filters
    if direction == "forward":
        return (x + weight + bias + out + 2 * copied) * itemsize
    seen = copied or x  # dweight is made of what the windows saw: their copy, or x itself
    return (seen + weight + out + x + weight + bias + 2 * copied) * itemsize


def copied_numbers(layer: TimedLayer) -> int:
    """Numbers in a copy of all windows of one batch: im2col's columns."""
    return layer.batch * layer.channels * prod(layer.output_size) * _cells(layer)


def intensity(layer: TimedLayer, direction: Direction, version: Version, itemsize: int = 8) -> float:
    """Operations for each byte that must be moved: the arithmetic intensity of the roofline model."""
    return operations(layer, direction) / data_bytes(layer, direction, version, itemsize)


def _cells(layer: TimedLayer) -> int:
    return prod(layer.window.kernel_size)


def _outputs(layer: TimedLayer) -> int:
    maps = layer.filters if isinstance(layer, Convolution) else layer.channels
    return layer.batch * maps * prod(layer.output_size)
