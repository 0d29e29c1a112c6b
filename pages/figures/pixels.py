"""Arrays as pixels: photographs as they are, signed results around mid-grey."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image

from cnn_core import datasets
from cnn_core.checks import Array

SMALLEST_SIDE = 240  # small grids are enlarged cell by cell, so that a cell stays a sharp square
BETWEEN = 12  # pixels between pictures of a file


Span = tuple[float, float]  # the numbers shown black and white


def span_of(image: Array) -> Span:
    """Which numbers of (C, H, W) are shown black and white.

    Where no number is below 0, 0 is black and 1 (or the largest number, if that is more than 1.5) white. Signed numbers
    reach as far both ways, so that 0 is mid-grey: to almost the largest magnitude, so that a few extremes do not grey out
    the rest.
    """
    high, low = float(image.max(initial=0)), float(image.min(initial=0))
    largest = max(high, -low) or 1.0
    if low >= -0.05 * largest:
        return 0.0, largest if largest > 1.5 else 1.0
    magnitudes = np.abs(image).ravel()
    almost = round(0.995 * (len(magnitudes) - 1))
    magnitudes.partition(almost)  # half the time of np.quantile
    reach = float(magnitudes[almost]) or largest
    return -reach, reach


def as_pixels(image: Array, span: Span | None = None) -> Array:
    """(C, H, W) numbers, C 1 or 3, as (H', W', C) uint8; span: which are black and white, by default `span_of(image)`.

    Bytes, as large data sets keep them, count as 0 to 1.
    """
    if image.dtype == np.uint8:
        image = datasets.as_pixels(image)
    black, white = span or span_of(image)
    levels = image * image.dtype.type((127.5 if black else 255) / white)
    if black:
        levels += 127.5
    np.rint(levels.clip(0, 255, out=levels), out=levels)  # in place: fresh memory takes longer than all of this
    pixels = np.stack(levels.astype(np.uint8), axis=-1)  # a transposed view takes three times as long to be written out
    enlarge = max(1, SMALLEST_SIDE // max(pixels.shape[:2]))
    enlarged: Array = pixels if enlarge == 1 else pixels.repeat(enlarge, axis=0).repeat(enlarge, axis=1)
    return enlarged


def as_url(pixels: Array, *, photograph: bool = False) -> str:
    """Pixels (H, W, C) uint8 as a file inside an address: a page that changes quickly never asks for a lost one.

    Exact (WebP), unless it is a photograph: as JPEG that is made ten times as fast, takes a quarter of the bytes and looks
    the same.
    """
    return _encoded(pixels.tobytes(), pixels.shape, photograph)


def as_png(pictures: Sequence[Array]) -> bytes:
    """A PNG file of pictures (H, W, C) uint8 beside each other, exact; where they differ in height, their tops are in line."""
    images = [Image.fromarray(pixels.squeeze()).convert("RGB") for pixels in pictures]
    width = sum(image.width + BETWEEN for image in images) - BETWEEN
    sheet = Image.new("RGB", (width, max(image.height for image in images)), "white")
    left = 0
    for image in images:
        sheet.paste(image, (left, 0))
        left += image.width + BETWEEN
    file = io.BytesIO()
    sheet.save(file, "PNG", compress_level=2)  # a third of the usual level's time, and an eighth more bytes
    return file.getvalue()


@lru_cache(maxsize=64)  # on most changes of a setting, half of a page's pictures stay what they were
def _encoded(content: bytes, shape: tuple[int, ...], photograph: bool) -> str:
    pixels = np.frombuffer(content, dtype=np.uint8).reshape(shape)
    file = io.BytesIO()
    kind, options = ("JPEG", {"quality": 80}) if photograph else ("WEBP", {"lossless": True, "method": 0})
    Image.fromarray(pixels.squeeze()).save(file, kind, **options)
    return f"data:image/{kind.lower()};base64," + base64.b64encode(file.getvalue()).decode()


def sign_note(span: Span) -> str:
    """What black, white and grey mean in a picture with this span."""
    black, white = span
    if black:
        return f"Mid-grey is 0, black −{white:.2g} and white {white:.2g} (or beyond)."
    return f"Black is 0, white {white:.2g}."
