"""Training as a generator of step records: whoever consumes it may draw, pause or stop between any two steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnn_core.checks import Array, whole
from cnn_core.convnet import ThreeLayerConvNet
from cnn_core.optim import Optimizer


class DivergedError(ArithmeticError):
    """The loss is no longer a finite number."""


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One training step. iteration counts from 1, epoch from 1; accuracies are set at the end of each epoch only."""

    iteration: int
    epoch: int
    data_loss: float
    reg_loss: float
    learning_rate: float
    train_accuracy: float | None = None
    val_accuracy: float | None = None

    @property
    def loss(self) -> float:
        """What is minimised: the data loss plus the L2 loss."""
        return self.data_loss + self.reg_loss


class Solver:
    """Minibatch gradient descent on a model, reproducible to the bit for a seed on one machine.

    x_train (N, C, H, W), y_train (N,), x_val, y_val: the data. update_rule: a name in `optim.RULES`; optim_config: its
    learning_rate and hyper-parameters. lr_decay multiplies the learning rate after each epoch. Every epoch shuffles the
    training data and goes through it once in batches of batch_size (the last may be smaller). num_train_samples: on how
    many training images the accuracy is taken (at most all).

    Raises ValueError for numbers out of range or data that do not fit together.
    """

    def __init__(
        self,
        model: ThreeLayerConvNet,
        x_train: Array,
        y_train: Array,
        x_val: Array,
        y_val: Array,
        *,
        update_rule: str = "sgd",
        optim_config: Mapping[str, Any] | None = None,
        lr_decay: float = 1.0,
        num_epochs: int = 10,
        batch_size: int = 100,
        num_train_samples: int = 1000,
        seed: int = 0,
    ) -> None:
        for name, x, y in (("train", x_train, y_train), ("val", x_val, y_val)):
            if len(x) != len(y) or len(x) == 0:
                raise ValueError(f"x_{name} (={len(x)} images) must have one label each in y_{name} (={len(y)})")
        if not (math.isfinite(lr_decay) and lr_decay > 0):
            raise ValueError(f"lr_decay (={lr_decay}) must be a finite number above 0")
        self.num_epochs = whole("num_epochs", num_epochs, 1)
        self.batch_size = whole("batch_size", batch_size, 1)
        if batch_size > len(x_train):
            raise ValueError(f"batch_size (={batch_size}) must be at most the number of training images {len(x_train)}")
        self.model = model
        self.x_train, self.y_train, self.x_val, self.y_val = x_train, y_train, x_val, y_val
        self.optimizer = Optimizer(update_rule, **{"learning_rate": 1e-3, **(optim_config or {})})
        self.lr_decay = lr_decay
        self.num_train_samples = whole("num_train_samples", num_train_samples, 1)
        self.seed = seed

    @property
    def iterations_per_epoch(self) -> int:
        """Number of steps of one epoch."""
        return math.ceil(len(self.x_train) / self.batch_size)

    def steps(self) -> Iterator[StepRecord]:
        """Train; yields one record after each step. Raises DivergedError when the loss is not finite."""
        rng = np.random.default_rng(self.seed)
        into = {name: np.empty_like(w) for name, w in self.model.params.items()}  # one set of gradients for all steps
        for epoch in range(1, self.num_epochs + 1):
            order = rng.permutation(len(self.x_train))
            for number in range(self.iterations_per_epoch):
                iteration = (epoch - 1) * self.iterations_per_epoch + number + 1
                batch = order[number * self.batch_size : (number + 1) * self.batch_size]
                accuracies: tuple[float | None, float | None] = (None, None)
                learning_rate = self.optimizer.learning_rate
                with np.errstate(over="ignore", invalid="ignore"):
                    data_loss, reg_loss, grads = self.model.loss_parts(
                        self.x_train[batch], self.y_train[batch], into=into
                    )
                    if not math.isfinite(data_loss + reg_loss):
                        raise DivergedError(
                            f"the loss became {data_loss + reg_loss} at iteration {iteration} (epoch {epoch}): "
                            f"learning_rate (={learning_rate:g}) is probably too large, try a tenth of it"
                        )
                    self.optimizer.step(self.model.params, grads)
                    if number == self.iterations_per_epoch - 1:
                        accuracies = self._check_accuracies()
                        self.optimizer.learning_rate *= self.lr_decay
                yield StepRecord(iteration, epoch, data_loss, reg_loss, learning_rate, *accuracies)

    def _check_accuracies(self) -> tuple[float, float]:
        """Accuracy on a fixed part of the training data, and on the validation data."""
        part = slice(0, self.num_train_samples)
        train = self.model.accuracy(self.x_train[part], self.y_train[part])
        return train, self.model.accuracy(self.x_val, self.y_val)
