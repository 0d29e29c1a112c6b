"""The widgets that define a training, its presets, and the way from a configuration to the widgets' values and back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import streamlit as st

from cnn_core import datasets
from cnn_core.optim import RULES, hyper_parameters
from cnn_core.training import StopRules, TrainingConfig
from cnn_core.training.presets import PRESETS
from pages.address import messages
from pages.controls import settings
from pages.controls.data_options import data_options, data_values
from pages.controls.folds import folded
from pages.controls.network import network_of, network_settings, network_values
from pages.controls.presets import Preset, Start


def written(number: float) -> str:
    """A number of a scale as it should be read: 0.00002, 0.004, 1.0."""
    text = f"{number:.5f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


OFF = "off"
LEARNING_RATES = (*(written(m * 10.0**e) for e in range(-5, 1) for m in (1, 2, 3, 4, 5, 7)), "10.0")
REGS = ("0", "0.0001", "0.0002", "0.0005", "0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.5", "1.0")
DECAYS = ("0.5", "0.7", "0.8", "0.9", "0.95", "0.98", "0.99", "1.0")
VAL_ACCURACIES = (OFF, "0.5", "0.7", "0.8", "0.85", "0.9", "0.95", "0.97", "0.98", "0.99", "1.0")
MOST_MOMENTUM, MOST_BATCH, MOST_EPOCHS, MOST_SEED = 0.99, 256, 50, 99
MOST_PATIENCE, MOST_SECONDS = 20, 3600.0

HELP = {
    "update_rule": "How a gradient moves a weight. SGD: straight against it. Momentum, Nesterov: with inertia. RMSProp, "
    "Adam, AdamW: each weight at a speed of its own.",
    "learning_rate": "How far each step moves the weights. Too small: nothing happens. Too large: the loss jumps or explodes.",
    "momentum": "How much of the last move goes on into the next one.",
    "reg": "The loss gets 0.5 · reg · ΣW² on top.",
    "batch_size": "How many pictures each step looks at: few make it quick and shaky, many slow and steady.",
    "num_epochs": "Times through all the data.",
    "lr_decay": "The learning rate is multiplied by this after each epoch.",
    "seed": "The same seed gives the same training, to the bit.",
    "val_accuracy": "Stop as soon as so large a share of the validation pictures is named right.",
    "patience": "Stop after so many epochs without a better validation accuracy. 0: never.",
    "seconds": "Stop after so many seconds of computing; pauses and the waiting at a slow pace do not count. 0: never.",
}

BATCH_OF_ONE = (
    "Batch norm over a batch of one: while it trains, mean and variance come from a single picture; in use they are running "
    "averages over all pictures, which fit none of them. Use batches of 8 or more, or group norm."
)


def nearest(values: tuple[str, ...], number: float) -> str:
    """The value of a scale that is nearest to a number, by its factor; 0 is 0."""
    written = [text for text in values if text != OFF]
    if number <= 0:
        return min(written, key=float)
    return min(
        written, key=lambda text: abs(float(text) / number - 1) if float(text) < number else 1 - number / float(text)
    )


def widget_values(config: TrainingConfig) -> dict[str, Any]:
    """The widgets' values, by key, that make this configuration; the nearest there are."""
    stop = config.stop
    return {
        "dataset": config.dataset,
        **data_values(config.data),
        **network_values(config.network),
        "update_rule": config.update_rule,
        "learning_rate": nearest(LEARNING_RATES, config.learning_rate),
        "momentum": min(config.momentum, MOST_MOMENTUM),
        "reg": nearest(REGS, config.reg),
        "batch_size": min(config.batch_size, MOST_BATCH),
        "num_epochs": min(config.num_epochs, MOST_EPOCHS),
        "lr_decay": nearest(DECAYS, config.lr_decay),
        "seed": min(config.seed, MOST_SEED),
        "val_accuracy": OFF if stop.val_accuracy is None else nearest(VAL_ACCURACIES, stop.val_accuracy),
        "patience": min(stop.patience or 0, MOST_PATIENCE),
        "seconds": min(stop.seconds or 0.0, MOST_SECONDS),
    }


@cache
def presets() -> dict[str, Preset]:
    """The presets as the list of a page takes them."""
    usual = widget_values(TrainingConfig())
    found = {}
    for preset in PRESETS:
        values = {key: value for key, value in widget_values(preset.config).items() if value != usual[key]}
        found[preset.name] = Preset(f"**{preset.title}.** {preset.comment}", values)
    return found


def training_settings() -> tuple[TrainingConfig | None, str]:
    """The widgets that define a training: what they say (None: there is no such training), and what does not fit, with the
    remedy."""
    start = Start(presets(), widget_values(TrainingConfig()), narrow=True)
    config = None
    try:
        config = _config(start)
        config.check()
    except ValueError as error:
        return config, str(error)
    finally:
        start.tell(frozenset())
    return config, ""


def _config(start: Mapping[str, Any]) -> TrainingConfig:
    whole, scale = settings.whole, settings.scale
    st.subheader("Data")
    dataset = settings.choice("data set", "dataset", datasets.names(), start["dataset"])
    st.caption(messages.plain(datasets.titles()[dataset]))
    with folded("Which pictures, and how", "data_fold"):
        data = data_options(start)
    st.subheader("Network")
    said = network_settings(start)
    st.subheader("Training")
    rule = settings.choice("optimiser", "update_rule", tuple(RULES), start["update_rule"], help=HELP["update_rule"])
    rate = scale("learning rate", "learning_rate", LEARNING_RATES, start["learning_rate"], help=HELP["learning_rate"])
    momentum = float(start["momentum"])
    if "momentum" in hyper_parameters(rule):
        momentum = settings.number("momentum", "momentum", 0.0, MOST_MOMENTUM, momentum, help=HELP["momentum"])
    reg = scale("L2 strength (reg)", "reg", REGS, start["reg"], help=HELP["reg"])
    batch_size = whole("batch size", "batch_size", 1, MOST_BATCH, start["batch_size"], help=HELP["batch_size"])
    if batch_size == 1 and any(block["norm"] == "batch" for block in said["blocks"]):
        messages.warning(BATCH_OF_ONE)
    epochs = whole("epochs", "num_epochs", 1, MOST_EPOCHS, start["num_epochs"], help=HELP["num_epochs"])
    decay = scale("learning rate decay", "lr_decay", DECAYS, start["lr_decay"], help=HELP["lr_decay"])
    seed = whole("seed", "seed", 0, MOST_SEED, start["seed"], help=HELP["seed"])
    with folded("Early stopping", "stop_fold"):
        stop = _stop_rules(start)
    network = network_of(said)  # last: what does not go together must not keep the other widgets from being drawn
    return TrainingConfig(dataset, data, network, rule, rate, momentum, decay, reg, batch_size, epochs, seed, stop)


def _stop_rules(start: Mapping[str, Any]) -> StopRules:
    accuracy = settings.choice(
        "validation accuracy", "val_accuracy", VAL_ACCURACIES, start["val_accuracy"], help=HELP["val_accuracy"]
    )
    patience = settings.whole("patience", "patience", 0, MOST_PATIENCE, start["patience"], help=HELP["patience"])
    seconds = settings.number("seconds", "seconds", 0.0, MOST_SECONDS, start["seconds"], help=HELP["seconds"])
    return StopRules(None if accuracy == OFF else float(accuracy), patience or None, seconds or None)
