"""The backward pass of one layer, one window at a time, and the proof that it is right."""

from typing import Any

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.conv import conv2d_backward, conv2d_forward
from cnn_core.gradient_check import numeric_gradient, overall_error
from cnn_core.pool import avg_pool2d_backward, avg_pool2d_forward, max_pool2d_backward, max_pool2d_forward
from cnn_core.walks.trace import trace_avg_pool2d, trace_conv2d, trace_max_pool2d
from cnn_core.window import Window
from pages.address import messages
from pages.animation.chart import chart
from pages.controls import settings
from pages.controls.formula import crop_note, notes
from pages.controls.kernel import kernels
from pages.controls.pictures import SHUFFLED, picture
from pages.controls.places import near
from pages.figures.gradients import gradient_map
from pages.sections.gathered import dx_gathered, gathered
from pages.sections.snippets import LayerCall
from pages.sections.walk_page import ending
from pages.sections.walkthrough import upstream, walkthrough

RIGHT = 1e-6  # relative error up to which the two ways of a gradient count as equal
WORDS = {
    "convolution": "Backward, each output hands its gradient **dout** to all it was made of. **dweight** is a sum because one "
    "kernel is used at every stop of the window. **dx** is a sum because windows overlap: a number under several of them went "
    "into several outputs.",
    "max_pooling": "Forward, each window kept its largest number only. Backward, **all of the gradient goes to that "
    "winner** (of equal ones the first, as in PyTorch); the others get nothing. A cell that won several windows collects from "
    "each.",
    "average_pooling": "Forward, each output was the mean of a window. Backward, **every cell of the window gets an equal "
    "share** of its gradient. Where windows overlap, the shares add up.",
}

words = st.empty()
line = near()

try:
    with st.sidebar:
        st.header("Layer")
        layer = settings.choice("layer", "layer", list(WORDS))
        pooling = layer != "convolution"
        gather = not pooling and dx_gathered()
        kernel = st.container()
        st.header("Input")
        x = picture({"input": SHUFFLED, "input_size": "6", "channels": "1"}, most_channels=1, most_cells=16).grid
        with line:
            kernel_size = settings.whole("kernel size", "kernel_size", 1, 5, 3)
            stride = settings.whole("stride", "stride", 1, 4, 2 if pooling else 1, help="Cells from stop to stop.")
            padding = settings.whole("padding", "padding", 0, 3, 0, help="Cells around the input.")
        with kernel:
            weight = np.ones((1, 1, 1, 1))
            if not pooling:  # a kernel that looks another when it is turned by 180°
                weight = kernels({"kernel": "emboss"}, (kernel_size, kernel_size), former="edges")
        bias = np.zeros(1)
        st.header("Upstream gradient")
        window = Window.of(kernel_size, stride, padding)
        shape = (1, *window.output_size((x.shape[1], x.shape[2])))
        dout = upstream("random", shape)

    options: dict[str, Any] = {"stride": stride, "padding": padding}
    if layer == "convolution":
        walk = trace_conv2d(x, weight, bias, window, dout=dout)
    else:
        walk = (trace_max_pool2d if layer == "max_pooling" else trace_avg_pool2d)(x, window, dout=dout)
    view, said, note = walk.only(["backward"]), WORDS[layer], crop_note(window)
    padded = " (padded)" if padding else ""
    titles = {
        "dout": f"dout {shape[1]}×{shape[2]}",
        "x": f"input{padded}",
        "weight": "kernel",
        "dx": f"dx{padded}",
        "dweight": "dweight",
    }
    if gather:
        (view, titles, said), note = gathered(walk), ""
except ValueError as error:
    messages.error(error)
    st.stop()

words.markdown(said)
walkthrough(view, titles=titles)
notes(note)


def two_ways() -> dict[str, tuple[Array, Array]]:
    """Each gradient by the backward pass and by numeric differences."""
    if layer == "convolution":
        inputs = {"dx": x[None].copy(), "dweight": weight.copy(), "dbias": bias.copy()}
        values = list(inputs.values())
        _, cache = conv2d_forward(*values, **options)
        analytic = conv2d_backward(dout[None], cache)

        def output(_: Array) -> Array:  # numeric_gradient moves the entries of `values` in place
            return conv2d_forward(*values, **options)[0]

        return {
            name: (by_layer, numeric_gradient(output, value, dout[None]))
            for (name, value), by_layer in zip(inputs.items(), analytic, strict=True)
        }
    moved = x[None].copy()
    if layer == "max_pooling":
        _, max_cache = max_pool2d_forward(moved, kernel_size, **options)
        by_layer = max_pool2d_backward(dout[None], max_cache)
        numeric = numeric_gradient(lambda v: max_pool2d_forward(v, kernel_size, **options)[0], moved, dout[None])
        return {"dx": (by_layer, numeric)}
    _, avg_cache = avg_pool2d_forward(moved, kernel_size, **options)
    by_layer = avg_pool2d_backward(dout[None], avg_cache)
    numeric = numeric_gradient(lambda v: avg_pool2d_forward(v, kernel_size, **options)[0], moved, dout[None])
    return {"dx": (by_layer, numeric)}


st.subheader("Is it right? The gradient check")
st.page_link(
    "lessons/gradient_check.py", label="Watch one number being moved, for any layer", icon=":material/arrow_forward:"
)
st.markdown(
    r"A gradient says how much $\sum \text{out} \cdot \text{dout}$ changes when one number moves. So move each number by "
    r"$\pm 10^{-5}$, run the forward pass twice, and compare: "
    r"$\frac{f(x + h) - f(x - h)}{2h}$ beside what the backward pass says."
)
results = two_ways()
size = float(np.abs(dout).max())  # beside the gradients: one of zeros only has no size to measure rounding against
errors = {name: overall_error(*(np.append(array, size) for array in pair)) for name, pair in results.items()}
for column, (name, gap) in zip(st.columns(3), errors.items(), strict=False):
    column.metric(
        f"{name}: relative error",
        f"{gap:.1e}",
        help=f"How far the two ways are apart, as a part of how large the numbers are. Below {RIGHT:g} is rounding.",
    )
if max(errors.values()) < RIGHT:
    st.success("The two agree: the backward pass is right.", icon=":material/check_circle:")
else:
    st.warning(
        "They differ: where a window holds its largest number more than once, the output has a kink, and no gradient exists "
        "there. Max pooling gives all to the first of them; moving one up counts, moving it down does not, so that way finds "
        "half. Choose “shuffled numbers” as input for no ties."
        if layer == "max_pooling"
        else "They differ."
    )
shown = st.radio("gradient shown", list(results), horizontal=True, key="gradient_shown") if len(results) > 1 else "dx"
pair = [array.reshape(array.shape[-2:] if array.ndim == 4 else (1, -1)) for array in results[shown]]
reach = max(float(np.abs(pair).max()), 1e-3 * size) or 1.0
theme = st.context.theme.type or "light"
for column, way, gradient in zip(
    st.columns(2), ("by the backward pass", "by moving each number a little"), pair, strict=True
):
    with column:
        st.markdown(f"**{shown}** {way}")
        chart(gradient_map(gradient, reach, theme), key=way)

layer_of_page = LayerCall(walk.operation, walk.arrays(), window)
ending(layer_of_page, view, titles)
