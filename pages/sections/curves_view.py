"""The view "Curves": loss and accuracy over the steps beside the first layer's filters, all on one screen."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from cnn_core.shares import percent
from cnn_core.solver import last_epoch
from cnn_core.training import Run
from pages.animation.chart import chart, encoded
from pages.controls import settings
from pages.figures.curves import accuracy_curve, loss_curve
from pages.sections.run_filters import LOOKS, common_reach, each_by_itself, run_sheet
from pages.sections.training_words import about_the_loss, num_classes
from pages.server.filters import latest_filters

ROOM = 126  # pixels for each number: a row that keeps its places when they change, and two rows on a telephone
CURVE, SHEET = 172, 336  # pixels: the heights of a curve, and of the filters beside both, with words below
CALM = 3.0  # seconds between two drawings of a run at full speed
BUSY = 10.0  # the same while the reader changes settings one after the other: the answers come first
LOSS = "How wrong the network was on the pictures of the last step. Training makes it smaller."


def curves_view(run: Run, theme: str) -> None:
    """Numbers, curves, filters. Nothing is computed but what is drawn."""
    last = last_epoch(run.outline)
    row = st.container(horizontal=True, vertical_alignment="center", key="numbers")
    accuracies = {
        "training accuracy": (None if last is None else last.train_accuracy or 0, None),
        "validation accuracy": (None if last is None else last.val_accuracy or 0, None),
        "test accuracy": (run.test_accuracy, "On pictures never looked at before, measured once, at the end."),
    }
    row.metric("loss", _loss(run), width=ROOM, help=LOSS)
    for label, (share, help) in accuracies.items():
        row.metric(label, "–" if share is None else percent(share, 1), help=help, width=ROOM)
    with row:
        smooth = settings.switch("smooth the curves", "smooth", help="Running means, over what was measured.")
        each = each_by_itself()
    loss, accuracy, sheet, caption = _charts(run, smooth, each, theme)
    left, right = st.columns([5, 4], gap="small")
    with left:
        chart(loss, key="loss_curve")
        chart(accuracy, key="accuracy_curve")
    with right:
        chart(sheet, key="filter_sheet")
        st.markdown(f":small[{caption}]")
    st.markdown(f":small[{about_the_loss(run)}]")
    st.caption(LOOKS)


def _charts(run: Run, smooth: bool, each: bool, theme: str) -> tuple[str, str, str, str]:
    """Both curves and the sheet of filters as they are sent, and its caption.

    While a run trains as fast as it goes they are those of a moment ago: drawing costs the browser more than anything else
    on the page, and where the browser is on the same machine, it costs the training that time.
    """
    key = run.id, run.state, len(run.changes), smooth, each, theme
    kept = st.session_state.get("drawn_curves")
    if kept is not None and kept[0] == key and run.state == "running" and run.pace is None:
        when, charts = kept[1:]
        if time.monotonic() < when + (CALM if st.session_state.get("look") else BUSY):
            return charts  # type: ignore[no-any-return]
    filters, steps = latest_filters(run)
    sheet, caption = run_sheet(filters, steps, None if each else common_reach(run), theme, SHEET)
    loss = loss_curve(run.records if smooth else run.outline, run.changes, smooth=smooth, classes=num_classes(run))
    charts = (
        encoded(_high(loss, CURVE)),
        encoded(_high(accuracy_curve(run.outline, smooth=smooth), CURVE)),
        encoded(sheet),
        caption,
    )
    st.session_state["drawn_curves"] = key, time.monotonic(), charts
    return charts


def _high(figure: dict[str, Any], height: int) -> dict[str, Any]:
    figure["layout"]["height"] = height
    return figure


def _loss(run: Run) -> str:
    """The loss of the last step; one that explodes with its power of ten."""
    if not run.outline:
        return "–"
    loss = run.outline[-1].loss
    return f"{loss:.3f}" if loss < 1e5 else f"{loss:.2e}"
