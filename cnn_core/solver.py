"""Training as a generator of step records: whoever consumes it may draw, pause or stop between any two steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from cnn_core.checks import Array, examples, labels, positive, whole
from cnn_core.optim import Optimizer
from cnn_core.protocols import Data, Model

ORDER, CHANCE = 0, 1  # what a random generator is for: the order of an epoch, or what a step leaves to chance


class DivergedError(ArithmeticError):
    """The loss is no longer a finite number."""


class Arrays:
    """Training and validation data as plain arrays: x (N, C, H, W), y (N,). Raises ValueError where they do not fit.

    Lists are taken; labels as `checks.labels` says.
    """

    def __init__(self, x_train: Array, y_train: Array, x_val: Array, y_val: Array) -> None:
        self.x_train, self.y_train = examples("x_train", x_train, "y_train", y_train)
        self.val = examples("x_val", x_val, "y_val", y_val)
        self.num_train = len(self.x_train)

    def check(self, model: object) -> None:
        """Raise ValueError where images or labels are not what the model takes, as far as it says, or images differ in shape."""
        shape, classes = getattr(model, "input_shape", self.x_train.shape[1:]), getattr(model, "num_classes", None)
        for part, (x, y) in {"train": (self.x_train, self.y_train), "val": self.val}.items():
            if x.shape[1:] != shape:
                raise ValueError(f"x_{part} (shape {x.shape}) must hold images of shape {shape}")
            labels(f"y_{part}", y, len(y), classes)

    def batch(self, indices: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """As they are."""
        return self.x_train[indices], self.y_train[indices]

    def train_part(self, count: int) -> tuple[Array, Array]:
        """The first `count`, at most all."""
        return self.x_train[:count], self.y_train[:count]


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


class Batch(NamedTuple):
    """What one step sees. indices: of the training pictures (n,). x (n, C, H, W), y (n,): pictures and labels as the net gets
    them, changed by augmentation. rng: for what else the step leaves to chance, its dropout."""

    indices: Array
    x: Array
    y: Array
    rng: np.random.Generator


@dataclass(frozen=True)
class Watched:
    """One step seen from inside: each layer's output, the gradients, and the parameters as they were before it."""

    outputs: dict[str, Array]
    grads: dict[str, Array]
    before: dict[str, Array]


def decayed(learning_rate: float, decay: float) -> float:
    """The learning rate of the next epoch, learning_rate * decay; where that would be 0 or infinite, it stands still."""
    product = learning_rate * decay
    return product if 0 < product < math.inf else learning_rate


def check_batches(batch_size: int, num_train: int, least: int) -> None:
    """Raise ValueError where a batch of an epoch, of which the last is the smallest, has fewer than `least` images."""
    last = num_train % batch_size or batch_size
    if last < least:
        raise ValueError(
            f"batch_size (={batch_size}) must leave no batch of a single image, as {num_train} training images do: a batch norm "
            f"over 1×1 maps would find one number a channel, and one minus itself is 0, whatever it is; take another "
            f"batch_size, or another norm"
        )


def last_epoch(records: Sequence[StepRecord]) -> StepRecord | None:
    """The last record that has accuracies, as the last whole epoch ended with it; None: there is none yet."""
    return next((record for record in reversed(records) if record.val_accuracy is not None), None)


class Solver:
    """Minibatch gradient descent on a model, reproducible to the bit for a seed on one machine.

    model: a `Network`. data: images x (N, C, H, W) and labels y (N,), as `Arrays` holds them, for training and validation.

    update_rule: a name in `optim.RULES`; optim_config: its learning_rate and hyper-parameters. lr_decay multiplies the
    learning rate after each epoch (`decayed`). Every epoch shuffles the training data and goes through it once in batches of
    batch_size (the last may be smaller). num_train_samples: on how many training images the accuracy is taken (at most
    all).

    What is random in an epoch or a step is drawn from the seed and its number alone, so a training may go on from any
    step with nothing but the weights and the optimizer's state.

    Raises ValueError for numbers out of range or data that do not fit together.
    """

    def __init__(
        self,
        model: Model,
        data: Data,
        *,
        update_rule: str = "sgd",
        optim_config: Mapping[str, Any] | None = None,
        lr_decay: float = 1.0,
        num_epochs: int = 10,
        batch_size: int = 100,
        num_train_samples: int = 1000,
        seed: int = 0,
    ) -> None:
        self.num_epochs = whole("num_epochs", num_epochs, 1)
        self.batch_size = whole("batch_size", batch_size, 1)
        if isinstance(data, Arrays):  # `training.TrainingData` has looked at its own
            data.check(model)
        if batch_size > data.num_train:
            raise ValueError(
                f"batch_size (={batch_size}) must be at most the number of training images {data.num_train}"
            )
        check_batches(self.batch_size, data.num_train, getattr(model, "least_batch", 1))
        self.model = model
        self.data = data
        if not isinstance(optim_config, Mapping | None):
            raise ValueError(
                f"optim_config (={str(optim_config)[:40]}) must be a dict of settings, such as learning_rate"
            )
        self.optimizer = Optimizer(update_rule, **{"learning_rate": 1e-3, **(optim_config or {})})
        self.lr_decay = positive("lr_decay", lr_decay)
        self.num_train_samples = whole("num_train_samples", num_train_samples, 1)
        self.seed = whole("seed", seed, 0)
        self.watch = False  # whether the next step is to be seen from inside
        self.watched: Watched | None = None  # the last step that was
        self._order: tuple[int, Array] = (0, np.empty(0, int))
        self._into: dict[str, Array] = {}  # one set of gradients for all steps

    @property
    def iterations_per_epoch(self) -> int:
        """Number of steps of one epoch."""
        return math.ceil(self.data.num_train / self.batch_size)

    @property
    def iterations(self) -> int:
        """Number of steps of the whole training."""
        return self.num_epochs * self.iterations_per_epoch

    def steps(self, done: int = 0) -> Iterator[StepRecord]:
        """Train on after `done` steps; yields one record after each. Raises DivergedError when the loss is not finite."""
        for iteration in range(done + 1, self.iterations + 1):
            yield self.step(iteration)

    def step(self, iteration: int) -> StepRecord:
        """The one step of this number, counted from 1. Raises DivergedError when the loss is not finite."""
        epoch, number = self._place(iteration)
        _, x, y, rng = self.batch(iteration)
        options: dict[str, Any] = {"rng": rng} if self.model.dropout else {}
        outputs: dict[str, Array] = {}
        if self.watch:
            options["watch"] = outputs
            before = {name: w.copy() for name, w in self.model.params.items()}
        if not self._into:
            self._into = {name: np.empty_like(w) for name, w in self.model.params.items()}
        accuracies: tuple[float | None, float | None] = (None, None)
        learning_rate = self.optimizer.learning_rate
        with np.errstate(over="ignore", invalid="ignore"):
            data_loss, reg_loss, grads = self.model.loss_parts(x, y, into=self._into, **options)
            if not math.isfinite(data_loss + reg_loss):
                raise DivergedError(self._what_happened(iteration, epoch, data_loss + reg_loss, x, y))
            self.optimizer.step(self.model.params, grads)
            if number == self.iterations_per_epoch - 1:
                accuracies = self._check_accuracies()
                self.optimizer.learning_rate = decayed(self.optimizer.learning_rate, self.lr_decay)
        if self.watch:
            self.watch, self.watched = False, Watched(outputs, grads, before)
        return StepRecord(iteration, epoch, data_loss, reg_loss, learning_rate, *accuracies)

    def batch(self, iteration: int) -> Batch:
        """What the step of this number, counted from 1, sees: the same at every call. Raises ValueError for another number."""
        indices = self._indices(*self._place(iteration))
        rng = np.random.default_rng([self.seed, CHANCE, iteration])
        return Batch(indices, *self.data.batch(indices, rng), rng)

    def _place(self, iteration: int) -> tuple[int, int]:
        """The epoch of a step, from 1, and its number in there, from 0."""
        epochs_before, number = divmod(whole("iteration", iteration, 1) - 1, self.iterations_per_epoch)
        return epochs_before + 1, number

    def _indices(self, epoch: int, number: int) -> Array:
        """The training pictures of one batch of an epoch."""
        if self._order[0] != epoch:
            rng = np.random.default_rng([self.seed, ORDER, epoch])
            self._order = epoch, rng.permutation(self.data.num_train)
        return self._order[1][number * self.batch_size : (number + 1) * self.batch_size]

    def _check_accuracies(self) -> tuple[float, float]:
        """Accuracy on a fixed part of the training data, and on the validation data."""
        train = self.model.accuracy(*self.data.train_part(self.num_train_samples))
        return train, self.model.accuracy(*self.data.val)

    def _what_happened(self, iteration: int, epoch: int, loss: float, x: Array, y: Array) -> str:
        layer = self.model.first_not_finite(x, y)
        where = f", first in {layer}" if layer else ""
        rate = self.optimizer.learning_rate
        return (
            f"the loss became {loss} at step {iteration} (epoch {epoch}){where}: "
            f"learning_rate (={rate:g}) is probably too large, try a tenth of it"
        )
