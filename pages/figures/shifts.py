"""A picture that is moved: the answer at each shift as a grid, and the classes' probabilities before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.shares import percent
from pages.figures.bars import OTHER, as_text
from pages.figures.colours import OVERLAY
from pages.figures.entries import drawn

CELL = 44  # pixels
LETTERS = 4  # of a class's name in a cell
MOST_CLASSES = 10  # as bars
AFTER = "#0b6bcb"


def in_words(rows: int, columns: int) -> str:
    """A shift: "1 down, 2 left"; "not moved"."""
    parts = [f"{abs(rows)} {'down' if rows > 0 else 'up'}"] * (rows != 0)
    parts += [f"{abs(columns)} {'right' if columns > 0 else 'left'}"] * (columns != 0)
    return ", ".join(parts) or "not moved"


def short(names: Sequence[str]) -> list[str]:
    """Names of a few letters; numbers where these would not tell the classes apart."""
    cut = [name[:LETTERS].strip() for name in names]
    return cut if len(set(cut)) == len(names) else [str(number) for number in range(len(names))]


def answer_grid(chances: Array, names: Sequence[str]) -> dict[str, Any]:
    """The answer at each shift, for the component `entries`. chances: (S, S, K), the picture that is not moved in the middle."""
    side = len(chances)
    answers, most = chances.argmax(axis=-1), side // 2
    sure, same = chances.max(axis=-1), answers == answers[most, most]
    told, letters = [], short(names)
    for row, column in np.ndindex(side, side):
        where = in_words(row - most, column - most).capitalize()
        other = "" if same[row, column] else f", no more {names[answers[most, most]]}"
        told.append(f"{where}: {names[answers[row, column]]}, {percent(sure[row, column])} sure{other}")
    marks = [letters[k] for k in answers.ravel()]
    legend = [["", "orange: the answer stays, blue: it changes; the stronger, the surer"]]
    title = "The answer at each shift: arrow keys move the picture"
    grid = drawn("shifts", (side, side), title, np.where(same, sure, -sure).ravel(), marks, told, legend)
    notes = [f"{percent(chance)}" for chance in sure.ravel()]
    return grid | {"notes": notes, "largest": CELL, "tallest": CELL * side}


def before_and_after(before: Array, after: Array, names: Sequence[str], truth: int | None, what: str) -> dict[str, Any]:
    """Two bars a class, in percent, of the classes that are likely in either. before, after: (K,). truth: marked with ✓.

    what: was done in between, in a word; nothing: before is all there is.
    """
    likely = np.sort(np.argsort(-np.maximum(before, after), kind="stable")[:MOST_CLASSES])
    written = as_text(names)
    labels = [f"✓ {written[k]}" if k == truth else written[k] for k in likely]

    def in_percent(chances: Array) -> list[str]:
        return [percent(float(chances[k]), 1) for k in likely]

    def bars(name: str, chances: Array, colour: str, shape: str, said: list[str]) -> dict[str, Any]:
        return {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "x": [round(100 * float(chances[k]), 1) for k in likely],
            "customdata": in_percent(chances),
            "y": labels,
            "text": said,
            "textposition": "outside",
            "textfont": {"size": 11},
            "constraintext": "none",
            "cliponaxis": False,
            "marker": {"color": colour, "pattern": {**OVERLAY, "shape": shape}},
            "hovertemplate": f"%{{y}}, {name}: %{{customdata}}<extra></extra>",
        }

    pairs = zip(in_percent(before), in_percent(after), strict=True)
    worth = [max(before[k], after[k]) >= 0.01 for k in likely]
    said = [(f"{was} → {now}" if what else was) if some else "" for (was, now), some in zip(pairs, worth, strict=True)]
    longer = [before[k] > after[k] or not what for k in likely]  # its bar has the label: two lines of text would touch
    first = bars("as it is", before, OTHER, "/", [text if own else "" for text, own in zip(said, longer, strict=True)])
    second = bars(what, after, AFTER, "", ["" if own else text for text, own in zip(said, longer, strict=True)])
    return {
        "data": [first, second] if what else [first],
        "layout": {
            "barmode": "group",
            "bargap": 0.25,
            "height": 76 + 20 * len(likely),
            "margin": {"l": 10, "r": 50, "t": 24, "b": 10},
            "xaxis": {"range": [0, 100], "fixedrange": True, "title": {"text": "probability, %"}, "automargin": True},
            "yaxis": {"autorange": "reversed", "fixedrange": True, "automargin": True, "type": "category"},
            "legend": {"orientation": "h", "y": 1.14, "x": 0},
            "showlegend": True,
        },
    }
