"""What a reader can export from a walk: its link, a step as a picture, the walk as a GIF, the numbers, the code."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import quote, urlencode

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.walks.walk import Walk
from pages.address.hiding import KEY as HIDE
from pages.controls.decoding import LARGE
from pages.controls.folds import unfolded
from pages.controls.pictures import OWN
from pages.figures.scene import frame
from pages.figures.scene_image import to_image
from pages.figures.scene_plane import Theme
from pages.figures.scene_svg import to_svg
from pages.sections.export_gif import gif
from pages.sections.walkthrough import step_of


def export(
    walk: Walk,
    *,
    titles: Mapping[str, str],
    code: Callable[[], str] | None = None,
    pictures: Callable[[], bytes] | None = None,
) -> None:
    """Offer all of it, if asked; folded up it costs nothing.

    titles: captions by grid name. code: makes a Python script to download; pictures: a PNG of the whole picture.
    """
    if not unfolded("Export and share", "export_open"):
        return
    _link()
    st.markdown("##### Pictures")
    if pictures:
        st.caption(
            f"The whole picture, before and after the layer, beside each other; of one of yours up to {LARGE:,} pixels a side."
        )
        name = f"convscope-{walk.operation}-before-and-after.png"
        st.download_button(
            "Before and after as PNG", pictures, name, "image/png", key="export_whole", on_click="ignore"
        )
    themes = ("light", "dark")
    usual = themes.index(st.context.theme.type or "light")
    theme = cast(Theme, st.radio("colours", themes, usual, key="export_theme", horizontal=True))
    _step(walk, step_of(walk), titles, theme)
    gif(walk, titles, theme)
    _numbers(walk, code)


def _link() -> None:
    st.markdown("##### Share the link")
    if not st.context.url:
        st.caption("This page's address holds all that it shows: copy it from your browser.")
        return
    own = ", but for your own picture, which is in no link" if st.query_params.get("input") == OWN else ""
    st.caption(f"This link opens the page as you see it now{own}.")
    st.code(address(st.context.url, {}), language=None, wrap_lines=True)
    st.caption("For teachers: the same, with the controls hidden.")
    st.code(address(st.context.url, {HIDE: "true"}), language=None, wrap_lines=True)


def address(page: str, extra: dict[str, str]) -> str:
    """The page's address with all that it says now, and with `extra`."""
    said = [(key, value) for key in st.query_params for value in st.query_params.get_all(key) if key != HIDE]
    query = urlencode([*said, *extra.items()], quote_via=quote)
    return f"{page}?{query}" if query else page


def _step(walk: Walk, step: int, titles: Mapping[str, str], theme: Theme) -> None:
    name = f"convscope-{walk.operation}-step-{step + 1}"

    def png() -> bytes:
        file = io.BytesIO()
        to_image(frame(walk, step, titles, theme)).save(file, "PNG")
        return file.getvalue()

    def svg() -> str:
        return to_svg(frame(walk, step, titles, theme))

    st.caption(
        f"Step {step + 1:,} of {walk.steps:,}, the one shown above. SVG stays sharp at any size, and can be edited."
    )
    with st.container(horizontal=True):
        # Made when they are asked for; "ignore": a download is no reason to run anything again.
        st.download_button("Step as PNG", png, f"{name}.png", "image/png", key="export_png", on_click="ignore")
        st.download_button("Step as SVG", svg, f"{name}.svg", "image/svg+xml", key="export_svg", on_click="ignore")


def _numbers(walk: Walk, code: Callable[[], str] | None) -> None:
    st.markdown("##### The numbers" + (" and the code" if code else ""))
    name = f"convscope-{walk.operation}"
    names = ", ".join(walk.arrays())
    st.caption(f"The arrays {names}, in full. NPZ is for NumPy, CSV opens in a spreadsheet: one row for each number.")
    with st.container(horizontal=True):
        st.download_button(
            "Arrays as NPZ", lambda: npz(walk.arrays()), f"{name}.npz", key="export_npz", on_click="ignore"
        )
        st.download_button(
            "Arrays as CSV",
            lambda: table(walk.arrays()),
            f"{name}.csv",
            "text/csv",
            key="export_csv",
            on_click="ignore",
        )
        if code:
            st.download_button(
                "Code as Python", code, f"{name}.py", "text/x-python", key="export_code", on_click="ignore"
            )


def npz(arrays: dict[str, Array]) -> bytes:
    """The arrays by name, as `np.load` reads them."""
    file, contents = io.BytesIO(), cast(dict[str, Any], arrays)  # NumPy's types take the names for options
    np.savez_compressed(file, **contents)
    return file.getvalue()


def table(arrays: dict[str, Array]) -> str:
    """All arrays as one long table: array, its index along each axis, value; numbers as Python writes them, in full.

    One file that opens with a click, which can be filtered by array and made into a pivot table. A file for each would have
    to be unpacked first, and a sheet has no room for an array's third and fourth axis.
    """
    axes = max(array.ndim for array in arrays.values())
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["array", *(f"axis {axis}" for axis in range(axes)), "value"])
    for name, array in arrays.items():
        unused = [""] * (axes - array.ndim)
        writer.writerows(
            [name, *index, *unused, repr(value)]
            for index, value in zip(np.ndindex(array.shape), (array + 0.0).ravel().tolist(), strict=True)  # no −0.0
        )
    return file.getvalue()
