"""The view "Overview" of a network: one picture on its way through all layers, and the loss on its way back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeGuard

import numpy as np
import streamlit as st

from cnn_core.explorer.one_step import Learned, learn
from cnn_core.explorer.overview import overview as made_overview
from cnn_core.explorer.strengths import first_maps
from cnn_core.loss import softmax_cross_entropy
from cnn_core.network import backward_pass, forward_pass
from cnn_core.shares import percent
from pages.address import messages, state
from pages.address.links import tell_bad
from pages.animation.overview import RANGES, BackwardStep, Classes, overview, wire
from pages.controls import settings
from pages.controls.explored import Explored, what_weights
from pages.controls.segments import segments
from pages.sections.network_backward import backward_steps, short, trend
from pages.sections.network_places import DEEPER, WAYS
from pages.sections.network_zoom import show_zoom, zoomed

KEY = "overview"
TRUE = "true"  # the target that a picture brings along
OWN = "true, else predicted"  # the same words for every picture: a list keeps those it has shown
STEP_SIZES = ("0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1", "3", "10")


def show(seen: Explored, theme: str) -> None:
    """The whole network on one canvas; below it, once a map is open, what it is made of."""
    with st.container(horizontal=True, vertical_alignment="center", key="way_line"):
        way = segments("way", "way", WAYS)
        target, learned = _choices(seen, way)
        if learned is not None:
            seen = replace(
                seen, network=learned.network, key=f"{seen.key} learned {learned.label} {learned.learning_rate}"
            )
        sent, steps, said = _sent(
            seen.key, seen, way == "backward", target, None if learned is None else learned.before
        )
        st.markdown(said if learned is None else _told(seen, target, learned))
    names = ["input", *(layer.name for layer in seen.network.layers), "softmax"]
    chosen = _chosen(names)
    overview(sent, steps, key=KEY, begin=_begin(len(steps)), chosen=chosen, on_place=to_address)
    if zoomed():
        show_zoom(seen, way, target, theme)
    elif learned is not None:
        _moved(learned)
    truth = "" if seen.truth is None else f": {seen.class_words[seen.truth]}"
    st.caption(f"{seen.words}{truth}. {what_weights(seen)}")


def _choices(seen: Explored, way: str) -> tuple[int, Learned | None]:
    """The class whose loss is meant, and the step of learning, if one is wanted."""
    names = seen.data.dataset.class_names
    guess = int(seen.network.scores(seen.x)[0].argmax())
    own = guess if seen.truth is None else seen.truth
    target, wanted = own, False
    if way == "backward":
        options = [TRUE, *(str(k) for k in range(len(names)))]
        picked = settings.choice(
            "loss of class", "target", options, words=lambda k: OWN if k == TRUE else names[int(k)],
            listed=True, help="Whose loss the backward pass starts from: minus the logarithm of its probability.",
        )  # fmt: skip
        target = own if picked == TRUE else int(picked)
        wanted = settings.switch("learn from it", "learn", help=LEARN)
    if not wanted:
        return target, None
    rate = settings.scale("learning rate", "learning_rate", STEP_SIZES, "0.01")
    learned = learn(seen.network, seen.x, target, rate)
    if not np.isfinite(learned.after).all():
        messages.warning(f"A step with learning_rate (={rate:g}) leads beyond all bounds: choose a smaller one.")
        return target, None
    return target, learned


LEARN = (
    "One plain step of gradient descent on this very picture, w − learning rate · dw for every weight, on a copy of the network: "
    "everything is shown as it is after the step. The same switch takes it back."
)


@st.cache_data(max_entries=32, show_spinner=False)
def _sent(key: str, _seen: Explored, backward: bool, target: int, _before: Any) -> tuple[str, list[BackwardStep], str]:
    """What the browser draws, the steps of the backward pass, and what is said. key: of weights and picture."""
    steps: list[BackwardStep] = []
    with np.errstate(all="ignore"):
        done = forward_pass(_seen.network, _seen.x)
        back = None
        if backward:
            loss, dscores = softmax_cross_entropy(done.scores, np.array([target]))
            back = backward_pass(done, dscores)
            steps = backward_steps(done, back, target, _seen.data.dataset.class_names)
    made = made_overview(done, back)
    names = _seen.data.dataset.class_names
    through = None if backward else first_maps(done, int(np.nan_to_num(done.scores[0]).argmax()))
    classes = Classes(names, _seen.truth, target if backward else None, _before, through)
    said = _verdict(_seen, made.probabilities)
    if back is not None:
        first, last = made.layers[-1].norm or 0.0, made.layers[1].norm or 0.0
        of = {int(made.scores.argmax()): " (predicted)", _seen.truth: " (true)"}
        said = (
            f"Loss of **{_seen.class_words[target]}**{of.get(target, '')}: **{short(loss)}**. "
            f"Gradient's length: {short(first)} at the scores, {short(last)} at {made.layers[1].name}: {trend(first, last)}."
        )
    return wire(made, classes, _seen.picture, _seen.words), steps, said


def _verdict(seen: Explored, chances: Any) -> str:
    guess = int(chances.argmax())
    said = f"The network says **{seen.class_words[guess]}** ({percent(chances[guess])} sure)"
    if seen.truth is not None:
        said += ", which is " + ("right" if guess == seen.truth else f"wrong: it is {seen.class_words[seen.truth]}")
    return f"{said}."


def _told(seen: Explored, target: int, learned: Learned) -> str:
    before, after = learned.before[target], learned.after[target]
    most = max(learned.moved, key=lambda moved: moved.ratio if moved.size else 0.0)
    return (
        f"After the step: loss {short(learned.loss[0])} → **{short(learned.loss[1])}**; {seen.class_words[target]}: "
        f"{percent(before, 1)} → **{percent(after, 1)}**. Moved most: {most.name}, by {percent(most.ratio, 2)} of its length."
    )


def _moved(learned: Learned) -> None:
    """Which parameters the step moved, and how far."""
    rows = [
        f"| {moved.name} | {short(moved.change)} | {short(moved.size)} | {percent(moved.ratio, 3)} |"
        for moved in learned.moved
    ]
    head = ["| parameter | length of its step | its own length before | step / length |", "|---|---|---|---|"]
    st.markdown("\n".join([*head, *rows]))


def _chosen(names: list[str]) -> dict[str, Any] | None:
    """The layer and the map, or the parameter's layer, that the address names; None at the overview itself."""
    layer, number = state.text("layer"), state.text("map") or ""
    if layer is None and (param := state.text("param")) is not None:
        entry = (state.text("entry") or "").split("-")
        layer, number = param.split(".")[0], number or entry[1 if len(entry) == 2 else 0]
    if layer not in names:
        return None
    return {"layer": layer, "map": int(number) if number.isdecimal() and len(number) < 10 else None}


def _begin(count: int) -> dict[str, Any]:
    """What the address says of the overview itself; a new version where the reader went back in the browser's history."""
    version = st.session_state.setdefault(f"{KEY}_version", 0) + int(state.went_back())
    st.session_state[f"{KEY}_version"] = version
    tell_bad("range", lambda text: None if text in RANGES else f"must be one of {', '.join(RANGES)}")
    back, kept = state.text("back"), state.text("range")
    if count:
        tell_bad("back", lambda text: None if _step(text, count) else f"must be a whole number from 1 to {count}")
    return {
        "version": version,
        "range": kept if kept in RANGES else RANGES[0],
        "back": _step(back or "", count),
    }


def _step(text: str, count: int) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 4 and 1 <= int(text) <= count else None


def to_address() -> None:
    """The browser tells what the reader opened or left, and how it is shown. Anybody can send anything: what is of no use is
    passed over."""
    place = st.session_state[KEY].get("place")
    if not isinstance(place, dict):
        return
    told: dict[str, str | None] = {}
    back, kept = place.get("back"), place.get("range")
    told["back"] = str(back) if _is_whole(back) and back > 0 else None
    told["range"] = kept if kept in RANGES[1:] else None
    if "layer" in place:
        layer, number = place["layer"], place.get("map")
        named = isinstance(layer, str) and 0 < len(layer) < 40
        told |= dict.fromkeys(DEEPER)
        told |= {"map": str(number) if named and _is_whole(number) else None, "layer": layer if named else None}
    state.set_texts(told)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9
