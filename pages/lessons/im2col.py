"""im2col: how a convolution becomes one matrix product."""

import numpy as np
import streamlit as st

from cnn_core.walks.trace import trace_im2col
from cnn_core.window import Window
from pages.controls import settings
from pages.controls.formula import size_titles
from pages.controls.kernel import kernels
from pages.controls.pictures import picture
from pages.controls.presets import Start
from pages.controls.walk_presets import IM2COL, USUAL_IM2COL
from pages.sections.snippets import LayerCall
from pages.sections.walk_page import ending, walk_settings
from pages.sections.walkthrough import walkthrough

st.markdown(
    "A convolution as one product of two matrices: each window is **copied into a column**, each filter is a **row**."
)
start = Start(IM2COL, USUAL_IM2COL)
with walk_settings(start, "edit") as near:
    st.header("Kernels")
    kernel = st.container()
    st.header("Input")
    chosen = picture(start, most_channels=3, most_cells=16)
    filters = settings.whole("filters", "filters", 1, 4, start["filters"], help="Each filter is a row.")
    bias = np.array(
        settings.numbers("bias", "bias", filters, -99, 99, start["bias"], help="One number, or one a filter.")
    )
    with near:
        size = settings.pair("kernel size", "kernel_size", 1, 4, start["kernel_size"], apart=False)
        stride = settings.whole("stride", "stride", 1, 4, start["stride"], help="Cells from stop to stop.")
        padding = settings.whole("padding", "padding", 0, 3, start["padding"], help="Zeros around the input.")
        dilation = settings.whole(
            "dilation", "dilation", 1, 3, start["dilation"], help="Distance between kernel cells."
        )
    with kernel:
        weight = kernels(start, size, len(chosen.grid), filters)
    window = Window.of(size, stride, padding, dilation)
    walk = trace_im2col(chosen.grid, weight, bias, window)

grids = walk.grids
_, height, width = grids["columns"].counts.shape
titles = size_titles(window, walk.input_size) | {
    "weight": f"kernels {size[0]}×{size[1]}",
    "rows": f"rows: the kernels, {filters}×{height}",
    "columns": f"columns: the windows, {height}×{width}",
    "product": f"rows × columns + bias, {filters}×{width}",
}
walkthrough(walk, version=start.version, titles=titles, channel_names={"x": chosen.channel_names})

st.subheader("What it costs, and why it is fast")
numbers, copies = chosen.grid.size, grids["columns"].counts.size
products = copies * filters
overlap = (
    "since windows overlap and each makes its own copy. That is the price, in memory."
    if (window.coverage(walk.input_size) > 1).any()
    else "no number is copied twice, as no two windows overlap here. Where they do, each makes its own copy: that is the price."
)
st.markdown(
    f"The input has {numbers} numbers, the columns {copies}: **{copies / numbers:.1f} times as many**, {overlap} What it buys: "
    f"the {products:,} multiplications and additions of this layer are a single matrix product, in which each row is used for "
    f"every column and each column for every row, while it is at hand. Libraries for such products (BLAS) keep the processor's "
    f"arithmetic busy all the time; a loop in Python spends most of its time on finding out what to do next."
)
st.markdown(
    r"Backward it is the same again: $d\text{rows} = d\text{out} \cdot \text{columns}^T$, and "
    r"$d\text{columns} = \text{rows}^T \cdot d\text{out}$ is added back into the image, window by window."
)
layer = LayerCall("im2col", walk.arrays(), window)
ending(layer, walk, titles)
