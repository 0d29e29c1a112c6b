"""The fast convolution, forward and backward, block by block: what conv.py and conv_transpose.py call.

plan.py says how it is made. All arrays are of one dtype; x, out, dout and dx are C-contiguous. Scratch memory: at most eight
times BLOCK, or eight times what one image takes, where that is more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array
from cnn_core.machine import col2im
from cnn_core.machine.lowering import Strip, add_back, by_rows, from_rows, lower, lower_moved, stacked
from cnn_core.machine.plan import ONE, Plan, plan
from cnn_core.machine.scratch import scratch
from cnn_core.machine.threads import share

LaidOut = list[list[Array]]  # for each block its strips


class Kept(NamedTuple):
    """What the gradient of weight needs of x: what was laid out of it or, if that was too much, x itself."""

    how: Plan
    x: Array | None
    laid_out: LaidOut | None


def forward(x: Array, weight: Array, bias: Array, how: Plan, out: Array) -> LaidOut | None:
    """Write the convolution of x (N, C, H, W) to out (N, F, OH, OW). Returns what was laid out, if it is to be kept."""
    groups = how.groups
    images, maps, kernel = how.grouped(x), how.grouped(out), how.filters(weight).shape[2]
    filters = by_rows(how.filters(weight), groups)[:, None]  # (G, 1, F/G, K)
    if how.ones:
        filters = np.concatenate([filters, bias.reshape(groups, 1, len(bias) // groups, 1)], axis=3)
    added = bias.reshape(groups, 1, len(bias) // groups, 1, 1)

    def make(part: slice) -> LaidOut:
        kept = []
        for block in how.blocks[part]:
            some, rows = block[1], []
            for strip, lowered in _laid_out(images[block], how, moved=how.moved):
                windows, steps = stacked(lowered, kernel, strip.step), _steps(maps[block], how, strip)
                *lead, b, ow = steps.shape
                if b == 1:  # the products come out where they belong
                    np.matmul(filters[some], windows[..., :ow], out=steps[:, :, :, 0])
                    if not how.ones:
                        np.add(steps, added[some], out=steps)
                else:
                    made = scratch("maps", (*lead, b, windows.shape[3] // b), out.dtype)
                    with np.errstate(all="ignore") if how.moved else nullcontext():  # windows that lie in two images
                        np.matmul(filters[some], windows, out=_side_by_side(made))
                    np.add(made, added[some], out=made)  # not on the way out: short rows with a number each are slow
                    steps[...] = made[..., :ow]
                if how.keeps:
                    rows.append(lowered)
            kept.append(rows)
        return kept

    made = share(make, len(how.blocks), 1)
    return [rows for part in made for rows in part] if how.keeps else None


def weight_gradient(dout: Array, weight: Array, kept: Kept) -> Array:
    """The gradient of weight that goes with dout (N, F, OH, OW)."""
    how, groups = kept.how, kept.how.groups
    images = None if kept.x is None else how.grouped(kept.x)
    maps, kernel = how.grouped(dout), how.filters(weight).shape[2]
    size = groups, len(weight) // groups, math.prod(weight.shape[1:])

    def weigh(part: slice) -> Array:
        drows = np.zeros(size, weight.dtype)
        for number, block in enumerate(how.blocks[part], part.start):
            again = [] if kept.laid_out is None else zip(how.strips, kept.laid_out[number], strict=True)
            for strip, lowered in again if images is None else _laid_out(images[block], how):
                windows = stacked(lowered, kernel, strip.step)
                dsteps = _gathered(_steps(maps[block], how, strip), how)
                for start in range(0, dsteps.shape[1], how.products):
                    here = slice(start, start + how.products)
                    made = np.matmul(dsteps[:, here], windows[:, here].swapaxes(2, 3)).sum(axis=1)
                    drows[block[1]] += made[:, :, : size[2]]
        return drows

    drows = np.sum(share(weigh, len(how.blocks), 1), axis=0)
    dweight = np.empty_like(weight)
    how.filters(dweight)[...] = from_rows(drows, how.filters(weight).shape)
    return dweight


def bias_gradient(dout: Array) -> Array:
    """The gradient of bias (F,) that goes with dout (N, F, OH, OW).

    A map's numbers are added up by BLAS, in a third of the time; maps in float64, as float32 would round at each of many.
    """
    n, f, *size = dout.shape
    maps = dout.reshape(n * f, math.prod(size)) @ np.ones(math.prod(size), dout.dtype)
    total: Array = maps.reshape(n, f).sum(axis=0, dtype=np.float64).astype(dout.dtype)
    return total


def input_gradient(dout: Array, weight: Array, how: Plan, dx: Array) -> None:
    """Write to dx (N, C, H, W) the gradient of x that goes with dout (N, F, OH, OW): that of all windows, added up.

    With `how.back` it is the convolution of dout by the kernel turned by half a turn (Dumoulin and Visin 2016, chapter 4).
    """
    if how.back is not None:
        back = plan(dout.shape, len(weight), how.back, how.groups, dout.itemsize)
        forward(dout, np.ascontiguousarray(weight[:, :, ::-1, ::-1]), np.zeros(len(weight), weight.dtype), back, dx)
        return
    images, maps, step = how.grouped(dx), how.grouped(dout), how.strips[0].step
    parts = [_upright(how.filters(weight), how.groups, r, step) for r in range(step)]

    def spread(part: slice) -> None:
        for block in how.blocks[part]:
            add = _add_images if how.by_images else _add_rows
            add(maps[block], [rows[block[1]] for rows in parts], how, images[block])

    share(spread, len(how.blocks), 1)


def _add_images(dmaps: Array, parts: list[Array], how: Plan, dx: Array) -> None:
    """Write to dx (B, G, C/G, H, W) the gradient that goes with dmaps (B, G, F/G, OH, OW), image by image (col2im)."""
    filters = parts[0][:, None]  # (G, 1, K, F/G)
    if how.window == ONE:
        np.matmul(
            filters, _gathered(_steps(dmaps, how, how.strips[0]), how), out=_steps(dx, how, how.strips[0])[:, :, :, 0]
        )
        return
    room = col2im.room_for(dmaps.shape[3:], dx.shape[3:], how.window)
    dsteps = _gathered(_steps(col2im.roomy(dmaps, room), how, how.strips[0]), how)
    dcolumns = scratch("lowered", (*dx.shape[:3], *how.window.kernel_size, *room), dx.dtype)
    b, groups = dx.shape[:2]
    product = np.multiply if dsteps.shape[2] == 1 else np.matmul  # with one filter a group they are the same
    product(filters, dsteps, out=dcolumns.reshape(b, groups, filters.shape[2], math.prod(room)).swapaxes(0, 1))
    col2im.add_back(dcolumns, how.window, dx)


def _add_rows(dmaps: Array, parts: list[Array], how: Plan, dx: Array) -> None:
    """The same row by row.

    Row a * step + r of a strip meets kernel row r in window a, kernel row r + step in window a - 1, and so on: the gradients
    of the windows are neighbours, too, so that one product gives that of a row.
    """
    dx[...] = 0
    for strip in how.strips:
        dsteps = _gathered(_steps(dmaps, how, strip), how)
        groups, s, f, m = dsteps.shape
        dlowered = scratch("lowered", (groups, strip.height, parts[0].shape[1], m), dx.dtype)
        for r, part in enumerate(parts):
            most, rows = len(range(r, how.window.kernel_size[0], strip.step)), dlowered[:, r :: strip.step]
            if s >= most:
                np.matmul(part[:, None], stacked(dsteps, most, 1), out=rows[:, most - 1 : s])
            for a in (*range(min(most - 1, rows.shape[1])), *range(max(most - 1, s), rows.shape[1])):
                first, stop = max(0, a - most + 1), min(a + 1, s)
                left_out = first - (a - most + 1)
                met = part[:, :, left_out * f : (left_out + stop - first) * f]
                np.matmul(met, dsteps[:, first:stop].reshape(groups, (stop - first) * f, m), out=rows[:, a])
        add_back(dlowered, how.window, strip, dx)


def _upright(weight: Array, groups: int, r: int, step: int) -> Array:
    """(F, C/G, KH, KW) -> (G, C/G * KW, KH' * F/G): the kernel rows r, r + step, ..., the last one first."""
    rows = weight[:, :, r::step][:, :, ::-1]
    f, c, kh, kw = rows.shape
    turned = rows.reshape(groups, f // groups, c, kh, kw).transpose(0, 2, 4, 3, 1)
    return turned.reshape(groups, c * kw, kh * (f // groups))


def _laid_out(images: Array, how: Plan, *, moved: bool = False) -> Iterator[tuple[Strip, Array]]:
    """The strips of a block (B, G, C/G, H, W): (G, R, C/G * KW, M), one after the other; the next takes the last one's memory.

    By images it is one strip, and its rows are the images: (G, B, K, OH * OW); columns that are made end in a 1, for the bias.
    moved: in a line.
    """
    if how.window == ONE and how.by_images:
        yield how.strips[0], _steps(images, how, how.strips[0])[:, :, :, 0]
        return
    if not how.by_images:
        for strip in how.strips:
            if moved:
                yield strip, lower_moved(images, how.window, strip)
            else:
                yield strip, lower(images, how.window, strip, fresh=how.keeps)
        return
    padded = images
    if how.window.padding != ONE.padding:
        padded = scratch("padded", (*images.shape[:3], *how.window.padded_size(images.shape[3:])), images.dtype)
        padded.fill(0)
        how.window.crop(padded)[...] = images
    windows = how.window.view(padded).transpose(0, 1, 2, 5, 6, 3, 4)  # (B, G, C/G, KH, KW, OH, OW)
    b, groups, *cells, oh, ow = windows.shape
    shape = b, groups, math.prod(cells) + 1, oh * ow
    columns = np.empty(shape, images.dtype) if how.keeps else scratch("lowered", shape, images.dtype)
    columns[:, :, :-1].reshape(windows.shape)[...] = windows
    columns[:, :, -1] = 1
    yield how.strips[0], columns.swapaxes(0, 1)


def _steps(maps: Array, how: Plan, strip: Strip) -> Array:
    """Maps (B, G, F/G, OH, OW) by the products that make them: a view (G, O, F/G, B, OW), by images (G, B, F/G, 1, OH * OW)."""
    if how.by_images:
        b, groups, f, oh, ow = maps.shape
        return maps.reshape(b, groups, f, 1, oh * ow).swapaxes(0, 1)
    return maps[:, :, :, strip.out].transpose(1, 3, 2, 0, 4)


def _gathered(dsteps: Array, how: Plan) -> Array:
    """The gradients of steps as (G, S, F/G, M): by images as they are, else side by side in memory."""
    if how.by_images:
        return dsteps[:, :, :, 0]
    gathered = scratch("maps", dsteps.shape, dsteps.dtype)
    gathered[...] = dsteps
    return _side_by_side(gathered)


def _side_by_side(steps: Array) -> Array:
    """(G, S, F/G, B, OW) -> (G, S, F/G, B * OW)."""
    *lead, b, ow = steps.shape
    return steps.reshape(*lead, b * ow)
