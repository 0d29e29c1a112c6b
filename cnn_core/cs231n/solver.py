"""cs231n.solver: the course's training loop. The core's own way to train is cnn_core.solver."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cnn_core.checks import Array, examples, one_of, positive, whole
from cnn_core.cs231n.optim import UPDATE_RULES, Config
from cnn_core.settings import settings
from cnn_core.solver import decayed

__all__ = ["Solver"]


class Model(Protocol):
    """What the Solver trains: parameters by name; a loss that gives scores, or with labels the loss and gradients."""

    params: dict[str, Array]

    def loss(self, X: Array, y: Array | None = None) -> Any:
        """Scores (N, C) without y, the pair (loss, gradients by name) with y (N,)."""


class Solver:
    """The course's training loop: batches drawn with replacement from numpy's global state, histories as lists.

    data: X_train (N, ...), y_train (N,), X_val, y_val. update_rule: sgd, sgd_momentum, rmsprop or adam; optim_config:
    its config. lr_decay multiplies the learning rate after each epoch. Accuracies are taken on num_train_samples and
    num_val_samples images drawn at random (None: on all), after the first step and each epoch. checkpoint_name: writes
    `NAME_epoch_N.pkl` then. verbose prints, every print_every steps.

    loss_history, train_acc_history, val_acc_history; best_val_acc, best_params: of the epoch with the best validation
    accuracy, which the model has after `train()`.

    Raises ValueError for data without one of its arrays, labels that are not whole numbers (N,), an unknown update_rule, an
    lr_decay that is not a finite number above 0, other numbers below 1.
    """

    def __init__(
        self,
        model: Model,
        data: Mapping[str, Array],
        *,
        update_rule: str = "sgd",
        optim_config: Mapping[str, Any] | None = None,
        lr_decay: float = 1.0,
        num_epochs: int = 10,
        batch_size: int = 100,
        num_train_samples: int | None = 1000,
        num_val_samples: int | None = None,
        checkpoint_name: str | None = None,
        print_every: int = 10,
        verbose: bool = True,
    ) -> None:
        one_of("update_rule", update_rule, UPDATE_RULES)
        self.model = model
        self.X_train, self.y_train = _examples(data, "train")
        self.X_val, self.y_val = _examples(data, "val")
        self.update_rule = UPDATE_RULES[update_rule]
        self.optim_config = dict(settings("optim_config", optim_config))
        self.lr_decay = positive("lr_decay", lr_decay)
        self.num_epochs = whole("num_epochs", num_epochs, 1)
        self.batch_size = whole("batch_size", batch_size, 1)
        self.num_train_samples = None if num_train_samples is None else whole("num_train_samples", num_train_samples, 1)
        self.num_val_samples = None if num_val_samples is None else whole("num_val_samples", num_val_samples, 1)
        self.checkpoint_name = checkpoint_name
        self.print_every = whole("print_every", print_every, 1)
        self.verbose = verbose
        self._reset()

    def _reset(self) -> None:
        """Forget all bookkeeping; the model's parameters stay."""
        self.epoch = 0
        self.best_val_acc = 0.0
        self.best_params: dict[str, Array] = {}
        self.loss_history: list[float] = []
        self.train_acc_history: list[float] = []
        self.val_acc_history: list[float] = []
        self.optim_configs: dict[str, Config] = {name: dict(self.optim_config) for name in self.model.params}

    def _step(self) -> None:
        """One step on one random batch."""
        batch = np.random.choice(len(self.X_train), self.batch_size)
        loss, grads = self.model.loss(self.X_train[batch], self.y_train[batch])
        stepped = {
            name: self.update_rule(w, grads[name], dict(self.optim_configs[name]))
            for name, w in self.model.params.items()
        }
        for name, (w, config) in stepped.items():  # all of them, or none where one is refused
            self.model.params[name], self.optim_configs[name] = w, config
        self.loss_history.append(loss)

    def check_accuracy(self, X: Array, y: Array, num_samples: int | None = None, batch_size: int = 100) -> float:
        """Share of images X (N, ...) whose largest score is their label's in y (N,), batch_size of them at once.

        num_samples: take as many at random, with replacement, where X has more. Raises ValueError for other labels, no image,
        and numbers below 1.
        """
        X, y = examples("X", X, "y", y)
        batch_size = whole("batch_size", batch_size, 1)
        if num_samples is not None and len(X) > whole("num_samples", num_samples, 1):
            sample = np.random.choice(len(X), num_samples)
            X, y = X[sample], y[sample]
        starts = range(0, len(X), batch_size)
        guesses = [self.model.loss(X[start : start + batch_size]).argmax(axis=1) for start in starts]
        return float(np.mean(np.concatenate(guesses) == y))

    def train(self) -> None:
        """Train for num_epochs, then give the model the best validated parameters."""
        steps_per_epoch = max(len(self.X_train) // self.batch_size, 1)
        steps = self.num_epochs * steps_per_epoch
        for step in range(steps):
            self._step()
            if self.verbose and step % self.print_every == 0:
                print(f"(Iteration {step + 1} / {steps}) loss: {self.loss_history[-1]:f}")
            end_of_epoch = (step + 1) % steps_per_epoch == 0
            if end_of_epoch:
                self.epoch += 1
                for config in self.optim_configs.values():
                    config["learning_rate"] = decayed(config["learning_rate"], self.lr_decay)
            if step == 0 or end_of_epoch:
                self._check()
        self.model.params = self.best_params

    def _check(self) -> None:
        """Take both accuracies; remember the parameters if they are the best so far."""
        train = self.check_accuracy(self.X_train, self.y_train, num_samples=self.num_train_samples)
        val = self.check_accuracy(self.X_val, self.y_val, num_samples=self.num_val_samples)
        self.train_acc_history.append(train)
        self.val_acc_history.append(val)
        self._save_checkpoint()
        if self.verbose:
            print(f"(Epoch {self.epoch} / {self.num_epochs}) train acc: {train:f}; val_acc: {val:f}")
        if val > self.best_val_acc or not self.best_params:
            self.best_val_acc = val
            self.best_params = dict(self.model.params)  # the rules make new arrays, so these stay as they are

    def _save_checkpoint(self) -> None:
        """Pickle the model and the bookkeeping, under the course's keys."""
        if self.checkpoint_name is None:
            return
        names = "model update_rule lr_decay optim_config batch_size num_train_samples num_val_samples epoch "
        names += "loss_history train_acc_history val_acc_history"
        path = Path(f"{self.checkpoint_name}_epoch_{self.epoch}.pkl")
        if self.verbose:
            print(f'Saving checkpoint to "{path}"')
        with path.open("wb") as file:
            pickle.dump({name: getattr(self, name) for name in names.split()}, file)


def _examples(data: Mapping[str, Array], part: str) -> tuple[Array, Array]:
    """The images and labels of a part."""
    if not isinstance(data, Mapping):
        raise ValueError(f"data (={str(data)[:40]}) must be a dict of arrays: X_train, y_train, X_val, y_val")
    missing = [name for name in (f"X_{part}", f"y_{part}") if name not in data]
    if missing:
        raise ValueError(f"data (={', '.join(data)}) must hold {' and '.join(missing)}")
    x, y = f"X_{part}", f"y_{part}"
    return examples(x, data[x], y, data[y])
