"""The checks of the maps: computed when somebody wants them, one map after the other, and kept; what they say, in few words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from cnn_core.attribution import (
    ALIKE,
    METHODS,
    Curve,
    after_randomising,
    deletion,
    insertion,
    likeness,
    passes,
    pixel_terms,
    random_order,
)
from cnn_core.checks import Array
from cnn_core.network import Network
from cnn_core.training.shuffled import Learned
from pages.address import messages
from pages.controls.explored import Explored
from pages.sections.network_why_words import TERMS, TITLES
from pages.server.shuffled import busy, shuffled

ALL = {TERMS: pixel_terms, **METHODS}
REFRESH = 0.5  # seconds between two looks at a training


@dataclass(frozen=True)
class Checked:
    """What is known of one map. curves: deletion and insertion; by_chance: the areas of both in a random order. random: how
    alike it stays, by layer. shuffled: how alike it is to the same map of the network that learned shuffled labels."""

    curves: tuple[Curve, Curve] | None = None
    by_chance: tuple[float, float] = (0.0, 0.0)
    random: Mapping[str, float] = field(default_factory=dict)
    shuffled: float | None = None


@st.cache_data(max_entries=128, show_spinner=False)
def made_map(key: str, name: str, label: int, _network: Network, _x: Array) -> Array:
    """One map (H, W)."""
    return ALL[name](_network, _x, label)


@st.cache_data(max_entries=256, show_spinner=False)
def checked_map(key: str, name: str, label: int, _network: Network, _x: Array) -> Checked:
    """The checks of one map but for the shuffled labels."""
    heat = made_map(key, name, label, _network, _x)
    curves = deletion(_network, _x, label, heat), insertion(_network, _x, label, heat)
    orders = [random_order(_x, seed) for seed in range(4)]
    by_chance = (
        float(np.mean([deletion(_network, _x, label, order).area for order in orders])),
        float(np.mean([insertion(_network, _x, label, order).area for order in orders])),
    )
    random = after_randomising(_network, _x, label, {name: ALL[name]})[name]
    return Checked(curves, by_chance, random)


def check_all(seen: Explored, label: int, names: Sequence[str]) -> dict[str, Checked]:
    """The checks of the maps of these names, with a bar that says how far it is."""
    bar = st.empty()
    found = {}
    for number, name in enumerate(names):
        bar.progress(number / len(names), f"Checking the maps: {TITLES[name]}")
        found[name] = checked_map(seen.key, name, label, seen.network, seen.x)
    bar.empty()
    return found


def with_shuffled(learned: Learned | None, seen: Explored, label: int, maps: Mapping[str, Array]) -> dict[str, float]:
    """How alike each map is to that of the network that learned shuffled labels; nothing as long as there is none."""
    if learned is None:
        return {}
    return {name: likeness(heat, ALL[name](learned.network, seen.x, label)) for name, heat in maps.items()}


def facts(heat: Array, score: float, checked: Checked, shuffled_labels: float | None) -> list[str]:
    """What is known of a map, a few words each, for its tile."""
    words = [f"sum {_short(float(heat.sum()))}, score {_short(score)}"]
    if checked.curves is not None:
        gone, come = (curve.area for curve in checked.curves)
        words.append(f"deletion {gone:.2f} (chance {checked.by_chance[0]:.2f})")
        words.append(f"insertion {come:.2f} (chance {checked.by_chance[1]:.2f})")
        words.append(_verdict("random weights", checked.random["linear1"]))
    if shuffled_labels is not None:
        words.append(_verdict("shuffled labels", shuffled_labels))
    return words


def told(checked: Checked) -> list[str]:
    """The same in sentences, for the chosen map."""
    if checked.curves is None:
        return [
            "It may look right and say nothing. Four checks need no eye: does it add up to the score? Does the probability fall "
            "as its largest pixels go, and rise as they come? Is it another map once the weights are random, and once "
            "the labels were shuffled?",
            "Switch on “check the maps” for numbers.",
        ]
    steps = ", ".join(f"{name} {_signed(value)}" for name, value in checked.random.items())
    verdict = (
        "It follows the weights."
        if passes(checked.random)
        else "It stays nearly as it was without anything learned: it shows the picture, not the network."
    )
    return [
        "Probability of the class, 0 to 1, as ever more pixels, the largest of the map first, turn grey (solid), or come into a "
        "grey picture (dashed).",
        f"How alike it stays (1: the same order of pixels) as weights turn random from the top, down to {steps}. {verdict}",
    ]


def _verdict(what: str, alike: float) -> str:
    """Whether a map has become another one, with the likeness that says so."""
    verdict = "changes\xa0✓" if alike < ALIKE else "stays\xa0✗"
    return f"{what} {_signed(alike)}: {verdict}"


def _short(number: float) -> str:
    return f"{number:.3g}".replace("-", "−")


def _signed(number: float) -> str:
    return f"{number:.2f}".replace("-", "−")


def shuffled_labels(seen: Explored) -> None:
    """The training on shuffled labels: a button, how far it is, what it learned. Looks again by itself while it trains."""
    running = shuffled(seen.config).state == "running"
    look: Callable[[Explored, bool], None] = st.fragment(_looked_at, run_every=REFRESH if running else None)
    look(seen, running)


def _looked_at(seen: Explored, watching: bool) -> None:
    now = shuffled(seen.config)
    state = now.state
    if state == "failed":
        messages.error(now.message)
    if state in ("", "failed"):
        st.button(
            "Train on shuffled labels",
            key="train_shuffled",
            icon=":material/shuffle:",
            on_click=now.start,
            disabled=busy(),
            help="The same network memorises 400 pictures whose labels say nothing, in seconds. A map that looks the same "
            "with its weights shows nothing of what yours has learned."
            + (" Two such trainings are on their way for others: try again in a few seconds." if busy() else ""),
        )
    elif state == "running":
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(now.share, "Training on shuffled labels")
            st.button("Cancel", key="cancel_shuffled", icon=":material/close:", on_click=now.cancel)
    else:
        learned = now.learned()
        assert learned is not None
        st.caption(
            f"On shuffled labels it memorised {learned.train:.0%} of {learned.pictures} pictures; of new pictures it knows "
            f"{learned.test:.0%}."
        )
    if (state == "running") != watching:
        st.rerun()  # the page decides how often to look
