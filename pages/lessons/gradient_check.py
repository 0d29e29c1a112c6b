"""Is a gradient right? One entry nudged, every entry of its tensor, and every step h."""

from functools import partial

import numpy as np
import streamlit as st

from cnn_core.gradients import check_entry
from pages.address import messages
from pages.animation.chart import chart
from pages.animation.entries import entries
from pages.controls import checking
from pages.controls.places import checked_figure as figure
from pages.controls.presets import Start
from pages.figures.entries import error_plane, tensor_map
from pages.figures.step_curve import step_curve
from pages.sections.gradient_answers import answers, best_steps, two_ways, way_to_answers
from pages.sections.gradient_numbers import judged, l2_line, written
from pages.sections.gradient_study import along_of, curves_of, map_of

start = Start(checking.PRESETS, checking.USUAL)
way_to_answers()
with st.container(horizontal=True, key="checking"):
    named = checking.case_of(start)
    case = checking.kept_case(*named)
    name = checking.tensor_of(case)
    h, dtype = checking.step(start)
index = checking.entry_of(case, name)
start.tell(frozenset({"entry", "tensor"}))

values = case.values[name]
chosen = int(np.ravel_multi_index(index, values.shape))
on_entry = partial(checking.keep_entry, shape=values.shape)
curves, theory = curves_of(named, name, index)
tensor, numbers, errors, curve = figure()
found = None
with errors:
    try:
        with st.spinner(f"Checking all {values.size} entries"):  # seen after half a second
            found = map_of(named, name, h, dtype)
    except ValueError as error:
        messages.error(error)
with tensor:
    kinks = np.zeros(values.shape, bool) if found is None else found.kinks
    entries(tensor_map(name, values, kinks), chosen, key="tensor_map", on_entry=on_entry)
if found is not None:
    with numbers:
        checked = check_entry(case, name, index, h=h, dtype=dtype)
        out = written(name, index, checked, h, "f = Σ out · dout" if case.labels is None else "loss f")
        l2_line(case, name, index, out, named[2])
        judged(checked, theory, curves[0], h, dtype)
    with errors:
        entries(error_plane(name, found), chosen, key="error_map", on_entry=on_entry)
with curve:
    chart(step_curve(curves, theory, h), key="error_over_h", alt="relative error of the chosen entry over the step h")
    best_steps(curves, theory)
if found is not None:
    two_ways(name, found, along_of(named), len(case.values))
answers()
st.page_link("lessons/gradient_flow.py", label="See the backward pass at work", icon=":material/arrow_forward:")
