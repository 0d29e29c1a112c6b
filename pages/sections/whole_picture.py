"""The reader's whole picture, before and after the layer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cnn_core import datasets
from cnn_core.checks import Array
from cnn_core.conv import conv2d_forward
from cnn_core.window import Window
from pages.address import messages
from pages.animation.gallery import gallery
from pages.controls.formula import border_note
from pages.controls.pictures import GREY, Picture
from pages.figures.pixels import as_pixels, as_png, as_url, sign_note, span_of

MOST_MAPS = 8
WIDTH = {True: 360, False: 260}  # pixels, of one of two pictures and of one of several

Maps = list[tuple[str, Array]]  # words, (C, H, W) with C 1 or 3


def whole_picture(
    chosen: Picture, what: str, layer: Callable[[Array], Maps], zeros: Window | None
) -> Callable[[], bytes] | None:
    """What `layer` makes of all of the reader's photograph; of a built-in one, where the grid is a pattern or a digit.

    what: the layer in a word; layer: takes (1, 3, H, W) float32; a ValueError of it is told. zeros: the window, if what it
    pads with are zeros. Returns what makes a PNG of the pictures, before and after.
    """
    whole = chosen.whole if chosen.photograph else datasets.picture(datasets.pictures()[0])
    try:
        maps = layer(whole[None])
    except ValueError as error:  # a picture may be one row high
        messages.error(error)
        return None
    pictures = [(f"input, {_size(whole)}", as_pixels(whole))]
    frame = border_note(zeros) if zeros else ""
    for name, made in maps:
        span = span_of(made)
        pictures.append((f"{name}, {_size(made)}. {sign_note(span)}{frame}", as_pixels(made, span)))
    shown = [(words, as_url(pixels, photograph=True), *pixels.shape[:2]) for words, pixels in pictures]
    title = "The whole picture" if chosen.photograph else f"The same {what} on a photograph"
    gallery(title, shown, WIDTH[len(maps) == 1], key="whole_picture")
    if chosen.large is not None:
        return partial(_large_png, chosen.large, layer)
    return partial(as_png, [pixels for _, pixels in pictures])


def _large_png(large: Array, layer: Callable[[Array], Maps]) -> bytes:
    """The same pictures with all the pixels that were kept of the reader's, (3, H, W) uint8; made when the file is asked for.

    With 1024 pixels a side it takes half a second of one processor at most, nearly all of it to pack the file.
    """
    whole = datasets.as_pixels(large)
    return as_png([as_pixels(whole), *(as_pixels(made) for _, made in layer(whole[None]))])


def convolved(chosen: Picture, weight: Array, bias: Array, options: dict[str, Any]) -> Callable[[Array], Maps]:
    """The layer for `whole_picture`: one grey map for each of the first filters.

    options: stride, padding, dilation, groups of conv2d_forward. The filter of a grey grid, if it is the only one, runs over
    each colour. Where the grid has neither one channel nor three, further ones are quarter turns, as the grid's are.
    """
    weight, bias = weight.astype(np.float32), bias.astype(np.float32)  # fine enough for 256 greys, in half the time
    channels = len(chosen.grid)

    def layer(whole: Array) -> Maps:
        if channels == len(weight) == 1:
            each = options | {"groups": 3}
            out, _ = conv2d_forward(whole, np.repeat(weight, 3, axis=0), np.repeat(bias, 3), **each)
            return [("the same kernel on every channel", out[0])]
        if channels != 3:
            grey = np.tensordot(whole, np.asarray(GREY, whole.dtype), axes=([1], [0]))
            whole = np.stack([np.rot90(grey, turns, (1, 2)) for turns in range(channels)], axis=1)
        out, _ = conv2d_forward(whole, weight, bias, **options)
        return [(f"filter {number}", plane[None]) for number, plane in enumerate(out[0][:MOST_MAPS])]

    return layer


def _size(image: Array) -> str:
    return f"{image.shape[2]}×{image.shape[1]}"
