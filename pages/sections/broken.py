"""What `=` for `+=` does to the backward pass of a pooling, and which test would notice."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnn_core.gradient_check import overall_error
from cnn_core.walks.trace import trace_avg_pool2d, trace_max_pool2d
from cnn_core.walks.walk import Walk
from cnn_core.window import Window

USUAL = Window.of(2, 2)
MOST_STEPS = 20_000


def broken_note(walk: Walk, pooling: str) -> None:
    """Say which cells of dx the slip gets wrong here, and that the usual test with 2x2 windows, stride 2, passes.

    walk: with a broken backward pass; its grid dx holds the right gradient, its steps make the wrong one.
    """
    if walk.steps > MOST_STEPS:
        st.caption("Choose a smaller input to have the wrong cells counted.")
        return
    right, wrong = walk.grids["dx"].counts, walk.replay()["dx"]
    cells = np.argwhere(walk.window.crop(right != wrong))
    st.subheader("Broken on purpose")
    rng = np.random.default_rng(231)
    usual = (trace_max_pool2d if pooling == "max" else trace_avg_pool2d)(
        rng.permutation(64).reshape(1, 8, 8), USUAL, dout=rng.integers(-9, 10, (1, 4, 4)), broken=True
    )
    here, there = st.columns(2)
    here.metric(
        "wrong cells of dx, here", len(cells), help="The steps above write this dx; the layer's own is compared."
    )
    here.caption(f"Relative error of dx: {overall_error(walk.window.crop(wrong), walk.window.crop(right)):.1e}.")
    missed = usual.replay()["dx"]
    there.metric("wrong cells with 2×2 windows, stride 2", int((missed != usual.grids["dx"].counts).sum()))
    there.caption(
        f"Relative error of dx: {overall_error(missed, usual.grids['dx'].counts):.1e}. The usual test passes."
    )
    if len(cells):
        st.caption(
            "A wrong **cell** is one that ends wrong. The **wrong steps** that the figure counts are all those that leave a "
            "wrong number: several may fall on one cell, and a later one may hide what an earlier one did."
        )
        named = ", ".join(
            f"dx[{', '.join(map(str, cell if len(right) > 1 else cell[1:]))}]" for cell in cells[:6].tolist()
        )
        more = f" and {len(cells) - 6} more" if len(cells) > 6 else ""
        st.markdown(
            f"Wrong: {named}{more}. Each lies under several windows that send it something; only the last one's is left. "
            f"With 2×2 windows and stride 2 no two windows share a cell, so there `=` and `+=` do the same, and a test with "
            f"that setting alone proves nothing."
        )
    else:
        st.markdown(
            "Here no cell gets a gradient other than 0 from two windows, so the slip does no harm: let the windows overlap, or "
            "choose another upstream gradient."
        )
    st.caption("The files under **Export and share** below hold the right dx.")
