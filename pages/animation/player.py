"""The player: one browser component that walks any trace. It gets the arrays once; playing needs no server."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.trace import Grid, Trace

HERE = Path(__file__).parent
SMALL = ("weight", "bias", "dweight", "dbias")  # grids that keep a readable size whatever the input's
SCRIPTS = ("numbers", "trace", "plane", "words", "stage", "player")  # one after the other: they share one scope
MOST_PLACES = 8  # decimals; a finer number (an average of nine, say) is written to three and marked as about

Phase = Literal["forward", "backward"]

_component = st.components.v2.component(
    "convscope_player",
    html=(HERE / "player.html").read_text(encoding="utf-8"),
    css=(HERE / "player.css").read_text(encoding="utf-8"),
    js="\n".join((HERE / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS),
)


def player(trace: Trace, *, key: str, titles: dict[str, str], phases: Sequence[Phase] = ("forward",)) -> None:
    """Show a trace. titles: a caption by grid name; phases: which walks the time axis runs through."""
    _component(key=key, data=wire(trace, titles=titles, phases=phases))


def wire(trace: Trace, *, titles: dict[str, str], phases: Sequence[Phase]) -> dict[str, Any]:
    """The trace as the browser reads it: JSON with arrays in base64; `id` changes with the content."""
    shown = {name: grid for name, grid in trace.grids.items() if "backward" in phases or not name.startswith("d")}
    images = () if trace.grids["x"].counts.min() < 0 else ("x",) if trace.operation == "conv2d" else ("x", "out")
    data: dict[str, Any] = {
        "operation": trace.operation,
        "phases": list(phases),
        "grids": {name: _grid(grid, small=name in SMALL, image=name in images) for name, grid in shown.items()},
        "titles": titles,
        "origin": _pack(trace.origin),
        "taps": _pack(trace.taps),
        "unseen": _pack((trace.window.coverage(trace.input_size) == 0).astype(np.uint8)),
        "winner": None if trace.winner is None else _pack(trace.winner),
        "channels_in": trace.channels_in,
        "channels_out": trace.channels_out,
        "kernel_size": trace.window.kernel_size,
        "span": trace.window.span,
        "dilation": trace.window.dilation,
        "padding": trace.window.padding,
    }
    data["id"] = hashlib.sha1(json.dumps(data).encode(), usedforsecurity=False).hexdigest()
    return data


def _grid(grid: Grid, *, small: bool, image: bool) -> dict[str, Any]:
    places = next((p for p in range(MOST_PLACES + 1) if 10**p % grid.scale == 0), None)
    return {
        **_pack(grid.counts),
        "shape": grid.counts.shape,
        "scale": grid.scale,
        "places": 3 if places is None else places,
        "looks": "image" if image else "signed",
        "small": small,
    }


def _pack(array: Array) -> dict[str, str]:
    """Whole numbers in the smallest type that holds them."""
    largest = np.abs(array).max(initial=0)
    dtype = "u1" if array.dtype == np.uint8 else "i2" if largest < 2**15 else "i4" if largest < 2**31 else "f8"
    return {
        "dtype": dtype,
        "base64": base64.b64encode(np.ascontiguousarray(array, dtype=f"<{dtype}").tobytes()).decode(),
    }
