"""The view "Curves": loss and accuracy over the steps, and the first layer's filters as they take shape."""

from __future__ import annotations

import time

import streamlit as st

from cnn_core.solver import last_epoch
from cnn_core.training import Run
from pages.animation.chart import chart, encoded
from pages.controls import settings
from pages.figures.curves import accuracy_curve, loss_curve
from pages.figures.sheets import filter_sheet
from pages.sections.before_training import sheet_caption
from pages.server import runs

ROOM = 160  # pixels for each number: a row that keeps its places when they change, and two rows on a telephone
CALM = 3.0  # seconds between two drawings of a run at full speed
BUSY = 10.0  # the same while the reader changes settings one after the other: the answers come first


def curves_view(run: Run, theme: str) -> None:
    """Numbers, curves, filters. Nothing is computed but what is drawn."""
    last = last_epoch(run.records)
    when = f"As of the end of epoch {last.epoch}." if last else "At the end of each epoch."
    row = st.container(horizontal=True)
    accuracies = {
        "training accuracy": (None if last is None else last.train_accuracy or 0, when),
        "validation accuracy": (None if last is None else last.val_accuracy or 0, when),
        "test accuracy": (run.test_accuracy, "On pictures never looked at before, measured once, at the end."),
    }
    row.metric("loss", _loss(run), width=ROOM)
    for label, (share, help) in accuracies.items():
        row.metric(label, "–" if share is None else f"{share:.1%}", help=help, width=ROOM)
    smooth = settings.switch("smooth the curves", "smooth", help="Running means, over what was measured.")
    loss, accuracy, sheet, caption = _charts(run, smooth, theme)
    left, right = st.columns(2)
    with left:
        chart(loss, key="loss_curve")
    with right:
        chart(accuracy, key="accuracy_curve")
    st.subheader("The filters now")
    chart(sheet, key="filter_sheet")
    st.caption(caption)


def _charts(run: Run, smooth: bool, theme: str) -> tuple[str, str, str, str]:
    """Both curves and the sheet of filters as they are sent, and its caption.

    While a run trains as fast as it goes they are those of a moment ago: drawing costs the browser more than anything else
    on the page, and where the browser is on the same machine, it costs the training that time.
    """
    key = run.id, run.state, len(run.changes), smooth, theme
    kept = st.session_state.get("drawn_curves")
    if kept is not None and kept[0] == key and run.state == "running" and run.pace is None:
        when, charts = kept[1:]
        if time.monotonic() < when + (CALM if st.session_state.get("look") else BUSY):
            return charts  # type: ignore[no-any-return]
    filters, steps = runs.latest_filters(run)
    charts = (
        encoded(loss_curve(run.records, run.changes, smooth=smooth)),
        encoded(accuracy_curve(run.records, smooth=smooth)),
        encoded(filter_sheet(filters, theme)),
        sheet_caption(len(filters), filters.shape[1], steps),
    )
    st.session_state["drawn_curves"] = key, time.monotonic(), charts
    return charts


def _loss(run: Run) -> str:
    """The loss of the last step; one that explodes with its power of ten."""
    if not run.records:
        return "–"
    loss = run.records[-1].loss
    return f"{loss:.3f}" if loss < 1e5 else f"{loss:.2e}"
