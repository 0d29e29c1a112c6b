"""A canvas painted in layers, SCALE times too large, and averaged down at the end, so that edges are smooth.

All lengths and positions are in pixels of the finished picture, x to the right and y down.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnn_core.checks import Array

SIZE = 200
SCALE = 4

Colour = tuple[float, float, float]
Picture = NDArray[np.uint8]  # (3,SIZE,SIZE)
Point = tuple[float, float]

CENTRES = (np.arange(SIZE * SCALE) + 0.5) / SCALE
X, Y = np.meshgrid(CENTRES, CENTRES)


class Canvas:
    """An RGB image in 0..255 that is painted over layer by layer. `rng` drives everything random in it."""

    def __init__(self, seed: int) -> None:
        self.rgb: Array = np.zeros((SIZE * SCALE, SIZE * SCALE, 3))
        self.rng = np.random.default_rng(seed)

    def paint(self, mask: Array, colour: Colour | Array) -> None:
        """Blend `colour`, one triple or an (H,W,3) image, into the canvas where `mask` (H,W) is above 0."""
        self.rgb += mask.clip(0, 1)[..., None] * (np.asarray(colour, dtype=np.float64) - self.rgb)

    def shade(self, mask: Array, factor: float) -> None:
        """Multiply the brightness by `factor` where `mask` is 1: below 1 a shadow, above 1 a light."""
        self.rgb *= 1 + mask.clip(0, 1)[..., None] * (factor - 1)

    def strokes(self, start: Array, end: Array, colours: Array, width: Array) -> None:
        """Straight strokes in the given order. start, end: (n,2) as (x, y). colours: (n,3). width: (n,)."""
        image = Image.fromarray(self.rgb.clip(0, 255).round().astype(np.uint8))
        draw = ImageDraw.Draw(image)
        for a, b, c, w in zip(start * SCALE, end * SCALE, colours.clip(0, 255), width * SCALE, strict=True):
            draw.line([*a, *b], fill=(int(c[0]), int(c[1]), int(c[2])), width=max(1, round(w)))
        self.rgb = np.asarray(image, dtype=np.float64)

    def noise(self, width: float, height: float | None = None, octaves: int = 3) -> Array:
        """Smooth noise in 0..1 with blots of about `width` x `height`, and finer ones on top of them."""
        total = np.zeros_like(X)
        for octave in range(octaves):
            cells = [int(SIZE * 2**octave / side) + 2 for side in (width, height or width)]
            grid = Image.fromarray(self.rng.random(cells[::-1]).astype(np.float32))
            total += np.asarray(grid.resize(X.shape, Image.Resampling.BICUBIC)) / 2**octave
        low, high = (float(end) for end in np.percentile(total, [1, 99]))
        return np.clip((total - low) / (high - low), 0, 1)

    def finish(self) -> Picture:
        """The finished picture, (3,SIZE,SIZE) in 0..255."""
        small = self.rgb.clip(0, 255).reshape(SIZE, SCALE, SIZE, SCALE, 3).mean(axis=(1, 3))
        planes: Picture = small.round().astype(np.uint8).transpose(2, 0, 1)
        return planes


def polygon(*points: Point) -> Array:
    """Mask of a filled polygon."""
    image = Image.new("L", (SIZE * SCALE, SIZE * SCALE))
    ImageDraw.Draw(image).polygon([(x * SCALE, y * SCALE) for x, y in points], fill=255)
    return np.asarray(image) / 255


def box(left: float, top: float, right: float, bottom: float) -> Array:
    """Mask of an upright rectangle."""
    return polygon((left, top), (right, top), (right, bottom), (left, bottom))


def line(width: float, *points: Point) -> Array:
    """Mask of a line through `points`."""
    image = Image.new("L", (SIZE * SCALE, SIZE * SCALE))
    path = [(x * SCALE, y * SCALE) for x, y in points]
    ImageDraw.Draw(image).line(path, fill=255, width=round(width * SCALE), joint="curve")
    return np.asarray(image) / 255


def ellipse(x: float, y: float, rx: float, ry: float | None = None, soft: float = 0.0) -> Array:
    """Mask of an ellipse; `soft` is the share of its radius over which it fades out."""
    distance = np.hypot((X - x) / rx, (Y - y) / (ry or rx))
    return np.clip((1 - distance) / soft, 0, 1) if soft else (distance < 1) * 1.0


def glow(x: float, y: float, radius: float) -> Array:
    """Mask that falls off like a Gaussian with standard deviation `radius`."""
    return np.exp(-(np.hypot(X - x, Y - y) ** 2) / (2 * radius**2))


def blend(at: Array, stops: Sequence[tuple[float, Colour]]) -> Array:
    """(H,W,3) colours for the values `at`, interpolated between the `stops` (value, colour)."""
    positions = [position for position, _ in stops]
    return np.stack([np.interp(at, positions, [colour[i] for _, colour in stops]) for i in range(3)], axis=-1)


def look_up(values: Array, row: Array, column: Array) -> Array:
    """`values` (H,W) or (H,W,3) at the picture positions `row`, `column`; outside, the nearest one inside."""
    last = SIZE * SCALE - 1
    rows, columns = (np.clip(at * SCALE, 0, last).astype(int) for at in (row, column))
    found: Array = values[rows, columns]
    return found
