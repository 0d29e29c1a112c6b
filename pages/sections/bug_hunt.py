"""Which bugs a reader has found, as the address says it, and the causes among which each is to be found."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache

import streamlit as st

from cnn_core.mistakes import MISTAKES, Mistake
from pages.address import messages, state

BUGS = {mistake.code: mistake for mistake in MISTAKES.values()}
# What has become of a bug, each a parameter of the address that holds the codes of its bugs with dots between.
FOUND, HELPED, SHOWN, TRIED = STATES = ("found", "helped", "shown", "tried")
ENDED = (FOUND, HELPED, SHOWN)
CHOICES = 5  # causes to choose from


def causes(mistake: Mistake) -> list[Mistake]:
    """The right one and four others that could be it. Each place has the right one equally often."""
    others = [MISTAKES[id] for id in mistake.like.split()]
    random.Random(mistake.id).shuffle(others)
    others.insert(_places()[mistake.id], mistake)
    return others


@cache
def _places() -> dict[str, int]:
    """Where the right cause stands, for each bug; in no order that could be read off from one to the next."""
    places = [number % CHOICES for number in range(len(MISTAKES))]
    random.Random(231).shuffle(places)
    return dict(zip(MISTAKES, places, strict=True))


def progress() -> dict[str, str]:
    """What has become of each bug that the reader has tried, by code, as the address says it; what is no bug is left out."""
    found: dict[str, str] = {}
    for name in STATES:
        for code in st.query_params.get(name, "").split("."):
            if code in BUGS:
                found.setdefault(code, name)
    return found


def tell_strangers() -> None:
    """At the start of the page: say what of the address is no bug."""
    for name in STATES:
        strangers = [code for code in (state.text(name) or "").split(".") if code and code not in BUGS]
        if strangers:
            messages.warning(
                f"{name} (={'.'.join(strangers)[:40]}) in the link must hold codes of this page's bugs, with dots between; "
                f"what is none is left out."
            )


def keep(known: Mapping[str, str]) -> None:
    """Put it into the address."""
    state.set_texts({name: ".".join(code for code, what in known.items() if what == name) or None for name in STATES})


def became(code: str, what: str) -> None:
    """In a callback: a bug was found, shown, or tried in vain. What was found or shown stays so."""
    known = progress()
    before = known.get(code)
    if before in ENDED:
        return
    keep(known | {code: HELPED if what == FOUND and before == TRIED else what})


def score(known: Mapping[str, str]) -> str:
    """In words."""
    counts = {name: sum(what == name for what in known.values()) for name in STATES}
    left = len(BUGS) - counts[FOUND] - counts[HELPED] - counts[SHOWN]
    parts = [f"**{counts[FOUND]} of {len(BUGS)}** found at once"]
    parts += [f"{counts[HELPED]} with help"] if counts[HELPED] else []
    parts += [f"{counts[SHOWN]} shown"] if counts[SHOWN] else []
    return ", ".join(parts) + (f"; {left} to go" if left else "; that was all")


def start_over() -> None:
    """In a callback: forget all, and remember it for `take_back`."""
    st.session_state["hunt_before"] = progress()
    st.session_state.pop("said", None)
    keep({})


def take_back() -> None:
    """In a callback: undo `start_over`."""
    keep(st.session_state.pop("hunt_before", {}))
