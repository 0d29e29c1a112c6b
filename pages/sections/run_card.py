"""One run: its name and note, the way to it, and its end on the list, which can be undone."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import streamlit as st

from cnn_core.training import Registry, Row, StoreError
from cnn_core.training.store import DELETED_KEPT
from pages.address import messages
from pages.sections.run_files import files
from pages.sections.run_table import choose, fate, notation, titles
from pages.sections.run_upload import use_settings
from pages.server.runs import RANGE, obey


def one_of(rows: Sequence[Row], registry: Registry) -> None:
    """The run to look at, of those chosen, and all that can be done with it."""
    named = titles(rows)
    row = rows[0]
    st.subheader("One run" if len(rows) == 1 else "One of them")
    if len(rows) > 1:
        picked = st.selectbox("run", [row.id for row in rows], key="one", format_func=lambda run: named[run])
        row = next(row for row in rows if row.id == picked)
    _describe(row, registry)
    try:
        run = registry.get(row.id)
    except StoreError as error:
        messages.error(error)
        run = None
    with st.container(horizontal=True, vertical_alignment="center"):
        if run is not None:
            st.page_link(
                "lessons/train.py",
                label="Open it on the Train page",
                icon=":material/arrow_forward:",
                query_params={RANGE if run.config.range_test else "run": row.id},
            )
            use_settings(run.config, "Use its settings", key=f"use_{row.id}")
        delete_button([row.id], registry, "Delete it", key="delete_one")
    if run is not None:
        files(run)


def _describe(row: Row, registry: Registry) -> None:
    """Name and note, each kept as soon as it is typed, and by itself: another tab may have written the other."""
    name, note = f"name_{row.id}", f"note_{row.id}"

    def keep_name() -> None:
        obey(registry.describe, row.id, name=st.session_state[name].strip())

    def keep_note() -> None:
        obey(registry.describe, row.id, note=st.session_state[note])

    left, right = st.columns([1, 2])
    left.text_input("name", row.name, max_chars=60, key=name, on_change=keep_name, placeholder=row.id)
    right.text_area("note", row.note, max_chars=2000, key=note, on_change=keep_note, height=80)


def delete_button(runs: Sequence[str], registry: Registry, label: str, *, key: str) -> None:
    """Take runs off the list, at once: `undo_bar` restores them."""

    def delete() -> None:
        for run in runs:
            registry.delete(run)
        st.session_state["deleted"] = list(runs)
        choose([])

    help = "They can be restored for a day." if len(runs) > 1 else "It can be restored for a day."
    st.button(
        label,
        key=key,
        icon=":material/delete:",
        on_click=obey,
        args=(delete,),
        help=help + " One that trains is stopped.",
    )


def undo_bar(registry: Registry) -> None:
    """What this reader deleted last, and the way back."""
    if runs := st.session_state.get("deleted", []):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Deleted {len(runs)} run{'s'[: len(runs) > 1]}.", width="content")
            st.button("Undo", key="undo", icon=":material/undo:", on_click=obey, args=(_restore, registry, runs))


def deleted_runs(registry: Registry) -> None:
    """What was deleted within a day, by whomever, and the way back."""
    rows = registry.deleted()
    if not rows:
        return
    with st.expander(f"Deleted within a day: {len(rows)}", key="deleted_fold"):
        named = titles(rows)
        picked = st.multiselect(
            "runs to restore",
            [row.id for row in rows],
            key="bring_back",
            format_func=lambda run: _deleted(run, rows, named),
        )
        st.button(
            "Restore",
            key="bring",
            icon=":material/undo:",
            on_click=obey,
            args=(_restore, registry, picked),
            disabled=not picked,
        )


def _deleted(run: str, rows: Sequence[Row], named: Mapping[str, str]) -> str:
    """A deleted run in the list, with how long it can still be restored."""
    row = next(row for row in rows if row.id == run)
    hours = max(0.0, (row.deleted or 0) + DELETED_KEPT - time.time()) / 3600
    return f"{named[run]}: {notation(row.config.get('network'))}, {fate(row)}; for {max(1, round(hours))} more h"


def _restore(registry: Registry, runs: Sequence[str]) -> None:
    for run in runs:
        registry.undelete(run)
    st.session_state.pop("deleted", None)
    choose(runs)
