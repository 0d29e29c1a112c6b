"""Why this answer, as a browser component: the written sum of a score, its map of terms, other maps, and a line about a pixel."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.attribution import AnswerSheet, Curve
from cnn_core.checks import Array
from pages.animation.heard import heard
from pages.animation.scripts import script

HERE = Path(__file__).parent

_component = st.components.v2.component(
    "convscope_answer",
    html=(HERE / "answer.html").read_text(encoding="utf-8"),
    css=(HERE / "answer.css").read_text(encoding="utf-8"),
    js=script("answer"),
)


@dataclass(frozen=True)
class Shown:
    """One map. id, title; words: what it means; facts: of its checks, a few words each, for its tile; told: the same in
    sentences, where it is the chosen one. numbers: (H, W). curves: deletion and insertion, once they are known."""

    id: str
    title: str
    words: str
    numbers: Array
    facts: Sequence[str]
    told: Sequence[str]
    curves: tuple[Curve, Curve] | None = None


def wire(
    sheet: AnswerSheet,
    x: Array,
    label: int,
    name: str,
    picture: Array,
    words: str,
    rows: Sequence[tuple[str, str, str]],
    caption: str,
    maps: Sequence[Shown],
    walk: str,
) -> dict[str, Any]:
    """All that the browser needs for one score.

    x (1, C, H, W): what the network takes. name: of the class. picture: the same, (C, H, W) from 0 to 1, called `words`. rows:
    of the sum: words, number, and how it is set. walk: the address of the backward pass at the pixels, without the cell.
    """
    pixels = np.rint(255 * picture[:3]).clip(0, 255).astype(np.uint8)
    return {
        "caption": caption,
        "label": name,
        "rows": rows,
        "words": words,
        "size": picture.shape[1:],
        "picture": {"channels": len(pixels), "pixels": _packed(pixels, "u1")},
        "values": _packed(x[0], "f4"),
        "slopes": _packed(sheet.slopes[label], "f4"),
        "paths": _packed(sheet.paths, "f8"),
        "counted": sheet.counted,
        "maps": [_map(one) for one in maps],
        "walk": walk,
    }


def answer(
    data: dict[str, Any],
    *,
    method: str,
    pixel: str,
    key: str,
    on_method: Callable[[Any], None],
    on_pixel: Callable[[Any], None],
    on_walk: Callable[[Any], None],
) -> None:
    """Show what `wire` has made. method: the chosen map's id; pixel: "row-column", or "".

    The callbacks are given what the reader chooses: a map, a pixel to keep ("": none), a pixel to walk back to; anybody can send
    any other thing.
    """

    def told(name: str, act: Callable[[Any], None]) -> Callable[[], None]:
        return lambda: act(heard(key, name))

    # In a list: the values of a dict would each be searched for data frames.
    _component(
        key=key,
        data=[data, {"method": method, "pixel": pixel}],
        on_method_change=told("method", on_method),
        on_pixel_change=told("pixel", on_pixel),
        on_walk_change=told("walk", on_walk),
    )


def _map(one: Shown) -> dict[str, Any]:
    curves = None
    if one.curves is not None:
        gone, come = one.curves
        curves = {
            name: np.round(numbers, 4).tolist()
            for name, numbers in (("shares", gone.shares), ("gone", gone.probabilities), ("come", come.probabilities))
        }
    return {
        "id": one.id,
        "title": one.title,
        "words": one.words,
        "facts": list(one.facts),
        "told": list(one.told),
        "numbers": _packed(one.numbers, "f4"),
        "curves": curves,
    }


def _packed(array: Array, dtype: str) -> dict[str, str]:
    return {"dtype": dtype, "base64": b64encode(np.ascontiguousarray(array, f"<{dtype}").tobytes()).decode()}
