"""How the fast convolution is made: in which of its ways, in which blocks, and what is kept.

- At once: all windows of the batch become columns of one matrix (at_once.py). It is for small convolutions, where calls cost
  more than copies.
- By rows (convolve.py): a block of images is laid out along the width, KW numbers for each of a channel. A row of the block's
  maps is one product (lowering.py), and has to be brought from there to where it belongs. High and narrow maps are turned.
- By images (convolve.py): an image's windows become columns, KH * KW numbers for each output and channel (im2col). Its maps
  are one product, and come out where they belong.
- In a line: as by rows, for depthwise convolutions of stride 1, where the copies cost more than the products. The rows of all
  images of a block stand in one line, and each kernel column is that line, moved: a few long copies. Their gradient of x is
  a convolution, too, and made the same way, of dout, by the kernel that is turned by half a turn.

The way is taken whose copies cost least (`_costs`): by images, if the kernel is small, or moves by large steps, or the filters
are many. A 1x1 kernel takes an image as it is, and to a kernel as large as the image its cells are channels of one cell.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from cnn_core.checks import Array, Pair
from cnn_core.machine.col2im import room_for
from cnn_core.machine.lowering import Strip, strips
from cnn_core.machine.threads import threads
from cnn_core.window import Window

BLOCK = 1 << 21  # bytes laid out, and of maps, at once: they should stay in the processor's cache
KEPT = 1 << 23  # bytes of what is laid out that a cache holds at the most; more is made again in the backward pass
NARROW = 32  # cells of a map; smaller ones are put together
WIDE = 256  # numbers in a row of a block's maps, that are worth a product where the groups are many
SMALL = 5 << 18  # numbers copied that are worth the calls which save them
PRODUCTS = 1 << 20  # bytes of products that are made at once to be summed
LOOP = 20  # numbers that could be copied in the time it takes to begin a row of them
ADDED = 1.8  # what a number of a column costs, copied, and added back in long runs
TALL = 1.5  # how many times as much a copy costs that exchanges rows and columns
IDLE = 0.2  # what a product that nobody needs costs, in numbers copied
NEAR = 3 << 14  # bytes of the rows that one row of the output is made of: they should stay in the smallest cache
ONE = Window((1, 1))

Block = tuple[slice, slice]  # of images, of groups


class Plan(NamedTuple):
    """window: the one that slides over what `turn` makes of images and maps (N, C, H, W): views. strips: of rows; one by
    images. one, block: bytes that an image and a block take, laid out, with their maps; laid_out: an image without them. keeps:
    whether what is laid out stays for the backward pass. products: how many gradients of the weight are made at once. moved:
    whether images are laid out in one line. back: the window of the convolution of dout that is dx, if it is made so."""

    window: Window
    groups: int
    turn: Callable[[Array], Array]
    at_once: bool
    by_images: bool
    strips: list[Strip]
    blocks: list[Block]
    one: int
    block: int
    laid_out: int
    keeps: bool
    products: int
    moved: bool
    back: Window | None

    @property
    def ones(self) -> bool:
        """Whether what is laid out ends in ones, for the bias: columns that are made do."""
        return self.by_images and self.window != ONE

    def grouped(self, maps: Array) -> Array:
        """Images or maps (N, C, H, W) as the plan sees them, by groups: a view (N, G, C/G, H, W)."""
        turned = self.turn(maps)
        n, c, *size = turned.shape
        return turned.reshape(n, self.groups, c // self.groups, *size)

    def filters(self, weight: Array) -> Array:
        """The weight (F, C/G, KH, KW) as that of a kernel which slides over what is laid out: 1x1, by images."""
        if self.turn is _sideways:
            weight = weight.swapaxes(2, 3)
        f, *sizes = weight.shape
        kh, kw = (1, 1) if self.by_images else self.window.kernel_size
        return weight.reshape(f, math.prod(sizes) // (kh * kw), kh, kw)


def plan(shape: tuple[int, ...], f: int, window: Window, groups: int, itemsize: int) -> Plan:
    """The plan for images of this shape (N, C, H, W) and F filters; itemsize: bytes of a number."""
    return _plan(
        shape,
        f,
        window,
        groups,
        itemsize,
        (BLOCK, KEPT, NARROW, WIDE, SMALL, LOOP, ADDED, TALL, PRODUCTS, NEAR, IDLE, threads()),
    )


@lru_cache(maxsize=256)
def _plan(
    shape: tuple[int, ...], f: int, window: Window, groups: int, itemsize: int, limits: tuple[float, ...]
) -> Plan:
    """The same; `limits` tells plans apart that were made under other constants."""
    (n, c, height, width), turn = shape, _as_they_are
    if n and window.padding == ONE.padding and window.kernel_size == (height, width):
        n, c, height, width = 1, c * height * width, 1, n
        window, turn = ONE, _as_columns
    elif window == ONE:
        height, width = 1, height * width
        turn = _as_rows
    back = _leading_back(window) if c == f == groups > 1 and turn is _as_they_are else None
    costs, (oh, ow) = _costs(window, (height, width), c, f, line=back is not None), window.output_size((height, width))
    if oh * ow < NARROW and n != 1:
        costs["images"] = math.inf
    if turn is not _as_they_are:
        costs["columns"] = math.inf
    way = min((way for way in costs if way != "at once"), key=costs.__getitem__)
    if way in ("columns", "line of columns"):
        height, width = width, height
        window, turn = _on_its_side(window), _sideways
    (oh, ow), (kh, kw), by_images = window.output_size((height, width)), window.kernel_size, way == "images"
    windows = c * kh * kw * oh * ow * itemsize  # bytes of an image's
    moved = way in ("line", "line of columns")
    row = width + max(window.padding[1]) if moved else ow
    rows, maps = strips(window, (height, width)), f * oh * row
    laid_out = c * kw * sum(strip.height for strip in rows) * row
    if by_images:
        room = room_for((oh, ow), (height, width), window)
        laid_out, rows = c * kh * kw * math.prod(room), strips(ONE, (1, 1))
        maps = 0 if room == (oh, ow) else maps  # then they are nowhere else than where they belong

    laid_out, maps, weights = laid_out * itemsize, maps * itemsize, f * c // groups * kh * kw * itemsize
    one = max(1, laid_out + maps)
    all_of_it = n * (windows + f * oh * ow * itemsize)
    at_once = turn is not _as_columns and n * (costs["at once"] - costs[way]) <= SMALL and all_of_it <= 2 * BLOCK
    enough = 1 if by_images else min(-(-WIDE // ow), BLOCK * groups // one)  # images of a group
    most = max(WIDE // row, NEAR // (kh * kw * row * itemsize)) if moved else max(enough, BLOCK // one)
    count = -(-n // max(1, most))
    images = max(1, -(-n // max(1, count + (-count % threads() if count > 1 else 0))))
    some = groups if by_images else min(groups, max(1, BLOCK * groups // (one * images)))
    blocks = [
        (slice(start, min(n, start + images)), slice(first, min(groups, first + some)))
        for start in range(0, n, images)
        for first in range(0, groups, some)
    ]
    block, keeps = one * images * some // groups, not (moved or (by_images and window == ONE)) and n * laid_out <= KEPT
    products = max(1, PRODUCTS * groups // max(1, some * weights))
    if at_once:
        laid_out, block, keeps, moved, back = windows, all_of_it, True, False, None
    return Plan(
        window, groups, turn, at_once, by_images, rows, blocks, one, block, laid_out, keeps, products, moved, back
    )


def _costs(window: Window, size: Pair, c: int, f: int, *, line: bool) -> dict[str, float]:
    """What each way costs for an image of this size, forward and backward, in numbers copied; the products cost all the same.

    By rows the image is laid out and its maps are brought to where they belong, and all that comes back; by columns the same,
    turned. By images there are more numbers, but their maps are in place, and back they come in long runs. In a line
    (if `line`) the copies of a kernel's columns are long, but some of the products are for nothing.
    """
    (oh, ow), cells = window.output_size(size), math.prod(window.kernel_size)
    whole = ow == 1 or (ow == window.padded_size(size)[1] and window.stride[0] == 1)  # then a map is as good as one row
    turned, sideways = _on_its_side(window), (size[1], size[0])
    costs = {
        "images": c * cells * oh * (LOOP + ADDED * ow),
        "rows": 2 * _by_rows(window, size, c, f),
        "columns": 2 * TALL * _by_rows(turned, sideways, c, f),
        "at once": 2 * (c * cells + f) * ((LOOP + oh * ow) if whole else oh * (LOOP + ow)),
    }
    if line:
        costs["line"] = 2 * _in_line(window, size, c, 1)
        costs["line of columns"] = 2 * _in_line(turned, sideways, c, TALL)
    return costs


def _by_rows(window: Window, size: Pair, c: int, f: int) -> float:
    (oh, ow), height = window.output_size(size), sum(strip.height for strip in strips(window, size))
    return (c * window.kernel_size[1] * height + f * oh) * (LOOP + ow)


def _in_line(window: Window, size: Pair, c: int, tall: float) -> float:
    (oh, ow), (kh, kw) = window.output_size(size), window.kernel_size
    height, row = sum(strip.height for strip in strips(window, size)), size[1] + max(window.padding[1])
    short = height * (LOOP + size[1]) + oh * (LOOP + ow)
    return c * (tall * short + height * kw * row + IDLE * kh * kw * oh * (row - ow))


def _as_they_are(images: Array) -> Array:
    return images


def _sideways(images: Array) -> Array:
    """(N, C, H, W) -> (N, C, W, H): where rows of the output are short, it is made by columns."""
    return images.swapaxes(2, 3)


def _leading_back(window: Window) -> Window | None:
    """The window that leads back, where stride and padding let a convolution do that, else None (Dumoulin and Visin 2016).

    It slides over the maps, and around them is what the kernel reaches beyond the padding: d * (k - 1) - p.
    """
    (down, across), (above, beside) = (length - 1 for length in window.span), window.padding
    if window.stride != ONE.stride or max(above) > down or max(beside) > across:
        return None
    around = (down - above[0], down - above[1]), (across - beside[0], across - beside[1])
    return Window(window.kernel_size, ONE.stride, around, window.dilation)


def _on_its_side(window: Window) -> Window:
    """The window with height and width exchanged."""
    (kh, kw), (sh, sw), (down, across), (dh, dw) = window.kernel_size, window.stride, window.padding, window.dilation
    return Window((kw, kh), (sw, sh), (across, down), (dw, dh))


def _as_rows(images: Array) -> Array:
    """(N, C, H, W) -> (N, C, 1, H * W): to a 1x1 kernel all cells are one row."""
    n, c, *size = images.shape
    return images.reshape(n, c, 1, math.prod(size))


def _as_columns(images: Array) -> Array:
    """(N, C, H, W) -> (1, C * H * W, 1, N): to a kernel that sees all of an image, its cells are channels of one cell."""
    n, *sizes = images.shape
    return images.reshape(n, math.prod(sizes)).T[None, :, None]
