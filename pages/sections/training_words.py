"""What a training is, where it stands, and what became of it, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cnn_core.solver import last_epoch
from cnn_core.training import Run, TrainingConfig
from pages.controls.words import word_of
from pages.figures.curves import is_logarithmic

HEALTHY = 1e-3  # update to weight; CS231n's rule of thumb
VANISHED = 100  # times smaller than another layer's: what still moves such a layer is L2, rather than the data
MOST, MANY = 0.5, 0.2  # shares of dead units: more than so many, and what is left hardly learns, or learns with fewer
PACES = (  # of an update to the weights: above so much it is called so
    (30 * HEALTHY, "changes very fast"),
    (HEALTHY / 3, "changes"),
    (HEALTHY / 100, "changes slowly"),
)
DEAD, VANISHING = "most units are dead", "hardly gets a gradient"
OTHER_SETTINGS = "The sidebar holds other settings"


def what_on_what(config: TrainingConfig) -> str:
    """A training's data set, how much of it, network and optimiser."""
    dataset, rule = word_of("dataset", config.dataset), word_of("update_rule", config.update_rule)
    return f"{dataset}, {how_many_pictures(config)}; {config.network}; {rule}"


def how_many_pictures(config: TrainingConfig) -> str:
    """On how many pictures it trains."""
    if config.data.num_train is not None:
        return f"{config.data.num_train:,} training pictures"
    try:
        return f"all {config.training_data().num_train:,} training pictures"
    except ValueError:  # its data set may have been removed since
        return "all training pictures"


def describe(config: TrainingConfig) -> str:
    """A training's settings in a line."""
    return (
        f"{what_on_what(config)} at {config.learning_rate:g}, batches of "
        f"{config.batch_size}, reg {config.reg:g}, seed {config.seed}"
    )


def what_it_is(run: Run, *, given: bool | None) -> str:
    """A run's settings in a line, with what has become of them. given: it began with weights that are not its seed's."""
    begun = "; began with given weights" if given else ""
    last = {change.name: change for change in run.changes}
    changed = "".join(f"; {c.name} {c.value:g} after step {c.iteration}" for c in last.values())
    return describe(run.config) + begun + changed


def status(run: Run, waiting: int = 0) -> str:
    """Where the run is, in a line. waiting: how many train before this one, if it is queued."""
    done, total = run.done, run.iterations
    if done and total:
        step = f"step {done} of {total}, epoch {run.outline[-1].epoch} of {run.config.num_epochs}"
    else:  # a fork has steps behind it before its worker has said how many there are
        step = f"step {done}" if run.ended else "starting"
    reason, state = f", {run.message}" if run.message else "", word_of("state", run.state)
    match run.state:
        case "queued":
            return f"{state}: all cores are training; {waiting} before this one"
        case "finished":
            return f"{state} after {done} steps{reason}"
        case "stopped":
            return f"{state} at {step}" if done else f"{state} before the first step"
        case "interrupted":
            return f"{state} at {step}, because {run.message}" if done else f"{state} before the first step"
        case "diverged" | "failed":
            return f"{state}: {run.message}"
        case "paused" if run.message:
            return f"{run.message}: {step}"
        case "running" if run.steps_per_second:
            left = (total - done) / run.steps_per_second
            so_far = "; no better than guessing so far" if no_better_than_guessing(run) else ""
            return f"{state}: {step}; {run.steps_per_second:.3g} steps/s, {_duration(left)} to go{so_far}"
    return f"{state}: {step}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def judge(layer: Mapping[str, Any], strongest: float) -> str:
    """What a layer's numbers (`LayerStatistics` by name) say, in a few words. strongest: the largest norm of a gradient.

    Whether it learns, they cannot say: a layer may change by L2 alone.
    """
    ratio, dead = layer["update_ratio"], layer["dead"] or 0.0
    if dead > MOST:
        return DEAD
    if layer["grad_norm"] < strongest / VANISHED:
        return VANISHING
    pace = next((words for least, words in PACES if ratio > least), "hardly changes")
    return f"{pace}; many units are dead, it learns with the rest" if dead > MANY else pace


def judged(layers: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What the numbers of all layers say, by name."""
    strongest = max((layer["grad_norm"] for layer in layers), default=0.0)
    return {layer["name"]: judge(layer, strongest) for layer in layers}


def about_the_loss(run: Run) -> str:
    """What its curve begins at, what L2 adds to that, and how its axis is to be read, in a line."""
    words = []
    if classes := num_classes(run):
        words.append(
            f"{classes} classes equally likely: a loss of −ln(1/{classes}) = **ln {classes} ≈ {math.log(classes):.3f}**; small "
            f"weights begin there."
        )
    if run.outline and (first := run.outline[0].reg_loss):
        words.append(f"L2 adds ½ · reg · ΣW²: {first:.2g} at first, {run.outline[-1].reg_loss:.2g} now.")
    if is_logarithmic(run.outline):
        words.append(
            "The **log scale** shows an exploding loss as well as a small one: equal steps up multiply it equally."
        )
    return " ".join(words)


def num_classes(run: Run) -> int | None:
    """How many classes it tells apart; None: its data set may have been removed since."""
    try:
        return run.config.training_data().num_classes
    except ValueError:
        return None


def no_better_than_guessing(run: Run) -> bool:
    """After its last whole epoch, on pictures that it does not learn from."""
    last = last_epoch(run.outline)
    if last is None or last.val_accuracy is None or run.config.range_test:
        return False
    try:
        data = run.config.training_data()
    except ValueError:  # its data set may have been removed since
        return False
    chance = 1 / data.num_classes
    luck = 2 * math.sqrt(chance * (1 - chance) / max(1, len(data.val_labels)))  # two standard deviations
    return last.val_accuracy < chance + max(0.05, luck)
