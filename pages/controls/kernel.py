"""Kernels to start from, and the grid in which the reader edits one cell by cell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.checks import Array, Pair
from cnn_core.walks.rounding import rounded, write
from pages.address import messages, state
from pages.address.book import book
from pages.controls import settings
from pages.controls.pictures import GREY
from pages.controls.words import word_of

HERE = Path(__file__).parents[1] / "animation"
LARGEST = 999.0
RANDOM_SEED = 231
MOST_TEXT = 20_000  # characters of a link's weights

# What each kernel does, in a sentence. All are defined for every kernel size; of size 1, edges and slopes are 0.
PLANES = {
    "edges": "How much a cell differs from those around it: flat regions cancel to 0, edges of any direction stay.",
    "sobel_x": "Right less left, smoothed from top to bottom: vertical edges light up, positive from dark to bright.",
    "sobel_y": "Below less above, smoothed from left to right: horizontal edges light up.",
    "blur": "A weighted mean with its weight in the middle (binomial, nearly Gaussian): the weights add up to 1.",
    "sharpen": "The picture plus its edges: the weights add up to 1, differences grow.",
    "emboss": "Dark towards one corner, bright towards the other: the picture looks lit from the top left.",
    "identity": "A single 1 in the middle: the output is the input (less its border, without padding).",
}
KERNELS = PLANES | {
    "random": "Random weights, as a network starts out: no pattern, no meaning yet.",
    "whole_numbers": "Each weight is −1, 0 or 1, at random: sums that one can do in one's head.",
    "brightness": "One number per channel, in the kernel's middle: red, green and blue weighted as the eye does.",
}
RANDOM = ("random", "whole_numbers")

_grid = st.components.v2.component(
    "convscope_kernel_grid",
    html='<div class="grid" role="group"></div>',
    css=(HERE / "kernel_grid.css").read_text(encoding="utf-8"),
    js=(HERE / "kernel_grid.js").read_text(encoding="utf-8"),
)


@lru_cache(maxsize=64)  # most changes of a setting are of another one
def kernel_of(name: str, size: Pair, channels: int = 1, filters: int = 1, seed: int = RANDOM_SEED) -> Array:
    """The kernels that `name` begins: (filters, channels, KH, KW) numbers of at most 4 decimals; read-only.

    A second filter takes the next kernel of the list, and so on; all channels get the same. Random ones all differ.
    """
    made = _made(name, size, channels, filters, seed)
    made.setflags(write=False)
    return made


def _made(name: str, size: Pair, channels: int, filters: int, seed: int) -> Array:
    shape = (filters, channels, *size)
    if name == "random":
        return np.random.default_rng(seed).normal(0, 1, shape).round(1) + 0.0
    if name == "whole_numbers":
        return np.random.default_rng(seed).integers(-1, 2, shape).astype(np.float64)
    if name == "brightness":
        levels = rounded(np.array(GREY if channels == 3 else [1 / channels] * channels), 4) / 1e4
        return np.broadcast_to(levels[:, None, None] * _plane("identity", size), shape).copy()
    names = list(PLANES)
    first = names.index(name)
    planes = [_plane(names[(first + number) % len(names)], size) for number in range(filters)]
    return np.repeat(np.stack(planes)[:, None], channels, axis=1)


def _plane(name: str, size: Pair) -> Array:
    """One kernel of one channel: (KH, KW)."""
    height, width = size
    middle = np.zeros(size)
    middle[(height - 1) // 2, (width - 1) // 2] = 1
    rows, columns = np.indices(size)
    smooth = [_binomial(n) for n in size]
    slope = [np.convolve([1.0, -1.0], _binomial(n - 1)) if n > 1 else np.zeros(1) for n in size]
    kernels = {
        "identity": middle,
        "blur": np.outer(*smooth) / 2.0 ** (height + width - 2),
        "edges": middle * (height * width) - 1,
        "sharpen": middle * (height * width) - 1 + middle,
        "sobel_x": np.outer(smooth[0], -slope[1]),
        "sobel_y": np.outer(-slope[0], smooth[1]),
        "emboss": rows + columns - (height + width - 2) / 2 + middle,
    }
    plane: Array = rounded(kernels[name], 4) / 1e4
    if name == "blur":
        plane[(height - 1) // 2, (width - 1) // 2] += round(1 - plane.sum(), 4)  # what rounding left over
    return plane


def kernels(
    start: Mapping[str, Any],
    size: Pair,
    channels: int = 1,
    filters: int = 1,
    *,
    names: tuple[str, str] = ("filter", "channel"),
    former: str | None = None,
) -> Array:
    """Choose a kernel and edit it; returns (filters, channels, KH, KW). A cell that is no number is named, and counts as 0.

    names: what the first two axes are called (a transposed convolution has them the other way round). former: the kernel
    that the page began with in earlier days (see settings.choice).

    In the address, `weight` holds what was edited: kernels with | between, rows with ; and cells with , between; a kernel
    that is left empty is the chosen one's.
    """
    help = "What to start from. Edit its cells below."
    name = settings.choice("kernel", "kernel", list(KERNELS), start["kernel"], former=former, help=help)
    seed = settings.whole("kernel seed", "kernel_seed", 0, 999, RANDOM_SEED) if name in RANDOM else RANDOM_SEED
    beginning = kernel_of(name, size, channels, filters, seed)
    shown = f"kernel_shown_{book().page}"
    form = (name, seed, beginning.shape)
    if st.session_state.get(shown) not in (None, form):
        state.set_text("weight", None)  # another kernel or size replaces what was edited
    st.session_state[shown] = form
    planes = _planes_of(state.text("weight"), beginning)
    chosen = 0
    if len(planes) > 1:
        labels = [_kernel_label(number, channels, filters, names) for number in range(len(planes))]
        ids = [label.replace(", ", "_").replace(" ", "_") for label in labels]
        words = dict(zip(ids, labels, strict=True))
        help = "Which kernel the grid below shows."
        chosen = ids.index(settings.choice("edit", "edit", ids, words=lambda id: words.get(id, id), help=help))
    edited = "weight" in st.query_params
    what = (
        KERNELS[name] if filters == 1 or name not in PLANES else f"Each {names[0]} takes the next kernel of the list."
    )
    st.caption(what if not edited else f"Edited by you, from “{word_of('kernel', name)}”.")
    rows = planes[chosen]
    bad = _bad_cells(rows)
    _grid(
        key="kernel_grid",
        data={"rows": rows, "label": "weight", "bad": [list(at) for at in bad]},
        on_cells_change=lambda: _take_edit(chosen, len(planes)),
    )
    if not edited:
        return beginning
    st.button(
        f"Back to “{word_of('kernel', name)}”",
        key="reset_kernel",
        icon=":material/undo:",
        on_click=state.set_text,
        args=("weight", None),
    )
    for number, plane in enumerate(planes):
        for row, column in _bad_cells(plane):
            where = "" if len(planes) == 1 else f" of {_kernel_label(number, channels, filters, names)}"
            messages.error(
                f"weight[{row}, {column}]{where} (={plane[row][column].strip()[:20]!r}) must be a number from -{LARGEST:g} to "
                f"{LARGEST:g}: type one into the grid; until then it counts as 0"
            )
            plane[row][column] = "0"
    numbers = np.array([[float(text) for row in plane for text in row] for plane in planes])
    return (rounded(numbers, 4) / 1e4).reshape(beginning.shape)


def _kernel_label(number: int, channels: int, filters: int, names: tuple[str, str]) -> str:
    parts = [f"{names[0]} {number // channels}"] if filters > 1 else []
    parts += [f"{names[1]} {number % channels}"] if channels > 1 else []
    return ", ".join(sorted(parts, reverse=True))  # the filter first


def _planes_of(edited: str | None, beginning: Array) -> list[list[list[str]]]:
    """All kernels as text, rows of cells: the chosen one's, and over it what the address says."""
    height, width = beginning.shape[2:]
    planes = [[[_short(value) for value in row] for row in plane] for plane in beginning.reshape(-1, height, width)]
    if edited is None:
        return planes
    texts = edited[:MOST_TEXT].split("|")
    if len(texts) > len(planes):
        texts = texts[: len(planes)]
        messages.warning(
            f"weight in the link (kernels: {edited.count('|') + 1}) must hold at most {len(planes)} of them."
        )
    for number, text in enumerate(texts):
        if not text and len(planes) > 1:
            continue
        rows = [row.replace("−", "-").split(",") for row in text.split(";")]
        if len(rows) == height and all(len(row) == width for row in rows):
            planes[number] = rows
            continue
        state.set_text("weight", None)
        shape = f"{len(rows)} rows of {', '.join(sorted({str(len(row)) for row in rows}))[:20]}"
        messages.warning(
            f"weight in the link ({shape} numbers) must be {height}x{width}, as kernel_size says; the chosen kernel is used."
        )
        return _planes_of(None, beginning)
    return planes


def _take_edit(number: int, count: int) -> None:
    cells = st.session_state.get("kernel_grid", {}).get("cells")
    if not (isinstance(cells, list) and cells and all(isinstance(row, list) for row in cells)):
        return  # anybody can send any
    if not all(isinstance(text, str) for row in cells for text in row):
        return
    planes = ((state.text("weight") or "").split("|") + [""] * count)[:count]
    planes[number] = ";".join(",".join(_clean(text) for text in row) for row in cells)
    state.set_text("weight", "|".join(planes).rstrip("|"))


def _clean(text: str) -> str:
    """What was typed into a cell, ready for the address: a number to the four decimals that count, else the text."""
    text = text.strip().replace(";", "").replace("|", "").replace(",", ".") or "empty"
    return _short(float(text)) if _is_number(text) else text


def _bad_cells(rows: list[list[str]]) -> list[tuple[int, int]]:
    return [(i, j) for i, row in enumerate(rows) for j, text in enumerate(row) if not _is_number(text)]


def _is_number(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return "_" not in text and math.isfinite(value) and abs(value) <= LARGEST


@lru_cache(maxsize=1024)
def _short(value: float) -> str:
    return write(float(rounded(np.array(value), 4)), 10**4).replace("−", "-")


def _binomial(size: int) -> Array:
    return np.array([math.comb(size - 1, k) for k in range(size)], dtype=float)
