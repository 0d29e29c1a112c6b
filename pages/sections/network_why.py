"""The view "Why this answer?" of a network: a score as a sum that adds up, and maps of what counts with their checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from cnn_core.attribution import AnswerSheet, answer_sheet
from cnn_core.checks import Array
from cnn_core.explorer import INPUT
from cnn_core.network import Network
from pages.address import state
from pages.address.links import tell_bad
from pages.animation.answer import Shown, answer, wire
from pages.controls import settings
from pages.controls.explored import Explored
from pages.figures.score_sum import number_of, signed, written_sum
from pages.sections.network_places import go_to, link_to, place_of
from pages.sections.network_why_checks import (
    Checked,
    adds_up,
    check_all,
    made_map,
    outcomes,
    shuffled_labels,
    told,
    verdict,
    with_shuffled,
)
from pages.sections.network_why_words import TERMS, holds, legend, names, rows, title_and_words
from pages.server.shuffled import shuffled

KEY = "answer"
PREDICTED = "predicted"


def show(seen: Explored, theme: str) -> None:
    """The score of a class, what it is made of, and how to tell a map that can be believed."""
    sheet = _sheet(seen.key, seen.network, seen.x)
    guess, classes = int(sheet.scores.argmax()), seen.data.dataset.class_names
    choosing, checking, training = st.columns([3, 2, 5], vertical_alignment="bottom")
    with choosing:
        picked = settings.choice(
            "score of class",
            "score",
            [PREDICTED, *(str(k) for k in range(len(seen.class_words)))],
            words=lambda k: "the answer" if k == PREDICTED else classes[int(k)],
            listed=True,
            help="The class whose score is taken apart. The largest score is the network's answer.",
        )
    with checking:
        checks = settings.switch("check the maps", "checks", help="A second or two for each picture.")
    if checks:
        with training:
            shuffled_labels(seen)
    label = guess if picked == PREDICTED else int(picked)
    shown = names(sheet)
    size = seen.data.image_shape[1:]
    checked = check_all(seen, label, shown) if checks else {}
    answer(
        _data(seen, sheet, label, checked, checks),
        method=_method(shown),
        pixel=_pixel(size),
        key=KEY,
        on_method=_keep("method"),
        on_pixel=_keep("pixel"),
        on_walk=lambda pixel: _walk(pixel, seen, label),
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _sheet(key: str, _network: Network, _x: Array) -> AnswerSheet:
    return answer_sheet(_network, _x)


def _data(
    seen: Explored, sheet: AnswerSheet, label: int, checked: Mapping[str, Checked], checks: bool
) -> dict[str, Any]:
    """All that is shown of one score."""
    maps = {name: made_map(seen.key, name, label, seen.network, seen.x) for name in names(sheet)}
    learned = shuffled.of(seen.config).learned() if checks else None
    alike = with_shuffled(learned, seen, label, maps)
    name, score = seen.data.dataset.class_names[label], float(sheet.scores[label])
    words, numbers = rows(sheet, label, seen.network)
    biases = sum(float(each[label]) for each in sheet.biases.values())
    shown, titles, found = [], {}, {}
    for one, heat in maps.items():
        title, meaning = title_and_words(one, sheet)
        known = checked.get(one, Checked())
        titles[one] = title
        found[title] = [adds_up(one, heat, biases, score), *outcomes(known, alike.get(one))]
        facts = [outcome.words for outcome in found[title]]
        shown.append(Shown(one, title, meaning, heat, facts, told(known), known.curves))
    written, total = written_sum(numbers, score)
    table = [(each, signed(number), "") for each, number in zip(words, written, strict=True)]
    table += [("score", f"= {number_of(total)}", "sum"), (holds(sheet, label, seen.network), "", "said")]
    truth = "" if seen.truth is None else f": {seen.data.dataset.class_names[seen.truth]}"
    walk = link_to(place_of(seen, INPUT, 0, target=label))
    caption = f"score of {name} = pixels + biases"
    said = {"legend": legend(titles), "verdict": verdict(found)}
    return wire(sheet, seen.x, label, name, seen.picture, seen.words + truth, table, caption, shown, walk) | said


def _method(shown: Sequence[str]) -> str:
    """The map that the address names, or the first."""
    known = [*shown, TERMS]
    tell_bad("method", lambda text: None if text in known else f"must be one of {', '.join(shown)}")
    named = state.text("method")
    return named if named is not None and named in shown else shown[0]


def _pixel(size: tuple[int, int]) -> str:
    """The pixel that the address names, "row-column", or ""."""

    def problem(text: str) -> str | None:
        return None if inside(text, size) else f"must be row-column, up to {size[0] - 1}-{size[1] - 1}"

    tell_bad("pixel", problem)
    named = state.text("pixel") or ""
    return named if inside(named, size) else ""


def inside(text: Any, size: tuple[int, int]) -> bool:
    """Whether this is "row-column" of a picture."""
    found = re.fullmatch(r"([0-9]{1,4})-([0-9]{1,4})", text) if isinstance(text, str) else None
    return found is not None and int(found[1]) < size[0] and int(found[2]) < size[1]


def _keep(name: str) -> Callable[[Any], None]:
    """Put into the address what the browser says, if it is a word; what it means, the next run sees."""

    def keep(value: Any) -> None:
        if isinstance(value, str) and re.fullmatch(r"[a-z_]{1,30}|[0-9]{1,4}-[0-9]{1,4}|", value):
            state.set_text(name, value or None)

    return keep


def _walk(pixel: Any, seen: Explored, label: int) -> None:
    """Show the way back at a pixel."""
    if inside(pixel, seen.data.image_shape[1:]):
        go_to(place_of(seen, INPUT, 0, pixel, label))
