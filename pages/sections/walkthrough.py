"""A walk on a page: the player, with its place in the address, and the gradient that the reader sends back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.walks.walk import Walk
from pages.address import messages, state
from pages.animation.player import BEGIN, SCALES, SPEEDS, player, rows_of
from pages.controls import settings

KEY = "player"
SEED = 231
PLACE = frozenset(("step", "speed", "stages", "loop", "colours", "pinned"))  # of the player, in the address
UPSTREAM = {
    "ones": "Every output counts the same.",
    "one cell": "Only the output in the middle counts (of each channel).",
    "random": "Whole numbers from −3 to 3.",
    "from a loss": "The loss L = ½ Σ out²: it wants every output to be 0, and its gradient is dout = out (to 4 decimals).",
}


def upstream(start: str, shape: tuple[int, ...], out: Callable[[], Array] | None = None) -> Array:
    """Choose dout, the gradient that the next layer sends back, of `shape` (F, OH, OW).

    out: the layer's output of that shape; where it is given, a gradient that is made from a loss is offered too.
    """
    options = [name for name in UPSTREAM if out or name != "from a loss"]
    name = settings.choice("upstream gradient", "dout", options, start, help="What the next layer sends back: dout.")
    st.caption(UPSTREAM[name])
    if name == "from a loss" and out:
        return out()
    if name == "random":
        return np.asarray(np.random.default_rng(SEED).integers(-3, 4, shape), dtype=np.float64)
    dout: Array = np.zeros(shape)
    if name == "ones":
        dout[...] = 1
    else:
        dout[:, shape[1] // 2, shape[2] // 2] = 1
    return dout


def walkthrough(
    walk: Walk,
    *,
    titles: Mapping[str, str],
    channel_names: Mapping[str, Sequence[str]] | None = None,
    version: int = 0,
) -> None:
    """Show a walk; the address says where it starts, and follows it. With another version it starts anew."""
    begin = st.session_state.get("begin")  # kept as it was, so that a change of place does not send the walk again
    place = _from_address(walk)
    if begin is None or begin["version"] != version:
        begin = st.session_state["begin"] = place | {"version": version}
    player(walk, key=KEY, titles=titles, channel_names=channel_names, begin=begin, on_place=_to_address)


def step_of(walk: Walk) -> int:
    """The step that the address names, from 0; one beyond the walk is its last."""
    try:
        return min(_step(state.text("step") or "1", walk), walk.steps - 1)
    except ValueError:
        return 0


def _to_address() -> None:
    place = st.session_state[KEY].get("place")
    if not place:
        return
    usual = BEGIN | {"pinned": ""}
    for name in PLACE:
        value = place[name]
        text = str(value + 1) if name == "step" else f"{value:g}" if name == "speed" else str(value)
        state.set_text(name, None if value == usual[name] else text.lower() if isinstance(value, bool) else text)


def _from_address(walk: Walk) -> dict[str, Any]:
    """What the address says of the player; what cannot be read is named, and left out."""
    found = {}
    first = KEY not in st.session_state  # later, what does not fit is what another setting has made smaller
    for name, (read, remedy) in READERS.items():
        text = state.text(name)
        if text is None:
            continue
        try:
            found[name] = read(text, walk)
        except (ValueError, KeyError):
            if first:
                messages.warning(
                    f"{name} (={text[:40]}) in the link must be {remedy}; the page uses another value instead."
                )
            state.set_text(name, None)
    return found


def _step(text: str, walk: Walk) -> int:
    return _whole(text, 1, 10**9) - 1  # one beyond the walk is its last: another setting may have made it shorter


def _speed(text: str, walk: Walk) -> float:
    return SPEEDS[[f"{speed:g}" for speed in SPEEDS].index(text)]


def _switch(text: str, walk: Walk) -> bool:
    return {"true": True, "false": False}[text]


def _colours(text: str, walk: Walk) -> str:
    return SCALES[SCALES.index(text)]


def _cell(text: str, walk: Walk) -> dict[str, Any]:
    name, plane, index = text.split(",")
    if not any(name in group for row in rows_of(walk) for group in row):
        raise ValueError
    planes, rows, columns = walk.grids[name].counts.shape
    return {"name": name, "plane": _whole(plane, 0, planes - 1), "index": _whole(index, 0, rows * columns - 1)}


def _whole(text: str, low: int, high: int) -> int:
    if not text.isdecimal() or len(text) > 10 or not low <= int(text) <= high:
        raise ValueError
    return int(text)


# How each parameter of the player is read, and what it must be. Each raises ValueError or KeyError for anything else.
READERS: dict[str, tuple[Callable[[str, Walk], Any], str]] = {
    "step": (_step, "a whole number from 1 on"),
    "speed": (_speed, f"one of {', '.join(f'{speed:g}' for speed in SPEEDS)}"),
    "stages": (_switch, "true or false"),
    "loop": (_switch, "true or false"),
    "colours": (_colours, f"one of {', '.join(SCALES)}"),
    "pinned": (_cell, "a grid of this page, a channel and a cell, as in x,0,12"),
}
