"""What a measurement of speed has found, in pictures, tables and words; and what there is to do, which needs none."""

from __future__ import annotations

import inspect
from functools import partial

import numpy as np
import streamlit as st

from cnn_core.shares import percent
from cnn_core.speed import (
    AXES,
    VERSIONS,
    WORKS,
    Limits,
    Plan,
    Report,
    Version,
    Work,
    data_bytes,
    intensity,
    layers,
    operations,
)
from pages.animation.chart import chart
from pages.controls.folds import unfolded
from pages.controls.words import word_of
from pages.figures.speed_charts import growth_curves, roofline, time_bars, time_text, times_text


def costs(plan: Plan) -> None:
    """What each work has to do."""
    conv, pool, itemsize = plan.convolution, plan.pooling, np.dtype(plan.dtype).itemsize
    st.subheader("The work: operations and bytes")
    st.markdown(
        f"The shapes are those of the comparison in Stanford's CS231n: {conv.batch} pictures of {conv.size}×{conv.size} in "
        f"{conv.channels} channels under {conv.filters} filters of {conv.kernel_size}×{conv.kernel_size} "
        f"(stride {conv.stride}, padding {conv.padding}), and {pool.size}×{pool.size} for pooling in windows of "
        f"{pool.kernel_size}×{pool.kernel_size}. **Operations** are additions, multiplications and comparisons. **Bytes** are "
        f"the least that must be moved: each input read once, each result written once. The vectorised version also "
        f"writes a copy of all windows, and reads it. **Arithmetic intensity** is operations per byte."
    )
    rows = []
    for work in WORKS:
        layer, direction = plan.layer(work), work.direction
        row = {"layer": str(work), "operations": f"{operations(layer, direction):,}"}
        versions: dict[Version, str] = {"fast": "loops, fast", "vectorised": "vectorised"}
        for version, name in versions.items():
            row[f"{name}: MB"] = f"{data_bytes(layer, direction, version, itemsize) / 1e6:.1f}"
            row[f"{name}: operations per byte"] = f"{intensity(layer, direction, version, itemsize):.2g}"
        rows.append(row)
    st.table(rows, hide_index=True, alt="Operations and bytes of each layer")


def results(report: Report, plan: Plan) -> None:
    """All that was measured, also where that is not all there is to measure. plan: what would be measured now."""
    if report.plan != plan:
        st.info(f"Measured with other settings ({settings_of(report)}). **Start anew** uses those of the sidebar.")
    if not report.finished:
        st.info(
            "Stopped half way: you see what was measured by then; the rest is missing."
            if report.timings
            else "Stopped before anything was measured."
        )
    if report.timings:
        _times(report)
    if report.growth:
        _growth(report)
    if report.limits is not None:
        _roof(report, report.limits)


def settings_of(report: Report) -> str:
    """A measurement's settings in a line."""
    return f"{report.plan.dtype}, {report.plan.seconds:g} s for the loops"


def _times(report: Report) -> None:
    batch = report.plan.convolution.batch
    st.subheader(f"How long a batch of {batch} pictures takes")
    left, right = st.columns([3, 2])
    with left:
        chart(time_bars(report), key="time_bars", alt="Times, as in the table below")
    with right:
        best = max(WORKS, key=lambda work: report.speed_up(work, "fast") or 0)
        gain, loops, fast = report.speed_up(best, "fast"), report.seconds(best, "loops"), report.seconds(best, "fast")
        if gain and loops and fast:
            st.metric(f"{best}: fast against loops", times_text(gain))
            st.markdown(
                f"The loops take {time_text(loops)} for one batch, the fast version {time_text(fast)}. In a loop, Python "
                f"decides at every window anew what to do; NumPy decides once for all windows."
            )
        st.markdown("The scale is logarithmic: each line stands for **ten times** the time of the one before.")
        st.caption(
            f"Measured with {settings_of(report)}. The loops processed as many pictures as fit into their time; that is "
            f"scaled up to the whole batch. Of the other versions you see the median of several batches. Other work on this "
            f"server makes all of them slower."
        )
    st.table(
        [_row(report, work, version) for work in WORKS for version in VERSIONS],
        hide_index=True,
        alt="Times, speed-ups and differences of each layer and version",
    )
    st.caption(
        "Largest difference: of any output or gradient from the loops' value, on the pictures that the loops processed. It is "
        "rounding: the same numbers are added in another order."
    )


def _row(report: Report, work: Work, version: Version) -> dict[str, str]:
    timing, gain = report.timings.get((work, version)), report.speed_up(work, version)
    row = {"layer": str(work), "version": version}
    if timing is None:
        return row | {"a batch": "missing", "speed-up": "–", "largest difference": "–", "measured on": "–"}
    loops = version == "loops"
    return row | {
        "a batch": time_text(timing.seconds),
        "speed-up": "–" if loops or gain is None else times_text(gain),
        "largest difference": "–" if loops else f"{timing.difference:.1e}" if timing.difference else "0",
        "measured on": f"{timing.images} pictures" if loops else f"{timing.runs} batches",
    }


def _growth(report: Report) -> None:
    st.subheader("Scaling: how the time grows")
    st.markdown(
        f"Convolution, forward; {report.plan.grown('size', 1).batch} pictures, except where the batch size grows. Both scales "
        f"are logarithmic, and each point is the quickest of a few runs. The dotted line grows as the number of operations "
        f"does: a curve above it pays for something else, such as the cost of a call, or waiting for memory."
    )
    for column, (axis, name) in zip(st.columns(3), AXES.items(), strict=True):
        curve = report.curve(axis, "fast")
        if not curve:
            column.caption(f"{name}: missing")
            continue
        figure = growth_curves(report, axis)
        with column:
            chart(figure, key=f"growth_{axis}", alt=f"Time against {name}")
        first, last = curve[0], curve[-1]
        less, more = (operations(report.plan.grown(axis, point.value), "forward") for point in (first, last))
        column.caption(
            f"{name.capitalize()} {first.value} to {last.value}: {times_text(more / less)} the arithmetic, "
            f"{times_text(last.seconds / first.seconds)} the time (fast)."
        )


def _roof(report: Report, limits: Limits) -> None:
    st.subheader("Roofline: what limits the speed")
    left, right = st.columns([3, 2])
    figure = roofline(report, limits)
    with left:
        chart(figure, key="roofline", alt="Operations per second against arithmetic intensity")
    ridge, itemsize = limits.operations / limits.bytes, np.dtype(report.plan.dtype).itemsize
    with right:
        st.markdown(
            f"This server multiplies matrices at **{limits.operations / 1e9:.3g} billion operations per second** and copies "
            f"**{limits.bytes / 1e9:.3g} GB per second**. So a layer whose **arithmetic intensity** is below {ridge:.2g} "
            f"operations per byte is memory-bound: it waits for memory. Any other is compute-bound."
        )
        for work in (WORKS[0], WORKS[2]):
            rate, does = report.rate(work, "fast"), intensity(report.plan.layer(work), work.direction, "fast", itemsize)
            if rate is not None:
                most = min(limits.operations, does * limits.bytes)
                st.markdown(
                    f"**{str(work).capitalize()}** does {does:.2g} operations per byte, so "
                    f"{'memory' if does < ridge else 'arithmetic'} limits it to {most / 1e9:.3g} billion operations per "
                    f"second. The fast version reaches {rate / 1e9:.2g}, {percent(rate / most)} of that."
                )
        st.caption(
            "The grey line is the roof: its slope is the limit that memory sets, its level part the limit of the arithmetic. "
            "A point lies above the slope if its numbers were in the processor's cache, which is faster than memory. The copy "
            "of all windows moves the vectorised version to the left."
        )


def code() -> None:
    """Show the three versions, if asked."""
    if not unfolded("Show the code", "code_open"):
        return
    layer = st.radio(
        "layer",
        ["convolution", "max_pooling"],
        format_func=partial(word_of, "layer"),
        key="code_layer",
        horizontal=True,
    )
    versions = layers.CONVOLUTION if layer == "convolution" else layers.MAX_POOLING
    for tab, version in zip(st.tabs(list(VERSIONS)), VERSIONS, strict=True):
        for function in versions[version]:
            tab.code(inspect.getsource(function))
