"""A picture of the reader's own, made to fit what a network was trained on: its size, grey or in colour."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from cnn_core.checks import Array
from pages.address.messages import plain
from pages.controls import settings
from pages.controls.choosing import chosen_files
from pages.controls.decoding import KINDS
from pages.controls.pictures import GREY, MOST_FILE, read_picture

KEPT = "fitted"  # in the session: the last picture, for who looks at another page in between
INVERT = "Dark becomes light: for ink on paper, where the network was trained on light strokes on a dark ground."


def own_picture(shape: tuple[int, int, int]) -> Array | None:
    """An uploaded picture as (C, H, W) float32 from 0 to 1; None before there is one.

    Raises ValueError for a file that is no picture, and where C is neither 1 nor 3.
    """
    files = chosen_files("a picture of yours", KINDS, key="own_upload", most=MOST_FILE)
    if files:
        (file,) = files
        st.session_state[KEPT] = file.name, read_picture(file.data, file.name)[0]
    elif KEPT not in st.session_state:
        st.caption("Choose a picture. Until then a test picture is shown.")
        return None
    name, whole = st.session_state[KEPT]
    if not files:
        st.caption(f"Still {plain(name)}; choose another above.")
    inverted = settings.switch("invert", "invert", help=INVERT)
    return fitted(1 - whole if inverted else whole, shape)


def fitted(whole: Array, shape: tuple[int, int, int]) -> Array:
    """The middle of a picture (3, H', W') from 0 to 1, cut to the proportions of `shape` (C, H, W) and made that size.

    Raises ValueError where C is neither 1 nor 3.
    """
    channels, height, width = shape
    if channels not in (1, 3):
        raise ValueError(
            f"the network (of {channels} channels) must take grey or colour pictures: choose a test picture"
        )
    planes = whole if channels == 3 else np.tensordot([GREY], whole, axes=1)
    tall, wide = planes.shape[1:]
    rows, columns = min(tall, max(1, wide * height // width)), min(wide, max(1, tall * width // height))
    top, left = (tall - rows) // 2, (wide - columns) // 2
    part = planes[:, top : top + rows, left : left + columns].astype(np.float32)
    cells = [Image.fromarray(plane).resize((width, height), Image.Resampling.BOX) for plane in part]
    return np.clip(np.stack([np.asarray(cell, dtype=np.float32) for cell in cells]), 0, 1)
