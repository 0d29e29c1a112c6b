"""The checks of the maps: computed when somebody wants them, one map after the other, and kept; what they say, in few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

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
from cnn_core.shares import percent
from cnn_core.training import TrainingConfig
from cnn_core.training.shuffled import Learned
from pages.controls.explored import Explored
from pages.sections.beside import Work, follow
from pages.sections.network_why_words import GRADIENT, TERMS, TITLES
from pages.server.shuffled import shuffled

ADDS_UP = "adds up to the score"
BLIND = ("random weights", "shuffled labels")  # checks that a map fails which does not see what was learned
CLOSE = 1e-3  # of the score: what float32 may leave over
ALL = {TERMS: pixel_terms, **METHODS}


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


@dataclass(frozen=True)
class Outcome:
    """Of one check of a map. check: which; words: what came out, a few for its tile; passed: whether that is good."""

    check: str
    words: str
    passed: bool


def adds_up(name: str, heat: Array, biases: float, score: float) -> Outcome:
    """Whether a map is the score, taken apart. biases: what they add to the score beside the pixels; only maps that hand out
    terms of the score are asked together with them."""
    terms = name in (TERMS, GRADIENT)
    total = float(heat.sum()) + (biases if terms else 0.0)
    if terms and abs(total - score) <= CLOSE * max(1.0, abs(score)):
        return Outcome(ADDS_UP, _marked("adds up (with the biases): yes", True), True)
    return Outcome(ADDS_UP, f"adds up: no ({_short(total)}, not {_short(score)})", False)


def outcomes(checked: Checked, shuffled_labels: float | None) -> list[Outcome]:
    """Of the checks that were made, but for whether the map adds up."""
    found = []
    if checked.curves is not None:
        gone, come = (curve.area for curve in checked.curves)
        chances = checked.by_chance
        found.append(_against("deletion", gone, chances[0], "<"))
        found.append(_against("insertion", come, chances[1], ">"))
        found.append(_another("random weights", checked.random["linear1"]))
    if shuffled_labels is not None:
        found.append(_another("shuffled labels", shuffled_labels))
    return found


def verdict(found: Mapping[str, Sequence[Outcome]]) -> str:
    """Which maps can be trusted, in a sentence, "" before the checks. found: what came out of a map's checks, by its title."""
    checks = {title: [one for one in each if one.check != ADDS_UP] for title, each in found.items()}
    if not all(checks.values()):
        return ""
    failed = {title: [one.check for one in each if not one.passed] for title, each in checks.items()}
    passing = [title for title, wrong in failed.items() if not wrong]
    whole = [title for title, each in found.items() if any(one.check == ADDS_UP and one.passed for one in each)]
    said = [f"{_and(whole)} {ADDS_UP}" if whole else f"no map {ADDS_UP}"]
    said.append(f"every other check is passed by {_and(passing)}" if passing else "no map passes every other check")
    for title, wrong in failed.items():
        if blind := [check for check in wrong if check in BLIND]:
            said.append(f"{title} hardly changes with {_and(blind)}: do not trust it")
        elif wrong:
            said.append(f"{title} does no better than chance at {_and(wrong)}")
    return f"Which can be trusted here? {said[0][0].upper()}{'; '.join(said)[1:]}."


def told(checked: Checked) -> list[str]:
    """The same in sentences, for the chosen map."""
    if checked.curves is None:
        return [
            "A map may look right and mean nothing. Four checks say more than a look: does it add up to the score? Does the "
            "probability fall as its largest pixels go, and rise as they come? Does it change once the weights are random? "
            "And with a network that learned shuffled labels?",
            "Switch on “check the maps” for the numbers.",
        ]
    steps = ", then ".join(f"{name} {_signed(value)}" for name, value in checked.random.items())
    followed = (
        "It follows the weights."
        if passes(checked.random)
        else "It stays nearly as it was without anything learned: it shows the picture, not the network."
    )
    return [
        "Solid: deletion, pixels turn grey; a small area below is good. Dashed: insertion, they come into grey; a large one is "
        "good. Chance: a random order.",
        "Random weights: how alike the map stays to itself (1: the same order of pixels) as one layer after the other, the "
        f"last one first, becomes random: {steps}. {followed}",
    ]


def _another(check: str, alike: float) -> Outcome:
    """Whether a map has become another one, with the likeness that says so."""
    changes = alike < ALIKE
    return Outcome(check, f"{check} {_signed(alike)}: {_marked('changes' if changes else 'stays', changes)}", changes)


def _against(check: str, area: float, chance: float, good: str) -> Outcome:
    """An area beside that of a random order. good: the sign that should stand between them."""
    sign = "<" if area < chance else ">" if area > chance else "="
    return Outcome(check, _marked(f"{check} {area:.2f} {sign} chance {chance:.2f}", sign == good), sign == good)


def _marked(words: str, passed: bool) -> str:
    return f"{words}\xa0{'✓' if passed else '✗'}"


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _short(number: float) -> str:
    return f"{float(f'{number:.3g}') + 0.0:.3g}".replace("-", "−")  # + 0.0: no negative zero


def _signed(number: float) -> str:
    return f"{round(number, 2) + 0.0:.2f}".replace("-", "−")


def shuffled_labels(seen: Explored) -> None:
    """The training on shuffled labels: a button, how far it is, what it learned."""
    follow(partial(_work, seen.config), partial(_learned, seen.config))


def _work(config: TrainingConfig) -> Work:
    return Work(
        shuffled.of(config),
        "Train on shuffled labels",
        "The same network memorises 400 pictures whose labels say nothing, in seconds. A map that looks the same with its "
        "weights shows nothing of what yours has learned.",
        "Training on shuffled labels",
        partial(shuffled.start, config),
        shuffled.ahead(config),
        "Two such trainings are on their way for others, less than half a minute each: then yours can begin.",
    )


def _learned(config: TrainingConfig) -> None:
    learned = shuffled.of(config).learned()
    if learned is not None:
        st.caption(
            f"On shuffled labels it memorised {percent(learned.train)} of {learned.pictures} pictures; of new pictures it "
            f"knows {percent(learned.test)}."
        )
