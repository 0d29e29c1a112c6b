"""Inputs to act on: drawn patterns, digits, pictures, and the reader's own; each as numbers for the core."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image, ImageOps, UnidentifiedImageError

from cnn_core import datasets
from cnn_core.checks import Array
from pages.controls import messages, settings

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
MOST_PIXELS = 25_000_000
DECODING = threading.Lock()  # one picture at a time: unpacked it may take 75 MB
Image.MAX_IMAGE_PIXELS = None  # Pillow's own check, wider and without the size in its message, makes room for ours
SIDE = 240  # a whole picture is reduced to this many pixels a side: enough to see, quick to filter
OWN = "your picture"
SHUFFLED = "shuffled numbers"
SEED = 231


@dataclass(frozen=True)
class Picture:
    """An input twice: `grid` (H, W), few numbers to walk over; `whole` (C, H, W), all of it.

    Photographs run from 0 to 1; digits and patterns are small, and their whole is their grid.
    """

    grid: Array
    whole: Array


def picture(default: str, low: int, high: int, size: int) -> Picture:
    """Choose an input, and how large its grid is: low to high cells a side (a digit is always 8x8).

    Raises ValueError for a file that is no picture.
    """
    options = [SHUFFLED, *datasets.patterns(), "digit", *datasets.pictures(), OWN]
    name = settings.choice("input", "input", options, default)
    if name == "digit":
        digit = settings.whole("digit", "digit", 0, 9, 3, help="A handwritten digit, 8x8, whole numbers 0 to 16.")
        grid = _digit(digit)
        return Picture(grid, grid[None])
    size = settings.whole(
        "input size", "input_size", low, high, size, help="Rows and columns of the grid to walk over."
    )
    if name == SHUFFLED:  # all different, so that no maximum is shared
        grid = (np.random.default_rng(SEED).permutation(size * size).reshape(size, size) - size * size // 2) / 10
        return Picture(grid, grid[None])
    if name in datasets.patterns():
        grid = datasets.pattern(name, size)
        return Picture(grid, grid[None])
    whole = _own() if name == OWN else datasets.picture(name)
    st.caption(f"The grid is the picture's middle square, in {size}×{size} grey cells from 0 to 1.")
    return Picture(_reduced(whole, size), whole)


def _own() -> Array:
    """The reader's picture; one chosen earlier is kept while they look at other pages."""
    file = st.file_uploader("a picture of yours", type=["png", "jpg", "jpeg", "webp", "gif", "bmp"], key="upload")
    if file is not None:
        st.session_state["uploaded"] = file.name, read_picture(file.getvalue(), file.name)
    elif "uploaded" not in st.session_state:
        st.info("Choose a picture above. Until then a built-in one is shown.")
        return datasets.picture(datasets.pictures()[0])
    name, whole = st.session_state["uploaded"]
    if file is None:
        st.caption(f"Still {messages.plain(name)}; choose another above.")
    return np.asarray(whole)


@st.cache_data(max_entries=20, show_spinner=False)
def read_picture(data: bytes, name: str) -> Array:
    """An uploaded file as (3, H, W) float32 from 0 to 1, upright, at most SIDE pixels a side.

    Raises ValueError for a file that is no picture, is broken, or claims more than MOST_PIXELS pixels.
    """
    try:
        with DECODING, Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise Image.DecompressionBombError(
                    f"{name} (={width}x{height} pixels) must have at most {MOST_PIXELS / 1e6:.0f} megapixels: "
                    f"make it smaller"
                )
            image.draft("RGB", (2 * SIDE, 2 * SIDE))
            image.load()
            rgb = _to_rgb(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from None
    except UnidentifiedImageError:
        raise ValueError(f"{name} must be a picture in one of the formats {', '.join(FORMATS)}") from None
    except (OSError, SyntaxError, EOFError, ValueError) as error:
        raise ValueError(f"{name} must be a whole, unbroken picture ({error}): save it anew") from None
    rgb.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(rgb, dtype=np.float32).transpose(2, 0, 1) / 255


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any mode as RGB: transparency over white, 16 and 32 bits a pixel scaled to 8. Reduced first, to save memory."""
    few = max(1, max(image.size) // (2 * SIDE))
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image)[::few, ::few].astype(np.float64)
        top = 65535.0 if image.mode.startswith("I") else max(1.0, float(values.max(initial=0)))
        return Image.fromarray((values.clip(0, top) * 255 / top).astype(np.uint8)).convert("RGB")
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        image = image.reduce(few)
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _reduced(whole: Array, size: int) -> Array:
    """The grey levels of the picture's middle square in size x size cells, two decimals."""
    grey = (np.tensordot([0.299, 0.587, 0.114], whole, axes=1) * 255).astype(np.uint8)
    side = min(grey.shape)
    top, left = (grey.shape[0] - side) // 2, (grey.shape[1] - side) // 2
    square = Image.fromarray(grey[top : top + side, left : left + side])
    return (np.asarray(square.resize((size, size), Image.Resampling.BOX), dtype=np.float64) / 255).round(2)


def _digit(digit: int) -> Array:
    test = datasets.load("digits").test
    index = int(np.flatnonzero(test.y == digit)[0])
    levels: Array = np.rint(test.x[index, 0].astype(np.float64) * 16)
    return levels
