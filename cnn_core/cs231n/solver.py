"""The training half of CS231n's assignment 2 under the course's names: four update rules, and its Solver.

Thin adapters, as in cs231n.py, which offers all of this too. The core's own way to train is solver.py.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cnn_core.checks import Array, float_dtype, one_of, whole
from cnn_core.optim import Optimizer, hyper_parameters

Config = dict[str, Any]


class Model(Protocol):
    """What the Solver trains: parameters by name; a loss that gives scores, or with labels the loss and gradients."""

    params: dict[str, Array]

    def loss(self, X: Array, y: Array | None = None) -> Any:
        """Scores (N, C) without y, the pair (loss, gradients by name) with y (N,)."""


def sgd(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """Gradient descent. config: learning_rate (1e-2)."""
    return _next("sgd", w, dw, config, 1e-2)


def sgd_momentum(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """Gradient descent with momentum. config: learning_rate (1e-2), momentum (0.9); keeps velocity."""
    return _next("momentum", w, dw, config, 1e-2)


def rmsprop(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """RMSProp. config: learning_rate (1e-2), decay_rate (0.99), epsilon (1e-8); keeps cache."""
    return _next("rmsprop", w, dw, config, 1e-2)


def adam(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """Adam. config: learning_rate (1e-3), beta1 (0.9), beta2 (0.999), epsilon (1e-8); keeps m, v, t."""
    return _next("adam", w, dw, config, 1e-3)


UPDATE_RULES = {rule.__name__: rule for rule in (sgd, sgd_momentum, rmsprop, adam)}


def _next(rule: str, w: Array, dw: Array, config: Config | None, learning_rate: float) -> tuple[Array, Config]:
    """One step of the core's rule on a copy of w. config gets the defaults and the new memory, in new arrays."""
    config = {} if config is None else config
    defaults = {"learning_rate": learning_rate, **hyper_parameters(rule)}
    for name, value in defaults.items():
        config.setdefault(name, value)
    optimizer = Optimizer(rule, **{name: config[name] for name in defaults})
    memory = {name: value for name, value in config.items() if name not in defaults}
    optimizer.state["w"] = {name: value.copy() if np.ndim(value) else value for name, value in memory.items()}
    next_w = w.astype(float_dtype(w))
    optimizer.step({"w": next_w}, {"w": dw})
    config.update(optimizer.state["w"])
    return next_w, config


class Solver:
    """The course's training loop: batches drawn with replacement from numpy's global state, histories as lists.

    data: X_train (N, ...), y_train (N,), X_val, y_val. update_rule: sgd, sgd_momentum, rmsprop or adam; optim_config:
    its config. lr_decay multiplies the learning rate after each epoch. Accuracies are taken on num_train_samples and
    num_val_samples images drawn at random (None: on all), after the first step and each epoch. checkpoint_name: writes
    `NAME_epoch_N.pkl` then. verbose prints, every print_every steps.

    loss_history, train_acc_history, val_acc_history; best_val_acc, best_params: of the epoch with the best validation
    accuracy, which the model has after `train()`.

    Raises ValueError for data without one of its arrays or labels, an unknown update_rule, numbers below 1.
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
        for part in ("train", "val"):
            x, y = (data.get(f"{name}_{part}", np.empty(0)) for name in "Xy")
            if len(x) != len(y) or len(x) == 0:
                raise ValueError(f"data must hold X_{part} (={len(x)} images) and as many labels y_{part} (={len(y)})")
        one_of("update_rule", update_rule, UPDATE_RULES)
        self.model = model
        self.X_train, self.y_train = data["X_train"], data["y_train"]
        self.X_val, self.y_val = data["X_val"], data["y_val"]
        self.update_rule = UPDATE_RULES[update_rule]
        self.optim_config = dict(optim_config or {})
        self.lr_decay = lr_decay
        self.num_epochs = whole("num_epochs", num_epochs, 1)
        self.batch_size = whole("batch_size", batch_size, 1)
        self.num_train_samples, self.num_val_samples = num_train_samples, num_val_samples
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
        self.loss_history.append(loss)
        for name, w in self.model.params.items():
            self.model.params[name], self.optim_configs[name] = self.update_rule(
                w, grads[name], self.optim_configs[name]
            )

    def check_accuracy(self, X: Array, y: Array, num_samples: int | None = None, batch_size: int = 100) -> float:
        """Share of images X (N, ...) whose largest score is their label's in y (N,), batch_size of them at once.

        num_samples: take as many at random, with replacement, where X has more.
        """
        if num_samples is not None and len(X) > num_samples:
            sample = np.random.choice(len(X), num_samples)
            X, y = X[sample], y[sample]
        starts = range(0, len(X), batch_size)
        labels = [self.model.loss(X[start : start + batch_size]).argmax(axis=1) for start in starts]
        return float(np.mean(np.concatenate(labels) == y))

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
                    config["learning_rate"] *= self.lr_decay
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
