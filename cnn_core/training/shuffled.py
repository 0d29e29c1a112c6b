"""Is a map of the data, or of the picture only? The same network, trained on labels that say nothing, to compare its maps.

A network that learned shuffled labels by heart knows the training pictures one by one, and nothing that holds for others. A
map that looks the same with its weights shows nothing of what the real network has learned: the "data randomisation test"
(Adebayo et al., "Sanity checks for saliency maps", 2018, arXiv:1810.03292, section 4).

`python -m cnn_core.training.shuffled CONFIG`, the settings of the real training as JSON, trains it and tells of it as aside.py
says: last of its accuracies and its weights.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cnn_core.messages import say
from cnn_core.network import Network
from cnn_core.training.aside import Aside, end_with_the_server
from cnn_core.training.checkpoint import load_weights
from cnn_core.training.config import TrainingConfig
from cnn_core.training.data import DataOptions

PICTURES = 400  # to be learned by heart: few enough for seconds
EPOCHS = 200  # at most
BY_HEART = 0.95  # of the shuffled labels: enough
SECONDS = 20.0  # then it ends, however much it has learned by heart


@dataclass(frozen=True)
class Learned:
    """A network that was trained on shuffled labels. train: share of those it has learned, test: of right answers to
    new pictures, both 0 to 1. epochs, pictures: how many it was trained for, and on."""

    network: Network
    train: float
    test: float
    epochs: int
    pictures: int


def config_of(config: TrainingConfig) -> TrainingConfig:
    """The training on shuffled labels beside a real one: the same network and normalisation, few pictures, nothing that hinders
    learning by heart, as L2, dropout and augmentation do. Raises ValueError where the data set is gone.
    """
    available = config.training_data()
    noise = min(0.9, 1 - 1 / available.num_classes)  # so every class is as likely, whatever the picture shows
    data = DataOptions(
        num_train=min(PICTURES, available.num_train),
        val_share=config.data.val_share,
        normalise=config.data.normalise,
        label_noise=noise,
        seed=config.data.seed,
    )
    return TrainingConfig(
        dataset=config.dataset,
        data=data,
        network=replace(config.network, dropout=0.0),
        learning_rate=2e-3,
        reg=0.0,
        batch_size=min(25, data.num_train or PICTURES),
        num_epochs=EPOCHS,
        seed=config.seed,
    )


def train(config: TrainingConfig, seconds: float = SECONDS) -> Iterator[float | Learned]:
    """Train beside a real training: gives how much is done, 0 to 1, after each epoch, and last what came of it.

    seconds: how long at most, once an epoch is over. Raises ValueError as `config_of`.
    """
    config = config_of(config)
    solver, began = config.solver(), time.monotonic()
    assert isinstance(solver.model, Network)
    for record in solver.steps():
        if record.train_accuracy is None:
            continue
        share = max(record.epoch / EPOCHS, record.train_accuracy / BY_HEART, (time.monotonic() - began) / seconds)
        if share >= 1:
            break
        yield share
    test = solver.model.accuracy(*config.training_data().test)
    yield Learned(solver.model, record.train_accuracy or 0.0, test, record.epoch, solver.data.num_train)


class ShuffledTraining(Aside):
    """The training beside that of `config`, in a process of its own."""

    def __init__(self, config: TrainingConfig) -> None:
        super().__init__(__name__, 1, json.dumps(config.as_dict()))
        self._config = config
        self._learned: Learned | None = None

    def learned(self) -> Learned | None:
        """What came of it, once it is done."""
        if self.state != "done" or self._learned is not None:
            return self._learned
        (found,) = self.results
        network = config_of(self._config).model()
        load_weights(network, found["weights"])
        self._learned = Learned(network, *(found[name] for name in ("train", "test", "epochs", "pictures")))
        return self._learned


def main() -> None:
    """Train it, and say what came of it."""
    end_with_the_server()
    for known in train(TrainingConfig.from_dict(json.loads(sys.argv[1]))):
        if isinstance(known, Learned):
            weights = {**known.network.params, **known.network.buffers}
            numbers = {name: getattr(known, name) for name in ("train", "test", "epochs", "pictures")}
            say("found", weights=weights, **numbers)
        else:
            say("progress", share=known)


if __name__ == "__main__":
    main()
