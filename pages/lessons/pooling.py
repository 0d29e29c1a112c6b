"""Max and average pooling, one window at a time, forward and backward."""

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.pool import avg_pool2d_forward, max_pool2d_forward
from cnn_core.shares import percent
from cnn_core.walks.trace import trace_avg_pool2d, trace_max_pool2d
from cnn_core.window import Window
from pages.controls import settings
from pages.controls.formula import crop_note, notes, size_formula, size_titles, unseen_note
from pages.controls.pictures import picture
from pages.controls.places import scene
from pages.controls.presets import Start
from pages.controls.walk_presets import POOLING, USUAL_POOLING
from pages.sections.broken import broken_note
from pages.sections.snippets import LayerCall
from pages.sections.walk_page import ending, traced, walk_settings
from pages.sections.walkthrough import upstream, walkthrough
from pages.sections.whole_picture import Maps, whole_picture

PADDING = "Cells around the input: −∞ for max, 0 for average."

st.markdown(
    "Each window becomes **one number**, its largest or its mean. *That* something was there stays; where exactly is given up."
)
start = Start(POOLING, USUAL_POOLING)
with walk_settings(start) as near:
    st.header("Pooling")
    pooling = settings.choice("pooling", "pooling", ["max", "average"], start["pooling"])
    st.header("Input")
    chosen = picture(start, own_cells=12)
    apart = settings.per_axis(start["per_axis"])
    with near:
        size = settings.pair(
            "kernel size", "kernel_size", 1, 7, start["kernel_size"], apart=apart, help="Of the window."
        )
        stride = settings.pair("stride", "stride", 1, 6, start["stride"], apart=apart, help="Cells from stop to stop.")
        padding = settings.pair("padding", "padding", 0, 3, start["padding"], apart=apart, help=PADDING)
    st.header("Backward")
    window = Window.of(size, stride, padding)
    pool = max_pool2d_forward if pooling == "max" else avg_pool2d_forward
    shape = (len(chosen.grid), *window.output_size(chosen.size))
    dout = upstream(start["dout"], shape, lambda: pool(chosen.grid[None], size, stride=stride, padding=padding)[0][0])
    broken = settings.switch(
        "break it: = instead of +=",
        "broken",
        start["broken"],
        help=("A well-known slip: each window overwrites what another has left in dx."),
    )

trace = trace_max_pool2d if pooling == "max" else trace_avg_pool2d
walk = traced(lambda: trace(chosen.grid, window, dout=dout, broken=broken))


def pooled(whole: Array) -> Maps:
    """The layer, on the whole picture."""
    return [(f"after {pooling} pooling", pool(whole, size, stride=stride, padding=padding)[0][0])]


with scene(walk):
    if walk:
        titles = size_titles(window, walk.input_size)
        names = dict.fromkeys(("x", "out", "dx", "dout"), chosen.channel_names)
        walkthrough(walk, version=start.version, titles=titles, channel_names=names)
    pictures = whole_picture(chosen, "pooling", pooled, window if pooling == "average" else None)
if walk:
    notes(crop_note(window), unseen_note(window, walk.input_size))
    if broken:
        broken_note(walk, pooling)
    cells, outputs = chosen.grid.size, walk.grids["out"].counts.size
    if walk.winner is not None:
        channel, position = np.divmod(np.arange(outputs), len(walk.origin))
        kept = len(np.unique([channel, walk.origin[position] + walk.taps[walk.winner]], axis=1).T)
        st.metric("activations dropped", percent((cells - kept) / cells))
        st.markdown(
            f"Of the {cells:,} numbers, {kept:,} are the largest of some window and go on; **{cells - kept:,} are dropped**. "
            f"In the backward pass only those {kept:,} get a gradient."
        )
    else:
        unread = int((window.crop(window.coverage(walk.input_size)) == 0).sum()) * len(chosen.grid)
        st.metric("activations dropped", percent(unread / cells))
        st.markdown(
            f"Averaging drops none of the numbers under its windows: {cells - unread:,} numbers are blended into {outputs:,}. "
            f"In the backward pass each of them gets its share of the gradient."
        )
    size_formula(window, walk.input_size)
if walk:
    layer = LayerCall(walk.operation, walk.arrays(), window)
    ending(layer, walk, titles, pictures)
