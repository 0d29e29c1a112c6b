"""The server's trainings as the pages use them: one registry for everybody, the reader's run by its id in the address."""

from __future__ import annotations

import atexit
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from cnn_core.network import Network
from cnn_core.training import Registry, Run, StoreError, TrainingConfig
from cnn_core.training.evaluate import Evaluation, evaluate
from cnn_core.training.scripts import starts_with_given_weights
from pages.address import messages, state
from pages.address.book import book
from pages.server.kept import Once
from pages.server.names import numbered
from pages.server.visitors import visitor

PACES = {"slow": 10.0, "watch": 50.0, "full": None}  # by id: steps a second
RANGE = "range_test"  # the parameter that holds the id of the run which looks for a learning rate
USUAL_PACE = "watch"
DOUBLE_CLICK = 0.6  # seconds between two presses of a button that are taken for one
LATE = 5.0  # seconds in which the browser may still speak of the run that was shown before
LARGE = (
    16 << 20
)  # bytes of a checkpoint: of smaller ones 16 networks are kept for all visitors, of larger ones the last
MOST_JUDGED = 1000  # validation pictures: enough for a picture of the mistakes, and done in a blink


def give_way() -> None:
    """What a reader has just changed comes first: trainings rest for a moment."""
    for runs in registry.there():  # none before a page needs it: giving way to nobody needs no folder
        runs.give_way()


@Once
def registry() -> Registry:
    """The one registry of this server; its workers end with it. Raises StoreError or OSError if there is no room for it."""
    runs = Registry()
    atexit.register(runs.close)
    return runs


def current_run(key: str = "run") -> Run | None:
    """The run whose id is in the address, or the one this visitor started last. key: the parameter that holds the id.

    Who goes back in the browser sees what the address was then: the run before, or none, unless the page itself had added one.
    """
    in_address = state.text(key)
    # The pages that added a run by themselves.
    added: set[str | None] = st.session_state.setdefault(f"{key}_added", set())
    if state.went_back():
        st.session_state.pop(f"{key}_left", None)
        if not in_address and book().page not in added:
            st.session_state[f"{key}_id"] = None
    left, when = st.session_state.get(f"{key}_left", (None, 0.0))
    if in_address and in_address == left and time.monotonic() < when + LATE:
        in_address = None
    run_id = in_address or st.session_state.get(f"{key}_id")
    if not run_id:
        return None
    try:
        run = registry().get(run_id)
    except (StoreError, OSError, ValueError) as error:
        messages.error(f"{key} (={run_id[:20]}) cannot be shown: {error}")
        return None
    if run is None:
        st.session_state.pop(f"{key}_id", None)  # it was deleted
        if in_address:
            messages.warning(
                f"{key} (={run_id[:20]}) in the link is not known to this server: it may have been deleted, or trained on "
                f"another one. Start a training on the Train page."
            )
            state.set_text(key, None)
        return None
    st.session_state[f"{key}_id"] = run.id  # on any page, a reload or a link finds the run again
    if not in_address:
        added.add(book().page)
        state.set_text(key, run.id)
    return run


def own_run() -> Run | None:
    """The run that this visitor started last (not one that came by a link), if it still goes on."""
    return started("own_run")


def started(key: str) -> Run | None:
    """The run whose id this visitor's session keeps under the key, if it still goes on; None for one that cannot be read."""
    try:
        run = registry().get(st.session_state.get(key, ""))
    except StoreError:
        return None
    return None if run is None or run.ended else run


def remember(run: Run) -> None:
    """Make this the visitor's own run: its id goes into the address, so that a reload or a link finds it again."""
    st.session_state["own_run"] = run.id
    show_runs({"run": run.id})


def show_runs(ids: Mapping[str, str | None]) -> None:
    """Let the page show these runs from now on, each under the parameter that holds its id; None: no run.

    A look that the browser asked for before it knew brings the former address along once more: it must not win.
    """
    for key, run_id in ids.items():
        st.session_state[f"{key}_left"] = st.query_params.get(key), time.monotonic()
        st.session_state[f"{key}_id"] = run_id
    state.set_texts({**ids, "film": None})  # that was a checkpoint of the run before


def start(config: TrainingConfig, advance: str | None = None, name: str = "") -> None:
    """A new run at the pace that is chosen; one that this visitor started and that still goes on is stopped.

    advance: "step" or "epoch": pause after it. name: as in `made_once`.
    """

    def begin() -> Run:
        if (running := own_run()) is not None:
            running.stop()
        return registry().start(config, chosen_pace(), advance=advance, visitor=visitor())

    remember(made_once(begin, "start", config, advance, name=name))


def resume(run: Run, advance: str | None = None) -> None:
    """Let a run go on as soon as there is room, as one of this visitor. Raises ValueError as `Registry.resume`."""
    registry().resume(run, advance, visitor())


def made_before(*what: Any) -> bool:
    """Whether this is the second press of a double click, as `made_once` tells."""
    last, _, when = st.session_state.get("made", (None, "", 0.0))
    return bool(what == last and time.monotonic() < when + DOUBLE_CLICK)


def made_once(make: Callable[[], Run], *what: Any, name: str = "") -> Run:
    """The run that a press of a button makes; for the second press of a double click, that run again.

    what: tells this press from others: two that ask for another thing are two. name: what it is called, with a number from
    the second one of that name on.
    """
    if made_before(*what):
        return the_run(st.session_state["made"][1])
    run = make()
    state.forget_runs()
    if name:
        taken = [row.name for row in (*registry().rows(), *registry().deleted())]
        registry().describe(run.id, name=numbered(name, taken))
    st.session_state["made"] = what, run.id, time.monotonic()  # once it is made: that may have taken a while
    return run


def chosen_pace() -> float | None:
    """Steps a second; None is as fast as it goes."""
    pace = st.session_state.get("pace")
    return PACES[pace if pace in PACES else USUAL_PACE]  # anybody can send any


def pace_name(pace: float | None) -> str:
    """The pace on the list that is nearest to a run's, which may have been kept when the list was another."""
    if pace in PACES.values():
        return next(name for name, listed in PACES.items() if listed == pace)
    return min(PACES, key=lambda name: abs((PACES[name] or math.inf) - (pace or 0)))


def obey(command: Callable[..., Any], *args: Any, **options: Any) -> None:
    """For a button: do it. What goes wrong is kept for `tell_trouble`, until the next command."""
    st.session_state.pop("trouble", None)
    try:
        command(*args, **options)
    except (ValueError, OSError, StoreError) as error:
        st.session_state["trouble"] = str(error)


def tell_trouble(run: Run | None) -> None:
    """What went wrong with the last command, with keeping this run, or with keeping any."""
    if trouble := st.session_state.get("trouble"):
        messages.error(trouble)
    if run is not None and (told := run.warning or (registry().full() if run.state == "queued" else "")):
        messages.warning(told)
    if registry().message:
        messages.warning(registry().message)


def network_at(run: Run, iteration: int) -> Network:
    """The run's network as it was after so many steps; kept, so nothing may be written to it.

    Raises ValueError or OSError for a checkpoint that is damaged or gone.
    """
    return _kept_network(run.id, iteration, run.checkpoints.version(iteration))


def evaluation_at(run: Run, iteration: int) -> Evaluation:
    """How that network does on the first validation pictures. Raises as `network_at`."""
    return _evaluation(run.id, iteration, run.checkpoints.version(iteration))


def began_with_given_weights(run: Run) -> bool | None:
    """Whether a run began with weights that are not its seed's; None: its first checkpoint cannot be read."""
    try:
        return run.checkpoints.path(0).is_file() and _given(run.id, run.checkpoints.version(0))
    except (ValueError, OSError):
        return None


def _kept_network(run_id: str, iteration: int, version: int) -> Network:
    size = the_run(run_id).checkpoints.path(iteration).stat().st_size
    return (_large_network if size > LARGE else _network)(run_id, iteration, version)


@st.cache_resource(max_entries=16, show_spinner=False)
def _network(run_id: str, iteration: int, version: int) -> Network:
    return the_run(run_id).network_at(iteration)


@st.cache_resource(max_entries=1, show_spinner=False)
def _large_network(run_id: str, iteration: int, version: int) -> Network:
    return the_run(run_id).network_at(iteration)


@st.cache_data(max_entries=64, show_spinner=False)
def _evaluation(run_id: str, iteration: int, version: int) -> Evaluation:
    data = the_run(run_id).config.training_data()
    x, y = data.val_part(MOST_JUDGED)
    return evaluate(_kept_network(run_id, iteration, version), data.normalised(x), y)


@st.cache_data(max_entries=64, show_spinner=False)
def _given(run_id: str, version: int) -> bool:
    return starts_with_given_weights(the_run(run_id))


def the_run(run_id: str) -> Run:
    """The run with this id, as the registry has it now. Raises ValueError if it was deleted, StoreError as `Registry.get`."""
    if (run := registry().get(run_id)) is None:
        raise ValueError(f"run (={run_id}) is no longer there: it was deleted")
    return run
