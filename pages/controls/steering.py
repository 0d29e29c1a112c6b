"""The buttons that steer a training, and the settings that may change while it runs.

Commands say what is wanted and do not toggle: a click that is carried out twice does no harm.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from cnn_core.optim import hyper_parameters
from cnn_core.training import Run, TrainingConfig
from pages.controls.naming import what_is
from pages.controls.training import LEARNING_RATES, REGS, nearest
from pages.controls.words import word_of
from pages.server import runs
from pages.server.visitors import visitor

OWN_TEST = "own_range_test"  # where the session keeps the one this visitor started, which may be another than is shown


def steering(run: Run | None, config: TrainingConfig | None) -> None:
    """The row of buttons. run: the one on the page. config: what a new one would be; None: its settings do not fit."""
    fresh = run is None or run.ended
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="steering")

    def button(
        key: str,
        label: str,
        icon: str,
        action: Callable[..., None] | None,
        *args: Any,
        primary: bool = False,
        help: str = "",
    ) -> None:
        row.button(
            f"**{label}**" if primary else label,  # of another type it would be another button, without the focus
            key=key,
            icon=f":material/{icon}:",
            on_click=runs.obey,
            args=(action, *args),
            disabled=action is None,
            help=help or None,
        )

    begin = None if config is None else begin_anew
    button("start", "Start" if run is None else "Start anew", "play_arrow", begin, config, primary=fresh)
    # One button in turn: who presses it with the keyboard stays on it.
    if run is not None and run.can_go_on:
        help = "From its last checkpoint, as if it had never ended."
        button("pause", "Go on", "resume", in_turn, run.id, runs.resume, help=help)
    elif run is not None and run.state == "paused":
        button("pause", "Resume", "resume", in_turn, run.id, runs.resume, primary=True)
    elif run is None or fresh:
        button("pause", "Pause", "pause", None)
    else:
        button("pause", "Pause", "pause", in_turn, run.id, Run.pause)
    for unit, label, icon in (("step", "One step", "skip_next"), ("epoch", "One epoch", "fast_forward")):
        if run is None or run.state in ("finished", "diverged"):
            button(unit, label, icon, begin, config, unit, help="Begins a new training, and pauses after it.")
        else:
            button(unit, label, icon, tell, run.id, runs.resume, unit, help="Then pause.")
    if run is None or fresh:
        button("stop", "Stop", "stop", None)
    else:
        button("stop", "Stop", "stop", tell, run.id, Run.stop)
    button("find_rate", "Find a learning rate", "search", None if config is None else find_rate, config, help=FIND)
    if run is not None and not run.ended:  # the list shows the run's pace, whoever set it
        st.session_state["pace"] = runs.pace_name(run.pace)
    if st.session_state.get("pace") not in runs.PACES:
        st.session_state["pace"] = runs.USUAL_PACE
    row.selectbox(
        "pace",
        list(runs.PACES),
        list(runs.PACES).index(st.session_state["pace"]),  # for a browser that missed the run which set it
        format_func=partial(word_of, "pace"),
        key="pace",
        on_change=runs.obey,
        args=(_change_pace, None if run is None else run.id),
        label_visibility="collapsed",
        width=186,
    )


def begin_anew(config: TrainingConfig, advance: str | None = None) -> None:
    """Start a training; where that stops another one of this visitor's, on which steps were spent, ask first."""
    own = runs.own_run()
    if own is not None and own.done and not runs.made_before("start", config, advance):
        st.session_state["asked"] = own.id, config, advance
    else:
        runs.start(config, advance, what_is(config))


def ask() -> None:
    """The question, and both answers, as long as the training goes on that would be stopped."""
    own_id, config, advance = st.session_state.get("asked", (None, None, None))
    own = runs.own_run()
    if own is None or own.id != own_id:
        st.session_state.pop("asked", None)
        return

    def answer(anew: bool) -> None:
        st.session_state.pop("asked", None)
        if anew:
            runs.start(config, advance, what_is(config))

    with st.container(horizontal=True, vertical_alignment="center", key="asked_row"):
        st.markdown(f"Your training is at step {own.done} of {own.iterations}. Starting anew **stops** it; it is kept.")
        st.button("Stop it, start anew", key="anew", on_click=runs.obey, args=(answer, True), type="primary")
        st.button("Let it train", key="let_train", on_click=answer, args=(False,))


def in_turn(run_id: str, command: Callable[..., None]) -> None:
    """`tell`, for a button that becomes another one: the second press of a double click was not meant for that."""
    now = time.monotonic()
    if now >= st.session_state.get("turn", 0.0) + runs.DOUBLE_CLICK:
        tell(run_id, command)
    st.session_state["turn"] = now


FIND = (
    "A learning-rate range test: a short training of its own, each step at a larger rate. Where does the loss fall, "
    "and where does it explode?"
)


def find_rate(config: TrainingConfig) -> None:
    """Start a learning-rate range test with these settings; this visitor's last one is stopped if it still goes on."""

    def begin() -> Run:
        if (earlier := runs.started(OWN_TEST)) is not None:
            earlier.stop()
        return runs.registry().start(config.for_range_test(), visitor=visitor())

    test = runs.made_once(begin, "find rate", config, name=what_is(config.for_range_test()))
    st.session_state[OWN_TEST] = test.id
    runs.show_runs({runs.RANGE: test.id})


def tell(run_id: str, command: Callable[..., None], *args: Any) -> None:
    """Give a run a command. A button holds its id: the registry may let go a run meanwhile, and read it anew."""
    command(runs.the_run(run_id), *args)


def _change_pace(run_id: str | None) -> None:
    """What the list of paces says now holds for the run on this page."""
    if run_id is not None:
        tell(run_id, Run.set_pace, runs.chosen_pace())


def live_settings(run: Run) -> None:
    """The settings of a run that may change while it trains; drawn once they are asked for, for they cost at each look."""
    spec = run.config.network
    with st.popover("Change while it trains", key="live", on_change="rerun") as place:
        if not place.open:
            return
        if run.ended:
            view = word_of("view", "film_strip")
            st.caption(
                f"It has ended. **{view}** can fork from any of its steps that are kept, with another learning rate."
            )
            return
        _scale(run, "learning_rate", "learning rate", LEARNING_RATES)
        _scale(run, "reg", "L2 strength (reg)", REGS)
        if "momentum" in hyper_parameters(run.config.update_rule):
            _slider(run, "momentum", 0.99)
        if spec.hidden:
            _slider(run, "dropout", 0.9)
        st.caption("Counts from the next step on, and is marked on the curve of the loss.")


def _scale(run: Run, name: str, label: str, values: tuple[str, ...]) -> None:
    key, now = f"live_{name}", f"{run.live[name]:.4g}"
    value = _follow(run, name, nearest(values, run.live[name]))
    st.select_slider(
        label, values, value, key=key, on_change=runs.obey, args=(_change, run.id, name), help=f"Now {now}."
    )


def _slider(run: Run, name: str, most: float) -> None:
    value = _follow(run, name, min(most, float(run.live[name])))
    st.slider(name, 0.0, most, value, step=0.01, key=f"live_{name}", on_change=runs.obey, args=(_change, run.id, name))


def _follow(run: Run, name: str, value: Any) -> Any:
    """Let the widget show the run's value when that is another than at the last look: somebody else may have set it.

    Not at every look: what this reader sets takes a step to arrive, and the widget must not jump back meanwhile. The value
    is returned as the widget's default, too: a browser that missed the run which set it would else begin with the first of
    the list, and report that as a change.
    """
    key, seen = f"live_{name}", st.session_state.setdefault("live_seen", {})
    if seen.get(key) != (run.id, value) or key not in st.session_state:
        seen[key] = run.id, value
        st.session_state[key] = value
    return value


def _change(run_id: str, name: str) -> None:
    runs.the_run(run_id).change(**{name: float(st.session_state[f"live_{name}"])})
