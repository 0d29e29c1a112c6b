"""The view "Curves": loss and accuracy over the steps, and the first layer's filters as they take shape."""

from __future__ import annotations

import streamlit as st

from cnn_core.training import Run
from pages.controls import runs, settings
from pages.figures.curves import accuracy_curve, loss_curve
from pages.figures.sheets import filter_sheet
from pages.sections.before_training import sheet_caption

BARE = {"displayModeBar": False}


def curves_view(run: Run, theme: str) -> None:
    """Numbers, curves, filters. Nothing is computed but what is drawn."""
    last = next((r for r in reversed(run.records) if r.val_accuracy is not None), None)
    when = f"As of the end of epoch {last.epoch}." if last else "At the end of each epoch."
    numbers = st.columns(4)
    numbers[0].metric("loss", _loss(run))
    numbers[1].metric("training accuracy", f"{last.train_accuracy or 0:.1%}" if last else "–", help=when)
    numbers[2].metric("validation accuracy", f"{last.val_accuracy or 0:.1%}" if last else "–", help=when)
    numbers[3].metric(
        "test accuracy",
        "–" if run.test_accuracy is None else f"{run.test_accuracy:.1%}",
        help="On pictures never looked at before, measured once, at the end.",
    )
    smooth = settings.switch("smooth the curves", "smooth", help="Running means, over what was measured.")
    left, right = st.columns(2)
    left.plotly_chart(loss_curve(run.records, run.changes, smooth=smooth), key="loss_curve", config=BARE)
    right.plotly_chart(accuracy_curve(run.records, smooth=smooth), key="accuracy_curve", config=BARE)
    st.subheader("The filters now")
    filters = run.filters if run.filters is not None else runs.latest_filters(run)
    st.plotly_chart(filter_sheet(filters, theme), key="filter_sheet", config=BARE)
    st.caption(sheet_caption(len(filters), filters.shape[1], len(run.records)))


def _loss(run: Run) -> str:
    """The loss of the last step; one that explodes with its power of ten."""
    if not run.records:
        return "–"
    loss = run.records[-1].loss
    return f"{loss:.3f}" if loss < 1e5 else f"{loss:.2e}"
