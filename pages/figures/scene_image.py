"""A scene as pixels, with nothing but Pillow and the type that it brings along."""

from __future__ import annotations

import math
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from pages.figures.scene_items import Anchor, Hatch, Line, Picture, Rect, Scene, Text
from pages.figures.scene_svg import DIGITS

# Pillow's own type has no signs but those of ASCII and a few more.
MISSING = str.maketrans({"−": "-", "×": "x", "÷": "/", "≈": "~", "→": "->", "∞": "inf", "–": "-", "—": "-"})
BOLDER = 0.02  # ems of stroke around a title, as there is no bold type
SPACING = 6  # pixels between the lines of a hatching, across


def to_image(scene: Scene, scale: int = 2) -> Image.Image:
    """The scene as an RGB image with `scale` pixels for each of its own."""
    image = Image.new("RGB", (scene.width * scale, scene.height * scale), scene.background)
    draw = ImageDraw.Draw(image)
    for item in scene.items:
        match item:
            case Rect():
                box = _box(item.x, item.y, item.width, item.height, scale)
                draw.rectangle(box, item.fill, item.line, round(item.thickness * scale) if item.line else 0)
            case Hatch():
                box = _box(item.x, item.y, item.width, item.height, scale)
                where = (box[0], box[1], box[2] + 1, box[3] + 1)
                image.paste(item.colour, where, _hatching(image.size, item.rising, scale).crop(where))
            case Line():
                draw.rectangle(_box(item.x, item.y, item.to_x - item.x + 1, item.to_y - item.y + 1, scale), item.colour)
            case Text():
                mask, left, top = _stamp(item.text, item.size * scale, item.anchor, item.bold)
                at = round(item.x * scale) + left, round((item.y + DIGITS * item.size) * scale) + top
                image.paste(item.colour, at, mask)
            case Picture():
                left, top, right, bottom = _box(item.x, item.y, item.width, item.height, scale)
                cells = Image.fromarray(item.pixels)
                size = (right + 1 - left, bottom + 1 - top)
                smaller = size[0] < cells.width
                image.paste(
                    cells.resize(size, Image.Resampling.BOX if smaller else Image.Resampling.NEAREST), (left, top)
                )
    return image


@lru_cache(maxsize=5_000)
def _stamp(text: str, size: float, anchor: Anchor, bold: bool) -> tuple[Image.Image, int, int]:
    """A text as a mask, and where its top left corner lies as seen from the text's place; most texts come again."""
    text = text.translate(MISSING)
    font, stroke, where = _font(size), BOLDER * size if bold else 0, "ms" if anchor == "middle" else "ls"
    left, top, right, bottom = font.getbbox(text, anchor=where, stroke_width=stroke)
    origin = math.floor(left), math.floor(top)
    mask = Image.new("L", (max(1, math.ceil(right) - origin[0]), max(1, math.ceil(bottom) - origin[1])))
    ImageDraw.Draw(mask).text((-origin[0], -origin[1]), text, 255, font, where, stroke_width=stroke)
    return mask, *origin


@lru_cache(maxsize=100)
def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # a Pillow without FreeType has bitmaps only
    return font


@lru_cache(maxsize=4)
def _hatching(size: tuple[int, int], rising: bool, scale: int) -> Image.Image:
    """A mask of diagonal lines all over, so that neighbouring cells share theirs."""
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    width, height = size
    for start in range(-height, width, SPACING * scale):
        ends = (start, height, start + height, 0) if rising else (start, 0, start + height, height)
        draw.line(ends, 255, scale)
    return mask


def _box(x: float, y: float, width: float, height: float, scale: int) -> tuple[int, int, int, int]:
    """Pillow's rectangles: both corners belong to them."""
    left, top = round(x * scale), round(y * scale)
    return left, top, max(left, round((x + width) * scale) - 1), max(top, round((y + height) * scale) - 1)
