"""The view "Mistakes": which classes are taken for which, and the pictures behind each cell of that."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from cnn_core.shares import percent
from cnn_core.training import Run
from cnn_core.training.evaluate import Evaluation
from pages.address import messages
from pages.animation.chart import chart
from pages.controls import settings
from pages.figures.confusion import confusion_grid
from pages.figures.pixels import as_pixels, as_url
from pages.server import runs
from pages.server.leisure import due, looked

MOST, EACH = 12, 100  # pictures shown, and pixels across for each with its words
PAIRS = 3  # pairs of classes that are named
MATRIX = "confusion matrix: arrow keys go from cell to cell, Enter opens the pictures of one"
WORST = "worst"  # of all mistakes, instead of those of one cell


def mistakes_view(run: Run, theme: str) -> None:
    """As of the last checkpoint that there was leisure to look at."""
    iteration = due(run, "judged")
    if iteration is None:
        st.info("No step has been kept yet: the first one is on its way.")
        return
    try:
        began = time.monotonic()
        found = runs.evaluation_at(run, iteration)
        looked(run, "judged", iteration, began)
    except (ValueError, OSError) as error:
        messages.error(error)
        return
    left, right = st.columns([1, 1])
    with left:
        taken_for(run, found, theme, f" after {iteration} steps", key="confusion")
    with right:
        pictures_of(run, found)


def taken_for(run: Run, found: Evaluation, theme: str, when: str, *, key: str) -> None:
    """The confusion matrix, whose cells choose what `pictures_of` shows. when: follows the number of pictures in the sentence
    below."""
    st.subheader("Confusion matrix")
    names = run.config.training_data().dataset.class_names
    st.markdown(messages.plain(most_confused(found, names)))
    chart(confusion_grid(found.confusion, names, theme), key=key, alt=MATRIX, on_pick=partial(pick, len(names)))
    st.markdown(
        f":small[{len(found.truth)} validation pictures{when}: {percent(found.accuracy, 1)} are right (grey). The more orange, "
        "the larger the share of its row that was mistaken. A click on a cell opens its pictures, and so do "
        "arrow keys and Enter.]"
    )


def most_confused(found: Evaluation, names: Sequence[str]) -> str:
    """The pairs of classes that are most often taken for one another, in words."""
    pairs, counts = found.confused(), found.confusion
    if not pairs:
        return "No class is taken for another."
    times = [int(counts[c, d] + counts[d, c]) for c, d in pairs]
    if len(pairs) > 1 and times[0] == 1:
        return f"{len(pairs)} mistakes, and no pair of classes among them twice."
    if times.count(times[0]) > 1:
        most = "; ".join(f"{names[c]} and {names[d]}" for c, d in pairs[: min(PAIRS, times.count(times[0]))])
        return f"Most often confused, {times[0]} times each, both ways together: {most}."
    a, b = pairs[0]
    words = (
        f"Most often confused, both ways together: {names[a]} and {names[b]}. {counts[a, b]} of {counts[a].sum()} pictures of "
        f"{names[a]} are taken for {names[b]}, {counts[b, a]} of {counts[b].sum()} of {names[b]} for {names[a]}."
    )
    further = [f"{names[c]} and {names[d]} ({counts[c, d] + counts[d, c]})" for c, d in pairs[1:PAIRS]]
    return words + (f" Then {', '.join(further)}." if further else "")


def pick(classes: int, cell: Any) -> None:
    """Show the pictures of the cell [row, column] that was clicked, if there is such a one: anybody can send any."""
    if isinstance(cell, list) and len(cell) == 2 and all(type(k) is int and 0 <= k < classes for k in cell):
        st.session_state["cell"] = f"{cell[0]}-{cell[1]}"


def pictures_of(run: Run, found: Evaluation) -> None:
    """A list of all cells with pictures in them, mistakes first, and the pictures of the one that is chosen."""
    st.subheader("Pictures")
    names, counts = run.config.training_data().dataset.class_names, found.confusion
    cells = [(a, b) for a in range(len(names)) for b in range(len(names)) if counts[a, b]]
    cells.sort(key=lambda cell: (cell[0] == cell[1], -counts[cell]))
    ids = {f"{a}-{b}": (a, b) for a, b in cells}
    asked = st.session_state.get("cell", st.query_params.get("cell"))
    every = {f"{a}-{b}": (a, b) for a in range(len(names)) for b in range(len(names))}
    if asked in every:  # as long as it is looked at it stays on the list, also while it is empty
        ids.setdefault(asked, every[asked])
    elif asked != WORST:
        st.session_state.pop("cell", None)

    def words(cell: str) -> str:
        if cell == WORST:
            return f"the worst mistakes of {(found.guesses != found.truth).sum()}"
        a, b = ids[cell]
        return f"{names[a]}, right ({counts[a, b]})" if a == b else f"{names[a]} taken for {names[b]} ({counts[a, b]})"

    chosen = settings.choice("pictures", "cell", [WORST, *ids], words=words)
    shown = (found.worst(MOST) if chosen == WORST else found.taken_for(*ids[chosen], MOST)).tolist()
    if not shown:
        st.success("None: every validation picture is named right." if chosen == WORST else "None at this step.")
        return
    pictures, _ = run.config.training_data().val_part(len(found.truth))
    row = st.container(horizontal=True, gap="small")  # as many side by side as there is room for
    for index in shown:
        chances, truth = found.probabilities[index], int(found.truth[index])
        likely = (-chances).argsort()[:2].tolist()
        told = likely if truth in likely else [*likely, truth]
        place = row.container(width=EACH)
        place.image(as_url(as_pixels(pictures[index])), width=84, alt=f"a picture of {names[truth]}")
        lines = [f"**is {messages.plain(names[truth])}**"]
        lines += [f"{messages.plain(names[k])}: {percent(chances[k], 1)}" for k in told]
        place.markdown("  \n".join(lines))
    st.markdown(":small[Those first whose true class seemed least likely to the network, with what it thought likely.]")
