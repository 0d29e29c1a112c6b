"""A network as a row of pictures, one for each step that changes the shape: what it does, what comes out, what it learns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from cnn_core.network import LayerRow
from pages.figures.network import SHEETS

SIDE, SHIFT = 56.0, 3.0  # pixels for the input's longer side, and from one sheet of a stack to the next
ROOM = 80  # pixels a picture has, both ways
STYLE = """<style>
.plan { display: flex; flex-wrap: wrap; gap: .75rem 0; margin: 0 !important; padding: 0 !important; list-style: none;
  font-size: .875rem; line-height: 1.35 }
.plan li { position: relative; flex: 1 0 6.9rem; max-width: 8.3rem; margin: 0 !important; padding: 0 .3rem; text-align: center }
.plan li + li::before { content: "→"; position: absolute; left: -.45rem; top: 1.7rem; font-size: 1.1rem }
.plan b, .plan span { display: block }
.plan .drawn { position: relative; width: 80px; height: 80px; margin: 0 auto .25rem }
.plan .drawn * { position: absolute; box-sizing: border-box; border: 1.3px solid }
.plan .drawn img { border: 0; image-rendering: pixelated }
.plan .maps { background: #d95f0240; border-color: #d95f02 }
.plan .units { background: #2b6cbe66; border-color: #2b6cbe; border-radius: 3px }
</style>"""


def plan(rows: Sequence[LayerRow], picture: str) -> str:
    """HTML of a table's rows (input first), as a list that wraps where there is no room.

    picture: the address of one for the input. Norms, activations and dropout stand with the layer whose output they change.
    """
    scale = SIDE / max(rows[0].output_shape[1:])
    items = []
    for layer, *after in _stages(rows):
        drawn = _picture(picture, layer, scale) if layer.kind == "input" else _shape(layer.output_shape, scale)
        lines = [f"<b>{escape(layer.description)}</b>"]
        lines += [f"<span>{escape(more.description)}</span>" for more in after]
        lines.append(f"<span>{' × '.join(map(str, layer.output_shape))}</span>")
        lines += [f"<span>{words}</span>" for words in _parameters([layer, *after])]
        items.append(f'<li><div class="drawn" aria-hidden="true">{drawn}</div>{"".join(lines)}</li>')
    return f'{STYLE}<ol class="plan" aria-label="the network, layer by layer">{"".join(items)}</ol>'


def _stages(rows: Sequence[LayerRow]) -> list[list[LayerRow]]:
    stages: list[list[LayerRow]] = []
    for row in rows:
        if row.kind in ("norm", "activation", "dropout"):
            stages[-1].append(row)
        else:
            stages.append([row])
    return stages


def _parameters(layers: Sequence[LayerRow]) -> list[str]:
    """How many there are to learn, and which: a weight for each input of each output, a bias for each output."""
    if not (total := sum(layer.parameters for layer in layers)):
        return []
    first, *after = layers
    biases = first.output_shape[0]
    parts = [f"{first.parameters - biases:,} weights", f"{biases:,} biases"]
    parts += [f"{layer.parameters:,} of the norm" for layer in after if layer.parameters]
    return [f"<b>{total:,} parameters</b>", *parts]


def _picture(address: str, layer: LayerRow, scale: float) -> str:
    _, height, width = layer.output_shape
    return f'<img alt="" src="{escape(address)}" style="{_box(width * scale, height * scale)}">'


def _shape(shape: Sequence[int], scale: float) -> str:
    """Maps as a stack of sheets in their size beside the input's, units as a column that grows with the logarithm."""
    if len(shape) == 1:
        return f'<i class="units" style="{_box(14, min(ROOM - 2, 9 * math.log2(1 + shape[0])))}"></i>'
    sheets, high, wide = min(SHEETS, shape[0]), max(3.0, shape[1] * scale), max(3.0, shape[2] * scale)
    shifts = [SHIFT * (k - (sheets - 1) / 2) for k in range(sheets)]
    return "".join(f'<i class="maps" style="{_box(wide, high, shift)}"></i>' for shift in shifts)


def _box(wide: float, high: float, shift: float = 0.0) -> str:
    """A box of that size, in pixels, around the middle of the room there is; shift: to the right and down."""
    left, top = (ROOM - wide) / 2 + shift, (ROOM - high) / 2 + shift
    return f"left: {left:.1f}px; top: {top:.1f}px; width: {wide:.1f}px; height: {high:.1f}px"
