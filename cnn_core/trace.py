"""The walk of a window over an image, as data: what the browser draws, one step per output number.

A trace works in whole numbers. Inputs are rounded once to a few decimals and counted in units of the last one; the
layer itself then runs on these counts in float64, which is exact below 2**53. So every product, sum and gradient that
a step shows adds up to the digit, in any order of adding. A value is `counts / scale`.

Steps are numbered output channel by output channel, and within it row by row: step k of P positions belongs to channel
k // P and position k % P. A step sees the cells `origin[k % P] + taps` of each plane of the padded input that its group
holds. `Trace.replay` walks all steps as the browser does, and tests hold it against the layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cnn_core.checks import Array
from cnn_core.conv import conv2d_backward, conv2d_forward
from cnn_core.pool import avg_pool2d_backward, avg_pool2d_forward, max_pool2d_backward, max_pool2d_forward
from cnn_core.window import Window

Operation = Literal["conv2d", "max_pool2d", "avg_pool2d"]
EXACT = 2**53  # whole numbers up to here are exact in float64, in NumPy as in a browser


@dataclass(frozen=True)
class Grid:
    """A stack of planes of exact numbers: counts (channels, rows, columns), each worth 1 / scale."""

    counts: Array
    scale: int = 1

    @property
    def values(self) -> Array:
        """The numbers themselves, float64."""
        return self.counts / self.scale


@dataclass(frozen=True)
class Trace:
    """A forward walk and, where `dout` was given, the backward walk of one layer over one image.

    grids: "x" (padded), "out", for convolution "weight" (all filters' planes in turn) and "bias"; with a backward walk
    also "dout", "dx" (padded), "dweight", "dbias". window and input_size give the geometry; origin (P,) and taps (T,)
    are flat indices into a padded plane. channels_in of the input's planes feed each of a group's channels_out.
    winner (steps,), for max pooling: which tap holds the maximum.
    """

    operation: Operation
    window: Window
    input_size: tuple[int, int]
    grids: dict[str, Grid]
    origin: Array
    taps: Array
    channels_in: int
    channels_out: int
    winner: Array | None = None

    @property
    def steps(self) -> int:
        """Number of steps of one walk: one per output number."""
        return int(self.grids["out"].counts.size)

    def planes(self, channel: int) -> slice:
        """The input's planes that output channel `channel` is made of."""
        first = channel // self.channels_out * self.channels_in
        return slice(first, first + self.channels_in)

    def replay(self) -> dict[str, Array]:
        """Walk every step, adding up what it shows; returns the counts of the results by grid name.

        This is the reference for the browser's walk: the same indices, the same terms, the same order.
        """
        counts = {name: grid.counts for name, grid in self.grids.items()}
        names = ["out"] + [name for name in ("dx", "dweight", "dbias") if name in counts]
        result = {name: np.zeros_like(counts[name]) for name in names}
        flat = {name: array.reshape(len(array), -1) for name, array in (counts | result).items()}
        for step in range(self.steps):
            channel, position = divmod(step, len(self.origin))
            planes, cells = self.planes(channel), self.origin[position] + self.taps
            seen = flat["x"][planes, cells]
            g = flat["dout"][channel, position] if "dout" in flat else 0
            if self.operation == "conv2d":
                filter_planes = slice(channel * self.channels_in, (channel + 1) * self.channels_in)
                weight = flat["weight"][filter_planes]
                flat["out"][channel, position] = np.sum(seen * weight) + flat["bias"][channel, 0]
                if "dout" in flat:
                    flat["dx"][planes, cells] += g * weight
                    flat["dweight"][filter_planes] += g * seen
                    flat["dbias"][channel, 0] += g
            elif self.winner is not None:
                winner = self.winner[step]
                flat["out"][channel, position] = seen[0, winner]
                if "dout" in flat:
                    flat["dx"][channel, cells[winner]] += g
            else:  # an average counts in units of 1 / (KH * KW), so that adding is all there is to do
                flat["out"][channel, position] = np.sum(seen)
                if "dout" in flat:
                    flat["dx"][channel, cells] += g
        return result


def trace_conv2d(
    x: Array,
    weight: Array,
    bias: Array,
    window: Window,
    *,
    groups: int = 1,
    dout: Array | None = None,
    decimals: int = 4,
) -> Trace:
    """The walk of a convolution over one image, with the backward walk where dout is given.

    x (C, H, W), weight (F, C / groups, KH, KW), bias (F,), dout (F, OH, OW); window.kernel_size must be the weight's.
    All are rounded to at most `decimals` decimals first. Raises ValueError where shapes do not fit, a number is not
    finite, or the sums would be too large to be exact.
    """
    if weight.shape[-2:] != window.kernel_size:
        raise ValueError(f"weight (shape {weight.shape}) must end in the window's kernel_size {window.kernel_size}")
    window.output_size(x.shape[1:])
    places = {name: _places(name, array, decimals) for name, array in (("x", x), ("weight", weight), ("bias", bias))}
    places["weight"] = max(places["weight"], places["bias"] - places["x"])  # so that products are at least as fine
    x_grid, w_grid = _grid(window.pad(x), places["x"]), _grid(weight, places["weight"])
    b_grid = _grid(bias, places["x"] + places["weight"])
    _require_exact(_largest(x_grid) * _largest(w_grid) * weight[0].size + _largest(b_grid))
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
        d_grid = _grid(dout, _places("dout", dout, decimals))
        _require_exact(np.abs(d_grid.counts).sum() * max(_largest(x_grid), _largest(w_grid)))
        dx, dweight, dbias = conv2d_backward(d_grid.counts[None], cache)
        grids |= {
            "dout": d_grid,
            "dx": Grid(dx[0], d_grid.scale * w_grid.scale),
            "dweight": Grid(dweight, d_grid.scale * x_grid.scale),
            "dbias": Grid(dbias, d_grid.scale),
        }
    for name in ("weight", "dweight"):
        if name in grids:
            grids[name] = Grid(grids[name].counts.reshape(-1, *window.kernel_size), grids[name].scale)
    for name in ("bias", "dbias"):
        if name in grids:
            grids[name] = Grid(grids[name].counts.reshape(-1, 1, 1), grids[name].scale)
    return _trace("conv2d", window, x, grids, channels_in=weight.shape[1], channels_out=len(weight) // groups)


def trace_max_pool2d(x: Array, window: Window, *, dout: Array | None = None, decimals: int = 4) -> Trace:
    """The walk of max pooling over one image x (C, H, W), with the backward walk where dout (C, OH, OW) is given."""
    window.output_size(x.shape[1:])
    window.require_real_cells(x.shape[1:])
    x_grid = _grid(x, _places("x", x, decimals))
    padded = window.pad(x_grid.counts, -np.inf)
    out, cache = max_pool2d_forward(padded[None], window.kernel_size, stride=window.stride, dilation=window.dilation)
    grids = {"x": Grid(window.pad(x_grid.counts), x_grid.scale), "out": Grid(out[0], x_grid.scale)}
    if dout is not None:
        grids["dout"] = d_grid = _grid(dout, _places("dout", dout, decimals))
        grids["dx"] = Grid(max_pool2d_backward(d_grid.counts[None], cache)[0], d_grid.scale)
    return _trace("max_pool2d", window, x, grids, winner=cache.winner.ravel())


def trace_avg_pool2d(x: Array, window: Window, *, dout: Array | None = None, decimals: int = 4) -> Trace:
    """The walk of average pooling over one image x (C, H, W); its padding counts as zeros. dout as for max pooling.

    window.dilation must be 1. The results count in units of 1 / (KH * KW): a sum in these units is a mean.
    """
    if window.dilation != (1, 1):
        raise ValueError(f"dilation (={window.dilation}) must be 1 for average pooling")
    window.output_size(x.shape[1:])
    window.require_real_cells(x.shape[1:])
    n = window.kernel_size[0] * window.kernel_size[1]
    x_grid = _grid(window.pad(x), _places("x", x, decimals))
    _require_exact(_largest(x_grid) * n * n)
    out, cache = avg_pool2d_forward(x_grid.counts[None] * n, window.kernel_size, stride=window.stride)
    grids = {"x": x_grid, "out": Grid(out[0], x_grid.scale * n)}
    if dout is not None:
        grids["dout"] = d_grid = _grid(dout, _places("dout", dout, decimals))
        grids["dx"] = Grid(avg_pool2d_backward(d_grid.counts[None] * n, cache)[0], d_grid.scale * n)
    return _trace("avg_pool2d", window, x, grids)


def _trace(
    operation: Operation,
    window: Window,
    x: Array,
    grids: dict[str, Grid],
    *,
    channels_in: int = 1,
    channels_out: int = 1,
    winner: Array | None = None,
) -> Trace:
    """Put the geometry beside the numbers, as flat indices into a padded plane."""
    size = (x.shape[1], x.shape[2])
    row = window.padded_size(size)[1]
    origin = np.array([top * row + left for _, _, top, left in window.origins(size)], dtype=np.int32)
    taps = (window.offsets() @ [row, 1]).astype(np.int32)
    return Trace(operation, window, size, grids, origin, taps, channels_in, channels_out, winner)


def _places(name: str, array: Array, limit: int) -> int:
    """The fewest decimals, up to limit, that write every number of `array` in full."""
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers only; replace NaN and infinity")
    for places in range(limit):
        scaled = np.asarray(array, dtype=np.float64) * 10**places
        if np.allclose(scaled, np.rint(scaled), rtol=0, atol=1e-6):
            return places
    return limit


def _grid(array: Array, places: int) -> Grid:
    """`array` counted in units of its last decimal place."""
    return Grid(np.rint(np.asarray(array, dtype=np.float64) * 10**places), 10**places)


def _largest(grid: Grid) -> float:
    return float(np.abs(grid.counts).max(initial=0))


def _require_exact(bound: float) -> None:
    if bound >= EXACT:
        raise ValueError(
            f"the sums (up to {bound:.3g} units of the last decimal) must stay below {EXACT:.3g} to be exact: "
            f"use smaller numbers or fewer decimals"
        )
