"""A scene as SVG: text stays text, so that a worksheet can be edited and searched."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from PIL import Image

from pages.figures.scene_items import Hatch, Item, Line, Picture, Rect, Scene, Text

FONT = "Arial, Helvetica, 'Liberation Sans', 'Noto Sans', system-ui, sans-serif"
DIGITS = 0.36  # of the size: half the height of a digit, from its middle down to the line it stands on
FORBIDDEN = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML cannot hold, not even escaped


def to_svg(scene: Scene) -> str:
    """The scene as an SVG document."""
    hatches = {(item.colour, item.rising): "" for item in scene.items if isinstance(item, Hatch)}
    patterns = []
    for number, (colour, rising) in enumerate(hatches):
        hatches[colour, rising] = name = f"hatch{number}"
        path = "M-1,1 L1,-1 M0,6 L6,0 M5,7 L7,5" if rising else "M-1,5 L1,7 M0,0 L6,6 M5,-1 L7,1"
        patterns.append(
            f'<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse">'
            f'<path d="{path}" stroke="{colour}" fill="none"/></pattern>'
        )
    size = f'width="{scene.width}" height="{scene.height}" viewBox="0 0 {scene.width} {scene.height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family={quoteattr(FONT)}>',
        f"<title>{_safe(scene.title)}</title>",
        f"<defs>{''.join(patterns)}</defs>" if patterns else "",
        f'<rect width="100%" height="100%" fill="{scene.background}"/>',
        *(part for item in scene.items for part in _draw(item, hatches)),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _draw(item: Item, hatches: dict[tuple[str, bool], str]) -> Iterator[str]:
    match item:
        case Rect():
            box = _box(item.x, item.y, item.width, item.height)
            if item.fill:
                yield f'<rect {box} fill="{item.fill}"/>'
            if item.line:
                inset = item.thickness / 2  # SVG draws a line astride the edge
                box = _box(item.x + inset, item.y + inset, item.width - 2 * inset, item.height - 2 * inset)
                yield f'<rect {box} fill="none" stroke="{item.line}" stroke-width="{item.thickness:g}"/>'
        case Hatch():
            box = _box(item.x, item.y, item.width, item.height)
            yield f'<rect {box} fill="url(#{hatches[item.colour, item.rising]})"/>'
        case Line():
            across = item.y == item.to_y
            box = _box(item.x, item.y, item.to_x - item.x + 1 if across else 1, 1 if across else item.to_y - item.y + 1)
            yield f'<rect {box} fill="{item.colour}"/>'  # sharper than a line astride two pixels
        case Text():
            anchor = ' text-anchor="middle"' if item.anchor == "middle" else ""
            weight = ' font-weight="600"' if item.bold else ""
            at = f'x="{item.x:g}" y="{item.y + DIGITS * item.size:.4g}" font-size="{item.size:g}" fill="{item.colour}"'
            length = f' textLength="{item.length:.4g}" lengthAdjust="spacingAndGlyphs"' if item.length else ""
            yield f"<text {at}{anchor}{weight}{length}>{_safe(item.text)}</text>"
        case Picture():
            box = _box(item.x, item.y, item.width, item.height)
            yield f'<image {box} preserveAspectRatio="none" image-rendering="pixelated" href="{_png(item)}"/>'


def _box(x: float, y: float, width: float, height: float) -> str:
    return f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'


def _png(picture: Picture) -> str:
    """Enlarged already, as some programs would blur small cells into each other."""
    enlarge = max(1, round(picture.width / picture.pixels.shape[1]))
    pixels = np.ascontiguousarray(picture.pixels.repeat(enlarge, axis=0).repeat(enlarge, axis=1))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _safe(text: str) -> str:
    return escape(FORBIDDEN.sub("", text))
