"""The walk of a window over one image, layer by layer: `trace_*` runs the layer and writes down what happens step by step.

The layer itself runs, on exact counts (counts.py): every product, sum and gradient that a step shows adds up to the digit.

All functions take one image x (C, H, W) and round every array to at most `decimals` decimals, or to so many from its first
digit on where all of it is small (counts.decimals_of). With `dout`, the gradient that the next layer sends back, the walk
goes on into the backward pass. Lists are taken. They raise ValueError where shapes do not fit, a number is not finite or not
real, or the sums would be too large to be exact; TooManyStepsError where nobody could walk so far.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnn_core.checks import Array, PairLike
from cnn_core.conv import conv2d_backward, conv2d_forward
from cnn_core.conv_transpose import conv_transpose2d_backward, conv_transpose2d_forward
from cnn_core.pool import avg_pool2d_backward, avg_pool2d_forward, max_pool2d_backward, max_pool2d_forward
from cnn_core.walks.counts import Grid, conv_grids, counted, require_exact, takes_planes
from cnn_core.walks.walk import Action, Operation, Phase, PhaseName, Walk, require_few
from cnn_core.window import Window


@takes_planes
def trace_conv2d(
    x: Array,
    weight: Array,
    bias: Array | None,
    window: Window,
    *,
    groups: int = 1,
    dout: Array | None = None,
    decimals: int = 4,
    blank: Array | None = None,
) -> Walk:
    """The walk of a convolution: weight (F, C / groups, KH, KW), bias (F,) or None for zeros, dout (F, OH, OW).

    window.kernel_size must be the weight's. blank (H, W) marks cells of x that are no input either (inserted zeros).
    """
    _check_kernel(weight, window)
    require_few(len(weight), window, x)
    x_grid, w_grid, b_grid = conv_grids(window, x, weight, np.zeros(len(weight)) if bias is None else bias, decimals)
    out, cache = conv2d_forward(
        x_grid.counts[None],  # padded already, so that the gradient of the padding can be seen too
        w_grid.counts,
        b_grid.counts,
        stride=window.stride,
        dilation=window.dilation,
        groups=groups,
    )
    grids = {"x": x_grid, "weight": w_grid, "bias": b_grid, "out": Grid(out[0], b_grid.scale)}
    if dout is not None:
        d_grid = counted("dout", dout, decimals)
        require_exact(np.abs(d_grid.counts).sum() * max(x_grid.largest, w_grid.largest))
        dx, dweight, dbias = conv2d_backward(d_grid.counts[None], cache)
        grids |= {
            "dout": d_grid,
            "dx": Grid(dx[0], d_grid.scale * w_grid.scale),
            "dweight": Grid(dweight, d_grid.scale * x_grid.scale),
            "dbias": Grid(dbias, d_grid.scale),
        }
    phases: dict[PhaseName, tuple[Action, ...]] = {
        "forward": (Action("dot", "out", field="x", point="out", weight="weight", bias="bias"),),
        "backward": (
            Action("outer", "dweight", field="x", point="dout"),
            Action("spread", "dx", field="dx", point="dout", weight="weight"),
            Action("sum", "dbias", point="dout"),
        ),
    }
    walk = _walk("conv2d", window, x, _as_planes(grids, window), phases, out.size, weight, len(weight) // groups)
    if blank is None:
        return walk
    if not isinstance(blank, np.ndarray) or blank.dtype != bool or blank.shape != x.shape[1:]:
        raise ValueError(f"blank (shape {np.shape(blank)}) must be truth values, one for each cell of x: {x.shape[1:]}")
    return replace(walk, blank=window.pad(blank, value=True))


@takes_planes
def trace_conv_transpose2d(
    x: Array,
    weight: Array,
    window: Window,
    *,
    output_padding: PairLike = 0,
    groups: int = 1,
    dout: Array | None = None,
    decimals: int = 4,
) -> Walk:
    """The walk of a transposed convolution without bias: weight (C, F / groups, KH, KW), dout (F, OH, OW).

    One step per input number: it is spread over a window of the output. Here the output is what the window slides over,
    so out and dout are padded; the layer's output is the part inside. window is that of the convolution it transposes.
    """
    _check_kernel(weight, window)
    size = window.transposed_size((x.shape[1], x.shape[2]), output_padding)
    require_few(len(x), window, np.empty((1, *size)))
    x_grid, w_grid = counted("x", x, decimals), counted("weight", weight, decimals)
    require_exact(np.abs(x_grid.counts).sum() * w_grid.largest)
    out, cache = conv_transpose2d_forward(  # without padding: the part that is cut off can be seen too
        x_grid.counts[None],
        w_grid.counts,
        np.zeros(groups * weight.shape[1]),
        stride=window.stride,
        output_padding=output_padding,
        dilation=window.dilation,
        groups=groups,
    )
    grids = {"x": x_grid, "weight": w_grid, "out": Grid(out[0], x_grid.scale * w_grid.scale)}
    if dout is not None:
        d_grid = counted("dout", window.pad(dout), decimals)
        require_exact(np.abs(d_grid.counts).sum() * max(x_grid.largest, w_grid.largest))
        dx, dweight, _ = conv_transpose2d_backward(d_grid.counts[None], cache)
        grids |= {
            "dout": d_grid,
            "dx": Grid(dx[0], d_grid.scale * w_grid.scale),
            "dweight": Grid(dweight, d_grid.scale * x_grid.scale),
        }
    phases: dict[PhaseName, tuple[Action, ...]] = {
        "forward": (Action("spread", "out", field="out", point="x", weight="weight"),),
        "backward": (
            Action("outer", "dweight", field="dout", point="x"),
            Action("dot", "dx", field="dout", point="dx", weight="weight"),
        ),
    }
    large = np.empty((1, *size))
    return _walk(
        "conv_transpose2d", window, large, _as_planes(grids, window), phases, x.size, weight, len(weight) // groups
    )


@takes_planes
def trace_im2col(x: Array, weight: Array, bias: Array | None, window: Window, *, decimals: int = 4) -> Walk:
    """Convolution as one matrix product: first every window becomes a column, then the filters' rows meet the columns.

    The grids columns (C * KH * KW, P), rows (F, C * KH * KW) and product (F, P) are matrices of one plane; product and
    out hold the same numbers.
    """
    walk = trace_conv2d(x, weight, bias, window, decimals=decimals)
    padded, kernels, out = walk.grids["x"], walk.grids["weight"], walk.grids["out"]
    columns = window.view(padded.counts).transpose(0, 3, 4, 1, 2).reshape(1, -1, len(walk.origin))
    rows = kernels.counts.reshape(1, len(weight), -1)
    grids = {
        "columns": Grid(columns, padded.scale),
        "rows": Grid(rows, kernels.scale),
        "product": Grid(out.counts.reshape(1, len(weight), -1), out.scale),
    }
    multiply = Action("matmul", "product", field="columns", point="product", weight="rows", bias="bias")
    phases = (
        Phase("copy", (Action("copy", "columns", field="x"),), len(walk.origin)),
        Phase("multiply", (multiply,), out.counts.size),
    )
    return replace(walk, operation="im2col", grids=walk.grids | grids, phases=phases)


@takes_planes
def trace_max_pool2d(
    x: Array, window: Window, *, dout: Array | None = None, broken: bool = False, decimals: int = 4
) -> Walk:
    """The walk of max pooling, dout (C, OH, OW). broken: its backward pass writes `=` where `+=` belongs."""
    require_few(len(x), window, x)
    window.require_real_cells(x.shape[1:])
    x_grid = counted("x", x, decimals)
    padded = window.pad(x_grid.counts, -np.inf)
    out, cache = max_pool2d_forward(padded[None], window.kernel_size, stride=window.stride, dilation=window.dilation)
    grids = {"x": Grid(window.pad(x_grid.counts), x_grid.scale), "out": Grid(out[0], x_grid.scale)}
    if dout is not None:
        grids["dout"] = d_grid = counted("dout", dout, decimals)
        require_exact(np.abs(d_grid.counts).sum())
        grids["dx"] = Grid(max_pool2d_backward(d_grid.counts[None], cache)[0], d_grid.scale)
    phases: dict[PhaseName, tuple[Action, ...]] = {
        "forward": (Action("max", "out", field="x", point="out"),),
        "backward": (Action("route", "dx", field="dx", point="dout", broken=broken),),
    }
    walk = _walk("max_pool2d", window, x, grids, phases, out.size)
    return replace(walk, winner=cache.winner.ravel())


@takes_planes
def trace_avg_pool2d(
    x: Array, window: Window, *, dout: Array | None = None, broken: bool = False, decimals: int = 4
) -> Walk:
    """The walk of average pooling; its padding counts as zeros. dout and broken as for max pooling.

    window.dilation must be 1. The results count in units of 1 / (KH * KW): a sum in these units is a mean.
    """
    if window.dilation != (1, 1):
        raise ValueError(f"dilation (={window.dilation}) must be 1 for average pooling")
    require_few(len(x), window, x)
    window.require_real_cells(x.shape[1:])
    n = window.kernel_size[0] * window.kernel_size[1]
    x_grid = counted("x", window.pad(x), decimals)
    require_exact(x_grid.largest * n * n)
    out, cache = avg_pool2d_forward(x_grid.counts[None] * n, window.kernel_size, stride=window.stride)
    grids = {"x": x_grid, "out": Grid(out[0], x_grid.scale * n)}
    if dout is not None:
        grids["dout"] = d_grid = counted("dout", dout, decimals)
        require_exact(np.abs(d_grid.counts).sum())
        grids["dx"] = Grid(avg_pool2d_backward(d_grid.counts[None] * n, cache)[0], d_grid.scale * n)
    phases: dict[PhaseName, tuple[Action, ...]] = {
        "forward": (Action("mean", "out", field="x", point="out"),),
        "backward": (Action("spread", "dx", field="dx", point="dout", broken=broken),),
    }
    return _walk("avg_pool2d", window, x, grids, phases, out.size)


def _walk(
    operation: Operation,
    window: Window,
    field: Array,
    grids: dict[str, Grid],
    phases: dict[PhaseName, tuple[Action, ...]],
    steps: int,
    weight: Array | None = None,
    channels_out: int = 1,
) -> Walk:
    """Put the geometry beside the numbers: flat indices into a padded plane of `field`."""
    size = (field.shape[1], field.shape[2])
    rows, row = window.padded_size(size)
    places = np.arange(rows * row, dtype=np.int32).reshape(rows, row)
    kept = [Phase(name, actions, steps) for name, actions in phases.items() if name != "backward" or "dout" in grids]
    return Walk(
        operation=operation,
        phases=tuple(kept),
        window=window,
        input_size=size,
        grids=grids,
        origin=window.view(places)[..., 0, 0].ravel(),
        taps=(window.offsets() @ [row, 1]).astype(np.int32),
        blank=window.pad(np.zeros(size, dtype=bool), value=True),
        channels_in=1 if weight is None else weight.shape[1],
        channels_out=channels_out,
    )


def _as_planes(grids: dict[str, Grid], window: Window) -> dict[str, Grid]:
    """All filters' planes in turn, and a bias as planes of one cell."""
    shapes = {"weight": (-1, *window.kernel_size), "bias": (-1, 1, 1)}
    shapes |= {f"d{name}": shape for name, shape in shapes.items()}
    return {
        name: Grid(grid.counts.reshape(shapes.get(name, grid.counts.shape)), grid.scale) for name, grid in grids.items()
    }


def _check_kernel(weight: Array, window: Window) -> None:
    if weight.shape[-2:] != window.kernel_size:
        raise ValueError(f"weight (shape {weight.shape}) must end in the window's kernel_size {window.kernel_size}")
