"""What a training is called before anybody gives it a name: after what it is."""

from __future__ import annotations

from cnn_core.training import TrainingConfig
from cnn_core.training.presets import PRESETS
from pages.controls.words import word_of

ROOM = 50  # letters: a name has 60, and a number comes behind


def what_is(config: TrainingConfig) -> str:
    """The preset it is, or whose network it has, or its network; and its data set."""
    same = [p.name for p in PRESETS if p.config == config] or [
        p.name for p in PRESETS if p.config.network == config.network
    ]
    blocks, hidden = len(config.network.blocks), len(config.network.hidden)
    network = word_of("preset", same[0]) if same else f"net of {blocks} + {hidden + 1} layers"
    search = "learning-rate range test, " if config.range_test else ""
    return f"{search}{network}, {word_of('dataset', config.dataset)}"[:ROOM]
