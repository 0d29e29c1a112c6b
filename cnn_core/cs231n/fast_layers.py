"""cs231n.fast_layers: convolution and max pooling without loops in Python."""

from __future__ import annotations

from cnn_core import conv, pool
from cnn_core.checks import Array
from cnn_core.cs231n.layers import Forward, Param, conv_options, pool_options

__all__ = ["conv_backward_fast", "conv_forward_fast", "max_pool_backward_fast", "max_pool_forward_fast"]

conv_backward_fast, max_pool_backward_fast = conv.conv2d_backward, pool.max_pool2d_backward


def conv_forward_fast(x: Array, w: Array, b: Array | None, conv_param: Param) -> Forward:
    """Convolution as matrix products; takes and returns what `layers.conv_forward_naive` does."""
    return conv.conv2d_forward(x, w, b, **conv_options(conv_param))


def max_pool_forward_fast(x: Array, pool_param: Param) -> Forward:
    """Max pooling, all windows at once; takes and returns what `layers.max_pool_forward_naive` does."""
    return pool.max_pool2d_forward(x, **pool_options(pool_param))
