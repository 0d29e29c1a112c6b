"""Batch norm beside group norm on small batches: the same network, pictures and seeds, once for each batch size.

So Wu and He ("Group Normalization", 2018, arXiv:1803.08494, figure 1) found what batch norm loses when batches get small: its
mean and variance are guesses from few pictures. Group norm takes them from one picture, and knows nothing of the batch.

`python -m cnn_core.training.batch_sizes` trains all of them, one after the other, and tells of it as aside.py says.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from cnn_core.checks import one_of, up_to, whole
from cnn_core.messages import say
from cnn_core.network import ConvBlock, Network, NetworkSpec
from cnn_core.training.aside import Aside, end_with_the_server
from cnn_core.training.config import TrainingConfig

NORMS = ("batch", "group")
SIZES = (1, 2, 4, 8)  # pictures in a batch
SEEDS = (0, 1, 2)  # of the weights and of the order of the pictures
PICTURES = 1600  # that each training sees: as many whatever the batch size
RATE = (
    0.01  # for each picture of a batch: the learning rate grows with the batch (Goyal et al., 2017, arXiv:1706.02677)
)
OFTEN = 50  # steps between two words on how far it is


@dataclass(frozen=True)
class Trained:
    """One training that is done. accuracy: on the test pictures, 0 to 1."""

    norm: str
    batch_size: int
    seed: int
    accuracy: float


def config_of(norm: str, batch_size: int, seed: int) -> TrainingConfig:
    """One of the trainings, on the digits that the app brings along: three convolutions, 8 filters each, a norm behind each.

    norm: one of NORMS. batch_size: up to PICTURES. Raises ValueError for others.
    """
    one_of("norm", norm, NORMS)
    batch_size = up_to("batch_size", batch_size, 1, 1000)
    blocks = tuple(ConvBlock(8, norm=norm, pool=pool) for pool in ("max", "max", "none"))
    return TrainingConfig(
        network=NetworkSpec(blocks, hidden=(), weight_init="he"),
        update_rule="sgd",
        learning_rate=RATE * batch_size,
        reg=0.0,
        batch_size=batch_size,
        seed=whole("seed", seed, 0),
    )


def train(norm: str, batch_size: int, seed: int, pictures: int = PICTURES) -> Iterator[int | Trained]:
    """Train one: gives how many of its steps are done, now and then, and last what came of it.

    pictures: how many it sees, a whole batch or more. Raises ValueError as `config_of`.
    """
    config = config_of(norm, batch_size, seed)
    solver, steps = config.solver(), whole("pictures", pictures, batch_size) // batch_size
    for number, _ in enumerate(solver.steps(), 1):
        if number % OFTEN == 0:
            yield number
        if number == steps:
            break
    assert isinstance(solver.model, Network)
    yield Trained(norm, batch_size, seed, solver.model.accuracy(*config.training_data().test))


def all_trainings() -> list[tuple[str, int, int]]:
    """Norm, batch size and seed of each, in the order in which they are trained: quick ones first, norms in turn."""
    return [(norm, size, seed) for seed, size, norm in product(SEEDS, reversed(SIZES), NORMS)]


class Comparison(Aside):
    """All of them in a process of their own. pictures: how many each sees."""

    def __init__(self, pictures: int = PICTURES) -> None:
        super().__init__(__name__, len(all_trainings()), str(pictures))

    @property
    def trained(self) -> tuple[Trained, ...]:
        """Those that are done."""
        return tuple(Trained(**message) for message in self.results)

    def found(self) -> dict[str, dict[int, list[float]]]:
        """The accuracies, 0 to 1, by norm and batch size, one for each seed that is done."""
        table: dict[str, dict[int, list[float]]] = {norm: {size: [] for size in SIZES} for norm in NORMS}
        for one in self.trained:
            table[one.norm][one.batch_size].append(one.accuracy)
        return table


def main() -> None:
    """Train all, and say what came of each."""
    end_with_the_server()
    pictures = int(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    all_steps, before = sum(pictures // size for _, size, _ in all_trainings()), 0
    for norm, size, seed in all_trainings():
        for known in train(norm, size, seed, pictures):
            if isinstance(known, Trained):
                say("found", **vars(known))
            else:
                say("progress", share=(before + known) / all_steps)
        before += pictures // size


if __name__ == "__main__":
    main()
