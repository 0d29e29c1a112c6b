"""What was wrong: the lines that differ, where it shows, which test misses it, and which one catches it."""

from __future__ import annotations

import streamlit as st

from cnn_core.mistakes import Mistake


def lines(mistake: Mistake) -> None:
    """The right lines and the wrong ones, side by side."""
    right, wrong = ("\n\n".join(lines) for lines in zip(*mistake.lines, strict=True))
    functions = " and ".join(dict.fromkeys(f"`{edit.qualname}`" for edit in mistake.edits))
    for column, what, code in zip(st.columns(2), ("Right", "Wrong"), (right, wrong), strict=True):
        with column:
            st.markdown(f"**{what}**, in {functions}")
            st.code(code or "# nothing stands there", wrap_lines=True)


def words(mistake: Mistake) -> None:
    """Where it shows, and what tests make of it."""
    st.markdown(
        f"**Where it shows.** {mistake.shows}\n\n"
        f"**Which usual test misses it.** {mistake.misses}\n\n"
        f"**Which test would catch it.** {mistake.catches}"
    )
