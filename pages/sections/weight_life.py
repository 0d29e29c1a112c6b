"""The view "One weight": a step is made again, and what it did to one weight stands written out."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.explorer.weight_life import WeightLife, followed, weight_life
from cnn_core.network.build import build
from cnn_core.optim import MEMORY
from cnn_core.training import Run
from cnn_core.training.checkpoint import Checkpoint
from cnn_core.training.replay import replay
from pages.address import messages, state
from pages.animation.chart import chart
from pages.controls import settings
from pages.controls.words import word_of
from pages.figures.entries import entry, scientific
from pages.figures.sheets import filter_sheet, framed, tile_at
from pages.figures.weight_life import MOST, by_size, exact, operations_table, share_list, signed, uphill
from pages.server import replays

AXES = {  # of a parameter: by the kind of its layer and what it is
    "conv.weight": ("filter", "channel", "row", "column"),
    "conv.bias": ("filter",),
    "linear.weight": ("input", "unit"),
    "linear.bias": ("unit",),
}
SHEET, WIDE = 100, 5.0  # pixels: the height of the kernels; how many times as wide they are, about
SLOW = 0.3  # seconds after which a replay shows how far it is
ADAM = (  # two spellings of one step
    "This is learning rate · m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ), which make up for m and v beginning "
    "at 0: the optimiser applies both corrections to the learning rate and to ε, in fewer operations. "
)
CELL = "kernels: arrow keys go from weight to weight, Enter chooses one"


def weight_view(run: Run, theme: str) -> None:
    """Which weight and which step, the pictures' shares, and the lines of the update. Raises ValueError where the run's
    pictures are gone."""
    dataset = run.config.training_data().dataset
    if not run.done:
        st.info("No step has been trained yet: the first one is on its way.")
        return
    shapes = followed(build(run.config.network, dataset.image_shape, dataset.num_classes))
    controls = st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="which_weight")
    with controls:
        name = settings.choice("parameter", "parameter", list(shapes), listed=True, help=PARAMETER)
        index = tuple(_place(axis, size) for axis, size in zip(_axes(name), shapes[name], strict=True))
        step = settings.whole("step", "weight_step", 1, max(1, run.iterations or run.done), 1, box=True, help=STEP)
    try:
        life, before = _followed(run, step, name, index)
    except (ValueError, OSError) as error:
        messages.error(error)
        return
    controls.button(
        "Moved most",
        key="moved_most",
        on_click=_choose,
        args=(name, life.moved_most),
        help="The number of this parameter that this step moved farthest.",
    )
    left, right = st.columns([5, 6])
    with left.container(gap="xsmall"):
        _pictures(run, life, before, theme)
    with right.container(gap="xsmall"):
        _update(run, life, before)


PARAMETER = "Weights and biases by layer: which of them to follow through one step."
STEP = (
    "Its batch is trained on once more, from the last checkpoint before it: the same pictures, augmentation and dropout, and so "
    "the same numbers to the last bit."
)


def _place(axis: str, size: int) -> int:
    """A number from 0 to below size; no box where there is no choice. In the middle of a kernel to begin with."""
    if size == 1:
        return 0
    middle = size // 2 if axis in ("row", "column", "input") else 0
    return settings.whole(axis, f"weight_{axis}", 0, size - 1, middle, box=True)


def _axes(name: str) -> tuple[str, ...]:
    return AXES[re.sub(r"\d+", "", name)]


def _choose(name: str, index: tuple[int, ...]) -> None:
    """For a button: follow this number of the parameter that is shown."""
    state.put({f"weight_{axis}": float(k) for axis, k in zip(_axes(name), index, strict=True)})


def _followed(run: Run, step: int, name: str, index: tuple[int, ...]) -> tuple[WeightLife, Checkpoint]:
    """The step and the state before it; a look that shows the same again costs nothing. Raises as `weight_life`."""
    before = replays.state_before(run, step, _progress())
    key = replays.past(run, step), name, index
    kept = st.session_state.get("weight_life")
    if kept is None or kept[0] != key:
        kept = st.session_state["weight_life"] = key, weight_life(run, step, name, index, before=before)
    return kept[1], before


def _progress() -> Any:
    """What a replay tells how far it is: nothing is shown of a short one."""
    place, began = st.empty(), time.monotonic()

    def on_step(done: int, steps: int) -> None:
        if done == steps:
            place.empty()
        elif time.monotonic() > began + SLOW:
            place.progress(done / steps, text=f"Made again: {done:,} of {steps:,} steps from the checkpoint before")

    return on_step


def _pictures(run: Run, life: WeightLife, before: Checkpoint, theme: str) -> None:
    """Where the weight is, and what each picture of the batch adds to its gradient."""
    weight = before.params[life.name]
    if weight.ndim == 4:
        _kernels(life.name, weight[:, [life.index[1]]], life.index, theme)
    data = run.config.training_data()
    wrong = life.labels != data.true_labels[life.indices]
    st.markdown(f"**Each picture’s share of its gradient** :small[in {messages.plain(entry(life.name, life.index))}]")
    st.html(share_list(life, data.pixels(life.x), data.dataset.class_names, wrong, theme))
    rest = by_size(life.shares)[MOST:]
    others = f"The other {len(rest)} add {signed(math.fsum(life.shares[rest]))}. " if len(rest) else ""
    others += "(wrong): label noise has made this label wrong. " if wrong[by_size(life.shares)[:MOST]].any() else ""
    st.markdown(f":small[{others}{_sum(life)}]")


def _sum(life: WeightLife) -> str:
    """The sum of the shares, and how far the gradient that was trained with is from it."""
    if not math.isfinite(life.rounding):
        return "The gradient of this step is not a finite number."
    apart = f"{scientific(abs(life.rounding))} apart (rounding)" if life.rounding else "the very same number"
    return (
        f"**Sum of all {len(life.shares)}: {exact(life.total)}**, in 64 bits. The training added up in another order and in 32 "
        f"bits, and got {exact(life.gradient)}: {apart}. A share is the picture’s own gradient / {len(life.shares)}, as the "
        f"loss is the batch’s mean."
    )


def _kernels(name: str, kernels: Any, index: tuple[int, ...], theme: str) -> None:
    """One channel's kernel of every filter (F, 1, KH, KW), with a frame around the weight; a click chooses another one."""
    filters, _, height, width = kernels.shape
    tiles = filters, height, width
    figure = filter_sheet(kernels, theme, wide=WIDE)
    ink = "#000000" if theme == "light" else "#ffffff"
    figure["layout"] |= {"height": SHEET, "shapes": [framed(tiles, (index[0], index[2], index[3]), ink, WIDE)]}
    figure["layout"]["margin"] = {"l": 0, "r": 0, "t": 0, "b": 0}
    figure["data"][0]["showscale"] = False

    def pick(cell: Any) -> None:
        there = isinstance(cell, list) and len(cell) == 2 and all(type(k) is int for k in cell)  # anybody can send any
        if there and (found := tile_at(tiles, cell[0], cell[1], WIDE)) is not None:
            _choose(name, (found[0], index[1], found[1], found[2]))

    chart(figure, key="kernels", alt=CELL, on_pick=pick)


def _update(run: Run, life: WeightLife, before: Checkpoint) -> None:
    """What became of the weight, whether that is what was stored, and the lines that lead to it."""
    rule = run.config.update_rule
    st.markdown(
        f"**{word_of('update_rule', rule)}, step {life.step:,}: {exact(life.before)} becomes {exact(life.after)}**"
    )
    if odd := uphill(life.operations, life.gradient):
        st.markdown(f":small[{odd}]")
    _stored(run, life)
    st.html(operations_table(life, MEMORY[rule]))
    memory: Mapping[str, Any] = before.state.get(life.name, {})
    t, corrected = (f", t = {memory.get('t', 0) + 1}", ADAM) if "m" in MEMORY[rule] else ("", "")
    st.markdown(
        f":small[{corrected}With the learning rate {run.records[life.step - 1].learning_rate:.4g}{t}. A line is one operation of "
        "the optimiser, in its own order, rounded to float32: numbers of 32 bits, which nine digits tell apart.]"
    )


def _stored(run: Run, life: WeightLife) -> None:
    """Whether the checkpoint of this step, or the next one, holds the number that the lines lead to."""
    if life.stored is not None:
        _verdict(life.stored, life.after, life.step)
        return
    following = [k for k in run.checkpoints.iterations() if life.step < k <= run.done]
    if not following:
        st.markdown(
            ":small[No later checkpoint is kept to compare with, but the loss of this step came out as in the training.]"
        )
        return
    key = "compare", replays.past(run, life.step), life.name, life.index
    place = st.empty()
    words = f"Go on to step {following[0]:,}, whose weights are kept, and compare"
    if place.button(words, key="compare", icon=":material/fast_forward:", type="tertiary"):
        st.session_state["compared"] = key
    if st.session_state.get("compared") != key:
        return
    try:
        made = replay(run, following[0], begin=replays.state_before(run, life.step), on_step=_progress())
        kept = Checkpoint.read(run.checkpoints.path(following[0]))
    except (ValueError, OSError) as error:
        messages.error(error)
        return
    stored, replayed = (each.params[life.name][life.index] for each in (kept, made))
    with place:
        _verdict(stored, replayed, following[0])


def _verdict(stored: Any, made: Any, step: int) -> None:
    """Whether a checkpoint holds the bits of a number that was made again."""
    if np.asarray(stored).tobytes() == np.asarray(made).tobytes():
        st.markdown(
            f":green[:material/check_circle:] The checkpoint of step {step:,} holds {exact(stored)}: the same bits."
        )
    else:
        st.markdown(
            f":red[:material/close:] The checkpoint of step {step:,} holds {exact(stored)}; made again, it is {exact(made)}."
        )
