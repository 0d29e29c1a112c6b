"""Inputs to act on: drawn patterns, digits, pictures, and the reader's own; each as numbers for the core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from cnn_core import datasets
from cnn_core.checks import Array, Pair
from pages.address import messages, state
from pages.controls import settings
from pages.controls.choosing import chosen_files
from pages.controls.decoding import KINDS, LARGE, SIDE, decoded

MOST_FILE = 20  # MB; the server itself takes 50 (.streamlit/config.toml), for a zip of many pictures
OWN = "own_picture"
SHUFFLED = "shuffled_numbers"
FEW = "few_numbers"
SIZES = (*range(2, 17), 20, 24, 28, 32, 48, 64, 96, 128, 192, 256)
CHANNELS_HELP = (
    "A photograph has one (grey) or three (red, green, blue); otherwise each further channel is a quarter turn."
)
GREY = (0.299, 0.587, 0.114)  # red, green and blue weighted as the eye does
SEED = 4  # draws no 0 first: a walk begins with something to see


@dataclass(frozen=True)
class Picture:
    """An input twice: `grid` (C, H, W), the numbers to walk over; `whole` (C', H', W'), all of it.

    Photographs run from 0 to 1, and their whole is in colour; digits and patterns are small, and their whole is their grid.
    large: the reader's own picture with more pixels, (3, H'', W'') uint8, if it has more.
    """

    grid: Array
    whole: Array
    photograph: bool = False
    large: Array | None = None

    @property
    def size(self) -> Pair:
        """Rows and columns of the grid."""
        return self.grid.shape[1], self.grid.shape[2]

    @property
    def channel_names(self) -> list[str]:
        """Names for the grid's channels, where they have any."""
        return ["red", "green", "blue"] if self.photograph and len(self.grid) == 3 else []


@dataclass(frozen=True)
class Source:
    """What an input is made of: its name among the options, and whatever that one needs; `channel_counts` it may have.

    size: rows and columns of the grid. photograph: all of the picture (3, H, W), if it is one; large: as in `Picture`.
    """

    name: str
    size: int
    number: int = 0
    photograph: Array | None = None
    most_channels: int = 4
    large: Array | None = None

    @property
    def channel_counts(self) -> list[str]:
        """How many channels can be chosen, as options of a list."""
        return ["1", "3"] if self.photograph is not None else [str(n) for n in range(1, self.most_channels + 1)]

    def picture(self, channels: int) -> Picture:
        """It, as numbers."""
        colour = channels == 3
        if self.photograph is not None:
            if self.name == OWN:
                return replace(_photograph(self.photograph, self.size, colour), large=self.large)
            return _built_in(self.name, self.size, colour)
        grid = _numbers(self.name, self.size, channels, self.number)
        return Picture(grid, grid)


def picture(
    start: Mapping[str, Any], *, most_channels: int = 4, most_cells: int = 256, own_cells: int | None = None
) -> Picture:
    """Choose an input, its size, and how many channels it has.

    start: what input, input_size and channels begin with; most_cells: a side. own_cells: a side, for the reader's own picture
    to begin with; None: as many as `start` says.

    Raises ValueError for a file that is no picture.
    """
    chosen = source(start, most_channels=most_channels, most_cells=most_cells, own_cells=own_cells)
    return chosen.picture(channels_of(chosen, start) if most_channels > 1 else 1)


def source(
    start: Mapping[str, Any], *, most_channels: int = 4, most_cells: int = 256, own_cells: int | None = None
) -> Source:
    """Choose an input and its size; arguments and errors as for `picture`."""
    options = [SHUFFLED, FEW, *datasets.patterns(), "digit", *datasets.pictures(), OWN]
    name = settings.choice("input", "input", options, start["input"])
    if name == "digit":
        number = settings.whole("digit", "digit", 0, 9, 3, help="Handwritten, 8x8, whole numbers 0 to 16.")
        return Source(name, 8, number, None, most_channels)
    photograph = name == OWN or name in datasets.pictures()
    few, most = (3, 32) if name in datasets.patterns() else (2, 256 if photograph else 32)
    sizes = [str(n) for n in SIZES if few <= n <= min(most, most_cells)]
    begin = _follow(str(own_cells if own_cells and name == OWN else start["input_size"]))
    size = int(settings.scale("input size", "input_size", sizes, begin, help="Rows and columns."))
    if photograph:
        whole, large = _own() if name == OWN else (datasets.picture(name), None)
        height, width = (whole if large is None else large).shape[1:]
        side = min(height, width)
        part = "all" if height == width else f"the middle {side}×{side}"
        st.caption(
            f"The grid is {part} of the picture's {width}×{height} pixels, averaged to {size}×{size} cells from 0 to 1."
        )
        return Source(name, size, 0, whole, most_channels, large)
    seed = 0
    if name in (SHUFFLED, FEW):
        seed = settings.whole(
            "seed", "seed", 0, 999, SEED, help="Another seed, other numbers; the same seed, the same ones."
        )
    return Source(name, size, seed, None, most_channels)


def _follow(begin: str) -> str:
    """The size that an input begins with. One that was left alone goes along when another input is chosen."""
    before = st.session_state.get("input_began")
    if before is not None and st.session_state.get("input_size") == before != begin:
        state.put({"input_size": begin})
    st.session_state["input_began"] = begin
    return begin


def channels_of(chosen: Source, start: Mapping[str, Any]) -> int:
    """Choose how many channels it has; start: what `channels` begins with, if that can be."""
    counts = chosen.channel_counts
    begin = str(start["channels"]) if str(start["channels"]) in counts else "1"
    return int(settings.choice("channels", "channels", counts, begin, help=CHANNELS_HELP))


def _numbers(name: str, size: int, channels: int, number: int) -> Array:
    """Inputs that are not photographs, (channels, size, size); further channels of a pattern are its quarter turns.

    number: the digit, or the seed.
    """
    if name in (SHUFFLED, FEW):
        rng = np.random.default_rng(number)
        if name == FEW:  # many of them equal: ties, on purpose
            few: Array = rng.integers(0, 3, (channels, size, size)).astype(np.float64)
            return few
        numbers = rng.permutation(channels * size * size)  # all different, so that no maximum is shared
        places = 0 if channels * size * size < 100 else 1
        shuffled: Array = (numbers.reshape(channels, size, size) - numbers.size // 2) / 10**places
        return shuffled
    first = _digit(number) if name == "digit" else datasets.pattern(name, size)
    return np.stack([np.rot90(first, turns) for turns in range(channels)])


def _own() -> tuple[Array, Array | None]:
    """The reader's picture as `read_picture` gives it; one chosen earlier is kept while they look at other pages."""
    files = chosen_files("a picture of yours", KINDS, key="upload", most=MOST_FILE)
    if files:
        (file,) = files
        st.session_state["uploaded"] = file.name, *read_picture(file.data, file.name)
    elif "uploaded" not in st.session_state:
        st.info("Choose a picture above. Until then a built-in one is shown.")
        return datasets.picture(datasets.pictures()[0]), None
    name, whole, large = st.session_state["uploaded"]
    if not files:
        st.caption(f"Still {messages.plain(name)}; choose another above.")
    return whole, large


@st.cache_data(max_entries=20, show_spinner=False)
def read_picture(data: bytes, name: str) -> tuple[Array, Array | None]:
    """An uploaded file twice, upright: (3, H, W) float32 from 0 to 1, at most SIDE pixels a side, and (3, H', W') uint8, at most
    LARGE; None if these were no more. Raises ValueError as `decoded`.
    """
    rgb = decoded(data, name, keep=LARGE)
    rgb.thumbnail((LARGE, LARGE), Image.Resampling.BOX)
    large = np.asarray(rgb).transpose(2, 0, 1) if max(rgb.size) > SIDE else None
    rgb.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(rgb, dtype=np.float32).transpose(2, 0, 1) / 255, large


@lru_cache(maxsize=64)  # most changes of a setting are of another one
def _built_in(name: str, size: int, colour: bool) -> Picture:
    return _photograph(datasets.picture(name), size, colour)


def _photograph(whole: Array, size: int, colour: bool) -> Picture:
    return Picture(_reduced(whole, size, colour=colour), whole, True)


def _reduced(whole: Array, size: int, *, colour: bool) -> Array:
    """The picture's middle square in size x size cells, two decimals: (3, size, size), or (1, size, size) in grey."""
    planes = whole if colour else np.tensordot([GREY], whole, axes=1)
    height, width = planes.shape[1:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    squares = (np.clip(planes[:, top : top + side, left : left + side], 0, 1) * 255).astype(np.uint8)
    cells = [Image.fromarray(square).resize((size, size), Image.Resampling.BOX) for square in squares]
    reduced: Array = (np.stack([np.asarray(cell, dtype=np.float64) for cell in cells]) / 255).round(2)
    reduced.setflags(write=False)
    return reduced


def _digit(digit: int) -> Array:
    test = datasets.load("digits").test
    index = int(np.flatnonzero(test.y == digit)[0])
    levels: Array = np.rint(test.x[index, 0].astype(np.float64) * 16)
    return levels
