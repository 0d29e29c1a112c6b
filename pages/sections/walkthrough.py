"""A walk on a page: the player, with its place in the address, and the gradient that the reader sends back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.walks.walk import Walk
from pages.address import messages, state
from pages.address.player import SETTINGS, as_parameters
from pages.animation.player import player, rows_of
from pages.controls import settings

KEY = "player"
SEED = 231
NOISE = 1e-10  # below it, an output is what rounding has left where products cancel
PLACE = frozenset(SETTINGS)  # of the player, in the address
UPSTREAM = {
    "ones": "Every output counts the same.",
    "one_cell": "Only the output in the middle counts (of each channel).",
    "random": "Whole numbers from −3 to 3.",
    "from_loss": "The loss L = ½ Σ out²: it wants every output to be 0, and its gradient is dout = out (to 4 decimals).",
}


def upstream(start: str, shape: tuple[int, ...], out: Callable[[], Array] | None = None) -> Array:
    """Choose dout, the gradient that the next layer sends back, of `shape` (F, OH, OW).

    out: the layer's output of that shape; where it is given, a gradient that is made from a loss is offered too.
    """
    options = [name for name in UPSTREAM if out or name != "from_loss"]
    name = settings.choice("upstream gradient", "dout", options, start, help="What the next layer sends back: dout.")
    st.caption(UPSTREAM[name])
    if name == "from_loss" and out:
        found = out()
        return np.where(np.abs(found) < NOISE, 0, found)
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
    step: int = 0,
) -> None:
    """Show a walk; the address says where it starts (else at `step`, from 0), and follows it. With another version it starts
    anew.
    """
    begin = begin_with(partial(_require_cell, walk), version, step)
    player(walk, key=KEY, titles=titles, channel_names=channel_names, begin=begin, on_place=to_address)


def begin_with(require_cell: Callable[..., None], version: int = 0, step: int = 0) -> dict[str, Any]:
    """What the player begins with: what the address says of it, as long as the version is the same; without a word, at `step`.

    require_cell: raises ValueError unless the player shows the cell `name`, `plane`, `index`.
    """
    begin: dict[str, Any] | None = st.session_state.get("begin")
    place = _from_address(require_cell)
    if begin is None or begin["version"] != version:  # else as it was: a change of place does not send the walk again
        begin = st.session_state["begin"] = {"step": step} | place | {"version": version}
    return begin


def step_of(walk: Walk) -> int:
    """The step that the address names, from 0; one beyond the walk is its last."""
    try:
        return min(int(SETTINGS["step"].read(state.text("step") or "1")), walk.steps - 1)
    except ValueError:
        return 0


def to_address() -> None:
    """Callback: what the player tells of its place goes into the address."""
    state.set_texts(as_parameters(st.session_state[KEY].get("place") or {}))


def _from_address(require_cell: Callable[..., None]) -> dict[str, Any]:
    """What the address says of the player; what cannot be read is named, and left out."""
    found, bad = {}, list[str]()
    first = KEY not in st.session_state  # later, what does not fit is what another setting has made smaller
    for name, setting in SETTINGS.items():
        text = state.text(name)
        if text is None:
            continue
        try:
            value = setting.read(text)
            if name == "pinned":
                require_cell(**value)
            found[name] = value
        except (ValueError, KeyError):
            if first:
                messages.warning(
                    f"{name} (={text[:40]}) in the link must be {setting.remedy}; the page uses another value instead."
                )
            bad.append(name)
    state.set_texts(dict.fromkeys(bad))
    return found


def _require_cell(walk: Walk, name: str, plane: int, index: int) -> None:
    """Raise ValueError unless the player shows this cell."""
    if not any(name in group for row in rows_of(walk) for group in row):
        raise ValueError(f"{name} must be a grid that is shown")
    planes, rows, columns = walk.grids[name].counts.shape
    if plane >= planes or index >= rows * columns:
        raise ValueError(f"{name} has {planes} channels of {rows * columns} cells")
