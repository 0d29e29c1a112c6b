"""What a transposed convolution spreads, gathered number by number: an ordinary convolution, with the kernel flipped.

dx of a convolution is such a transposed convolution, of dout. So each number of dx is one sum: the flipped kernel moves by 1
over dout, which has stride - 1 zeros between its cells, and around it dilation * (kernel_size - 1) - padding (docs/math.md;
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4).

Both functions return a walk whose grid x is what is gathered from, and out what is made; `Walk.called` says what they are.
They raise ValueError as the walks of trace.py do, and where padding cuts off more than the kernel adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from cnn_core.checks import Array, PairLike, pair
from cnn_core.conv_transpose import as_convolution
from cnn_core.walks.counts import takes_planes
from cnn_core.walks.trace import trace_conv2d
from cnn_core.walks.walk import Action, Phase, PhaseName, Walk
from cnn_core.window import Window

DX = MappingProxyType({"x": "dout", "out": "dx"})


@takes_planes
def gather_conv_transpose2d(
    x: Array, weight: Array, window: Window, *, output_padding: PairLike = 0, groups: int = 1, decimals: int = 4
) -> Walk:
    """The output of a transposed convolution without bias: x (C, H, W), weight (C, F / groups, KH, KW); one step a number.

    window is that of the convolution it transposes.
    """
    return _gather(x, weight, window, output_padding, groups, decimals, "forward", {})


@takes_planes
def gather_dx(
    dout: Array, weight: Array, window: Window, *, input_size: PairLike, groups: int = 1, decimals: int = 4
) -> Walk:
    """dx (C, H, W) of a convolution: dout (F, OH, OW), weight (F, C / groups, KH, KW), input_size (H, W); one step a number."""
    size = pair("input_size", input_size, 1)
    if (wanted := window.output_size(size)) != dout.shape[1:]:
        raise ValueError(
            f"dout (shape {dout.shape}) must have {wanted} rows and columns, as many as the output that the window makes of "
            f"input_size (={size})"
        )
    return _gather(dout, weight, window, window.leftover(size), groups, decimals, "backward", DX)


def _gather(
    x: Array,
    weight: Array,
    window: Window,
    output_padding: PairLike,
    groups: int,
    decimals: int,
    phase: PhaseName,
    called: Mapping[str, str],
) -> Walk:
    apart, flipped, gathering, between = as_convolution(x, weight, window, output_padding=output_padding, groups=groups)
    walk = trace_conv2d(apart, flipped, None, gathering, groups=groups, decimals=decimals, blank=between)
    action = Action("dot", "out", field="x", point="out", weight="weight")
    return replace(
        walk,
        phases=(Phase(phase, (action,), walk.steps),),
        grids={name: walk.grids[name] for name in ("x", "weight", "out")},
        apart=window.stride,
        called=called,
    )
