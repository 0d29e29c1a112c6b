"""The walk of a norm in the browser: the player's time axis over the staged computation of `trace_norm`."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.walks.norm_graph import NormGraph
from cnn_core.walks.rounding import rounded
from pages.address.player import BEGIN, OPTIONS
from pages.animation.player import pack
from pages.animation.scripts import script, style

HERE = Path(__file__).parent
NEEDLESS = {"dscaled", "dx_by_centre"}  # the same numbers as dout and dcentered

_component = st.components.v2.component(
    "convscope_norm",
    html=(HERE / "player.html").read_text(encoding="utf-8"),
    css=style("plane", "player", "norm"),
    js=script("norm"),
)


def norm_player(
    graph: NormGraph,
    layer: tuple[Array, Array],
    apart: float,
    *,
    key: str,
    begin: Mapping[str, Any],
    on_place: Callable[[], None],
) -> None:
    """Show a graph of x (N, C, H, W) whose numbers were rounded to some decimals, forward and backward.

    layer: out and dx as the layer itself computes them, unrounded. apart: how far the unrounded stages are from these, at most.
    begin, on_place: as `player` takes them.
    """
    sent = {
        "walk": json.dumps(wire(graph, layer, apart)),
        "options": OPTIONS,
        "begin": {"version": 0} | BEGIN | dict(begin),
    }
    _component(key=key, data=[sent], on_place_change=on_place)


def wire(graph: NormGraph, layer: tuple[Array, Array], apart: float) -> dict[str, Any]:
    """The graph as the browser reads it: JSON with arrays in base64."""
    assert graph.decimals is not None
    shape = graph.cells["x"].shape
    given = {"cell": graph.cells, "set": graph.sets, "entry": graph.entries}
    numbers = {
        name: {"each": each, **pack(rounded(array, graph.decimals))}
        for each, arrays in given.items()
        for name, array in arrays.items()
        if name not in NEEDLESS
    }
    out, dx = (np.asarray(array, dtype=np.float64).reshape(shape) for array in layer)
    return {
        "norm": graph.norm,
        "training": graph.training,
        "shape": shape,
        "flat": shape[2:] == (1, 1),
        "set_size": graph.size,
        "scale": 10**graph.decimals,
        "eps_count": round(graph.eps * 10**graph.decimals),
        "numbers": numbers,
        "set_of": pack(graph.set_of),
        "entry_of": pack(graph.entry_of),
        "layer_out": _floats(out),
        "layer_dx": _floats(dx),
        "apart": f"{apart:.0e}".replace("-", "−") if apart else "",
        "first": _first(graph),
    }


def _first(graph: NormGraph) -> dict[str, int]:
    """The cell that is looked at to begin with: one whose numbers are neither the smallest nor the largest."""
    x = graph.cells["x"]
    size = int(np.prod(x.shape[2:]))
    plane = min(x.shape[1], 2) - 1
    off = np.abs(x.reshape(-1, size)[plane] - x.reshape(-1, size)[plane].mean())
    return {"plane": plane, "index": int(np.argsort(off)[size // 2])}


def _floats(array: Array) -> dict[str, str]:
    return {"dtype": "f8", "base64": b64encode(np.ascontiguousarray(array, "<f8").tobytes()).decode()}
