"""cs231n.optim: four update rules, `rule(w, dw, config) -> (next_w, config)`.

w, dw: arrays of one shape. config: the learning rate, the rule's settings and what it remembers; what is missing is filled
in. w and the arrays in config stay as they are: what changes is a new array. Raises ValueError for other shapes or settings
out of range, before config is changed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_core.checks import Array, float_dtype, numbers
from cnn_core.optim import Optimizer, hyper_parameters
from cnn_core.settings import settings

__all__ = ["adam", "rmsprop", "sgd", "sgd_momentum"]

Config = dict[str, Any]


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
    config = settings("config", config)
    defaults = {"learning_rate": learning_rate, **hyper_parameters(rule)}
    hyper = {name: config.get(name, value) for name, value in defaults.items()}
    w, dw = numbers("w", w), numbers("dw", dw)
    next_w = w.astype(float_dtype(w))
    optimizer = Optimizer(rule, **hyper)
    memory = {name: value for name, value in config.items() if name not in hyper}
    optimizer.state["w"] = {n: np.array(v, next_w.dtype) if np.ndim(v) else v for n, v in memory.items()}
    optimizer.step({"w": next_w}, {"w": dw})
    config.update(hyper | optimizer.state["w"])
    return next_w, config
