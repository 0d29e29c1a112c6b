"""What somebody draws by hand, as a picture like those of a data set: cut to the ink, scaled, centred, of strokes as thick.

A network that reads scanned digits reads drawn ones only if they are framed as the scanned ones were. How those are framed is
measured on them. MNIST's digits lie in a box of 20 pixels within 28, centred by their centre of mass (LeCun et al., "Gradient-
Based Learning Applied to Document Recognition", 1998); the smaller ones that ship with ConvScope fill all 8 rows and have about
the same ink each (Garris et al., "NIST Form-Based Handprint Recognition System", 1997, which made them).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cnn_core.checks import Array
from cnn_core.datasets.dataset import Dataset, as_pixels

Stroke = Sequence[tuple[float, float]]  # points (x, y), y downwards; one point is a dot

MEASURED = 500  # pictures
USUAL = (25, 75)  # percentiles: between them a drawing is left as it is
MOST_SLANT = 1.0  # that is taken away: a dash that is not quite level stays a dash
MOST_STRETCH = 2.0  # of one side against the other: a dash stays a dash
THICKEST = 0.35  # of the height: a pen, not a brush
PAIRS = 1 << 20  # distances of pixels to pieces of strokes that are looked at together


@dataclass(frozen=True)
class Frame:
    """How the pictures of a data set are framed. Lengths are in pixels; of pairs, nine of ten pictures lie in between.

    shape: (C,H,W). height, width: of the box around the ink. thickness: of the strokes. ink: in one picture, the mean, where a
    pixel full of it is 1. dark: the ink is dark on bright paper, else bright on dark.
    """

    shape: tuple[int, int, int]
    height: tuple[float, float]
    width: tuple[float, float]
    slant: tuple[float, float]
    thickness: tuple[float, float]
    ink: float
    dark: bool

    @classmethod
    def of(cls, dataset: Dataset) -> Frame:
        """The frame of a data set, measured on its first training pictures, once. Ink is what differs from the paper, and the
        paper is what most pictures have at their border."""
        return _measured(dataset)


@lru_cache(maxsize=8)
def _measured(dataset: Dataset) -> Frame:
    grey = as_pixels(dataset.train.x[:MEASURED]).mean(axis=1)
    border = np.concatenate([grey[:, [0, -1]].reshape(-1), grey[:, :, [0, -1]].reshape(-1)])
    if dark := bool(np.median(border) > 0.5):
        grey = 1 - grey
    ink = grey.sum(axis=(1, 2))
    # Half the outline of a long stroke is its length. What changes from pixel to pixel adds up to the outline, measured along
    # the axes; 4 / pi is how much longer that is, over all directions.
    outline = sum(np.abs(np.diff(grey, axis=axis, prepend=0, append=0)).sum(axis=(1, 2)) for axis in (1, 2))
    thickness = 2 * ink * (4 / np.pi) / np.maximum(outline, 1e-6)

    def usual(values: Array) -> tuple[float, float]:
        low, high = np.percentile(values, USUAL).tolist()
        return low, high

    return Frame(
        dataset.image_shape,
        height=usual(grey.max(axis=2).sum(axis=1)),  # a row counts for as much as its brightest pixel
        width=usual(grey.max(axis=1).sum(axis=1)),
        slant=usual(_slants(grey)),
        thickness=usual(thickness),
        ink=float(ink.mean()),
        dark=dark,
    )


def _slants(grey: Array) -> Array:
    """By how many columns the ink of each picture (N,H,W) moves to the right from one row to the next below, (N,)."""
    count, height, width = grey.shape
    rows, columns = (axis.ravel() for axis in np.indices((height, width)).astype(float))
    share = grey.reshape(count, -1).astype(float)
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-6)
    down = rows - (share @ rows)[:, None]
    slants: Array = (share * down * columns).sum(axis=1) / np.maximum((share * down**2).sum(axis=1), 1e-6)
    return slants


def drawn_picture(strokes: Sequence[Stroke], frame: Frame) -> Array | None:
    """The drawing as a picture (C,H,W) float32 in 0..1, framed as `frame` says; None if there is nothing on it.

    Where on the pad it was drawn, and how large, makes no difference. Raises ValueError for strokes that are no finite points.
    """
    pieces = _pieces(strokes)
    if not len(pieces):
        return None
    pieces = pieces - pieces.min(axis=(0, 1))
    pieces = _upright(pieces / max(pieces.max(), 1e-12), frame)
    scale, thickness = _scaled(pieces, frame)
    pieces = pieces * scale
    _, height, width = frame.shape
    size = np.array([width, height])
    first, last = pieces.min(axis=(0, 1)), pieces.max(axis=(0, 1))
    pieces = pieces + (size - first - last) / 2
    grey = _inked(pieces, thickness, height, width)
    rows, columns = np.indices((height, width)) + 0.5
    centre = np.array([(grey * columns).sum(), (grey * rows).sum()]) / grey.sum()
    room = (
        np.maximum(size - (last - first) - thickness, 0) / 2
    )  # the centre of mass moves to the middle, no ink out of it
    offset = np.clip(size / 2 - centre, -room, room)
    grey = _inked(pieces + offset, thickness, height, width)
    picture: Array = np.repeat((1 - grey if frame.dark else grey)[None], frame.shape[0], axis=0)
    return picture


def _pieces(strokes: Sequence[Stroke]) -> Array:
    """All straight pieces (n,2,2), from one (x, y) to the next; a dot is one of length 0."""
    found = []
    for stroke in strokes:
        try:
            points = np.asarray(stroke, dtype=np.float64)
        except (TypeError, ValueError):
            points = np.array(np.nan)
        if points.size and (points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all()):
            raise ValueError(f"strokes must be lists of finite points (x, y), not {str(stroke)[:40]}")
        if points.size:
            found.append(np.stack([points[: max(1, len(points) - 1)], points[min(1, len(points) - 1) :]], axis=1))
    return np.concatenate(found) if found else np.empty((0, 2, 2))


def _lengths(pieces: Array) -> Array:
    along = pieces[:, 1] - pieces[:, 0]
    lengths: Array = np.hypot(along[:, 0], along[:, 1])
    return lengths


def _upright(pieces: Array, frame: Frame) -> Array:
    """The pieces sheared along the rows, so that their slant is a usual one."""
    weight = _lengths(pieces)
    weight = weight / total if (total := weight.sum()) else np.full(len(pieces), 1 / len(pieces))
    middle, along = pieces.mean(axis=1), pieces[:, 1] - pieces[:, 0]
    middle = middle - weight @ middle
    across, up = weight @ (middle * middle[:, 1:] + along * along[:, 1:] / 12)  # the second moments of straight pieces
    slant = across / max(up, 1e-12)
    x = pieces[..., 0] - np.clip(slant - np.clip(slant, *frame.slant), -MOST_SLANT, MOST_SLANT) * pieces[..., 1]
    return np.stack([x, pieces[..., 1]], axis=-1)


def _scaled(pieces: Array, frame: Frame) -> tuple[Array, float]:
    """By what x and y are to be multiplied, and the thickness of the pen, which is part of the size.

    Both sides as large as they usually are at most; where one is then smaller than usual, it is stretched.
    """
    extent = pieces.max(axis=(0, 1)) - pieces.min(axis=(0, 1))
    least, most = np.array([frame.width, frame.height]).T
    thinnest, thickest = (min(t, THICKEST * frame.height[1]) for t in frame.thickness)
    thickness, scale = thinnest, np.ones(2)
    for _ in range(4):  # a thick pen leaves less room for the length, and a short length needs a thick pen
        with np.errstate(divide="ignore"):
            low, high = np.maximum(least - thickness, 0) / extent, np.maximum(most - thickness, 0) / extent
        both = high.min() if np.isfinite(high.min()) else 0.0
        scale = np.clip(np.where(np.isfinite(low), low, 0), both, MOST_STRETCH * both)
        length = _lengths(pieces * scale).sum()
        thickness = float(np.clip(frame.ink / max(length, 1e-6), thinnest, thickest))
    return scale, thickness


def _inked(pieces: Array, thickness: float, height: int, width: int) -> Array:
    """How much of each pixel is inked, (H,W) float32 in 0..1: by the distance of its middle from the nearest piece."""
    rows, columns = np.indices((height, width)) + 0.5
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1)
    nearest = np.full(len(pixels), np.inf)
    for begin in range(0, len(pieces), step := max(1, PAIRS // len(pixels))):
        start, end = pieces[begin : begin + step].transpose(1, 0, 2)[:, :, None]
        along = end - start
        share = ((pixels - start) * along).sum(axis=2) / np.maximum((along**2).sum(axis=2), 1e-12)
        gap = pixels - start - np.clip(share, 0, 1)[..., None] * along
        np.minimum(nearest, np.hypot(gap[..., 0], gap[..., 1]).min(axis=0), out=nearest)
    inked: Array = np.clip(thickness / 2 + 0.5 - nearest, 0, 1).astype(np.float32).reshape(height, width)
    return inked
