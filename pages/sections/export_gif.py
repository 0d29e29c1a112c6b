"""A walk as an animated GIF: which steps it shows, what it costs, and the file."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.walks.walk import Walk
from pages.address import messages
from pages.controls.settings import whole_box
from pages.figures.scene_gif import MOST_FRAMES, SAMPLES, estimate_gif, walk_gif
from pages.figures.scene_plane import Theme

USUAL_FRAMES = 100
SPEEDS = (1, 2, 4, 5, 10, 20)  # frames a second that a GIF can hold, as it counts in hundredths of a second
MAKING = threading.Lock()  # one GIF at a time: it keeps a processor busy, and a class has only so many


def gif(walk: Walk, titles: Mapping[str, str], theme: Theme) -> None:
    """Choose the steps, make the GIF, and download it. Left alone, it shows a small walk whole, of a long one all that is
    forward."""
    st.caption(f"The walk as an animated GIF, for a slide or a message. {where_phases_end(walk)}")
    end, width = usual_steps(walk)
    columns, n = st.columns(4), walk.steps  # the keys name the steps, so that another walk starts with its own
    first = whole_box(columns[0], "from step", f"export_from_{n}", 1, n, 1)
    last = whole_box(columns[1], "to step", f"export_to_{n}_{end}", 1, n, end)
    help = "1: a frame for each step. The last step has a frame in any case."
    every = whole_box(columns[2], "every n-th step", f"export_every_{n}_{end}", 1, n, width, help=help)
    speed = columns[3].selectbox("frames per second", SPEEDS, SPEEDS.index(4), key="export_speed")
    if problem := too_many_or_none(first, last, every):
        messages.error(problem)
        return
    walk, steps = as_far_as(walk, last), steps_of(first, last, every)
    mark = fingerprint(walk)
    try:
        size, seconds = _estimate(mark, first, last, every, theme, walk, titles)
    except ValueError as error:
        messages.error(error)
        return
    st.caption(
        f"About {size / 1e6:.1f} MB, {len(steps)} frames that play for {len(steps) / speed:.0f} s; "
        f"making it takes about {max(1, round(seconds * len(steps)))} s."
    )
    pressed, spot = st.button("Make the GIF", key="export_make"), st.empty()
    what = mark, first, last, every, theme, speed
    if pressed and (data := _made(walk, steps, titles, theme, speed, spot)):
        between = f"-every-{every}" if every > 1 else ""
        name = f"convscope-{walk.operation}-steps-{first}-to-{last}{between}.gif"
        st.session_state["export_gif"] = what, name, data
    of, name, data = st.session_state.get("export_gif", (None, "", b""))
    if of == what:  # one that was made with other settings must not pass for this one
        st.image(data, alt="the walk as an animated GIF")
        label = f"Download the GIF, {len(data) / 1e6:.1f} MB"
        st.download_button(label, data, name, "image/gif", key="export_gif_file", on_click="ignore")


def where_phases_end(walk: Walk) -> str:
    """Which steps belong to which phase, in a sentence; empty for a walk of one phase."""
    if len(walk.phases) < 2:
        return ""
    ends = np.cumsum([phase.steps for phase in walk.phases]).tolist()
    parts = [
        f"{end - phase.steps + 1:,} to {end:,} are {phase.name}" for phase, end in zip(walk.phases, ends, strict=True)
    ]
    return f"Steps {', '.join(parts)}."


def usual_steps(walk: Walk) -> tuple[int, int]:
    """The last step of a GIF that nobody has set up, and how many steps further each of its frames is.

    A small walk is shown whole; of a long one what comes before backward, whose grids would be empty meanwhile.
    """
    end = walk.steps
    if end > USUAL_FRAMES:
        end = sum(phase.steps for phase in walk.phases if phase.name != "backward") or end
    return end, max(1, math.ceil((end - 1) / (USUAL_FRAMES - 1)))


def steps_of(first: int, last: int, every: int) -> list[int]:
    """The steps of its frames, counted from 0; the last one always belongs to them. first, last: counted from 1."""
    steps = list(range(first - 1, last, every))
    return steps if steps[-1] == last - 1 else [*steps, last - 1]


def too_many_or_none(first: int, last: int, every: int) -> str:
    """Why there is no GIF of these steps, with the remedy; empty: there is one."""
    if first > last:
        return f"The GIF would end (step {last:,}) before it begins (step {first:,}): choose a later step to end with."
    if (count := len(steps_of(first, last, every))) <= MOST_FRAMES:
        return ""
    enough = math.ceil((last - first) / (MOST_FRAMES - 1))
    return (
        f"{count:,} frames are too many for a GIF, which holds {MOST_FRAMES} at most: set “every n-th step” to {enough} or "
        f"more, or choose fewer steps."
    )


def as_far_as(walk: Walk, last: int) -> Walk:
    """The walk without the phases that begin after step `last` (counted from 1): their grids would stay empty."""
    phase, _ = walk.locate(last - 1)
    return walk.only([p.name for p in walk.phases[: walk.phases.index(phase) + 1]])


def _made(walk: Walk, steps: list[int], titles: Mapping[str, str], theme: Theme, speed: int, spot: Any) -> bytes:
    """The GIF; empty if that fails."""
    bar = spot.progress(0.0, "Waiting for a turn" if MAKING.locked() else "Drawing")

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, f"Frame {done} of {total}")

    try:
        with MAKING:
            data = walk_gif(walk, steps, titles, theme, speed, progress)
    except ValueError as error:
        with spot:
            messages.error(error)
        return b""
    bar.empty()
    return data


@st.cache_data(max_entries=100, show_spinner=False)
def _estimate(
    mark: str, first: int, last: int, every: int, theme: Theme, _walk: Walk, _titles: Mapping[str, str]
) -> tuple[int, float]:
    """Bytes of the GIF, and seconds for each of its frames."""
    began = time.perf_counter()
    size = estimate_gif(_walk, steps_of(first, last, every), _titles, theme)
    return size, (time.perf_counter() - began) / (3 * SAMPLES)  # it draws so many, at most


def fingerprint(walk: Walk) -> str:
    """The same for walks with the same numbers and steps."""
    digest = hashlib.sha1(repr((walk.operation, walk.phases, walk.window)).encode(), usedforsecurity=False)
    for name, grid in walk.grids.items():
        digest.update(f"{name} {grid.scale} {grid.counts.shape}".encode())
        digest.update(np.ascontiguousarray(grid.counts).tobytes())
    return digest.hexdigest()
