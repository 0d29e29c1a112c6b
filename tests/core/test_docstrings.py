"""What help() tells of a public name: what it takes and gives, with shapes, and which errors it raises."""

import inspect
import re
import sys

import pytest

import cnn_core as cc

MADE_BY_THE_CORE = {
    "Agreement",
    "Connection",
    "DivergedError",
    "Nudge",
    "ReceptiveField",
    "StepRecord",
}  # nobody calls them
CALLABLE = [name for name in cc.__all__ if callable(getattr(cc, name)) and name not in MADE_BY_THE_CORE]
WITHOUT_ARRAYS = {
    "ConvBlock",
    "NetworkSpec",
    "Window",
    "connection",
    "hyper_parameters",
    "receptive_fields",
    "smallest_input",
}
# A shape such as (N, C, H, W), (F,) or (N, ...); or in words: shaped as x, of any shape.
SIDE = r"(?:[A-Z]\w*(?:'| [/*] \w+)*|\.\.\.|\d)"
SHAPE = re.compile(rf"\({SIDE}(?:, ?{SIDE}?)+\)|\bshape\w*")


def told(name):
    """What help() shows of it."""
    return inspect.getdoc(getattr(cc, name)) or ""


@pytest.mark.parametrize("name", [name for name in CALLABLE if name not in WITHOUT_ARRAYS])
def test_a_public_docstring_gives_shapes(name):
    assert SHAPE.search(told(name)), told(name)


@pytest.mark.parametrize("name", CALLABLE)
def test_a_public_docstring_says_which_errors_are_raised(name):
    """Itself, or once for all functions of its module."""
    module = sys.modules[getattr(cc, name).__module__].__doc__ or ""
    assert re.search(r"\b[Rr]aises? \w+Error", told(name)) or "ValueError" in module


@pytest.mark.parametrize("name", CALLABLE)
def test_a_public_signature_shows_its_defaults(name):
    """No wrapper hides what may be given."""
    parameters = inspect.signature(getattr(cc, name)).parameters.values()
    hidden = [p.name for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    assert hidden == (["hyper"] if name == "Optimizer" else [])  # each rule has others


@pytest.mark.parametrize("words", ["(N, C, H, W)", "(F,)", "(N, ...)", "(F, C / groups, KH, KW)", "shaped as x"])
def test_what_counts_as_a_shape(words):
    assert SHAPE.search(f"out {words}, and a cache")


@pytest.mark.parametrize("words", ["The gradient.", "In plain loops (slow).", "(Ioffe and Szegedy, 2015)"])
def test_what_does_not(words):
    assert not SHAPE.search(words)
