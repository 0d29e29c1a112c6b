"""Rows of small pictures with a word on each row: HTML that a page shows as it is, and that wraps nowhere."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnn_core.checks import Array
from pages.figures.pixels import as_url
from pages.figures.sheets import GROUND

HEIGHT = 56  # pixels of a row, about: each cell of a picture becomes a square of whole pixels
GAP = 4  # pixels between two pictures of a row


@dataclass(frozen=True)
class PictureRow:
    """`label` and, smaller, `note` beside `pictures` (n,C,H,W) in 0..1; `first` (C,H,W), if there is one, stands apart."""

    label: str
    note: str
    pictures: Array
    first: Array | None = None


def picture_rows(rows: Sequence[PictureRow]) -> str:
    """The rows as HTML, as many pictures of each as there is room for. Labels and notes are plain text."""
    columns = "max-content 1fr" if rows[0].first is not None else "1fr"
    cells = "".join(map(_row, rows))
    return (
        f'<div style="display: grid; grid-template-columns: minmax(4.5rem, max-content) {columns}; gap: .4rem .9rem; '
        f'align-items: center; overflow: hidden">{cells}</div>'
    )


def _row(row: PictureRow) -> str:
    words = (
        f'<div style="max-width: 10rem; overflow-wrap: anywhere; line-height: 1.15">{html.escape(row.label)}<br>'
        f'<span style="opacity: .75; font-size: .8rem">{html.escape(row.note)}</span></div>'
    )
    first = "" if row.first is None else _image(row.first[None], f"{row.label}: the mean")
    pitch = _enlarged(row.pictures) * row.pictures.shape[3] + GAP
    whole = f"calc(round(down, 100% + {GAP}px, {pitch}px) - {GAP}px)"  # no half a picture, no gap after the last
    strip = f'<div style="overflow: hidden; min-width: 0; max-width: {whole}">{_image(row.pictures, row.label)}</div>'
    return f"{words}{first}{strip}"


def _image(pictures: Array, words: str) -> str:
    pixels = strip(pictures)
    height, width = pixels.shape[:2]
    return (
        f'<img src="{as_url(pixels)}" alt="{html.escape(words, quote=True)}" width="{width}" height="{height}" '
        f'style="display: block; max-width: none; image-rendering: pixelated">'
    )


def strip(x: Array) -> Array:
    """Pictures (n,C,H,W) in 0..1 in one row, (H',W',C) uint8; numbers outside become black or white."""
    enlarge = _enlarged(x)
    tiles = np.rint(255 * x.clip(0, 1)).astype(np.uint8).transpose(0, 2, 3, 1)
    tiles = tiles.repeat(enlarge, axis=1).repeat(enlarge, axis=2)
    _, height, width, channels = tiles.shape
    row = np.empty((height, len(tiles) * (width + GAP) - GAP, channels), dtype=np.uint8)
    row[:] = GROUND if channels == 3 else GROUND[1]
    for number, tile in enumerate(tiles):
        row[:, number * (width + GAP) : number * (width + GAP) + width] = tile
    return row


def _enlarged(x: Array) -> int:
    """Pixels a side of each cell of pictures (n,C,H,W)."""
    return max(1, round(HEIGHT / int(x.shape[2])))
