"""Convolution, one window at a time, forward and on into the backward pass."""

from typing import Any

import numpy as np
import streamlit as st

from cnn_core.conv import conv2d_forward
from cnn_core.walks.trace import trace_conv2d
from cnn_core.window import Window
from pages.controls import settings
from pages.controls.folds import folded
from pages.controls.formula import crop_note, layer_counts, notes, size_formula, size_titles, unseen_note
from pages.controls.kernel import kernels
from pages.controls.pictures import channels_of, source
from pages.controls.places import scene
from pages.controls.presets import Start
from pages.controls.walk_presets import CONVOLUTION, USUAL_CONVOLUTION
from pages.sections.gathered import dx_gathered, gathered
from pages.sections.snippets import LayerCall
from pages.sections.walk_page import ending, traced, walk_settings
from pages.sections.walkthrough import upstream, walkthrough
from pages.sections.whole_picture import convolved, whole_picture

GROUPS = (
    "Split channels and filters into groups: each filter sees its group's channels only. With as many groups as channels it is "
    "depthwise. Their number must divide both channels and filters."
)
KERNEL_SIZE = "Rows and columns of weights."
BIAS = "Added to every output: one number, or one for each filter with commas between."
DILATION = "Distance between neighbouring kernel cells."
FLIPPED = (
    "“Convolution” in mathematics turns the kernel by 180° before it slides; what networks compute without turning it is called "
    "cross-correlation. Since the weights are learned, a network finds the turned ones just as well."
)

st.markdown(
    "A **kernel** of weights slides over the input. Products of the two, added up, are **one number of the output**; then the "
    "walk goes **backward**."
)
start = Start(CONVOLUTION, USUAL_CONVOLUTION, former="edges_on_a_picture")
with walk_settings(start, "edit", "dx_as") as near:
    st.header("Kernel")
    kernel = st.container()
    st.header("Input")
    found = source(start, own_cells=12)
    with folded("Channels, filters, groups, bias", "layer_fold"):
        channels = channels_of(found, start)
        filters = settings.whole(
            "filters", "filters", 1, 8, start["filters"], help="Each filter makes one feature map."
        )
        shared = [str(n) for n in range(1, 9) if channels % n == 0 and filters % n == 0]
        groups = int(settings.choice("groups", "groups", shared, start.one_of("groups", shared), help=GROUPS))
        bias = np.array(settings.numbers("bias", "bias", filters, -99, 99, start["bias"], help=BIAS))
        flip = settings.switch(
            "flip the kernel", "flip", start["flip"], help="True convolution, as mathematics has it."
        )
        apart = settings.per_axis(start["per_axis"])
    with near:
        size = settings.pair("kernel size", "kernel_size", 1, 7, start["kernel_size"], apart=apart, help=KERNEL_SIZE)
        stride = settings.pair("stride", "stride", 1, 6, start["stride"], apart=apart, help="Cells from stop to stop.")
        padding = settings.pair(
            "padding", "padding", 0, 6, start["padding"], apart=apart, help="Zeros around the input."
        )
        dilation = settings.pair("dilation", "dilation", 1, 4, start["dilation"], apart=apart, help=DILATION)
    with kernel:
        weight = kernels(start, size, channels // groups, filters)
    chosen = found.picture(channels)
    st.header("Backward")
    window = Window.of(size, stride, padding, dilation)
    if flip:
        weight = np.ascontiguousarray(weight[..., ::-1, ::-1])
    options: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    shape = (filters, *window.output_size(chosen.size))
    dout = upstream(start["dout"], shape, lambda: conv2d_forward(chosen.grid[None], weight, bias, **options)[0][0])
    gather = dx_gathered()

walk = traced(lambda: trace_conv2d(chosen.grid, weight, bias, window, groups=groups, dout=dout))
with scene(walk):
    if walk:
        kernel_title = f"kernel{'s' if filters > 1 else ''} {size[0]}×{size[1]}" + (", flipped" if flip else "")
        titles = size_titles(window, walk.input_size) | {"weight": kernel_title}
        view, said = walk, ""
        if gather:
            view, titles, said = gathered(walk)
        names = dict.fromkeys(("out",) if gather else ("x", "dx"), chosen.channel_names)
        walkthrough(view, version=start.version, titles=titles, channel_names=names)
    pictures = whole_picture(
        chosen, "kernels" if filters > 1 else "kernel", convolved(chosen, weight, bias, options), window
    )
if walk:
    st.markdown(f"{said}\n\n{layer_counts(window, walk.input_size, channels, filters, groups)}")
    notes("" if gather else crop_note(window), unseen_note(window, walk.input_size), FLIPPED if flip else "")
    size_formula(window, walk.input_size)
    layer = LayerCall("conv2d", walk.arrays(), window, groups)
    ending(layer, view, titles, pictures)
