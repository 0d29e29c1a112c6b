"""The player: one browser component that walks any walk. It gets the arrays once; playing needs no server."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.walks.counts import Grid
from cnn_core.walks.walk import Operation, Walk
from pages.address.player import BEGIN, OPTIONS
from pages.animation.scripts import script, style

HERE = Path(__file__).parent

# Which grids stand beside each other: what is given and made forward, and below it what the backward pass collects.
SLIDING = ([["x"], ["weight", "bias"], ["out"]], [["dx"], ["dweight", "dbias"], ["dout"]])
MATRICES = ([["x"], ["weight", "bias"], ["out"]], [["rows"], ["columns"], ["product"]])
ROWS: dict[Operation, tuple[list[list[str]], list[list[str]]]] = {"im2col": MATRICES}


_component = st.components.v2.component(
    "convscope_player",
    html=(HERE / "player.html").read_text(encoding="utf-8"),
    css=style("plane", "player"),
    js=script("player"),
)


def player(
    walk: Walk,
    *,
    key: str,
    titles: Mapping[str, str],
    channel_names: Mapping[str, Sequence[str]] | None = None,
    begin: Mapping[str, Any] | None = None,
    on_place: Callable[[], None] = lambda: None,
) -> None:
    """Show a walk.

    titles: a caption by grid name; channel_names: names for its channels (red, green, blue). begin: its settings (see
    pages/address/player.py) when the page is opened, and again when begin["version"] changes. on_place is called when the
    reader came to rest elsewhere; it finds the settings as they are then in st.session_state[key]["place"].
    """
    sent = {
        # A text: Streamlit would go through all of the walk three times, and the browser sees at once if it is the same.
        "walk": json.dumps(wire(walk, titles=titles, channel_names=channel_names or {})),
        "options": OPTIONS,
        "begin": {"version": 0} | BEGIN | dict(begin or {}),
    }
    # In a list: the values of a dict would each be searched for data frames, which takes as long as all the rest.
    _component(key=key, data=[sent], on_place_change=on_place)


def rows_of(walk: Walk) -> list[list[list[str]]]:
    """The names of the grids that are shown, in rows and groups; where nothing is made forward, dout is what is given."""
    rows = ROWS.get(walk.operation, SLIDING)
    given, made = (
        [names for group in row if (names := [name for name in group if name in walk.names])] for row in rows
    )
    if given and "out" not in walk.names:
        given, made = [*given, ["dout"]], [group for group in made if group != ["dout"]]
    return [given, made]


def wire(walk: Walk, *, titles: Mapping[str, str], channel_names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The walk as the browser reads it: JSON with arrays in base64."""
    rows = rows_of(walk)
    images = (
        ()
        if walk.called or walk.grids["x"].counts.min(initial=0) < 0
        else ("x", "out")
        if walk.winner is not None
        else ("x", "columns")
    )
    added = {name for name, action in walk.made.items() if action.adds}  # the browser makes these itself
    coverage = walk.window.coverage(walk.input_size)
    return {
        "operation": walk.operation,
        "phases": [
            {
                "name": phase.name,
                "steps": phase.steps,
                "actions": [vars(action) | {"adds": action.adds} for action in phase.actions],
            }
            for phase in walk.phases
        ],
        "rows": rows,
        "fields": sorted(walk.fields & walk.names),
        "grids": {
            name: _grid(walk.grids[name], image=name in images, counts=name not in added)
            for row in rows
            for group in row
            for name in group
        },
        "titles": dict(titles),
        "channel_names": {name: list(names) for name, names in (channel_names or {}).items()},
        "origin": pack(walk.origin),
        "taps": pack(walk.taps),
        "blank": pack(walk.blank.astype(np.uint8)),
        "blank_text": "−∞" if walk.winner is not None else None,
        "padded": bool(walk.blank.any()),
        "corner": [before for before, _ in walk.window.padding],
        "unseen": pack((coverage == 0).astype(np.uint8)),
        "winner": None if walk.winner is None else pack(walk.winner),
        "channels_in": walk.channels_in,
        "channels_out": walk.channels_out,
        "weighted": walk.weighted,
        "axes": walk.axes,
        "apart": walk.apart,
        "called": dict(walk.called),
        "grouped": walk.weighted and len(walk.grids["weight"].counts) > walk.channels_in * walk.channels_out,
        "kernel_size": walk.window.kernel_size,
        "span": walk.window.span,
        "dilation": walk.window.dilation,
    }


def _grid(grid: Grid, *, image: bool, counts: bool) -> dict[str, Any]:
    return {
        **(pack(grid.counts) if counts else {}),
        "shape": grid.counts.shape,
        "scale": grid.scale,
        "looks": "image" if image else "signed",
        "peak": grid.largest or 1,
    }


def pack(array: Array) -> dict[str, str]:
    """Whole numbers in the smallest type that holds them."""
    largest = np.abs(array).max(initial=0)
    fitting = (name for name, bits in (("i1", 7), ("i2", 15), ("i4", 31)) if largest < 2**bits)
    dtype = "u1" if array.dtype == np.uint8 else next(fitting, "f8")
    return {
        "dtype": dtype,
        "base64": base64.b64encode(np.ascontiguousarray(array, dtype=f"<{dtype}").tobytes()).decode(),
    }
