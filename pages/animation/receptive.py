"""The stack of maps as a browser component: choose a cell, see what it sees below and whom it influences above."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.receptive_field import Connection, connection, receptive_fields
from cnn_core.window import Window
from pages.animation.scripts import script

HERE = Path(__file__).parent

_component = st.components.v2.component(
    "convscope_receptive",
    html=(HERE / "receptive.html").read_text(encoding="utf-8"),
    css=(HERE / "receptive.css").read_text(encoding="utf-8"),
    js=script("receptive"),
)


def receptive(
    windows: Sequence[Window],
    input_size: int,
    *,
    names: Sequence[str],
    notes: Sequence[str],
    key: str,
    pinned: Sequence[int] | None = None,
    on_pinned: Callable[[], None] = lambda: None,
) -> None:
    """Show the input and the maps that the layers `windows` make of it; names and notes: one for each layer.

    pinned: the cell (map, row, column) that is chosen when the page is opened. on_pinned is called when the reader pins
    another or lets go; it finds "map,row,column" or "" in st.session_state[key]["pinned"]. Raises ValueError if a layer
    does not fit.
    """
    data = {"stack": wire(windows, input_size, names=names, notes=notes), "pinned": list(pinned) if pinned else None}
    _component(key=key, data=data, on_pinned_change=on_pinned)


def wire(windows: Sequence[Window], input_size: int, *, names: Sequence[str], notes: Sequence[str]) -> dict[str, Any]:
    """All that the browser looks up: the maps, and for each two of them what a cell above sees below, axis by axis."""
    fields = receptive_fields(windows, input_size)
    maps = [
        {
            "name": name,
            "note": note,
            "rows": field.map_size[0],
            "columns": field.map_size[1],
            "middle": _middle(field.map_size),
        }
        for name, note, field in zip(["input", *names], ["", *notes], fields, strict=True)
    ]
    below = [
        [[_wire(along) for along in connection(windows[lower:upper], fields[lower].map_size)] for lower in range(upper)]
        for upper in range(len(fields))
    ]
    return {"maps": maps, "below": below}


def _middle(size: tuple[int, int]) -> list[int]:
    return [size[0] // 2, size[1] // 2]


def _wire(along: Connection) -> list[dict[str, Any]]:
    """One entry for each cell above: what it sees, and its field by the formula, parted at the border of the map below."""
    end = along.paths.shape[1] - 1
    sights = []
    for paths, (first, last) in zip(along.paths, along.field.tolist(), strict=True):
        seen = np.flatnonzero(paths).tolist()
        size = last - first + 1
        sights.append(
            {
                "seen": [seen[0], seen[-1]] if seen else None,
                "paths": np.trim_zeros(paths).tolist(),  # of the cells from the first seen to the last
                "size": size,  # of the field; what of it lies on the map, and how much before and after
                "field": [max(first, 0), min(last, end)],
                "padding": [min(max(-first, 0), size), min(max(last - end, 0), size)],
            }
        )
    return sights
