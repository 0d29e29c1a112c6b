"""A zip of the reader's pictures, one folder for each class, as a data set."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO

import numpy as np
import streamlit as st
from PIL import Image

from cnn_core.checks import Array
from cnn_core.datasets.found import sets_folder
from cnn_core.datasets.naming import shown
from cnn_core.datasets.own import save_pictures
from cnn_core.datasets.zips import read_zip
from pages.address import messages
from pages.controls.choosing import chosen_files
from pages.controls.decoding import TooMuchError, decoded

MOST_ZIP = 50  # MB
ZIP = ("application/zip", ".zip")
MOST_TITLE = 40  # characters
MOST_PIXELS = 2_000_000_000  # of all pictures together, as they are in their files: half a minute's work
SIZES = ("8", "16", "24", "32", "48", "64")
GREY, COLOUR = "grey", "colour"


@dataclass(frozen=True)
class MadeSet:
    """A data set out of a zip: its name, and sentences on how the zip was read."""

    name: str
    notes: tuple[str, ...]


def upload() -> MadeSet | None:
    """Choose a zip, a size and colour or grey, and press the button; returns the set that this made."""
    files = chosen_files(f"a zip, up to {MOST_ZIP} MB, with one folder for each class", ZIP, key="zip", most=MOST_ZIP)
    left, right = st.columns(2)
    size = left.select_slider(
        "size",
        SIZES,
        "32",
        key="own_size",
        help="Each picture is cropped to its middle square, and resized to this many pixels a side.",
    )
    colours = right.radio("colours", [COLOUR, GREY], key="own_colours", horizontal=True)
    if not st.button("Make a data set", key="make_set", icon=":material/add_photo_alternate:", disabled=not files):
        return None
    (file,) = files
    title = f"{shown(PurePath(file.name).stem, MOST_TITLE)}, {size}×{size} {colours}"
    bar = st.progress(0.0, text="Reading the zip")

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, text=f"picture {done + 1} of {total}")

    try:
        return make_set(io.BytesIO(file.data), title, int(size), colour=colours == COLOUR, progress=progress)
    except ValueError as error:
        messages.error(error)
    except OSError as error:
        messages.error(f"{sets_folder()} cannot be written ({error.strerror or error}): make room, or write access")
    finally:
        bar.empty()
    return None


def make_set(
    file: IO[bytes],
    title: str,
    size: int,
    *,
    colour: bool,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> MadeSet:
    """Read a zip and keep what is in it as a data set of that title.

    size: pixels a side, the middle square of each picture. progress(done, total) is called before each picture.
    Raises ValueError for a zip that makes no data set, with the reason and the remedy, and OSError if it cannot be kept.
    """
    left = MOST_PIXELS

    def allow(pixels: int) -> None:
        nonlocal left
        left -= pixels
        if left < 0:
            raise TooMuchError(
                f"the pictures of the zip must have at most {MOST_PIXELS / 1e6:,.0f} megapixels together: make them smaller"
            )

    def decode(content: bytes, path: str) -> Array:
        return _square(decoded(content, shown(path), allow), size, colour=colour)

    found = read_zip(file, decode, progress)
    name = save_pictures(sets_folder(), found.x, found.y, found.class_names, title, found.splits)
    return MadeSet(name, found.notes)


def _square(image: Image.Image, size: int, *, colour: bool) -> Array:
    """The picture's middle square as (C, size, size) uint8."""
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    small = image.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.BOX)
    pixels = np.asarray(small if colour else small.convert("L"))
    return pixels.reshape(size, size, -1).transpose(2, 0, 1)
