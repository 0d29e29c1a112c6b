"""The view "Shift and nudge" of a network: its picture moved by pixels, and changed against it; does the answer stay?"""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.loss import softmax
from cnn_core.robustness import shifted
from cnn_core.shares import percent
from pages.address import state
from pages.animation.chart import chart
from pages.animation.entries import entries
from pages.controls import settings
from pages.controls.explored import Explored, what_weights
from pages.controls.places import near
from pages.figures.pixels import as_pixels, as_url
from pages.figures.shifts import answer_grid, before_and_after, in_words
from pages.sections.network_shift_cures import how_many_stay
from pages.sections.network_shift_nudge import nudge
from pages.server.shifts import LARGEST_NUDGE, scores_by_shift

MOST = 3  # pixels
SIDE = 2 * MOST + 1
WIDTH = 150  # pixels of the screen
ARROWS = (
    ("up", "arrow_upward", -1, 0),
    ("down", "arrow_downward", 1, 0),
    ("left", "arrow_back", 0, -1),
    ("right", "arrow_forward", 0, 1),
)
NUDGE = (
    "Each pixel a little lighter or darker, by so many 255ths of the way from black to white, each in the direction in which "
    "the loss grows (fast gradient sign)."
)


def show(seen: Explored, theme: str) -> None:
    """The picture as it is moved, its answer at each shift, its probabilities; the nudge; how many test pictures stay."""
    with near():
        rows = settings.whole("rows down", "rows", -MOST, MOST, 0, help="By how many pixels the picture is moved down.")
        columns = settings.whole(
            "columns right", "columns", -MOST, MOST, 0, help="By how many it is moved to the right."
        )
        size = settings.whole("nudge, in 1/255", "nudge", 0, LARGEST_NUDGE, 0, help=NUDGE)
    scores = scores_by_shift(seen.key, seen.network, seen.data, seen.picture, MOST)
    if not np.isfinite(scores).all():
        st.error("What these weights make of the moved picture is beyond all bounds: choose an earlier checkpoint.")
        return
    chances = softmax(scores.reshape(SIDE * SIDE, -1)).reshape(scores.shape)
    moved = shifted(seen.picture[None], rows, columns)[0]
    names = seen.data.dataset.class_names
    left, middle, right = st.columns([27, 32, 41])
    with left:
        words = f"{seen.words}, {in_words(rows, columns)}"
        st.image(as_url(as_pixels(moved)), caption=words, width=WIDTH, alt=words)
        _arrows()
        pictures = st.container(horizontal=True)
    with middle:
        chosen = (MOST + rows) * SIDE + MOST + columns
        entries(answer_grid(chances, names), chosen, key="shifts", on_entry=_keep)
        st.markdown(_said(chances, rows, columns, seen.class_words))
        after = nudge(seen, moved, f"{seen.key} {rows} {columns}", size, pictures)
        st.caption(what_weights(seen))
    with right:
        what = " and ".join(["moved"] * bool(rows or columns) + ["nudged"] * bool(size))
        chart(before_and_after(chances[MOST, MOST], after, names, seen.truth, what), key="before_and_after")
        how_many_stay(seen)


def _arrows() -> None:
    """Buttons that move the picture by a pixel."""
    with st.container(horizontal=True, gap="xsmall", key="arrows"):
        for words, icon, rows, columns in ARROWS:
            help = f"one pixel {words}"
            st.button(
                words, key=f"move_{words}", icon=f":material/{icon}:", help=help, on_click=partial(_move, rows, columns)
            )
        st.button(
            "back",
            key="move_back",
            icon=":material/filter_center_focus:",
            help="not moved",
            on_click=partial(_put, 0, 0),
        )


def _move(rows: int, columns: int) -> None:
    at = (st.session_state.get("rows", 0), st.session_state.get("columns", 0))
    _put(at[0] + rows, at[1] + columns)


def _put(rows: int, columns: int) -> None:
    state.put({"rows": max(-MOST, min(MOST, rows)), "columns": max(-MOST, min(MOST, columns))})


def _keep(number: object) -> None:
    """The reader has chosen the cell of this number; what is no cell is ignored."""
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < SIDE * SIDE:
        row, column = divmod(number, SIDE)
        _put(row - MOST, column - MOST)


def _said(chances: Array, rows: int, columns: int, names: list[str]) -> str:
    """What is answered now, and since where on the straight way from the middle it is another answer than there."""
    answers = chances.argmax(axis=-1)
    there, now = int(answers[MOST, MOST]), int(answers[MOST + rows, MOST + columns])
    stay = int((answers == there).sum()) - 1
    sure = f"**{names[now]}** ({percent(chances[MOST + rows, MOST + columns, now])} sure)"
    many = f"Of the {SIDE * SIDE - 1} shifts by up to {MOST} pixels, {stay} keep the answer {names[there]}."
    if not (rows or columns):
        return f"Not moved, the network says {sure}. {many}"
    where = in_words(rows, columns)
    steps = max(abs(rows), abs(columns))
    for step in range(1, steps + 1):
        down, right = round(rows * step / steps), round(columns * step / steps)
        if answers[MOST + down, MOST + right] != there:
            since = f"on the straight way there it first changes at {in_words(down, right)}"
            if now == there:
                return f"Moved {where}, it says {sure}, as not moved; but {since}. {many}"
            return f"Moved {where}, it says {sure}, no more {names[there]}: {since}. {many}"
    return f"Moved {where}, it says {sure}, as not moved. {many}"
