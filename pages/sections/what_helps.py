"""What usually helps a training that diverged, learns nothing, or memorises its pictures; and one click that tries it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from cnn_core.shares import percent
from cnn_core.solver import StepRecord, last_epoch
from cnn_core.training import Run, TrainingConfig
from pages.controls.naming import what_is
from pages.controls.segments import show_part
from pages.controls.words import word_of
from pages.sections.training_words import DEAD, VANISHING, judged, no_better_than_guessing
from pages.server import runs
from pages.server.visitors import visitor

GAP = 0.1  # between training and validation accuracy: more is overfitting
ENOUGH = 32  # pictures of a batch from which batch norm is sure of its mean
SATURATING = ("tanh", "sigmoid")


@dataclass(frozen=True)
class Remedy:
    """A training to try. label: of its button. config: its settings, from the start; None: the run's own.

    iteration, live: it shares the run's past up to this step, and has these settings from there on.
    """

    label: str
    why: str
    config: TrainingConfig | None = None
    iteration: int = 0
    live: Mapping[str, float] = field(default_factory=dict)


def what_helps(run: Run) -> None:
    """The words, and a button for each remedy that this run can have. Raises ValueError where its pictures are gone."""
    if not (words := help_with(run)):
        return
    st.info(words)
    with st.container(horizontal=True):
        for number, remedy in enumerate(remedies(run)):
            st.button(
                remedy.label,
                key=f"remedy_{number}",
                icon=":material/science:",
                help=remedy.why,
                on_click=runs.obey,
                args=(_try, run.id, remedy),
            )


def help_with(run: Run) -> str:
    """What usually helps a run that diverged, or learns nothing; empty: nothing to say."""
    if run.state == "diverged":
        return (
            f"What usually helps: a learning rate of a tenth (**{word_of('view', 'film_strip')}** can fork from a step before it "
            f"went wrong), He or Xavier weights, batch norm, less L2."
        )
    last = last_epoch(run.outline)
    if last is None:
        return ""
    if not no_better_than_guessing(run):
        return _overfitted(last) if gap(run) > GAP else ""
    epochs = "one epoch" if last.epoch == 1 else f"{last.epoch} epochs"
    classes = run.config.training_data().num_classes
    return f"After {epochs} no better than guessing one of {classes} classes. {_remedy(run)}"


def _overfitted(last: StepRecord) -> str:
    train, val = percent(last.train_accuracy or 0), percent(last.val_accuracy or 0)
    return (
        f"It names **{train}** of its training pictures right, and **{val}** of the validation pictures: it memorises "
        "its pictures (**overfitting**). What usually helps: more pictures, most of all. Dropout, augmentation (pictures changed "
        "a little before each step) and more L2 make memorising harder; whether that is enough, the validation accuracy shows."
    )


def _looks(run: Run) -> set[str]:
    """What its layers look like, in a few words each."""
    return set(judged(run.statistics[-1].layers).values()) if run.statistics else set()


def _remedy(run: Run) -> str:
    """After what its layers look like: dead, without a gradient, or neither."""
    if _alone(run.config):
        return (
            "Its batch norm sees one picture at a time, whose mean and variance say nothing of the others: batches of 8 or "
            "more, or group norm."
        )
    found = judged(run.statistics[-1].layers) if run.statistics else {}
    if names := [name for name, words in found.items() if words == DEAD]:
        return (
            f"Most units of {_listed(names)} are dead, see **Layers**: a tenth of the learning rate, leaky ReLU, He weights "
            f"or batch norm."
        )
    if names := [name for name, words in found.items() if words == VANISHING]:
        return (
            f"Hardly any gradient arrives at {_listed(names)}, see **Layers**: ReLU in place of sigmoid or tanh, batch "
            f"norm, or fewer layers."
        )
    return (
        "If the loss jumps or grows, try a tenth of the learning rate; if it hardly moves, ten times as much, He weights or "
        "batch norm. **Layers** shows whether gradients arrive."
    )


def _listed(names: Sequence[str]) -> str:
    """As in a sentence: a, b and c."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def gap(run: Run) -> float:
    """How much more of its own pictures than of others it names right, at the end of its last epoch; 0 before that."""
    last = last_epoch(run.outline)
    if last is None or last.train_accuracy is None or last.val_accuracy is None or run.config.range_test:
        return 0.0
    return last.train_accuracy - last.val_accuracy


def remedies(run: Run) -> list[Remedy]:
    """Those of the words that this run can have, and that are not what it has already."""
    found = []
    for remedy in _thought_of(run):
        try:
            (remedy.config or run.config.changed(**remedy.live)).check()
        except ValueError:
            continue
        found.append(remedy)
    return found


def _thought_of(run: Run) -> Iterator[Remedy]:
    if run.state == "diverged":
        yield from _slower(run)
    elif no_better_than_guessing(run) and _alone(run.config):
        yield from _together(run.config)
    elif no_better_than_guessing(run):
        if DEAD in _looks(run):
            yield from _slower(run)
        yield from _normed(run.config)
    elif gap(run) > GAP:
        yield from _against_overfitting(run)


def _slower(run: Run) -> Iterator[Remedy]:
    """A tenth of the learning rate: from the start, or from before it was changed on the way."""
    why, config = "Smaller steps do not jump over the valley.", run.config
    changed = [change for change in run.changes if change.name == "learning_rate"]
    if not changed:
        rate = config.learning_rate / 10
        yield Remedy(f"Start with learning rate {rate:g}", why, replace(config, learning_rate=rate))
    elif before := [k for k in run.checkpoints.iterations() if k <= changed[-1].iteration]:
        rate = changed[-1].value / 10
        words = f"Fork from step {before[-1]} with learning rate {rate:g}"
        yield Remedy(words, why, iteration=before[-1], live={"learning_rate": rate})


def _alone(config: TrainingConfig) -> bool:
    """Whether batch norm takes its mean over a single picture."""
    return config.batch_size == 1 and any(block.norm == "batch" for block in config.network.blocks)


def _together(config: TrainingConfig) -> Iterator[Remedy]:
    more = replace(config, batch_size=ENOUGH)
    yield Remedy(f"Start with batches of {ENOUGH}", "Mean and variance are then those of several pictures.", more)
    blocks = tuple(
        replace(block, norm="group" if block.norm == "batch" else block.norm) for block in config.network.blocks
    )
    grouped = replace(config, network=replace(config.network, blocks=blocks))
    yield Remedy("Start with group norm", "It takes them over the channels of each picture by itself.", grouped)


def _normed(config: TrainingConfig) -> Iterator[Remedy]:
    spec = config.network
    kinds = {block.activation for block in spec.blocks} | ({spec.hidden_activation} if spec.hidden else set())

    def other(activation: str) -> str:
        return "relu" if activation in SATURATING else activation

    blocks = tuple(replace(block, norm="batch", activation=other(block.activation)) for block in spec.blocks)
    network = replace(spec, blocks=blocks, hidden_activation=other(spec.hidden_activation))
    if network != spec:
        name = "ReLU and batch norm" if kinds & set(SATURATING) else "batch norm"
        yield Remedy(f"Start with {name}", "Gradients arrive at every layer.", replace(config, network=network))


def _against_overfitting(run: Run) -> Iterator[Remedy]:
    config, data = run.config, run.config.training_data()
    kept = run.checkpoints.iterations()
    if config.data.num_train is not None:
        there = replace(config, data=replace(config.data, num_train=None)).training_data().num_train
        count = min(4 * data.num_train, there)
        if count > data.num_train:
            epochs = max(1, round(config.num_epochs * data.num_train / count))
            more = replace(config, data=replace(config.data, num_train=count), num_epochs=epochs)
            yield Remedy(
                f"Start with {count:,} pictures", "As many steps, but fewer times through the same pictures.", more
            )
    if config.network.hidden and run.live["dropout"] < 0.5 and kept:
        why = "At each step half of the hidden units are left out, by chance: none may rely on another."
        yield Remedy("Fork with dropout 0.5", why, iteration=kept[0], live={"dropout": 0.5})
    if not config.data.augments:
        shift = max(1, data.image_shape[1] // 14)
        why = f"Augmentation: before each step every picture moves by up to {shift} pixel{'s'[: shift > 1]} along either axis."
        yield Remedy("Start with shifted pictures", why, replace(config, data=replace(config.data, shift=shift)))
    if kept and (reg := max(0.01, 10 * run.live["reg"])) <= 1:
        why = "A higher price for large weights keeps the network simple."
        yield Remedy(f"Fork with L2 {reg:g}", why, iteration=kept[0], live={"reg": reg})


def _try(run_id: str, remedy: Remedy) -> None:
    def make() -> Run:
        registry, pace, live = runs.registry(), runs.chosen_pace(), dict[str, Any](remedy.live)
        if remedy.config is not None:
            return registry.start(remedy.config, pace, visitor=visitor())
        return registry.fork(runs.the_run(run_id), remedy.iteration, pace=pace, visitor=visitor(), **live)

    config = remedy.config or runs.the_run(run_id).config.changed(**remedy.live)
    name = what_is(config, step=remedy.iteration)
    runs.remember(runs.made_once(make, "remedy", run_id, remedy.label, name=name))
    show_part("view", "curves")
