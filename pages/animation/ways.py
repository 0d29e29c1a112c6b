"""dx in three ways as a browser component: choose a number of dx, and follow its products through all three."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.walks.counts import Grid
from cnn_core.walks.dx_ways import DxWays
from pages.animation.player import pack
from pages.animation.scripts import script, style

_component = st.components.v2.component(
    "convscope_ways",
    html=(Path(__file__).parent / "ways.html").read_text(encoding="utf-8"),
    css=style("plane", "ways"),
    js=script("ways"),
)


def ways(
    found: DxWays,
    *,
    words: Mapping[str, str],
    unread: Sequence[Mapping[int, str]],
    cell: Sequence[int],
    key: str,
    on_cell: Callable[[], None],
) -> None:
    """Show three ways to one gradient, of a convolution without groups.

    words: what is said of each way ("spread", "convolved", "multiplied"), and of a matrix that is too large ("matrix").
    unread: for rows and for columns of dx, why no window reads them. cell: the channel, row and column that are chosen to
    begin with. on_cell is called when the reader chooses others; it finds "channel,row,column" in st.session_state[key]["cell"].
    """
    sent = {"ways": json.dumps(wire(found, words, unread)), "cell": list(cell)}
    _component(key=key, data=[sent], on_cell_change=on_cell)


def wire(found: DxWays, words: Mapping[str, str], unread: Sequence[Mapping[int, str]]) -> dict[str, Any]:
    """All that the browser looks up: the numbers, and which windows read each row and each column of dx."""
    high, wide = found.window.kernel_size
    weight = Grid(found.weight.counts.reshape(-1, high, wide), found.weight.scale)
    columns = found.plane.counts.shape[2]
    # Where the cells of the flipped kernel stand, seen from the window's corner, each found by the weight it holds.
    taps = (found.window.offsets() @ [columns, 1])[::-1]
    grids = {
        "dout": found.dout,
        "weight": weight,
        "flipped": Grid(weight.counts[:, ::-1, ::-1], weight.scale),
        "plane": found.plane,
        "spread": found.spread,
        "convolved": found.convolved,
        "multiplied": found.multiplied,
    }
    if found.matrix:
        grids["matrix"] = Grid(found.matrix.counts[None], found.matrix.scale)
    return {
        "grids": {name: _grid(grid) for name, grid in grids.items()},
        "blank": pack(found.blank.astype(np.uint8)),
        "taps": taps.tolist(),
        "span": found.window.span,
        "apart": found.window.dilation,
        "meetings": found.meetings,
        "unread": [{str(at): reason for at, reason in axis.items()} for axis in unread],
        "words": dict(words),
    }


def _grid(grid: Grid) -> dict[str, Any]:
    return {**pack(grid.counts), "shape": grid.counts.shape, "scale": grid.scale, "peak": grid.largest or 1}
