"""What a `Solver` needs of a network, and of the data that it learns from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from cnn_core.checks import Array
from cnn_core.loss import LossParts


class Model(Protocol):
    """What a solver needs of a network."""

    params: dict[str, Array]
    dropout: float

    @property
    def loss_parts(self) -> Callable[..., LossParts]:
        """Loss and gradients of pictures and labels; takes into, and where the model has them, rng and watch."""

    def accuracy(self, x: Array, y: Array) -> float:
        """Share of pictures named right."""

    def first_not_finite(self, x: Array, y: Array) -> str | None:
        """The layer where the numbers stop being finite."""


class Data(Protocol):
    """What a solver needs of a data set: `training.TrainingData`, or plain `Arrays`."""

    @property
    def num_train(self) -> int:
        """How many pictures there are to learn from."""

    def batch(self, indices: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """The training pictures and labels of these indices, as the net is to see them in one step."""

    def train_part(self, count: int) -> tuple[Array, Array]:
        """The first `count` training pictures and their labels, for the accuracy."""

    @property
    def val(self) -> tuple[Array, Array]:
        """The validation pictures and their labels."""
