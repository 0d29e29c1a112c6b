"""Runs side by side: their curves in one plot, what differs in their settings, their results."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from cnn_core.shares import percent
from cnn_core.solver import StepRecord
from cnn_core.training import Registry, Row, Run, StoreError
from cnn_core.training.store import Change
from pages.address import messages
from pages.animation.chart import chart
from pages.controls.words import word_of
from pages.figures.comparison import MOST, accuracy_curves, loss_curves
from pages.sections.run_table import Results, fate, titles
from pages.server.runs import began_with_given_weights

NOTHING = "–"


def comparison(rows: Sequence[Row], results: Results, registry: Registry) -> None:
    """Compare these runs, at most MOST of them."""
    st.subheader("Side by side")
    if len(rows) > MOST:
        st.caption(f"The first {MOST} of the {len(rows)} chosen: more lines could not be told apart.")
        rows = rows[:MOST]
    named = titles(rows)
    runs = {row.id: _loaded(row, registry) for row in rows}
    histories = {named[row]: registry.store.steps(row) if run is None else run.records[:] for row, run in runs.items()}
    smoothed = st.toggle("smooth the losses", True, key="smooth", help="Their running mean over some ten steps.")
    left, right = st.columns(2)
    with left:
        chart(loss_curves(histories, smoothed=smoothed), key="loss_curves")
    with right:
        chart(accuracy_curves(histories), key="accuracy_curves")
    st.markdown("##### Results")
    st.table(
        [{"run": messages.plain(named[row.id])} | outcome(row, *results.get(row.id, (None, None))) for row in rows],
        border="horizontal",
    )
    st.markdown("##### Settings")
    every = st.toggle("also what is the same", key="same", help="Every setting; those that differ come first.")
    settings = {named[row.id]: _beginning(runs[row.id]) | flat(row, registry.store.changes(row.id)) for row in rows}
    if not settings_table(settings, every=False):
        st.info(the_same(list(histories.values())))
    if not (shown := settings_table(settings, every=every)):
        return
    st.table(shown, border="horizontal")
    st.caption("**Bold**: other than in the first of them.")


def _loaded(row: Row, registry: Registry) -> Run | None:
    """The run, which keeps its history in memory; None: another version wrote it, so only its rows can be read."""
    try:
        return registry.get(row.id)
    except StoreError:
        return None


def _beginning(run: Run | None) -> dict[str, str]:
    """What no setting says: whether it began with weights that were imported."""
    given = False if run is None else began_with_given_weights(run)
    if given is None:
        return {"begins with": "weights that cannot be read any more"}
    return {"begins with": "given weights"} if given else {}


def the_same(histories: Sequence[Sequence[StepRecord]]) -> str:
    """What to say of runs with the same settings, after what they have in common."""
    common = min(map(len, histories))
    if not common:
        return "They have the same settings. One of them has no step behind it yet: there is nothing to compare."
    if any(history[:common] != histories[0][:common] for history in histories):
        return "They have the same settings, but not the same numbers: they are of different versions, or machines."
    some = "" if len(set(map(len, histories))) == 1 else ", as far as each of them went"
    return f"They have the same settings: the same seed gave the same training{some}."


def outcome(row: Row, last: Any, val_accuracy: float | None) -> dict[str, str]:
    """The results of a run, in words."""
    return {
        "state": fate(row),
        "steps": f"{last.iteration:,}" if last else "0",
        "loss": f"{last.loss:.4g}" if last else NOTHING,
        "validation": NOTHING if val_accuracy is None else percent(val_accuracy, 1),
        "test": NOTHING if row.test_accuracy is None else percent(row.test_accuracy, 1),
        "seconds": f"{row.seconds:.1f}",
    }


def flat(row: Row, changes: Sequence[Change]) -> dict[str, str]:
    """All settings of a run by name, as text: those of its data, network and stop rules one by one, and its changes."""
    found: dict[str, str] = {}
    if row.parent:
        found["forked from"] = f"{row.parent}, step {row.parent_iteration}"
    for name, value in row.config.items():
        found |= _flat("" if name == "network" else name, value)
    for name, of_one in itertools.groupby(sorted(changes, key=lambda c: c.name), key=lambda c: c.name):
        found[f"{name}, changed"] = ", ".join(f"{c.value:g} after step {c.iteration}" for c in of_one)
    return found


def _flat(name: str, value: Any) -> dict[str, str]:
    if isinstance(value, Mapping):
        parts = [_flat(f"{name}: {key}" if name else key, inner) for key, inner in value.items()]
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        parts = [_flat(f"{name.removesuffix('s')} {number}", inner) for number, inner in enumerate(value, 1)]
    elif isinstance(value, list):
        return {name: ", ".join(_text(name, one) for one in value) or NOTHING}
    else:
        return {name: _text(name, value)}
    return {key: text for part in parts for key, text in part.items()}


def _text(name: str, value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return word_of(name.split(": ")[-1], value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def settings_table(runs: Mapping[str, Mapping[str, str]], *, every: bool) -> list[dict[str, str]]:
    """A row for each setting: those that differ first, a cell in bold where it is not as in the first run.

    runs: settings by name, by title. every: also those that are the same in all of them.
    """
    longest_first = sorted(runs.values(), key=len, reverse=True)  # a block that others lack keeps its place
    names = list(dict.fromkeys(name for run in longest_first for name in run))
    values = {name: [run.get(name, NOTHING) for run in runs.values()] for name in names}
    names = [n for n in names if len(set(values[n])) > 1] + [n for n in names if every and len(set(values[n])) == 1]
    plain = messages.plain
    return [
        {"setting": plain(name)}
        | {
            plain(title): plain(value) if value == values[name][0] else f"**{plain(value)}**"
            for title, value in zip(runs, values[name], strict=True)
        }
        for name in names
    ]
