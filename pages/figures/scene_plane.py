"""One plane of a scene: its cells, coloured and numbered, and the frames around those that the step has to do with."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np

from cnn_core.checks import Array
from cnn_core.walks.rounding import shortened
from cnn_core.walks.walk import Walk
from pages.figures.colours import ZERO, ink
from pages.figures.scene_items import Hatch, Item, Line, Picture, Rect, Text, number_width
from pages.figures.scene_layout import BIASES, CAPTION, CAPTION_SIZE, KERNELS, LINED, NUMBERS, Place
from pages.figures.scene_step import Mark, known, marks, takes_part

Theme = Literal["light", "dark"]
HERE, UNSEEN = "#e6007a", "#cc79a7"  # frames; hatching where no window comes by
INK = {"light": "#1b2028", "dark": "#e8ecf2"}
MUTED = {"light": "#505864", "dark": "#aeb6c4"}
LINE = {"light": "#c3c9d2", "dark": "#4a5160"}
HATCH = {"light": "#b6bdc9", "dark": "#596273"}
ENDS = {"light": ((43, 108, 190), (217, 95, 2)), "dark": ((70, 140, 230), (240, 130, 40))}  # below and above 0
LARGEST_TYPE, LARGE_TYPE, SMALL_TYPE, SMALLEST_TYPE = 15, 10, 8, 7


class PlanePainter:
    """Draws planes of a walk's grids."""

    def __init__(self, walk: Walk, theme: Theme) -> None:
        self.walk, self.theme = walk, theme
        self.base = tuple(bytes.fromhex(ZERO[theme][1:]))
        grey = ("x", "columns") if walk.winner is None else ("x", "out")
        self.images = () if walk.called or walk.grids["x"].counts.min(initial=0) < 0 else grey
        self.fields = walk.fields
        self.unseen = walk.window.coverage(walk.input_size) == 0

    def paint(self, place: Place, step: int, made: dict[str, Array]) -> tuple[list[Item], list[Item]]:
        """The plane at this place after a step that has `made` these counts; frames apart, to be drawn over all else."""
        name, found = place.name, marks(self.walk, place.name, step)
        channel, top, left, caption = place.number, 0, 0, place.caption
        if place.close:
            _, rows, columns = self.walk.grids[name].counts.shape
            mark = found[place.number]
            channel = mark.plane
            top = _centred(mark.top, mark.rows, place.rows, rows)
            left = _centred(mark.left, mark.columns, place.columns, columns)
            caption = self._address(place, channel, top, left)
        items: list[Item] = []
        if caption:
            items.append(Text(place.x, place.y - CAPTION / 2, caption, CAPTION_SIZE, MUTED[self.theme]))
        items += self._cells(
            place, channel, (slice(top, top + place.rows), slice(left, left + place.columns)), step, made
        )
        here = [mark for mark in found if mark.plane == channel] if takes_part(self.walk, name, step) else []
        return items, [frame for mark in here for frame in self._frames(place, mark, top, left)]

    def _address(self, place: Place, channel: int, top: int, left: int) -> str:
        """What a close-up shows, as NumPy would write it."""
        name, channels = place.name, len(self.walk.grids[place.name].counts)
        if name in BIASES:
            return f"{name}[{channel}]"
        if name in KERNELS:
            number, part = divmod(channel, self.walk.channels_in)
            return f"{name}[{number}, {part}]"
        at = f"{top}:{top + place.rows}, {left}:{left + place.columns}"
        return f"{name}[{channel}, {at}]" if channels > 1 else f"{name}[{at}]"

    def _cells(
        self, place: Place, channel: int, part: tuple[slice, slice], step: int, made: dict[str, Array]
    ) -> list[Item]:
        """The numbers on their colours; hatched where they are padding or no window comes by."""
        name, cell, walk = place.name, place.cell, self.walk
        grid, field = walk.grids[name], name in self.fields
        counts = made.get(name, grid.counts)[channel][part]
        shown = known(walk, name, channel, step)[part]
        nowhere = np.zeros(counts.shape, dtype=bool)
        blank, unseen = (walk.blank[part], self.unseen[part]) if field else (nowhere, nowhere)
        colours = self._shade(counts / (grid.largest or 1), image=name in self.images)
        colours[blank | ~shown] = self.base

        width, height = place.columns * cell, place.rows * cell
        items: list[Item] = []
        if cell < NUMBERS:
            items.append(Picture(place.x, place.y, width, height, colours))
        else:
            items.append(Rect(place.x, place.y, width + 1, height + 1, fill=LINE[self.theme]))
            for row, column in np.ndindex(counts.shape):
                x, y = place.x + column * cell + 1, place.y + row * cell + 1
                items.append(Rect(x, y, cell - 1, cell - 1, fill=f"#{colours[row, column].tobytes().hex()}"))
        for mask, colour, rising in ((blank, HATCH[self.theme], True), (unseen, UNSEEN, False)):
            for top, left, rows, columns in _rectangles(mask):
                x, y = place.x + left * cell, place.y + top * cell
                items.append(Hatch(x, y, columns * cell, rows * cell, colour, rising))
        if cell < NUMBERS:
            return items + self._lines(place)
        for row, column in np.argwhere(shown).tolist():
            if blank[row, column] and name == "x" and walk.winner is not None:
                text, size = "−∞", float(LARGE_TYPE)
            else:
                text, size = _fitted(int(counts[row, column]), grid.scale, int(cell))
            below = colours[row, column]
            x, y = place.x + (column + 0.5) * cell + 0.5, place.y + (row + 0.5) * cell + 0.5
            width = number_width(text, size)
            if blank[row, column] or unseen[row, column]:  # no line runs through a number
                ground = f"#{below.tobytes().hex()}"
                items.append(Rect(x - width / 2 - 1, y - size / 2, width + 2, size, fill=ground))
            colour = MUTED[self.theme] if blank[row, column] else ink(below.tolist())
            items.append(Text(x, y, text, size, colour, "middle", length=width if len(text) > 2 else None))
        return items

    def _lines(self, place: Place) -> list[Item]:
        """Lines around all cells, or around the plane where the cells are too small for that."""
        colour, cell = LINE[self.theme], place.cell
        width, height = place.columns * cell, place.rows * cell
        if cell < LINED:
            return [Rect(place.x - 1, place.y - 1, width + 2, height + 2, line=colour)]
        downs = [place.x + column * cell for column in range(place.columns + 1)]
        acrosses = [place.y + row * cell for row in range(place.rows + 1)]
        return [
            *(Line(x, place.y, x, place.y + height, colour) for x in downs),
            *(Line(place.x, y, place.x + width, y, colour) for y in acrosses),
        ]

    def _shade(self, share: Array, *, image: bool) -> Array:
        """Colours (..., 3) uint8 for shares of the largest number: grey for images, else blue over nothing to orange."""
        if image:
            colours = (24 + 228 * share.clip(0, 1))[..., None].repeat(3, axis=-1)
        else:
            negative, positive = ENDS[self.theme]
            ends = np.where(share[..., None] < 0, negative, positive)
            colours = self.base + (ends - self.base) * np.abs(share).clip(0, 1)[..., None] ** 0.8
        rounded: Array = np.rint(colours).astype(np.uint8)
        return rounded

    def _frames(self, place: Place, mark: Mark, top: int, left: int) -> list[Item]:
        """A frame around the marked cells; where the window has gaps, also around each of its cells."""
        thickness = 3 if place.cell >= LINED else 2
        window = self.walk.window
        if place.name not in self.fields or window.dilation == (1, 1) or place.cell < LINED:
            return _around(place, mark.top - top, mark.left - left, mark.rows, mark.columns, thickness)
        frames = _around(place, mark.top - top, mark.left - left, mark.rows, mark.columns, 1)
        for row, column in window.offsets().tolist():
            frames += _around(place, mark.top - top + row, mark.left - left + column, 1, 1, thickness)
        return frames


def _around(place: Place, top: int, left: int, rows: int, columns: int, thickness: int) -> list[Item]:
    """A frame around those of the cells that are in sight; around a tiny cell it is wider, so that it stays visible."""
    bottom, right = min(top + rows, place.rows), min(left + columns, place.columns)
    top, left = max(top, 0), max(left, 0)
    if top >= bottom or left >= right:
        return []
    cell = place.cell
    grow = thickness / 2 + max(0, 4 - cell * min(bottom - top, right - left)) / 2
    x, y = place.x + left * cell + 0.5 - grow, place.y + top * cell + 0.5 - grow
    width, height = (right - left) * cell + 2 * grow, (bottom - top) * cell + 2 * grow
    return [Rect(round(x), round(y), round(width), round(height), line=HERE, thickness=thickness)]


def _centred(first: int, length: int, shown: int, total: int) -> int:
    """Which of `total` cells is the first of `shown`, if the `length` cells from `first` on are to be in the middle."""
    return max(0, min(first - max(0, shown - length) // 2, total - shown))


def _rectangles(mask: Array) -> list[tuple[int, int, int, int]]:
    """The true cells of a mask (rows, columns) as few rectangles: (top, left, rows, columns)."""
    begun: dict[tuple[int, int], int] = {}  # (left, right) -> top
    found = []
    for row, cells in enumerate([*mask, np.zeros_like(mask[0])]):
        edges = np.flatnonzero(np.diff(cells, prepend=False, append=False)).tolist()
        runs = list(zip(edges[::2], edges[1::2], strict=True))
        for left, right in set(begun) - set(runs):
            top = begun.pop((left, right))
            found.append((top, left, row - top, right - left))
        for run in runs:
            begun.setdefault(run, row)
    return sorted(found)


@lru_cache(maxsize=10_000)
def _fitted(count: int, scale: int, cell: int) -> tuple[str, float]:
    """A number and its size in a cell: in full if a smaller type makes it fit, else with fewer decimals, else "…"."""
    large = max(LARGE_TYPE, min(LARGEST_TYPE, round(cell * 0.34)))
    texts = shortened(count, scale)
    for text in texts:
        fits = min(large, int((cell - 2) / number_width(text, 1)))
        if fits >= (SMALLEST_TYPE if text == texts[-1] else SMALL_TYPE):
            return text, fits
    return "…", SMALLEST_TYPE
