"""The output size, once in words and once with the reader's numbers."""

from __future__ import annotations

import streamlit as st

from cnn_core.window import AXES, Window


def size_formula(window: Window, input_size: tuple[int, int]) -> None:
    """Show the formula; for both axes where they differ."""
    st.subheader("How large is the output?")
    span = r"\text{kernel}" if window.dilation == (1, 1) else r"(\text{dilation} \cdot (\text{kernel} - 1) + 1)"
    st.latex(
        rf"\text{{out}} = \left\lfloor \frac{{\text{{in}} + 2 \cdot \text{{padding}} - {span}}}{{\text{{stride}}}} "
        r"\right\rfloor + 1"
    )
    formulas = [window.size_formula(input_size, axis) for axis in (0, 1)]
    if formulas[0] == formulas[1]:
        st.latex(rf"= {formulas[0]}")
    else:
        for axis, formula in zip(AXES, formulas, strict=True):
            st.latex(rf"\text{{{axis}: }} {formula}")


def unseen_note(window: Window, input_size: tuple[int, int]) -> None:
    """Say why some cells are under no window, where there are such cells."""
    if window.coverage(input_size).all():
        return
    down, across = window.leftover(input_size)
    if down or across:
        rest = " and ".join(f"{n} {what}" for n, what in ((down, "row(s)"), (across, "column(s)")) if n)
        st.caption(
            f"Pink hatching: after its last stop the window has {rest} left, too few for another stride, so they are never "
            f"read. That is what rounding down means; some code (the course's first version, for one) refuses such sizes."
        )
    else:
        st.caption("Pink hatching: the stride or the dilation steps over these cells; no window ever reads them.")
