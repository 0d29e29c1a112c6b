"""Train a network of one's own and watch it learn."""

import re

import streamlit as st

from cnn_core.training import Run, StoreError, TrainingConfig
from pages.address import messages, state
from pages.controls.naming import name_of
from pages.controls.segments import segments
from pages.controls.steering import ask, begin_anew, live_settings, steering
from pages.controls.training import training_settings, widget_values
from pages.sections.before_training import before_training, layers, layers_that_fit
from pages.sections.curves_view import curves_view
from pages.sections.film_view import film_view
from pages.sections.layers_view import layers_view
from pages.sections.mistakes_view import mistakes_view
from pages.sections.range_view import range_view
from pages.sections.training_words import OTHER_SETTINGS, status, what_it_is
from pages.sections.weight_life import weight_view
from pages.sections.what_helps import what_helps
from pages.server.runs import (
    RANGE,
    began_with_given_weights,
    current_run,
    obey,
    registry,
    show_runs,
    tell_trouble,
)

REFRESH = 0.5  # seconds between two looks at a running training
VIEWS = {
    "curves": curves_view,
    "layers": layers_view,
    "mistakes": mistakes_view,
    "film_strip": film_view,
    "weight": weight_view,
}

# What is watched while it trains fits one screen, and the buttons stay in view wherever one scrolls to.
STYLE = """<style>
[data-testid=stLayoutWrapper]:has(> .st-key-steering) { position: sticky; top: 3.75rem; z-index: 9;
  background: COLOURS(backgroundColor); padding: .25rem 0 }
.st-key-steering button:has(strong):is(*, :hover, :focus, :active) {
  background: COLOURS(primaryColor); border-color: COLOURS(primaryColor); color: COLOURS(backgroundColor) }
.st-key-steering button:has(strong):hover { filter: brightness(1.1) }
@media (max-width: 640px) { .st-key-view button { padding: .2rem }
  .st-key-steering button { padding: .2rem .35rem; p { font-size: .875rem }
  span:has(> [data-testid=stIconMaterial]) { display: none } } }
.st-key-numbers [data-testid=stMetricValue] { font-size: 1.3rem; line-height: 1.3 }
</style>"""
INTRODUCTION = (
    "The network starts with random weights. At each **step** it sees a small batch of pictures, measures how wrong it is (the "
    "**loss**), and moves every weight a little against its gradient. Press **Start** and watch its filters take shape."
)


def colours(option: re.Match[str]) -> str:
    """A colour of both themes: the browser takes the right one, also when it changes while the page stands."""
    light, dark = (st.get_option(f"theme.{theme}.{option[1]}") for theme in ("light", "dark"))
    return f"light-dark({light}, {dark})"


with st.sidebar:
    st.header("The next training")
    said, problem = training_settings()
try:
    registry()
except (StoreError, OSError) as error:  # the disk is full, to the last temporary folder
    messages.error(f"no run can be kept ({error}): make room on the disk of this server, then reload this page")
    st.stop()
config = None if problem else said
theme = st.context.theme.type or "light"
st.html(re.sub(r"COLOURS\((\w+)\)", colours, STYLE))
if problem:
    messages.error(problem)


def interval(*runs: Run | None) -> float | None:
    """Seconds until another look may show something new; None: never. A paused run may be resumed from another tab."""
    going = [run for run in runs if run is not None and not run.ended]
    if not going:
        return None
    if all(run.state == "paused" for run in going):
        return 4 * REFRESH
    return REFRESH if any(run.pace for run in going) else 2 * REFRESH  # at full speed each look costs steps


def training() -> Run | None:
    """The training on this page. A link may name a learning-rate range test as one: that has a place of its own."""
    run = current_run()
    if run is not None and run.config.range_test:
        show_runs({"run": None, RANGE: run.id})
        return None
    return run


def show() -> None:
    """Everything about the run on this page; runs again by itself while a training goes on."""
    run, test = training(), current_run(RANGE)
    due = interval(run, test)  # as it is drawn: what ends a moment later must be looked at once more
    if run is None:
        st.markdown(INTRODUCTION)
    steering(run, config)
    ask()
    tell_trouble(run)
    if test is not None:
        range_view(test, config)
    if run is not None:
        one_run(run)
    elif config is not None:
        before_training(config, theme)
    elif said is not None:
        layers_that_fit(said)
    # The next time this is but a look, unless the whole page runs first, because the reader changed something.
    st.session_state["look"] = True
    if due != watching or identity(run, test) != shown or st.session_state.pop("redraw", False):
        st.rerun()  # the page decides how often to look; it has something new to decide


def one_run(run: Run) -> None:
    """Where it is, and the view that is chosen."""
    if run.state in ("diverged", "failed"):
        messages.error(status(run))
    else:
        text = messages.plain(status(run, registry().waiting_before(run)))
        called = f"**{name}** · " if (name := name_of(run)) else ""
        st.progress(min(1.0, run.done / run.iterations) if run.iterations else 0.0, text=called + text)
    # Also if it stays empty: charts that move down by what comes and goes are built anew.
    below = st.container(horizontal=True, vertical_alignment="center")
    if run.ended and run.latest:
        below.page_link("lessons/network.py", label="See the network at work", icon=":material/arrow_forward:")
        label = "Export: weights, PyTorch, ONNX, history"
        below.page_link("lessons/runs.py", label=label, icon=":material/download:", query_params={"runs": run.id})
    if run.config != config:
        with below.popover(OTHER_SETTINGS, icon=":material/difference:"):
            its_settings(run)
    try:
        seen_from_near(run)
    except (ValueError, StoreError) as error:  # its data set may have been removed since, or its history cannot be read
        messages.error(error)
    st.caption(f"This training: {messages.plain(what_it_is(run, given=began_with_given_weights(run)))}.")


def its_settings(run: Run) -> None:
    """What can be done where the sidebar holds other settings than this training has."""
    if config is not None:
        st.markdown("**Start anew** uses those of the sidebar.")
    st.button(
        "Take over its settings",
        key="take_settings",
        icon=":material/tune:",
        on_click=take_over,
        args=(run.config,),
        help="Into the sidebar, to be changed there; what has no such value there takes the nearest.",
    )
    st.button(
        "Start with its settings",
        key="repeat",
        icon=":material/replay:",
        on_click=obey,
        args=(begin_anew, run.config),
        help="With those it began with, without what was changed on the way.",
    )


def take_over(settings: TrainingConfig) -> None:
    """Put a training's settings into the sidebar."""
    state.put(widget_values(settings))
    st.session_state["redraw"] = True  # the sidebar is not of the part that runs after a click here


def seen_from_near(run: Run) -> None:
    """What may help it, and the view that is chosen. Raises ValueError where its pictures are gone."""
    at_rest = run.state not in ("queued", "running")  # else all would move while one looks at it
    if at_rest:
        what_helps(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        view = segments("view", "view", [*VIEWS, "network"])
        live_settings(run)
    if view == "network":
        layers(run.config)
    else:
        VIEWS[view](run, theme)


def identity(*runs: Run | None) -> list[str | None]:
    """Which runs the page shows."""
    return [None if run is None else run.id for run in runs]


now = training(), current_run(RANGE)
st.session_state["look"] = False
watching, shown = interval(*now), identity(*now)
st.fragment(show, run_every=watching)()
