"""The reader's whole picture, before and after the layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.conv import conv2d_forward
from pages.controls import messages
from pages.controls.pictures import Picture
from pages.figures.pixels import as_pixels, as_url, sign_note

MOST_MAPS = 8


def whole_picture(chosen: Picture, weight: Array, bias: Array, options: dict[str, Any]) -> None:
    """What the first filters make of all of the picture, not only of the grid: one grey map for each filter.

    options: stride, padding, dilation, groups of conv2d_forward. A grey grid's one-channel filters run over each colour.
    Only for photographs: digits and patterns are whole already.
    """
    if not chosen.photograph:
        return
    st.subheader("The whole picture")
    whole = chosen.whole[None].astype(np.float64)
    each = len(chosen.grid) == len(weight) == 1
    try:
        if each:
            filtered, _ = conv2d_forward(
                whole, np.repeat(weight, 3, axis=0), np.repeat(bias, 3), **(options | {"groups": 3})
            )
            maps = [(as_pixels(filtered[0]), "the same kernel on every channel")]
        else:
            if whole.shape[1] != len(chosen.grid):
                whole = np.tensordot(whole, [0.299, 0.587, 0.114], axes=([1], [0]))[:, None]
            filtered, _ = conv2d_forward(whole, weight, bias, **options)
            maps = [(as_pixels(plane[None]), f"filter {n}") for n, plane in enumerate(filtered[0][:MOST_MAPS])]
    except ValueError as error:
        messages.error(error)
        return
    _, _, rows, columns = filtered.shape
    pictures = [(as_pixels(chosen.whole), f"input, {chosen.whole.shape[2]}×{chosen.whole.shape[1]}")]
    for number, (pixels, words) in enumerate(maps):
        pictures.append(
            (pixels, f"{words}, {columns}×{rows}. {sign_note(filtered[0] if each else filtered[0][number])}")
        )
    across, width = (2, 360) if len(maps) == 1 else (3, 260)
    for first in range(0, len(pictures), across):  # row by row: on a small screen the columns stand one below the other
        for column, (pixels, words) in zip(st.columns(across), pictures[first : first + across], strict=False):
            column.image(as_url(pixels, photograph=True), caption=words, width=width)
