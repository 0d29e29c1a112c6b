"""dx of a convolution as a gather, number by number, where its backward pass scatters: the choice, the walk, the words."""

from __future__ import annotations

import streamlit as st

from cnn_core.walks.gather import gather_dx
from cnn_core.walks.walk import Walk
from cnn_core.window import Window
from pages.address import messages
from pages.controls import settings
from pages.controls.formula import leftover_words


def dx_gathered() -> bool:
    """Choose how dx is made; whether as a gather."""
    chosen = settings.choice(
        "dx as",
        "dx_as",
        ["scatter", "gather"],
        help="The same numbers in two orders. Scatter: each number of dout adds its multiple of the kernel to a window of dx. "
        "Gather: each number of dx is a sum over dout, which is a convolution with the kernel flipped. A third way, by a matrix, "
        "is on the page Transposed: “dx three ways”.",
    )
    return chosen == "gather"


def gathered(walk: Walk) -> tuple[Walk, dict[str, str], str]:
    """dx of a convolution's walk, as a gather: its walk, in which x is dout and out is dx, its titles, and what it does in words.

    Where the padding is larger than the kernel's reach, that is said, and the page ends.
    """
    arrays, window, size = walk.arrays(), walk.window, walk.input_size
    dout, weight = arrays["dout"], arrays["weight"]
    try:
        view = gather_dx(dout, weight, window, input_size=size, groups=len(weight) // walk.channels_out)
    except ValueError as error:
        messages.error(error)
        st.stop()
    titles = {
        "x": f"dout {dout.shape[1]}×{dout.shape[2]}{padded(window, view)}",
        "weight": f"kernel{'s' if len(weight) * weight.shape[1] > 1 else ''}, flipped",
        "out": f"dx {size[0]}×{size[1]}",
    }
    alike = bool((weight == weight[..., ::-1, ::-1]).all())
    return view, titles, in_words(walk, view) + " This kernel looks the same when it is turned." * alike


def padded(window: Window, view: Walk) -> str:
    """For a title: the padding of what is gathered from, written out, if it is the same on all sides.

    window: of the convolution that goes from what is made to what is gathered from.
    """
    written = {written_padding(window, view, axis) for axis in (0, 1)}
    sides = {side for around in window.padding for side in around}
    return f", padding {written.pop()}" if len(written) == len(sides) == 1 else ", padded"


def written_padding(window: Window, view: Walk, axis: int) -> str:
    """How much padding there is before the first cell along an axis, with the numbers put in: 3 − 1 − 1 = 1."""
    kernel, dilation, (before, _) = window.kernel_size[axis], window.dilation[axis], window.padding[axis]
    reach = f"{kernel} − 1" if dilation == 1 else f"{dilation} · ({kernel} − 1)"
    return f"{reach} − {before} = {view.window.padding[axis][0]}"


def in_words(walk: Walk, view: Walk) -> str:
    """What the gather of dx does."""
    window = walk.window
    rule = "kernel − 1 − padding" if window.dilation == (1, 1) else "dilation · (kernel − 1) − padding"
    numbers = [written_padding(window, view, axis) for axis in (0, 1)]
    around = numbers[0] if numbers[0] == numbers[1] else f"{numbers[0]} in height and {numbers[1]} in width"
    text = (
        f"**dx** as a *gather*: each of its numbers is one sum. The kernel, **flipped** (turned by 180°), moves over **dout** "
        f"with stride 1. It is an ordinary convolution of dout, padded by {rule} = {around}"
    )
    if zeros := zeros_between(view):
        text += f", with stride − 1 = {zeros} zeros between its numbers"
    if more := leftover_words(window, walk.input_size):
        text += f" ({more} more at the end, which the last window left over)"
    return f"{text}."


def zeros_between(view: Walk) -> str:
    """How many zeros stand between neighbours of what is gathered from, down and across; empty for none."""
    down, across = (apart - 1 for apart in view.apart or (1, 1))
    return "" if down == across == 0 else str(down) if down == across else f"{down} and {across}"
