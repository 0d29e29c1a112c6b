"""A case from a link of `cnn_core.check`: theirs beside what it should be, and the walk in which that comes about."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import numpy as np
import streamlit as st

from cnn_core.check.compare import differs
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
    """Show the case."""
    name, theirs, right = shared.form.name_of(shared.result), shared.theirs, shared.right
    st.markdown(messages.plain(in_words(shared)))
    left, middle = st.columns([2, 3], gap="medium")
    with left:
        at = shared.first_wrong or (0,) * right.ndim
        found, where = _plane(theirs, at, name), _plane_name(right, at, name)
        if found is not None:
            seen = Symptom("maps", name, found, _as_plane(right, at), f"yours: {where}", f"it should be: {where}")
            figure = symptom_figure(seen, st.context.theme.type or "light", difference=False)
            chart(figure, key="theirs", alt=in_words(shared))
        st.caption("What the function was given:")
        st.code(case_text(shared.form, shared.back, shared.posed), language=None, wrap_lines=True)
    with middle:
        example = at[0] if shared.result in ("x", "out", "dx") and right.ndim == 4 else 0
        walk = walk_of(shared, example)
        if walk is None:
            st.info("There is no walk for this layer: the numbers are all there is to see.")
            return
        pinned = " The first wrong number is pinned." if shared.first_wrong else ""
        st.markdown(f"**How {messages.plain(name)} comes about**, when all is right.{pinned}")
        version = crc32(write(shared).encode())  # another case is another walk
        walkthrough(walk, version=version, titles=size_titles(walk.window, walk.input_size))
        if (examples := shared.posed.case.sizes["N"]) > 1:
            words = ONE_OF if shared.result in ("out", "dx") else WHOLE
            st.caption(words.format(*((examples, example + 1) if words is ONE_OF else (example + 1, examples))))


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
    return f"{head}: {wrong} of {right.size} {numbers} (in {frames}{empty})."


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
