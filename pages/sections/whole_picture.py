"""The reader's whole picture, before and after the layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.conv import conv2d_forward
from pages.address import messages
from pages.animation.gallery import gallery
from pages.controls.pictures import GREY, Picture
from pages.figures.pixels import as_pixels, as_url, sign_note, span_of

MOST_MAPS = 8
WIDTH = {True: 360, False: 260}  # pixels, of one of two pictures and of one of several

Maps = list[tuple[str, Array]]  # words, (C, H, W) with C 1 or 3


def whole_picture(chosen: Picture, layer: Callable[[Array], Maps]) -> None:
    """What `layer` makes of all of the picture (1, 3, H, W) float32, not only of the grid.

    Only for photographs: digits and patterns are whole already. A ValueError of the layer is told.
    """
    if not chosen.photograph:
        return
    try:
        maps = layer(chosen.whole[None])
    except ValueError as error:  # a picture may be one row high
        messages.error(error)
        return
    pictures = [(f"input, {_size(chosen.whole)}", as_pixels(chosen.whole))]
    for name, made in maps:
        span = span_of(made)
        pictures.append((f"{name}, {_size(made)}. {sign_note(span)}", as_pixels(made, span)))
    shown = [(words, as_url(pixels, photograph=True), *pixels.shape[:2]) for words, pixels in pictures]
    gallery("The whole picture", shown, WIDTH[len(maps) == 1], key="whole_picture")


def convolved(chosen: Picture, weight: Array, bias: Array, options: dict[str, Any]) -> Callable[[Array], Maps]:
    """The layer for `whole_picture`: one grey map for each of the first filters.

    options: stride, padding, dilation, groups of conv2d_forward. The filter of a grey grid, if it is the only one, runs over
    each colour.
    """
    weight, bias = weight.astype(np.float32), bias.astype(np.float32)  # fine enough for 256 greys, in half the time

    def layer(whole: Array) -> Maps:
        if len(chosen.grid) == len(weight) == 1:
            each = options | {"groups": 3}
            out, _ = conv2d_forward(whole, np.repeat(weight, 3, axis=0), np.repeat(bias, 3), **each)
            return [("the same kernel on every channel", out[0])]
        if whole.shape[1] != len(chosen.grid):
            whole = np.tensordot(whole, np.asarray(GREY, whole.dtype), axes=([1], [0]))[:, None]
        out, _ = conv2d_forward(whole, weight, bias, **options)
        return [(f"filter {number}", plane[None]) for number, plane in enumerate(out[0][:MOST_MAPS])]

    return layer


def _size(image: Array) -> str:
    return f"{image.shape[2]}×{image.shape[1]}"
