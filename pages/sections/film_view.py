"""The view "Checkpoints": go back and forth in a training's time, and begin another future from there."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise, takewhile
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.network import Network
from cnn_core.shares import percent
from cnn_core.solver import decayed
from cnn_core.training import Run
from pages.address import messages, state
from pages.animation.chart import chart
from pages.animation.film import film
from pages.controls.naming import what_is
from pages.controls.segments import show_part
from pages.controls.settings import whole_box
from pages.controls.training import LEARNING_RATES, nearest
from pages.figures.pixels import as_url
from pages.figures.sheets import filter_pixels, map_sheet
from pages.sections.mistakes_view import pictures_of, taken_for
from pages.sections.picture_way import how_many, picture_and_classes, way_through
from pages.sections.run_filters import common_reach, each_by_itself, run_sheet
from pages.server import runs
from pages.server.filters import kept_filters
from pages.server.leisure import due, looked
from pages.server.visitors import visitor

ACROSS = 2  # layers side by side
SHEET = 420  # pixels: the height of the filters
MOST_FILTERS = 16  # in a small picture
CLOSE = 0.1  # of their length: filters so near to the last ones look like them
MOST_MAPS = 16  # of a layer; more would be too small to see anything


def film_view(run: Run, theme: str) -> None:
    """The steps that were kept, and what the network was like at one of them."""
    latest = due(run, "filmed") or 0
    kept = [k for k in run.checkpoints.iterations() if k <= latest]
    if not kept:
        st.info("No step has been kept yet: the first one is on its way.")
        return
    reach = None if each_by_itself() else common_reach(run)
    strip = st.container()
    iteration = _step(run, kept)
    there = kept_filters(run)
    filters = {step: there[step] for step in kept if step in there}
    with strip:
        film(_frames(filters, reach, theme), iteration, key="film_strip", on_step=partial(rest_at, kept))
    began = time.monotonic()
    try:
        network, found = runs.network_at(run, iteration), runs.evaluation_at(run, iteration)
    except (ValueError, OSError) as error:
        messages.error(error)
        return
    looked(run, "filmed", kept[-1], began)
    _fork(run, iteration)
    left, right = st.columns(2)
    with left:
        weight = next(iter(network.params.values()))
        st.subheader("Filters")
        sheet, words = run_sheet(weight, iteration, reach, theme, SHEET)
        chart(sheet, key="film_filters")
        st.markdown(f":small[{words}{how_they_move(filters, iteration)}]")
    with right:
        taken_for(run, found, theme, f" after {iteration} steps", key="film_confusion")
    pictures_of(run, found)
    _one_picture(run, network, len(found.truth), theme)


def _frames(filters: Mapping[int, Array], reach: float | None, theme: str) -> list[tuple[int, str]]:
    """Small pictures of the first filters at each step that can be read."""
    return [(step, as_url(filter_pixels(w[:MOST_FILTERS], theme, reach=reach))) for step, w in filters.items()]


def how_they_move(filters: Mapping[int, Array], iteration: int) -> str:
    """How far the first filters (by step, ascending) have moved since the checkpoint before this one, and since when they look
    as they do at the last one; empty where that cannot be told."""
    before = {after: step for step, after in pairwise(filters)}
    with np.errstate(all="ignore"):
        moved = {b: _way(filters[a], filters[b]) for b, a in before.items()}
    if iteration not in moved or not np.isfinite(list(moved.values())).all():
        return ""
    start, last = before[iteration], max(filters)
    words = (
        f". Since step {start:,} they moved by {percent(moved[iteration], 1)} of their length, "
        f"{percent(moved[iteration] / (iteration - start), 2)} a step"
    )
    away = {step: _way(filters[last], w) for step, w in filters.items()}  # from where they have ended
    close = list(takewhile(lambda step: away[step] <= CLOSE, reversed([step for step in filters if step != last])))
    if len(filters) < 3 or not max(moved.values()):
        return words
    if not close:
        late = before[last]
        return f"{words}. They still move: at step {late:,} they were {percent(away[late])} away from those of step {last:,}"
    return f"{words}. Since step {close[-1]:,} they are within {percent(CLOSE)} of those of step {last:,}, the last"


def _way(start: Array, end: Array) -> float:
    """How far it is from one set of filters to another, as a share of the first one's length."""
    return float(np.linalg.norm(end - start) / np.linalg.norm(start))


def rest_at(kept: list[int], step: Any) -> None:
    """Show a checkpoint that the film came to rest at, if it is kept: anybody can send any."""
    if type(step) is int and step in kept:
        st.session_state["film"] = step


def _step(run: Run, kept: list[int]) -> int:
    """The step to look at: the address's, else the last one, also while others come, until the reader goes back to another."""
    key, asked = "film", state.text("film")
    known, back = st.session_state.get("film_end", (None, None))[0], state.went_back()
    new = known not in (None, run.id) and not back  # its predecessor's address may come along once more
    if asked is not None and not new and (back or key not in st.session_state):
        if asked.isdecimal():
            st.session_state[key] = min(kept, key=lambda k: abs(k - int(asked)))
            st.session_state["film_end"] = run.id, None
        else:
            messages.warning(f"{key} (={asked[:20]}) in the link must be a step that is kept, such as {kept[-1]}")
    step = _chosen(run, kept, key, (run.id, kept[-1]))
    state.set_text(key, None if step == kept[-1] else str(step))
    return step


def _chosen(run: Run, kept: list[int], key: str, end: tuple[str, int]) -> int:
    """The slider's step; the last one until the reader has gone back to another."""
    before = st.session_state.get("film_end", (None, None))
    if before[0] != run.id or st.session_state.get(key) in (None, before[1]):
        st.session_state[key] = kept[-1]
    elif st.session_state[key] not in kept:  # where many are kept, some are thinned out on the way
        st.session_state[key] = min(kept, key=lambda k: abs(k - st.session_state[key]))
    st.session_state["film_end"] = end
    if len(kept) == 1:
        st.caption(f"Step {kept[0]} is the only one that is kept so far.")
        return kept[0]
    return int(
        st.select_slider("step", kept, st.session_state[key], key=key, help="Its weights are kept: a checkpoint.")
    )


def _fork(run: Run, iteration: int) -> None:
    """Begin a new run that shares this one's past up to the step."""
    rate = _rate(run, iteration)
    rates = sorted({*LEARNING_RATES, rate}, key=float)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        button = st.empty()
        chosen = st.selectbox(  # where another rate holds it is another widget, which begins with that rate
            "learning rate from there",
            rates,
            rates.index(rate),
            key=f"fork_rate_{run.id}_{rate}",
            format_func=lambda text: text if text in LEARNING_RATES else f"{float(text):.4g}",
            width=180,
        )
        usual = run.config.num_epochs
        if _too_short(run, iteration, usual):  # from its end: as long again
            usual = min(2 * usual, 1000)
        epochs = whole_box(st, "epochs in all", f"fork_epochs_{run.id}_{usual}", 1, 1000, usual, width=140)
        short = _too_short(run, iteration, epochs)
        button.button(
            f"Fork from step {iteration}",
            key="fork",
            icon=":material/fork_right:",
            on_click=runs.obey,
            args=(_begin, run.id, iteration, None if chosen == rate else float(chosen), epochs),
            disabled=bool(short),
            help="A new training with the same past up to this step, and a future of its own. This one stays as it is.",
        )
    if short:
        st.caption(short)


def _rate(run: Run, iteration: int) -> str:
    """The learning rate of the step after so many steps, with its decay and its changes, as the list of rates has it."""
    if iteration < len(run.records):
        rate = run.records[iteration].learning_rate
    else:
        last = run.records[-1]
        rate = last.learning_rate if last.val_accuracy is None else decayed(last.learning_rate, run.config.lr_decay)
        for change in run.changes:  # made since, and not seen in any step yet
            if change.iteration == iteration and change.name == "learning_rate":
                rate = change.value
    listed = nearest(LEARNING_RATES, rate)
    return listed if float(listed) == rate else str(rate)


def _too_short(run: Run, iteration: int, epochs: int) -> str:
    """Why so many epochs leave nothing to train after the step; empty: they do leave something."""
    steps = run.iterations // run.config.num_epochs  # of an epoch; 0: not known yet
    if not steps or iteration < epochs * steps:
        return ""
    needed = math.ceil((iteration + 1) / steps)  # one step more, at least
    return (
        f"Epoch {epochs} ends with step {epochs * steps}: a fork from step {iteration} needs {needed} epochs or more."
    )


def _begin(run_id: str, iteration: int, rate: float | None, epochs: int) -> None:
    """rate: another than holds there; None: it stays."""

    def fork() -> Run:
        parent, pace = runs.the_run(run_id), runs.chosen_pace()
        other: dict[str, Any] = {} if rate is None else {"learning_rate": rate}
        return runs.registry().fork(parent, iteration, num_epochs=epochs, pace=pace, visitor=visitor(), **other)

    config = replace(runs.the_run(run_id).config, num_epochs=epochs)
    name = what_is(config if rate is None else config.changed(learning_rate=rate), step=iteration)
    runs.remember(runs.made_once(fork, "fork", run_id, iteration, rate, epochs, name=name))
    show_part("view", "curves")


def _one_picture(run: Run, network: Network, count: int, theme: str) -> None:
    """One picture on its way through the network as it was then."""
    data = run.config.training_data()
    pictures, labels = data.val_part(count)
    st.subheader("One picture on its way through")
    number = st.slider("validation picture", 0, count - 1, 0, key="film_picture") if count > 1 else 0
    number = max(0, min(count - 1, number))  # anybody can send any
    names, truth = data.dataset.class_names, int(labels[number])
    made, chances = way_through(network, data, pictures[number])
    picture_and_classes(
        pictures[number], f"picture {number}", truth, names, chances, width=180, key="film_probabilities"
    )
    shown = list(made.items())
    for first in range(0, len(shown), ACROSS):
        for column, (name, values) in zip(st.columns(ACROSS), shown[first : first + ACROSS], strict=False):
            sheet = map_sheet(as_tiles(values)[:MOST_MAPS], theme, 420)
            words = f"{name}: {how_many(values, MOST_MAPS)}"
            column.image(as_url(sheet), caption=words, alt=words)


def as_tiles(values: Array) -> Array:
    """What a layer makes of one picture as tiles: maps (F,H,W) as they are, units (M,) as one row."""
    return values if values.ndim == 3 else np.asarray(values)[None, None, :]
