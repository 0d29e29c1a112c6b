"""The three-layer net as a drawing: blocks with their shapes, from the input picture to the class scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from cnn_core.checks import Array
from cnn_core.network import LayerRow

WIDTH, HEIGHT, BASE = 960, 250, 118  # the drawing's box, and the line its blocks are centred on
FULL = 88.0  # pixels for the input's side
STYLE = """
.net { width: 100%; min-width: 960px; max-width: 1100px; }
.net text { fill: currentColor; text-anchor: middle; font-size: 12.5px; }
.net .name { font-weight: 600; font-size: 13px; }
.net .shape { opacity: .8; }
.net .arrow { stroke: currentColor; stroke-width: 1.6; fill: none; opacity: .6; }
.net .map { fill: #d95f02; fill-opacity: .22; stroke: #d95f02; stroke-width: 1.3; }
.net .area { fill: transparent; stroke: none; }
.net a { outline: none; cursor: pointer; }
.net a:hover .area, .net a:focus-visible .area { stroke: currentColor; stroke-width: 1.5; }
.net a .name { text-decoration: underline; }
.net .units { fill: #2b6cbe; fill-opacity: .35; stroke: #2b6cbe; stroke-width: 1.3; }
"""
SHEETS = 6  # maps drawn of a stack; more would hide each other


def network_drawing(
    layers: Sequence[LayerRow],
    picture: Array,
    maps: Sequence[Array],
    links: Mapping[str, tuple[str, str]] | None = None,
) -> str:
    """SVG of the layers (input first), with `picture` (H, W) from 0 to 1 as the input; text has the page's colour.

    maps: for each further layer with maps, in order, one of its maps (H, W), drawn on the front sheet of its stack.
    links: by kind of layer the address of the page about it, and that page's title (default: no links).
    """
    remaining = iter(maps)
    drawn: list[str] = []
    step = WIDTH / len(layers)
    for number, layer in enumerate(layers):
        x = step * (number + 0.5)
        parts: list[str] = []
        if number == 0:
            parts.append(_cells(picture, x - FULL / 2, BASE - FULL / 2, FULL))
        elif len(layer.output_shape) == 3:
            side = FULL * layer.output_shape[1] / picture.shape[0]
            parts.append(_stack(x, side, min(SHEETS, layer.output_shape[0]), next(remaining)))
        else:
            parts.append(_column(x, min(170.0, 8.0 + 2.2 * layer.output_shape[0])))
        if number:
            drawn.append(f'<path d="M{x - step / 2 - 9:.0f} {BASE}h14m-5-5l5 5-5 5" class="arrow"/>')
        shape = " × ".join(map(str, layer.output_shape))
        weights = f"{layer.parameters:,} parameters" if layer.parameters else ""
        for line, (text, style) in enumerate(((layer.description, "name"), (shape, "shape"), (weights, "shape"))):
            parts.append(f'<text x="{x:.0f}" y="{HEIGHT - 34 + 16 * line - 4}" class="{style}">{escape(text)}</text>')
        drawn += _linked(parts, *links[layer.kind], x - step / 2, step) if links else parts
    words = "; ".join(f"{layer.description}, output {' by '.join(map(str, layer.output_shape))}" for layer in layers)
    role = "group" if links else "img"
    return (
        f'<style>{STYLE}</style><svg class="net" viewBox="0 0 {WIDTH} {HEIGHT + 8}" role="{role}" aria-label="{escape(words)}">'
        f"{''.join(drawn)}</svg>"
    )


def _linked(parts: Sequence[str], address: str, title: str, left: float, width: float) -> list[str]:
    """A block that is a link as a whole: what surrounds it, too, can be pressed."""
    area = f'<rect x="{left + 6:.0f}" y="4" width="{width - 12:.0f}" height="{HEIGHT}" rx="8" class="area"/>'
    return [f'<a href="{escape(address)}"><title>To the page {escape(title)}</title>{area}', *parts, "</a>"]


def _cells(values: Array, left: float, top: float, side: float) -> str:
    """Numbers as small squares: from 0 (black) to the largest (white), or around mid-grey if some are below 0."""
    cell = side / values.shape[0]
    share = values / (np.abs(values).max(initial=0) or 1)
    levels = np.rint(255 * share if values.min(initial=0) >= 0 else 127.5 + 127.5 * share).astype(int)
    return "".join(
        f'<rect x="{left + j * cell:.1f}" y="{top + i * cell:.1f}" width="{cell + 0.3:.1f}" height="{cell + 0.3:.1f}" '
        f'fill="rgb({v},{v},{v})"/>'
        for (i, j), v in np.ndenumerate(levels)
    )


def _stack(x: float, side: float, sheets: int, front: Array) -> str:
    shift = 4.0
    left, top = x - (side + shift * (sheets - 1)) / 2, BASE - (side + shift * (sheets - 1)) / 2
    behind = "".join(
        f'<rect x="{left + shift * k:.1f}" y="{top + shift * k:.1f}" width="{side:.1f}" height="{side:.1f}" class="map"/>'
        for k in range(sheets - 1)
    )
    return behind + _cells(front, left + shift * (sheets - 1), top + shift * (sheets - 1), side)


def _column(x: float, height: float) -> str:
    return f'<rect x="{x - 9:.0f}" y="{BASE - height / 2:.0f}" width="18" height="{height:.0f}" rx="4" class="units"/>'
