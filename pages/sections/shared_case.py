"""A case from a link of `cnn_core.check`: theirs beside what it should be, and the walk in which that comes about."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import numpy as np
import streamlit as st

from cnn_core.check.compare import differs
from cnn_core.check.explain import explanations
from cnn_core.check.link import SharedCase, write
from cnn_core.check.report import case_text
from cnn_core.checks import Array
from cnn_core.mistakes import Symptom
from cnn_core.walks.trace import trace_avg_pool2d, trace_conv2d, trace_conv_transpose2d, trace_max_pool2d
from cnn_core.walks.walk import Walk
from cnn_core.window import Window
from pages.address import messages
from pages.animation.chart import chart
from pages.controls.formula import size_titles
from pages.figures.symptom import symptom_figure
from pages.sections.walkthrough import walkthrough

ONE_OF = "Of {} examples the walk shows number {}."
WHOLE = "The walk shows what example {} adds to it: the gradient is the sum over all {}."


def shared_case(shared: SharedCase) -> None:
    """Show the case: what is wrong and why, theirs beside what it should be, and how that comes about."""
    name, theirs, right = shared.form.name_of(shared.result), shared.theirs, shared.right
    st.markdown(messages.plain(in_words(shared)))
    _known_mistakes(shared)
    left, middle = st.columns([2, 3], gap="medium")
    at = shared.first_wrong or (0,) * right.ndim
    example = at[0] if shared.result in ("x", "out", "dx") and right.ndim == 4 else 0
    walk = walk_of(shared, example)
    with left:
        found, where = _plane(theirs, at, name), _plane_name(right, at, name)
        if found is not None:
            seen = Symptom("maps", name, found, _as_plane(right, at), f"yours: {where}", f"it should be: {where}")
            figure = symptom_figure(seen, st.context.theme.type or "light", difference=False)
            chart(figure, key="theirs", alt=in_words(shared))
    with left if walk else middle:
        st.caption("What the function was given:")
        st.code(case_text(shared.form, shared.back, shared.posed), language=None, wrap_lines=True)
    if walk is None:
        return
    with middle:
        step, completes = step_to_see(walk, shared), ""
        if shared.first_wrong is not None and theirs is not None:
            completes = f" Step {step + 1} is where {messages.plain(_cell(name, at))} becomes {_number(right[at])}."
        st.markdown(f"**How {messages.plain(name)} comes about**, when all is right.{completes}")
        version = crc32(write(shared).encode())  # another case is another walk
        walkthrough(walk, version=version, titles=size_titles(walk.window, walk.input_size), step=step)
        if (examples := shared.posed.case.sizes["N"]) > 1:
            words = ONE_OF if shared.result in ("out", "dx") else WHOLE
            st.caption(words.format(*((examples, example + 1) if words is ONE_OF else (example + 1, examples))))


def _known_mistakes(shared: SharedCase) -> None:
    """Which known mistakes give these numbers, and why; each with the way to it."""
    found = explanations(shared)
    head = "That is what a known mistake gives" if len(found) == 1 else "Here, this known mistake gives the same"
    for mistake in found:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{head}: **{mistake.name}.** {messages.plain(mistake.shows)}", width="content")
            st.page_link(
                "lessons/find_the_bug.py",
                label="The lines that do it" if len(found) == 1 else f"The lines: {mistake.name}",
                icon=":material/bug_report:",
                query_params={"bug": mistake.code, "shown": mistake.code},
            )


def step_to_see(walk: Walk, shared: SharedCase) -> int:
    """The step, from 0, that completes the first wrong number; the last one, if none is wrong or no step changes it."""
    at, name, last = shared.first_wrong, shared.result, walk.steps - 1
    if at is None or name not in walk.made:
        return last
    row, column = at[-2:] if len(at) == 4 else (0, 0)
    if name in walk.fields:  # drawn with its padding
        (top, _), (left, _) = walk.window.padding
        row, column = row + top, column + left
    plane = at[0] * shared.right.shape[1] + at[1] if name == "dweight" else at[1] if len(at) == 4 else at[0]
    made = {key: np.zeros(walk.grids[key].counts.shape) for key in walk.made}
    found, before = last, made[name][plane, row, column]
    for step in range(walk.steps):
        walk.advance(made, step)
        if made[name][plane, row, column] != before:
            found, before = step, made[name][plane, row, column]
    return found


def in_words(shared: SharedCase) -> str:
    """What is wrong, in a sentence or two."""
    name, theirs, right = shared.form.name_of(shared.result), shared.theirs, shared.right
    head = f"{shared.function} gets {name} wrong"
    if theirs is None:
        return f"{head}: there are no numbers to show. It should have the shape {right.shape}."
    if theirs.shape != right.shape:
        return f"{head}: its shape is {theirs.shape}, and should be {right.shape}."
    wrong = int(differs(theirs, right).sum())
    if not wrong:
        return f"{shared.function} gets {name} right here: all {right.size} numbers are what they should be."
    numbers, frames = ("number", "frame") if right.size == 1 else ("numbers", "frames")
    missing = int(np.isnan(theirs).sum())
    empty = f"; left empty: {missing} not finite or too large to write" if missing else ""
    first = shared.first_wrong or ()
    yours = "no number" if np.isnan(theirs[first]) else _number(theirs[first])
    told = f"{_cell(name, first)} is {yours} and should be {_number(right[first])}"
    return f"{head}: {wrong} of {right.size} {numbers} (in {frames}{empty}). {told}."


def _cell(name: str, at: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, at))}]" if at else name


def _number(value: float) -> str:
    return f"{value:.5g}".replace("-", "−")


def walk_of(shared: SharedCase, example: int) -> Walk | None:
    """The walk of one example through the layer, right at each step; None where there is no such walk."""
    case, arrays = shared.posed.case, shared.posed.case.arrays
    s = case.sizes
    if "KH" not in s or "stride" not in case.options:
        return None
    window = Window.of((s["KH"], s["KW"]), s["stride"], s["padding"], s.get("dilation", 1))
    x, dout = arrays["x"][example], arrays["dout"][example] if shared.back else None
    walks: dict[str, Callable[[], Walk]] = {
        "conv2d": lambda: trace_conv2d(x, arrays["weight"], arrays["bias"], window, groups=s["groups"], dout=dout),
        "max_pool2d": lambda: trace_max_pool2d(x, window, dout=dout),
    }
    if s.get("count_include_pad"):
        walks["avg_pool2d"] = lambda: trace_avg_pool2d(x, window, dout=dout)
    if shared.back:  # the walk has no bias, which the output shows and no gradient does
        options = {"output_padding": s.get("output_padding", 0), "groups": s.get("groups", 1)}
        walks["conv_transpose2d"] = lambda: trace_conv_transpose2d(x, arrays["weight"], window, dout=dout, **options)
    return walks[case.layer]() if case.layer in walks else None


def _plane(theirs: Array | None, at: tuple[int, ...], name: str) -> Array | None:
    if theirs is None or theirs.ndim > 4:
        return None
    return _as_plane(theirs, at if len(at) == theirs.ndim else (0,) * theirs.ndim)


def _as_plane(array: Array, at: tuple[int, ...]) -> Array:
    """The rows and columns in which that number stands."""
    if array.ndim > 2:
        return (
            array[at[:-2]]
            if all(k < n for k, n in zip(at[:-2], array.shape, strict=False))
            else array[:0].reshape(0, 0)
        )
    return array.reshape(1, -1) if array.ndim < 2 else array


def _plane_name(array: Array, at: tuple[int, ...], name: str) -> str:
    return f"{name}[{', '.join(map(str, at[:-2]))}]" if array.ndim > 2 and np.prod(array.shape[:-2]) > 1 else name
