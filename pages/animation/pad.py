"""A board to draw on as a browser component. It tells the strokes while they are drawn, and shows what is answered."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.shares import percent
from pages.animation.heard import heard
from pages.animation.scripts import script, style

_component = st.components.v2.component(
    "convscope_pad",
    html=(Path(__file__).parent / "pad.html").read_text(encoding="utf-8"),
    css=style("pad"),
    js=script("pad"),
)


def pad(
    strokes: Sequence[Sequence[int]],
    picture: Array,
    bars: Sequence[tuple[str, float | None]],
    said: str,
    *,
    count: int,
    shown: bool,
    most: tuple[int, int],
    key: str,
    on_drawn: Callable[[Any], None],
) -> None:
    """Show the board, beside it `picture` (C,H,W) from 0 to 1, a bar for each name and share, a dash for None, and
    a sentence in plain text.

    strokes: what stands on the board when it is opened, each as x, y, x, y, ... from 0 to 1000, y downwards. count: that of
    the message that is answered. shown: the page around shows this drawing, too. most: how many strokes and points are read.
    on_drawn: called with what is told, {"strokes", "count", "rested": whether the pen has come to rest}; anybody can send
    any other thing.
    """

    def drawn() -> None:
        on_drawn(heard(key, "drawn"))

    planes = picture if len(picture) == 3 else np.repeat(picture[:1], 3, axis=0)
    _, rows, columns = picture.shape
    rgba = np.full((rows, columns, 4), 255, dtype=np.uint8)
    rgba[..., :3] = np.round(255 * planes).transpose(1, 2, 0)
    sent = {
        "begin": [list(stroke) for stroke in strokes],
        "picture": {"rows": rows, "columns": columns, "rgba": base64.b64encode(rgba.tobytes()).decode()},
        "bars": [[name, 0, "–"] if share is None else [name, round(share, 4), percent(share)] for name, share in bars],
        "said": said,
        "count": count,
        "shown": shown,
        "most": dict(zip(("strokes", "points"), most, strict=True)),
    }
    _component(key=key, data=[sent], on_drawn_change=drawn)
