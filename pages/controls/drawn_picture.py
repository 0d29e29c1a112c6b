"""A picture drawn by hand, framed as those a network was trained on; what the network says of it follows the pen."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.datasets.drawn import Frame
from cnn_core.datasets.drawn import drawn_picture as framed
from cnn_core.network import Network
from cnn_core.shares import percent
from cnn_core.training.data import TrainingData
from pages.animation.pad import pad

SIDE, MOST_STROKES, MOST_POINTS = 1000, 60, 2000  # of a drawing that is read; the board takes no more
MOST_BARS = 10  # classes; of more, the likeliest
KEPT = "drawing"  # in the session: the strokes, also for who looks at another page in between
TOLD, PROBLEM, SHOWN, RESTED = "drawing_count", "drawing_problem", "drawing_shown", "drawing_rested"
EMPTY = "Nothing is drawn yet; below is a test picture."

Strokes = tuple[tuple[int, ...], ...]


def drawn_picture(network: Network, data: TrainingData) -> Array | None:
    """The board; its drawing as (C, H, W) float32 from 0 to 1; None as long as nothing is drawn.

    While it is drawn, only the board is told what `network` says of it; the page follows when the pen has come to rest.
    """
    strokes = st.session_state[SHOWN] = _kept()
    _board(network, data)
    return _framed(strokes, data)


def read_strokes(told: object) -> Strokes:
    """The strokes of a message, each x, y, x, y, ... in whole numbers from 0 to SIDE. Raises ValueError for anything else."""
    if not isinstance(told, list) or len(told) > MOST_STROKES:
        raise ValueError(
            f"strokes (={str(told)[:40]}) must be a list of at most {MOST_STROKES}: clear the board, draw anew"
        )
    for stroke in told:
        if not isinstance(stroke, list) or len(stroke) < 2 or len(stroke) % 2:
            raise ValueError(
                f"a stroke (={str(stroke)[:40]}) must be a list x, y, x, y, ...: clear the board, draw anew"
            )
        for at in stroke:
            if type(at) is not int or not 0 <= at <= SIDE:
                raise ValueError(f"a point (={str(at)[:40]}) must lie from 0 to {SIDE}: clear the board, draw anew")
    if sum(map(len, told)) > 2 * MOST_POINTS:
        raise ValueError(f"strokes must have at most {MOST_POINTS} points: clear the board, draw anew")
    return tuple(tuple(stroke) for stroke in told)


@st.fragment
def _board(network: Network, data: TrainingData) -> None:
    strokes, state = _kept(), st.session_state
    picture = _framed(strokes, data)
    names = data.dataset.class_names
    chances = np.zeros(len(names))
    said = EMPTY
    if picture is not None:
        with np.errstate(all="ignore"):
            chances = np.nan_to_num(network.probabilities(data.normalised(picture[None]))[0].astype(float))
        likeliest = int(chances.argmax())
        said = f"It looks like: {names[likeliest]}, {percent(chances[likeliest])} sure."
    order = np.argsort(-chances, kind="stable")[:MOST_BARS] if len(names) > MOST_BARS else np.arange(len(names))
    shown = strokes == state.get(SHOWN)
    pad(
        strokes,
        np.full(data.image_shape, float(Frame.of(data.dataset).dark)) if picture is None else picture,
        [(names[k], None if picture is None else float(chances[k])) for k in order],
        state.get(PROBLEM) or said,
        count=state.get(TOLD, 0),
        shown=shown,
        most=(MOST_STROKES, MOST_POINTS),
        key="pad",
        on_drawn=_take,
    )
    if state.get(RESTED) and not shown:
        st.rerun()


def _take(told: Any) -> None:
    """Keep what the board told; what is no drawing is told on it, and the one before stays."""
    message = told if isinstance(told, dict) else {}
    state, count = st.session_state, message.get("count")
    try:
        state[KEPT], state[PROBLEM] = read_strokes(message.get("strokes")), None
    except ValueError as error:
        state[PROBLEM] = str(error)
    state[TOLD] = count if type(count) is int and abs(count) < 1 << 53 else 0
    state[RESTED] = message.get("rested") is True


def _kept() -> Strokes:
    strokes: Strokes = st.session_state.get(KEPT, ())
    return strokes


def _framed(strokes: Strokes, data: TrainingData) -> Array | None:
    """The picture of the strokes, None where there are none."""
    points = [list(zip(stroke[::2], stroke[1::2], strict=True)) for stroke in strokes]
    return framed(points, Frame.of(data.dataset))
