"""What a training is called: by the name it was given, before that after what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cnn_core.training import Run, StoreError, TrainingConfig
from cnn_core.training.presets import PRESETS
from pages.address.messages import plain
from pages.controls.words import word_of
from pages.server.runs import registry

ROOM = 54  # letters: a name has 60, and a number comes behind


def what_is(config: TrainingConfig, *, step: int = 0) -> str:
    """The preset that it is nearest to, its data set, and what differs, as far as there is room.

    step: where it was forked from another run. A network that no preset has is called after its layers.
    """
    related = [preset for preset in PRESETS if _layers(preset.config) == _layers(config)]
    nearest = min(related, key=lambda preset: len(_differences(config, preset.config)), default=None)
    blocks, hidden = len(config.network.blocks), len(config.network.hidden)
    network = word_of("preset", nearest.name) if nearest else f"net of {blocks} + {hidden + 1} layers"
    name = ("learning-rate range test, " if config.range_test else "") + network
    usual = nearest.config if nearest else TrainingConfig()
    parts = [word_of("dataset", config.dataset), *[f"from step {step}"] * bool(step)]
    for part in (*parts, *_differences(replace(config, dataset=usual.dataset), usual)):
        if len(f"{name}, {part}") > ROOM:
            break
        name += f", {part}"
    return name[:ROOM]


def _layers(config: TrainingConfig) -> object:
    """Its network, but for what the layers begin with and leave out."""
    return replace(config.network, dropout=0.0)


def _differences(config: TrainingConfig, other: TrainingConfig) -> list[str]:
    """What a training has that another has not, in a few words each; first what tells most."""
    there = set(_told(other))
    return [words for words in _told(config) if words not in there]


def _told(config: TrainingConfig) -> Iterator[str]:
    data = config.data
    yield word_of("dataset", config.dataset)
    yield "all pictures" if data.num_train is None else f"{data.num_train:,} pictures"
    yield f"dropout {config.network.dropout:g}"
    yield f"shift {data.shift}"
    yield "mirrored" if data.flip else "not mirrored"
    yield f"noise {data.noise:g}"
    yield f"cutout {data.cutout}"
    yield f"label noise {data.label_noise:g}"
    yield word_of("update_rule", config.update_rule)
    yield f"rate {config.learning_rate:g}"
    yield f"reg {config.reg:g}"
    yield f"batches of {config.batch_size}"
    yield f"{config.num_epochs} epoch{'s'[: config.num_epochs > 1]}"
    yield f"momentum {config.momentum:g}"
    yield f"decay {config.lr_decay:g}"
    yield f"normalise {data.normalise}"
    yield f"seed {config.seed}"


def name_of(run: Run) -> str:
    """The name that a run was given, for markdown; empty, if it has none or cannot be read."""
    try:
        row = registry().store.row(run.id)
    except StoreError:
        return ""
    return "" if row is None else plain(row.name)
