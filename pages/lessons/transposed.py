"""Transposed convolution: what a convolution's backward pass does to the input, used forward, to enlarge."""

import numpy as np
import streamlit as st

from cnn_core.walks.gather import gather_conv_transpose2d
from cnn_core.walks.trace import trace_conv_transpose2d
from cnn_core.window import Window
from pages.controls import settings
from pages.controls.formula import notes, transposed_formula
from pages.controls.kernel import kernels
from pages.controls.pictures import picture
from pages.controls.presets import Start
from pages.controls.walk_presets import TRANSPOSED, USUAL_TRANSPOSED
from pages.sections.code import code
from pages.sections.gathered import padded, zeros_between
from pages.sections.snippets import LayerCall
from pages.sections.three_ways import three_ways
from pages.sections.walk_page import ending, walk_settings
from pages.sections.walkthrough import upstream, walkthrough

VIEWS = {
    "spread": "A convolution's backward step: the input is its **dout**, the output its **dx**. Each number adds its multiple of "
    "the kernel, **not flipped**.",
    "gather": "The same output, gathered as a convolution's **dx** is from its **dout**: each number is one sum, with the kernel "
    "**flipped** by 180°.",
    "ways": "One number of a convolution's **dx**, computed in three ways from the same products. The input is its **dout**, the "
    "output its **dx**.",
}
PADDING = "Cells cut off each side of the output."
DILATION = "Distance between neighbouring kernel cells."
STRIDE = "How far the windows lie apart in the output."
OUTPUT_PADDING = "Further rows and columns at bottom and right: a convolution makes the same size from several."

words = st.empty()
start = Start(TRANSPOSED, USUAL_TRANSPOSED)
with walk_settings(start, "edit", "view") as near:
    st.header("View")
    view = settings.choice("view", "view", list(VIEWS))
    words.markdown(VIEWS[view])
    st.header("Kernels")
    kernel = st.container()
    st.header("Input")
    chosen = picture(start, most_channels=3, most_cells=32)
    channels = len(chosen.grid)
    filters = settings.whole("filters", "filters", 1, 3, start["filters"], help="Channels of the output.")
    apart = settings.per_axis(start["per_axis"])
    with near:
        size = settings.pair("kernel size", "kernel_size", 1, 5, start["kernel_size"], apart=apart)
        stride = settings.pair("stride", "stride", 1, 4, start["stride"], apart=apart, help=STRIDE)
        padding = settings.pair("padding", "padding", 0, 4, start["padding"], apart=apart, help=PADDING)
        dilation = settings.pair("dilation", "dilation", 1, 3, 1, apart=apart, help=DILATION)
        window = Window.of(size, stride, padding, dilation)
        output_padding = settings.pair(
            *("output padding", "output_padding", 0, window.most_output_padding, start["output_padding"]),
            apart=apart,
            help=OUTPUT_PADDING,
        )
    with kernel:
        weight = kernels(start, size, filters, channels, names=("channel", "filter"))
    large = window.transposed_size(chosen.size, output_padding)
    if view == "spread":
        st.header("Backward")
        dout = upstream(start["dout"], (filters, *large))
    walk = None
    if view == "spread":
        walk = trace_conv_transpose2d(chosen.grid, weight, window, output_padding=output_padding, dout=dout)
    elif view == "gather":
        walk = gather_conv_transpose2d(chosen.grid, weight, window, output_padding=output_padding)

rows, columns = chosen.grid.shape[1:]
cut = f", {' and '.join(map(str, dict.fromkeys(padding)))} cut off each side" if any(padding) else ""
kernel_title = f"kernel{'s' if weight.shape[0] * weight.shape[1] > 1 else ''} {size[0]}×{size[1]}"
titles = {"x": f"input {rows}×{columns}", "weight": kernel_title, "out": f"output {large[0]}×{large[1]}"}
if walk is None:
    three_ways(chosen.grid, weight, window, large, output_padding)
elif view == "spread":
    titles |= {"out": titles["out"] + cut, "dx": "dx", "dweight": "dweight", "dout": f"dout{cut}"}
    walkthrough(walk, version=start.version, titles=titles)
    notes("Hatched cells are cut off: padding belongs to the convolution that this one goes back over." if cut else "")
else:
    titles |= {"x": titles["x"] + padded(window, walk), "weight": f"{kernel_title}, flipped"}
    walkthrough(walk, version=start.version, titles=titles)
    zeros = zeros_between(walk)
    notes(f"Hatched cells are zeros: {zeros} between neighbours of the input, and the padding." if zeros else "")
transposed_formula(window, (rows, columns), output_padding)
st.markdown(
    "It gives back the **size** that a convolution with the same settings started from, not its numbers: to *undo* a "
    "convolution would take more than adding up. Where the stride does not divide the kernel, some output cells lie under more "
    "windows than others, and enlarged pictures show a checkerboard."
)
arrays = {"x": chosen.grid, "weight": weight, "bias": np.zeros(filters)} | ({"dout": dout} if view == "spread" else {})
layer = LayerCall("conv_transpose2d", arrays, window, output_padding=output_padding)
if walk is None:
    code(layer)
else:
    ending(layer, walk, titles)
