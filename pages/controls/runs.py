"""The server's trainings as the pages use them: one registry for everybody, the reader's run by its id in the address."""

from __future__ import annotations

import atexit

import streamlit as st

from cnn_core import datasets
from cnn_core.optim import RULES
from cnn_core.training import Registry, Run, TrainingConfig
from pages.controls import messages, settings

PACES = {"slowly: 10 steps/s": 10.0, "to watch: 50 steps/s": 50.0, "as fast as it goes": None}
USUAL_PACE = "to watch: 50 steps/s"
LEARNING_RATES = (
    "0.0001",
    "0.0002",
    "0.0005",
    "0.001",
    "0.002",
    "0.004",
    "0.01",
    "0.02",
    "0.05",
    "0.1",
    "0.5",
    "1.0",
    "10.0",
)
REGS = ("0", "0.0001", "0.001", "0.01", "0.1", "0.5", "1.0")

HELP = {
    "num_filters": "How many kernels the first layer has: each finds one pattern.",
    "filter_size": "Rows and columns of each kernel.",
    "hidden_dim": "How many numbers the fully connected layer in the middle makes of the pooled maps.",
    "update_rule": "How a gradient moves a weight. sgd: straight against it. momentum, nesterov: with inertia. rmsprop, "
    "adam, adamw: each weight at a speed of its own.",
    "learning_rate": "How far each step moves the weights. Too small: nothing happens. Too large: the loss jumps or explodes.",
    "batch_size": "How many pictures each step looks at: few make it quick and shaky, many slow and steady.",
}


@st.cache_resource
def registry() -> Registry:
    """The one registry of this server; its workers end with it."""
    runs = Registry()
    atexit.register(runs.close)
    return runs


def current_run() -> Run | None:
    """The run whose id is in the address, or the one this visitor started last."""
    in_address = settings.text("run")
    run_id = in_address or st.session_state.get("run_id")
    if not run_id:
        return None
    run = registry().get(run_id)
    if run is None and in_address:
        messages.warning(
            f"run (={run_id[:20]}) in the link is not known to this server: it may have been started anew since. "
            f"Start a training on the Train page."
        )
        settings.set_text("run", None)
    elif run is not None:  # on any page, a reload or a link finds the run again
        st.session_state["run_id"] = run.id
        if not in_address:
            settings.set_text("run", run.id)
    return run


def own_run() -> Run | None:
    """The run that this visitor started last (not one that came by a link), if it still goes on."""
    run = registry().get(st.session_state.get("own_run", ""))
    return None if run is None or run.ended else run


def remember(run: Run) -> None:
    """Make this the visitor's own run: its id goes into the address, so that a reload or a link finds it again."""
    st.session_state["own_run"] = run.id
    settings.set_text("run", run.id)
    st.session_state["run_id"] = run.id


def training_settings() -> TrainingConfig:
    """The widgets that define a training. Raises ValueError for settings that do not go together."""
    standard = TrainingConfig()
    dataset = settings.choice("data set", "dataset", datasets.names(), standard.dataset)
    st.caption(datasets.titles()[dataset])
    return TrainingConfig(
        dataset=dataset,
        num_filters=settings.whole("filters", "num_filters", 1, 32, standard.num_filters, help=HELP["num_filters"]),
        filter_size=settings.whole("filter size", "filter_size", 1, 9, standard.filter_size, help=HELP["filter_size"]),
        hidden_dim=settings.whole("hidden units", "hidden_dim", 4, 256, standard.hidden_dim, help=HELP["hidden_dim"]),
        update_rule=settings.choice(
            "optimiser", "update_rule", tuple(RULES), standard.update_rule, help=HELP["update_rule"]
        ),
        learning_rate=settings.scale(
            "learning rate", "learning_rate", LEARNING_RATES, "0.004", help=HELP["learning_rate"]
        ),
        batch_size=settings.whole("batch size", "batch_size", 1, 200, standard.batch_size, help=HELP["batch_size"]),
        num_epochs=settings.whole(
            "epochs", "num_epochs", 1, 50, standard.num_epochs, help="Times through all the data."
        ),
        reg=settings.scale("L2 strength (reg)", "reg", REGS, "0.001", help="The loss gets 0.5 · reg · ΣW² on top."),
        seed=settings.whole(
            "seed", "seed", 0, 99, standard.seed, help="The same seed gives the same training, to the bit."
        ),
    )
