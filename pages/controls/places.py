"""Where the parts of a walk's page stand: settings at the figure that they change, and the picture beside it."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core.walks.walk import Walk

NARROWEST, CELL = 560, 26  # pixels: of a figure with its time axis, and of a cell that is read with ease
STYLE = (
    # Labels stand beside their sliders, so that the line takes little from the figure's height; on a phone two are in a line.
    ".st-key-near { flex-wrap: wrap; column-gap: 1rem; row-gap: 0; "
    "> div { flex: 1 1 10rem !important; min-width: 9.5rem !important; width: auto !important } "
    "&:has([data-testid=stButtonGroup]) { row-gap: .8rem } > div:has([data-testid=stButtonGroup]) { flex: none !important } "
    "[data-testid=stSlider] { display: flex; align-items: center; gap: .8rem; height: 2.1rem; "
    "> label { margin: 0; min-height: 0; white-space: nowrap; width: auto; gap: .25rem } "
    "> div { flex: 1; padding-top: .5rem } } [data-testid=stSliderTickBar] { display: none } } "
    ".st-key-scene { flex-wrap: wrap; gap: 1rem 1.5rem; align-items: flex-start; "
    "> .st-key-player { flex: 1 1 var(--walk) !important; width: auto !important } "
    "> .st-key-whole_picture { flex: 1 1 15rem !important; width: auto !important } } "
    ".st-key-checking { flex-wrap: wrap; gap: .3rem 1.2rem; > div { flex: 0 1 auto; min-width: 8rem !important } "
    "> :is(.st-key-check, .st-key-h) { flex: 2 1 14rem !important } > .st-key-tensor { flex: 1 1 9rem !important } "
    "> .st-key-seed { flex: 0 1 8rem !important } } "
    # "Back to it" takes the place of a preset's sentence, and no more room.
    ".st-key-restore button { min-height: 1.6rem; padding: 0 .6rem } "
    ".st-key-cures :is(th, td) { padding: .1rem .6rem } "
    ".st-key-arrows { row-gap: .3rem; button { min-height: 2rem; padding: 0 .55rem } } "
    # Tensor, errors and, over the height of both lines, the numbers; on a narrow screen one below the other, numbers second.
    "@media (min-width: 1000px) { .st-key-checked { display: grid; gap: .3rem 1.5rem; align-items: start; "
    "grid-template-columns: repeat(3, minmax(0, 1fr)); grid-template-rows: auto 1fr; > * { grid-column: 1 / 3; grid-row: 2 } "
    "> :has(> .st-key-checked_tensor) { grid-area: 1 / 1 } > :has(> .st-key-checked_errors) { grid-area: 1 / 2 } "
    "> :has(> .st-key-checked_numbers) { grid-area: 1 / 3 / 3 } } }"
)


def near() -> DeltaGenerator:
    """The line for the settings that a walk is about; it is there on a phone, too, where the sidebar covers the figure."""
    return st.container(horizontal=True, key="near")


def checked_figure() -> list[DeltaGenerator]:
    """Places for a tensor, the numbers of one entry, the errors of all, and a curve."""
    with st.container(key="checked"):
        return [st.container(key=f"checked_{part}") for part in ("tensor", "numbers", "errors", "curve")]


def scene(walk: Walk | None) -> DeltaGenerator:
    """The place of a walk's figure and of the whole picture: beside it where a small figure leaves room, else below."""
    if walk:
        shapes = {name: walk.grids[name].counts.shape for name in ("x", "weight", "out") if name in walk.names}
        # Kernels stand in a line for each filter; what they make may be stacked, what a pooling makes stands side by side.
        planes = {"x": shapes["x"][0], "weight": walk.channels_in, "out": 1 if walk.weighted else shapes["out"][0]}
        cells = sum(planes[name] * (columns + 1) for name, (*_, columns) in shapes.items())
        st.html(f"<style>.st-key-scene {{ --walk: {max(NARROWEST, cells * CELL)}px }}</style>")
    return st.container(horizontal=True, key="scene")
