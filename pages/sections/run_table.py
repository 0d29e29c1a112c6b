"""The table of all runs: one row each, filtered, sorted and chosen from; the choice stands in the address."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.network import NetworkSpec
from cnn_core.solver import StepRecord
from cnn_core.training import Row
from cnn_core.training.history import column
from cnn_core.training.range_test import smooth
from pages.address import messages, state
from pages.controls.words import word_of
from pages.server.runs import registry

Results = Mapping[str, tuple[StepRecord, float | None]]
CHOSEN = "runs"  # the parameter of the address: ids with commas between
MOST_CHOSEN = 50  # ids in an address
ROW, HEAD = 65, 36  # pixels: from a row of this height on Streamlit breaks long texts into lines
ROWS_SEEN = 7  # without scrolling
POINTS = 40  # of a curve in the table
# The table's own tools appear as one points at it: below it, as above it they would lie on the filters.
STYLE = (
    "<style>.st-key-run_table [data-testid=stElementToolbar] { top: auto !important; bottom: -2.75rem }"
    "@media (hover: none) { .st-key-run_table { margin-bottom: 2.75rem } }</style>"  # where it is always there
)
MOST_SHOWN = 1e15  # the table has no way to write larger numbers


def title(row: Row) -> str:
    """What a run is called: its name, or else its id."""
    return row.name or row.id


def is_range_test(row: Row) -> bool:
    """Is it no training, but a test of all learning rates?"""
    return bool(row.config.get("range_test"))


def fate(row: Row) -> str:
    """What became of a run so far."""
    state = word_of("state", row.state)
    return f"{state}, range test" if is_range_test(row) else state


def titles(rows: Sequence[Row]) -> dict[str, str]:
    """By id, what each run is called; those of one name get their ids behind it."""
    named = [title(row) for row in rows]
    return {row.id: t if named.count(t) == 1 else f"{t} ({row.id})" for row, t in zip(rows, named, strict=True)}


def table(rows: Sequence[Row], results: Results) -> list[Row]:
    """The table under its filters. Returns the chosen rows, also those that the filters hide, in the order of choice."""
    chosen = _in_address({row.id for row in rows})
    shown = _filtered(rows)
    if not shown:
        st.info("No run is like that: change the filters above.")
    else:
        chosen = _select(shown, results, chosen)
    hidden = len(set(chosen) - {row.id for row in shown})
    words = f"{len(shown)} of {len(rows)} runs" if len(shown) < len(rows) else f"{len(rows)} run{'s'[: len(rows) > 1]}"
    choice = f"{len(chosen)} chosen" if chosen else "choose one or more by the boxes at the left"
    st.caption(f"{words}; {choice}{f', {hidden} of them hidden by the filters' if hidden else ''}.")
    by_id = {row.id: row for row in rows}
    return [by_id[run] for run in chosen]


def choose(ids: Sequence[str]) -> None:
    """Choose these runs: in a callback, or before the table is drawn."""
    state.set_text(CHOSEN, ",".join(ids) or None)
    st.session_state["table_version"] = st.session_state.get("table_version", 0) + 1  # the boxes begin anew


def _in_address(known: set[str]) -> list[str]:
    """The ids in the address; one that is not known is told of, and taken out."""
    ids = [found for found in (state.text(CHOSEN) or "").split(",") if found][:MOST_CHOSEN]
    if unknown := [run for run in ids if run not in known]:
        messages.warning(
            f"{CHOSEN} (={', '.join(unknown)[:60]}) in the link is not kept on this server, or was deleted: "
            f"choose from the table."
        )
        ids = [run for run in ids if run in known]
        state.set_text(CHOSEN, ",".join(ids) or None)
    return list(dict.fromkeys(ids))


def _filtered(rows: Sequence[Row]) -> list[Row]:
    find, states, sets = st.columns([2, 1, 1])
    text = find.text_input(
        "find",
        key="find",
        max_chars=60,
        placeholder="a name, a note, an optimiser, relu ...",
        help="Rows that hold all of these words.",
    )

    def several(place: Any, label: str, key: str, options: set[str]) -> list[str]:
        written = partial(word_of, key)
        picked: list[str] = place.multiselect(label, sorted(options), key=key, format_func=written, placeholder="all")
        return picked

    state = several(states, "state", "state", {row.state for row in rows})
    dataset = several(sets, "data set", "datasets", {_dataset(row) for row in rows})
    words = text.lower().split()
    return [
        row
        for row in rows
        if (not state or row.state in state)
        and (not dataset or _dataset(row) in dataset)
        and all(word in _searched(row) for word in words)
    ]


def _select(shown: Sequence[Row], results: Results, chosen: Sequence[str]) -> list[str]:
    """Draw the table; returns the ids that are chosen now. Boxes count rows, so other rows make another table."""
    ids = [row.id for row in shown]
    version = st.session_state.get("table_version", 0)
    mark = hashlib.sha1(repr((ids, version)).encode(), usedforsecurity=False).hexdigest()[:12]
    st.html(STYLE)
    event: Any = st.container(key="run_table").dataframe(
        [cells(row, *results.get(row.id, (None, None))) for row in shown],
        key=f"table_{mark}",
        hide_index=True,
        placeholder="–",
        row_height=ROW,
        height=ROW * min(len(shown), ROWS_SEEN) + HEAD + 2,
        column_config=_columns(),
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [k for k, run in enumerate(ids) if run in chosen]}},
    )
    ticked = [ids[k] for k in rows_of(event, len(ids))]
    now = [run for run in chosen if run in ticked or run not in ids] + [run for run in ticked if run not in chosen]
    if set(now) != set(chosen):
        state.set_text(CHOSEN, ",".join(now[:MOST_CHOSEN]) or None)
    return now


def rows_of(event: Any, count: int) -> list[int]:
    """The rows of a table with `count` rows that a message says are chosen: anybody can send any, of any type."""
    selection = event.get("selection") if isinstance(event, Mapping) else None
    rows = selection.get("rows") if isinstance(selection, Mapping) else None
    listed = rows if isinstance(rows, list) else []
    return list(dict.fromkeys(k for k in listed if type(k) is int and 0 <= k < count))


def cells(row: Row, last: StepRecord | None, val_accuracy: float | None) -> dict[str, Any]:
    """One row of the table. Settings that an older version wrote otherwise are shown as far as they are understood."""
    config, test = row.config, is_range_test(row)
    return {
        "name": messages.cell(title(row)),
        "curve": [] if last is None else _curve(row.id, last.iteration),
        "state": fate(row),
        "data set": word_of("dataset", _dataset(row)),
        "network": notation(config.get("network")),
        "optimiser": word_of("update_rule", _rule(row)),
        "pictures": _pictures(row),
        "rate": None if test else config.get("learning_rate"),
        "reg": config.get("reg"),
        "epochs": None if test else config.get("num_epochs"),
        "loss": last.loss if last and last.loss < MOST_SHOWN else None,
        "validation": val_accuracy,
        "test": row.test_accuracy,
        "seconds": row.seconds,
        "steps": 0 if last is None else last.iteration,
        "started": datetime.fromtimestamp(row.created, UTC),
        "note": messages.cell(row.note),
    }


@st.cache_data(max_entries=500, show_spinner=False)
def _curve(run: str, steps: int) -> list[float]:
    """The loss over the steps in few points, as far as it does not explode. steps: so many there are by now."""
    losses = smooth(column(registry().store.steps(run), "loss"))
    losses = losses[np.linspace(0, len(losses) - 1, min(POINTS, len(losses))).astype(int)]
    within = losses[np.isfinite(losses) & (losses <= 3 * losses[0])]
    return [float(f"{loss:.3g}") for loss in within.tolist()]


def notation(network: Any) -> str:
    """A network in a line: 16×3×3 relu max2, 64 relu is 16 kernels of 3x3 with ReLU and 2x2 max pooling, then 64 units."""
    try:
        return str(NetworkSpec.from_dict(network))
    except (TypeError, ValueError):
        return "?"


def _dataset(row: Row) -> str:
    return str(row.config.get("dataset", "?"))


def _pictures(row: Row) -> str:
    """On how many training pictures."""
    data = row.config.get("data")
    count = data.get("num_train") if isinstance(data, Mapping) else None
    return f"{count:,}" if type(count) is int else "all"


def _rule(row: Row) -> str:
    return str(row.config.get("update_rule", "?"))


def _searched(row: Row) -> str:
    """What a search looks through: the ids, which stand in files, as well as the words on the page."""
    ids = {"state": row.state, "dataset": _dataset(row), "update_rule": _rule(row)}
    texts = (row.id, row.name, row.note, notation(row.config.get("network")), *ids.values())
    return " ".join((*texts, *(word_of(key, option) for key, option in ids.items()))).lower()


def _columns() -> dict[str, Any]:
    """All that tell runs apart fit a screen of 1280 pixels; the table's own menu shows those that are hidden here, too."""
    config = st.column_config

    def percent(help: str, width: int) -> Any:
        return config.NumberColumn(format="percent", width=width, help=help)

    return {
        "name": config.TextColumn(width=148),
        "curve": config.LineChartColumn("loss", y_min=0, width="small", help="Over all steps, smoothed."),
        "state": config.TextColumn(width=76),
        "data set": config.TextColumn(width=106),
        "network": config.TextColumn(width=130, help=notation.__doc__),
        "optimiser": config.TextColumn(width=72),
        "pictures": config.TextColumn(width=62, help="The training pictures: so many, the first ones."),
        "rate": config.NumberColumn(format="%g", width=56, help="The learning rate at the start."),
        "reg": config.NumberColumn(format="%g", width=56, help="The strength of L2."),
        "epochs": None,
        "loss": config.NumberColumn("last loss", format="%.4g", width="small", help="Of the last step."),
        "validation": percent("Accuracy at the end of the last whole epoch.", 74),
        "test": percent("Accuracy on pictures never looked at before, at the end.", 62),
        "seconds": None,
        "steps": config.NumberColumn(width=54, help="Done so far."),
        "started": config.DatetimeColumn(format="D MMM, HH:mm", width=95, timezone=st.context.timezone),
    }
