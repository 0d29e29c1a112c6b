"""What a scene is made of: a plain list of rectangles, hatchings, lines, texts and pictures, in the order of drawing.

All lengths are pixels, from the top left corner. `scene_svg` and `scene_image` know how to draw such a list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from cnn_core.checks import Array

Anchor = Literal["start", "middle"]
# Widths of characters in ems. Words, as in DejaVu Sans: wider than most types, so that a text that fits fits in all of them.
OTHER = 0.64
WIDTHS = dict.fromkeys("ijl", 0.28) | dict.fromkeys(" .,:;·", 0.34) | dict.fromkeys("()[]frt", 0.4)
WIDTHS |= dict.fromkeys("kscvxyz", 0.58) | dict.fromkeys("−+=×÷≈∞mwMW", 0.84) | {"m": 0.98}
DIGIT, POINT = 0.56, 0.28  # numbers, as in Arial: they stand close, and are given their length


class Rect(NamedTuple):
    """A rectangle, filled or with a line along the inside of its edge, or both."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    line: str | None = None
    thickness: float = 1


class Hatch(NamedTuple):
    """A rectangle full of diagonal lines, rising or falling, that go on in the next one."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    rising: bool = True


class Line(NamedTuple):
    """A straight line, one pixel thick, down or across."""

    x: float
    y: float
    to_x: float
    to_y: float
    colour: str


class Text(NamedTuple):
    """A line of text; y is the middle of its digits, x where it starts or its middle."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    anchor: Anchor = "start"
    bold: bool = False
    length: float | None = None  # pixels it takes; None: as many as its type needs


class Picture(NamedTuple):
    """Cells as pixels (rows, columns, 3) uint8, each drawn as a sharp rectangle."""

    x: float
    y: float
    width: float
    height: float
    pixels: Array


Item = Rect | Hatch | Line | Text | Picture


@dataclass(frozen=True)
class Scene:
    """A drawing of width x height pixels on a background colour; title says in a line what it shows."""

    width: int
    height: int
    background: str
    title: str
    items: tuple[Item, ...]


def text_width(text: str, size: float) -> float:
    """How many pixels a text takes at most."""
    return size * sum(WIDTHS.get(character, OTHER) for character in text)


def number_width(text: str, size: float) -> float:
    """How many pixels a number takes."""
    return size * sum(POINT if character == "." else DIGIT for character in text)
