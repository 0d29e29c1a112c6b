"""The overview of a network as a browser component: every layer's maps on one canvas, forward and backward."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.explorer.levels import Levels
from cnn_core.explorer.overview import LayerView, Link, Overview
from pages.animation.scripts import script, style

HERE = Path(__file__).parent
RANGES = ("map", "layer", "net")  # what one colour scale is for

_component = st.components.v2.component(
    "convscope_overview",
    html=(HERE / "overview.html").read_text(encoding="utf-8"),
    css=style("overview"),
    js=script("overview"),
)


@dataclass(frozen=True)
class Classes:
    """What is known of the classes. names: of each. truth: the picture's; None: nobody knows. target: whose loss the backward
    pass starts from; None without one. before: probabilities (K,) before a step of learning; None without one. through: a layer,
    and those of its maps that bring most of the predicted class's score, with how much; None where that is no sum."""

    names: Sequence[str]
    truth: int | None
    target: int | None = None
    before: Array | None = None
    through: tuple[str, Sequence[Link]] | None = None


@dataclass(frozen=True)
class BackwardStep:
    """One step of the backward pass in words. layer: its place from the input (0) on; lines: what each is of, and its text."""

    layer: int
    title: str
    lines: tuple[tuple[str, str], ...]


def overview(
    sent: str,
    steps: Sequence[BackwardStep],
    *,
    key: str,
    begin: Mapping[str, Any],
    chosen: Mapping[str, Any] | None,
    on_place: Callable[[], None],
) -> None:
    """Show what `wire` made; with steps, those of the backward pass, the gradients too.

    begin: `version`, a new number for each time that the address says what is shown, `range` (of RANGES) and `back` (a step,
    from 1 on, None for the last). chosen: `layer` and `map` that are open; the overview is a low strip then. on_place is called
    when the reader opens a map, leaves one, or chooses a step or a range; it finds them in st.session_state[key]["place"].
    """
    listed = [{"layer": step.layer, "title": step.title, "lines": step.lines} for step in steps]
    shown = {"sent": sent, "steps": listed, "backward": bool(steps), "low": chosen is not None, "chosen": chosen}
    # In a list: the values of a dict would each be searched for data frames.
    _component(key=key, data=[shown | {"begin": dict(begin)}], on_place_change=on_place)


def wire(made: Overview, classes: Classes, picture: Array, words: str) -> str:
    """All that the browser draws, as JSON with levels in base64. picture: (C, H, W) from 0 to 1; words: what it is called."""
    levels = np.rint(255 * np.clip(np.nan_to_num(picture), 0, 1)).astype(np.uint8)
    known = np.nan_to_num(made.probabilities)
    told = {
        "names": list(classes.names),
        "probabilities": _floats(made.probabilities),
        "scores": _floats(made.scores),
        "truth": classes.truth,
        "guess": int(known.argmax()),
        "target": classes.target,
        "through": None
        if classes.through is None
        else {"layer": classes.through[0], "maps": _links([classes.through[1]])[0]},
        "before": None if classes.before is None else _floats(classes.before),
    }
    sent = {
        "layers": [_layer(view) for view in made.layers],
        "classes": told,
        "picture": {"levels": _packed(levels), "shape": levels.shape, "words": words},
    }
    return json.dumps(sent, separators=(",", ":"), allow_nan=False)


def _layer(view: LayerView) -> dict[str, Any]:
    return {
        "name": view.name,
        "kind": view.kind,
        "words": view.description,
        "shape": view.shape,
        "group": view.group,
        "numbers": view.numbers.tolist(),
        "order": view.order.tolist(),
        "maps": _levels(view.maps),
        "grad": None if view.gradient is None else _levels(view.gradient),
        "norm": None if view.norm is None else _number(view.norm),
        "links": _links(view.links),
        "back": _links(view.back),
    }


def _levels(levels: Levels) -> dict[str, Any]:
    ends = {"peaks": levels.peaks, "low": levels.low, "high": levels.high}
    return {"codes": _packed(levels.codes)} | {name: _floats(array) for name, array in ends.items()}


def _links(links: Sequence[Sequence[Link]]) -> list[list[tuple[int, float]]]:
    return [[(number, float(f"{share:.4g}")) for number, share in each] for each in links]


def _packed(array: Array) -> dict[str, str]:
    return {"dtype": array.dtype.str.lstrip("|"), "base64": b64encode(np.ascontiguousarray(array).tobytes()).decode()}


def _floats(array: Array) -> list[float | None]:
    return [_number(value) for value in array.tolist()]


def _number(value: float) -> float | None:
    """With seven digits, as many as a float32 has; None for what JSON has no word for."""
    return float(f"{value:.7g}") if math.isfinite(value) else None
