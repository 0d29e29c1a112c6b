"""Kernels to start from, and the grid in which the reader edits one cell by cell."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from pages.controls import messages, settings

HERE = Path(__file__).parents[1] / "animation"
LARGEST = 999.0
RANDOM_SEED = 231

# What each preset does, in a sentence. All are defined for every kernel size; of size 1, edges and slopes are 0.
PRESETS = {
    "edges": "How much a cell differs from those around it: flat regions cancel to 0, edges of any direction stay.",
    "Sobel x": "Right less left, smoothed from top to bottom: vertical edges light up, positive from dark to bright.",
    "Sobel y": "Below less above, smoothed from left to right: horizontal edges light up.",
    "blur": "A weighted mean with its weight in the middle (binomial, nearly Gaussian): the weights add up to 1.",
    "sharpen": "The picture plus its edges: the weights add up to 1, differences grow.",
    "emboss": "Dark towards one corner, bright towards the other: the picture looks lit from the top left.",
    "identity": "A single 1 in the middle: the output is the input (less its border, without padding).",
    "random": "Random weights, as a network starts out: no pattern, no meaning yet (seed 231).",
}

_grid = st.components.v2.component(
    "convscope_kernel_grid",
    html='<div class="grid" role="group"></div>',
    css=(HERE / "kernel_grid.css").read_text(encoding="utf-8"),
    js=(HERE / "kernel_grid.js").read_text(encoding="utf-8"),
)


def preset(name: str, size: int) -> Array:
    """The kernel `name` as (size, size) numbers of at most 4 decimals."""
    smooth = _binomial(size)
    slope = np.convolve([1.0, -1.0], _binomial(size - 1)) if size > 1 else np.zeros(1)
    middle = np.zeros((size, size))
    middle[(size - 1) // 2, (size - 1) // 2] = 1
    rows, columns = np.indices((size, size))
    kernels = {
        "identity": middle,
        "blur": np.outer(smooth, smooth) / 4.0 ** (size - 1),
        "edges": middle * (size * size) - 1,
        "sharpen": middle * (size * size) - 1 + middle,
        "Sobel x": np.outer(smooth, -slope),
        "Sobel y": np.outer(-slope, smooth),
        "emboss": rows + columns - (size - 1) + middle,
        "random": np.random.default_rng(RANDOM_SEED).normal(0, 1, (size, size)).round(1),
    }
    weight = kernels[name].round(4) + 0.0  # no −0
    if name == "blur":
        weight[(size - 1) // 2, (size - 1) // 2] += round(1 - weight.sum(), 4)  # what rounding left over
    return weight


def kernel(size: int) -> Array:
    """Choose a preset and edit it; returns (size, size). A cell that is not a number is named, and counts as 0."""
    name = settings.choice("kernel", "kernel", list(PRESETS), help="A kernel to start from. Edit its cells below.")
    shown = f"kernel_shown_{st.session_state.get('page')}"
    if st.session_state.get(shown) not in (None, (name, size)):
        settings.set_text("weight", None)  # another preset or size replaces what was edited
    st.session_state[shown] = (name, size)
    start = [[_short(value) for value in row] for row in preset(name, size)]
    edited = settings.text("weight")
    rows = [row.split(",") for row in edited.split(";")] if edited else start
    if len(rows) != size or any(len(row) != size for row in rows):
        settings.set_text("weight", None)
        shape = f"{len(rows)} rows of {', '.join(sorted({str(len(row)) for row in rows}))[:20]}"
        messages.warning(
            f"weight in the link ({shape} numbers) must be {size}x{size}, as kernel_size says; the preset is used."
        )
        rows, edited = start, None
    st.caption(PRESETS[name] if not edited else f"Edited by you, from “{name}”.")
    bad = _bad_cells(rows)
    _grid(
        key="kernel_grid",
        data={"rows": rows, "label": "weight", "bad": [list(at) for at in bad]},
        on_cells_change=_take_edit,
    )
    if edited:
        st.button(
            f"Back to “{name}”",
            key="reset_kernel",
            icon=":material/undo:",
            on_click=settings.set_text,
            args=("weight", None),
        )
    for row, column in bad:
        messages.error(
            f"weight[{row}, {column}] (={rows[row][column].strip()[:20]!r}) must be a number from -{LARGEST:g} to "
            f"{LARGEST:g}: type one into the grid; until then it counts as 0"
        )
        rows[row][column] = "0"
    return np.array([[float(text) for text in row] for row in rows]).round(4)


def _take_edit() -> None:
    cells = st.session_state["kernel_grid"].get("cells")
    if cells:
        settings.set_text("weight", ";".join(",".join(_clean(text) for text in row) for row in cells))


def _clean(text: str) -> str:
    """What was typed into a cell, ready for the address: a number to the four decimals that count, else the text."""
    text = text.strip().replace(";", "").replace(",", ".") or "empty"
    return _short(float(text)) if _is_number(text) else text


def _bad_cells(rows: list[list[str]]) -> list[tuple[int, int]]:
    return [(i, j) for i, row in enumerate(rows) for j, text in enumerate(row) if not _is_number(text)]


def _is_number(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return math.isfinite(value) and abs(value) <= LARGEST


def _short(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _binomial(size: int) -> Array:
    return np.array([math.comb(size - 1, k) for k in range(size)], dtype=float)
