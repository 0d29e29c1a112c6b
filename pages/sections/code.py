"""The code behind a page: the layer's own source, and scripts to run it again in NumPy, PyTorch and the course's words."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache

import streamlit as st

from cnn_core import receptive_field
from cnn_core.walks.walk import Operation
from cnn_core.window import Window
from pages.controls.folds import unfolded
from pages.sections.snippets import MODULES, LayerCall, course_gap, course_script, numpy_script, torch_script
from pages.sections.stack_script import stack_script

# What the functions of a layer are, by the ends of their names; im2col shows how the plain vectorised one works.
PARTS = {
    "_forward_naive": "the layer in plain loops, one step after the other as in the walk",
    "_backward_naive": "its gradients in plain loops",
    "_forward": "the same layer, all windows at once: this is what ran",
    "_backward": "the same gradients, all windows at once",
}
IM2COL = {
    "conv2d_forward_vectorized": "the layer: it makes the columns, multiplies the filters' rows by them and adds the bias",
    "_columns": "im2col itself: each window, wherever it stands, becomes one column of a matrix",
}


def code(layer: LayerCall) -> None:
    """Show the code of a page's layer: nothing is written before it is asked for."""
    if not unfolded("Show the code", "code_open"):
        return
    own, numpy, torch, course = st.tabs(["This page's layer", "NumPy", "PyTorch", "CS231n"])
    for heading, text in sources(layer.operation):
        own.markdown(heading)
        own.code(text)
    numpy.caption(
        "A script with this page's numbers and settings: it calls the functions of the first tab and prints the results."
    )
    numpy.code(numpy_script(layer))
    torch.caption(
        "The same call in PyTorch. Autograd computes the gradients: they agree with those that were derived by hand."
    )
    torch.code(torch_script(layer))
    if gap := course_gap(layer):
        course.markdown(gap)
    else:
        course.caption("The same call with the names of Stanford's CS231n, assignment 2.")
        course.code(course_script(layer))


@cache
def sources(operation: Operation) -> list[tuple[str, str]]:
    """The functions that make up a layer: what each is, in markdown, and its text as it stands in its file."""
    module = MODULES[operation]
    file = f"{module.__name__.replace('.', '/')}.py"
    parts = IM2COL if operation == "im2col" else {f"{operation}{part}": words for part, words in PARTS.items()}
    return [
        (f"`{name}` in `{file}`: {words}.", inspect.getsource(getattr(module, name))) for name, words in parts.items()
    ]


def stack_code(layers: Sequence[tuple[str, Window]], input_size: int) -> None:
    """Show the code behind a stack's receptive fields, if asked; layers: ("conv" or "pool", window), the lowest first."""
    if not unfolded("Show the code", "code_open"):
        return
    own, torch = st.tabs(["This page's numbers", "PyTorch"])
    for function in (receptive_field.receptive_fields, receptive_field.connection):
        own.markdown(f"`{function.__name__}` in `cnn_core/receptive_field.py`:")
        own.code(inspect.getsource(function))
    torch.caption(
        "The same in PyTorch, by asking autograd: with all weights 1, the gradient of one cell of the top map at a cell of the "
        "input is the number of paths between them."
    )
    torch.code(stack_script(layers, input_size))
