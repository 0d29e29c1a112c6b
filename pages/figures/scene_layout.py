"""Where everything of a scene stands: the same for all steps of a walk, so that an animation does not jump.

First the grids that the walk starts from and makes going forward, then those of the backward pass (or the matrices of
im2col). Cells are as large as the width allows; where they are too small for their numbers, a close-up of what the step
has to do with stands below.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from cnn_core.walks.walk import Walk
from pages.figures.scene_items import text_width

WIDTH, MARGIN = 960, 16
# Pixels a cell: at most, with its number, with a line around it; smaller cells are drawn as a picture.
LARGEST, NUMBERS, LINED = 44, 18, 7
ASIDE, TINY = 22, 8  # of kernels beside a large image, if they are few or many
FRACTIONS = (6, 5, 4, 3, 2, 1.5, 1, 0.75, 0.5, 0.25)  # and these where there are very many cells
TITLE, CAPTION, GAP, BETWEEN = 18, 15, 10, 28  # heights of a line of text, distances of planes and of grids
TITLE_SIZE, CAPTION_SIZE, BOLD = 14, 11, 1.1  # BOLD: so much wider is bold type
HIGHEST, HIGHEST_CLOSE = 520, 260  # of a row of grids
MOST_NAMED, MOST_CAPTIONS = 4, 12  # filters and channels with a caption each
MOST_ACROSS = 24  # kernels side by side
MOST_CLOSE = 14  # cells a side of a close-up of a matrix
MOST_PLANES = 6  # of a close-up
ROWS = (("x", "weight", "bias", "out"), ("dx", "dweight", "dbias", "dout"), ("rows", "columns", "product"))
KERNELS, BIASES, MATRICES = ("weight", "dweight"), ("bias", "dbias"), ("rows", "columns", "product")


class Place(NamedTuple):
    """A plane on the drawing: `number` of grid `name`, or, close up, of the planes that the step has to do with."""

    name: str
    number: int
    x: float
    y: float
    rows: int
    columns: int
    cell: float
    caption: str
    close: bool


@dataclass(frozen=True)
class Layout:
    """The planes, the titles (x, y, text) and the height of it all."""

    places: tuple[Place, ...]
    titles: tuple[tuple[float, float, str], ...]
    height: int


@dataclass(frozen=True)
class Block:
    """A grid: so many planes of rows x columns cells, `across` of them side by side (0: as many as fit)."""

    name: str
    title: str
    rows: int
    columns: int
    captions: tuple[str, ...]  # one a plane; close up, the longest that there may be
    across: int = 0
    line: int = 0  # cells from one line of planes to the next, if more than rows
    close: bool = False

    @cached_property
    def heading(self) -> list[str]:
        """The title in lines; over small grids short ones, which do not push everything apart."""
        small = self.rows * self.columns * len(self.captions) <= 49
        return textwrap.wrap(self.title, 14 if self.name in BIASES else 16 if small else 26)

    @cached_property
    def _caption_width(self) -> float:
        return max(text_width(text, CAPTION_SIZE) for text in self.captions)

    @cached_property
    def captioned(self) -> int:
        """Pixels that the captions need above each plane."""
        return CAPTION if any(self.captions) else 0

    def cell(self, row_cell: float) -> float:
        """Kernels are kept readable beside a large image, or at least visible."""
        if self.name not in KERNELS + BIASES or self.close or row_cell >= NUMBERS:
            return row_cell
        for cell in (ASIDE, TINY):
            width, height = self.size(cell)
            if width <= 300 and height <= 260:
                return max(cell, row_cell)
        return row_cell

    def pitch(self, cell: float) -> tuple[float, float]:
        """From one plane to the next, across and down."""
        caption = self._caption_width
        gap = GAP if self.captioned else GAP / 2
        return max(self.columns * cell, caption) + gap, max(self.line, self.rows) * cell + gap + self.captioned

    def per_line(self, cell: float) -> int:
        """How many planes stand side by side."""
        if self.across:
            return self.across
        return max(1, min(len(self.captions), int((WIDTH - 2 * MARGIN + GAP) // self.pitch(cell)[0])))

    def size(self, cell: float) -> tuple[float, float]:
        """Width and height, without the title's height."""
        across, (right, down) = self.per_line(cell), self.pitch(cell)
        title = max((text_width(line, BOLD * TITLE_SIZE) for line in self.heading), default=0)
        return max(across * right - GAP, title), math.ceil(len(self.captions) / across) * down


def arrange(walk: Walk, titles: Mapping[str, str]) -> Layout:
    """Find places for all grids that the walk's steps have to do with."""
    used = walk.names
    places: list[Place] = []
    headings: list[tuple[float, float, str]] = []
    y: float = MARGIN
    rows = [
        [_block(walk, name, titles.get(name, name)) for name in names if name in used]
        for names in ROWS
        if used & {*names}
    ]
    # Backward the numbers stand where they stand forward, so in cells as large.
    cell = min(_fit(row) for row in rows[:2] if row[0].name not in MATRICES)
    for row in rows:
        size = _fit(row) if row[0].name in MATRICES else cell
        y = _put(row, size, y, places, headings)
        small = [block for block in row if block.cell(size) < NUMBERS]
        if small:
            close = [_close_up(walk, block, "" if number else "close up") for number, block in enumerate(small)]
            y = _put(close, _fit(close), y, places, headings)
    return Layout(tuple(places), tuple(headings), math.ceil(y))


def _block(walk: Walk, name: str, title: str) -> Block:
    planes, rows, columns = walk.grids[name].counts.shape
    if name not in KERNELS + BIASES:
        captions = [f"channel {channel}" if 1 < planes <= MOST_CAPTIONS else "" for channel in range(planes)]
        return Block(name, title, rows, columns, tuple(captions))
    # A filter's kernels are a line, with several filters on it where there are many; its bias stands at their height.
    each, high = walk.channels_in if name in KERNELS else 1, walk.window.kernel_size[0]
    filters = planes // each
    named = 1 < filters <= MOST_NAMED
    captions = [f"{walk.axes[0]} {plane // each}" if named and plane % each == 0 else "" for plane in range(planes)]
    fold = max(1, min(math.ceil(filters * high / max(walk.blank.shape[0], 24)), MOST_ACROSS // walk.channels_in))
    return Block(name, title, rows, columns, tuple(captions), across=fold * each, line=high)


def _close_up(walk: Walk, block: Block, title: str) -> Block:
    """The cells around those that a step has to do with, as large for every step."""
    name, planes = block.name, min(walk.channels_in, MOST_PLANES)
    rows, columns = block.rows, block.columns
    if name in walk.fields:
        rows, columns = (min(n, span + 2) for n, span in zip((rows, columns), walk.window.span, strict=True))
    elif name not in KERNELS:
        planes = 1
        rows = min(rows, MOST_CLOSE if name == "columns" else 3)
        columns = min(columns, MOST_CLOSE if name == "rows" else 3)
    ranges = "" if name in KERNELS + BIASES else f", {block.rows}:{block.rows}, {block.columns}:{block.columns}"
    longest = f"{name}[{len(block.captions)}{ranges}]"
    return Block(name, title, rows, columns, (longest,) * planes, close=True)


def _fit(blocks: list[Block]) -> float:
    """The largest cell with which the grids fit: all side by side where numbers stay readable, else on several lines."""
    highest, width = HIGHEST_CLOSE if blocks[0].close else HIGHEST, WIDTH - 2 * MARGIN
    sizes: list[float] = [*range(LARGEST, LINED - 1, -1), *FRACTIONS]
    for cell, most in [*((size, 1) for size in sizes if size > NUMBERS), *((size, len(blocks)) for size in sizes)]:
        lines = _flow(blocks, cell)
        high, wide = sum(_height(line, cell) for line in lines), max(_width(line, cell) for line in lines)
        if len(lines) <= most and high <= highest and wide <= width:
            return cell
    return FRACTIONS[-1]


def _flow(blocks: list[Block], cell: float) -> list[list[Block]]:
    """The grids in lines, as many on each as fit."""
    lines: list[list[Block]] = [[]]
    for block in blocks:
        if lines[-1] and _width([*lines[-1], block], cell) > WIDTH - 2 * MARGIN:
            lines.append([])
        lines[-1].append(block)
    return lines


def _width(line: list[Block], cell: float) -> float:
    return sum(block.size(block.cell(cell))[0] for block in line) + BETWEEN * (len(line) - 1)


def _height(line: list[Block], cell: float) -> float:
    return max(block.size(block.cell(cell))[1] for block in line) + TITLE * _title_lines(line) + GAP


def _title_lines(line: list[Block]) -> int:
    return max(len(block.heading) for block in line)


def _put(
    blocks: list[Block], row_cell: float, y: float, places: list[Place], titles: list[tuple[float, float, str]]
) -> float:
    """Give each plane its place, from y down; returns where the next row may begin."""
    for line in _flow(blocks, row_cell):
        x, lines = float(MARGIN), _title_lines(line)
        for block in line:
            cell = block.cell(row_cell)
            (right, down), across = block.pitch(cell), block.per_line(cell)
            first = y + TITLE * (lines - len(block.heading))
            titles += [(x, first + TITLE * (n + 0.5), text) for n, text in enumerate(block.heading)]
            for number, caption in enumerate(block.captions):
                left, top = x + number % across * right, y + TITLE * lines + block.captioned + number // across * down
                places.append(
                    Place(
                        block.name,
                        number,
                        round(left),
                        round(top),
                        block.rows,
                        block.columns,
                        cell,
                        caption,
                        block.close,
                    )
                )
            x += block.size(cell)[0] + BETWEEN
        y += _height(line, row_cell)
    return y
