"""The one table of what can be checked: layers with an upstream gradient, and a small network with its loss.

All are small, so that a whole tensor is checked at once; numbers are short, and none but a planted one is near a kink by design.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from cnn_core import activation, norm
from cnn_core.checks import Array, one_of, whole
from cnn_core.conv import conv2d_backward, conv2d_forward
from cnn_core.conv_transpose import conv_transpose2d_backward, conv_transpose2d_forward
from cnn_core.gradients.chain import Case, Stage
from cnn_core.linear import linear_backward, linear_forward
from cnn_core.pool import avg_pool2d_backward, avg_pool2d_forward, max_pool2d_backward, max_pool2d_forward

REG = 0.1
NEAR = 4e-6  # how far a planted number is from its kink: less than the usual step of 1e-5

# What a backward pass may say of 0.5 * reg * sum(W * W): the right thing, and a mistake that students have handed in.
L2_GRADIENTS: dict[str, Callable[[float, Array], Any]] = {
    "reg_w": lambda reg, w: reg * w,
    "reg_sum_w": lambda reg, w: reg * np.sum(w),
}


def case(name: str, *, seed: int = 0, l2: str = "reg_w") -> Case:
    """A case of `CASES`, at the point that `seed` draws. l2: of L2_GRADIENTS, for a case with L2. ValueError for other names."""
    one_of("case", name, CASES)
    one_of("l2", l2, L2_GRADIENTS)
    made = CASES[name](np.random.default_rng(whole("seed", seed, 0)))
    for array in made.values.values():
        array.setflags(write=False)
    return replace(made, l2_gradient=L2_GRADIENTS[l2])


def _normal(rng: np.random.Generator, *shape: int, deviation: float = 1.0) -> Array:
    """Normal numbers of three decimals."""
    return rng.normal(0, deviation, shape).round(3) + 0.0


def _spaced(rng: np.random.Generator, *shape: int, step: float) -> Array:
    """Shuffled numbers, evenly spaced around 0 and none of them 0: no two nearer than `step`, none nearer to 0 than its half."""
    count = int(np.prod(shape))
    numbers: Array = ((rng.permutation(count) - count // 2 + 0.5) * step).round(4)
    return numbers.reshape(shape)


def _layer(
    rng: np.random.Generator, stage: Stage, values: dict[str, Array], planted: tuple[int, ...] | None = None
) -> Case:
    """One layer, with an upstream gradient."""
    out, _ = stage.forward(values["x"], *(values[name] for name in stage.takes))
    return Case(values, (stage,), dout=_normal(rng, *out.shape), planted=planted)


def _conv(rng: np.random.Generator) -> Case:
    stage = Stage(lambda *arrays: conv2d_forward(*arrays, padding=1), conv2d_backward, ("weight", "bias"))
    arrays = {"x": _normal(rng, 2, 3, 6, 6), "weight": _normal(rng, 8, 3, 3, 3), "bias": _normal(rng, 8)}
    return _layer(rng, stage, arrays)


def _conv_transpose(rng: np.random.Generator) -> Case:
    stage = Stage(
        lambda *arrays: conv_transpose2d_forward(*arrays, stride=2), conv_transpose2d_backward, ("weight", "bias")
    )
    arrays = {"x": _normal(rng, 2, 3, 4, 4), "weight": _normal(rng, 3, 4, 3, 3), "bias": _normal(rng, 4)}
    return _layer(rng, stage, arrays)


def _linear(rng: np.random.Generator) -> Case:
    stage = Stage(linear_forward, linear_backward, ("weight", "bias"))
    return _layer(rng, stage, {"x": _normal(rng, 4, 12), "weight": _normal(rng, 12, 8), "bias": _normal(rng, 8)})


def _max_pool(rng: np.random.Generator) -> Case:
    x = _spaced(rng, 2, 2, 6, 6, step=0.02)
    planted = (0, 0, 2, 2)
    x[planted] = np.delete(x[0, 0, 2:4, 2:4], 0).max() - NEAR  # just below the largest of the others in its window
    return _layer(rng, Stage(lambda x: max_pool2d_forward(x, 2), max_pool2d_backward), {"x": x}, planted)


def _avg_pool(rng: np.random.Generator) -> Case:
    return _layer(rng, Stage(lambda x: avg_pool2d_forward(x, 2), avg_pool2d_backward), {"x": _normal(rng, 2, 2, 6, 6)})


def _norm(forward: Callable[..., tuple[Array, Any]], *features: int) -> Callable[[np.random.Generator], Case]:
    """A norm of x (4, 4, 3, 3), or (4, features) with features given."""

    def made(rng: np.random.Generator) -> Case:
        stage = Stage(forward, norm.norm_backward, ("gamma", "beta"))
        x = _normal(rng, *(4, *features) if features else (4, 4, 3, 3))
        learned = {name: _normal(rng, *features or (4,)) for name in ("gamma", "beta")}
        return _layer(rng, stage, {"x": x, **learned})

    return made


def _batch_norm(x: Array, gamma: Array, beta: Array) -> tuple[Array, Any]:
    return norm.batch_norm_forward(x, gamma, beta, np.zeros(x.shape[1]), np.ones(x.shape[1]))


def _activation(
    forward: Callable[..., tuple[Array, Any]], backward: Callable[..., Array], kink: bool = False
) -> Callable[[np.random.Generator], Case]:
    def made(rng: np.random.Generator) -> Case:
        x, planted = _spaced(rng, 6, 12, step=0.05), (2, 5)
        if kink:
            x[planted] = NEAR
        return _layer(rng, Stage(forward, backward), {"x": x}, planted if kink else None)

    return made


def _loss(rng: np.random.Generator) -> Case:
    return Case({"x": _normal(rng, 8, 5)}, labels=rng.integers(0, 5, 8))


def _network(rng: np.random.Generator) -> Case:
    """Convolution, ReLU, max pooling, fully connected, softmax loss with L2: as the course's three-layer net begins and ends."""
    stages = (
        Stage(lambda *arrays: conv2d_forward(*arrays, padding=1), conv2d_backward, ("conv.weight", "conv.bias")),
        Stage(activation.relu_forward, activation.relu_backward),
        Stage(lambda x: max_pool2d_forward(x, 2), max_pool2d_backward),
        Stage(linear_forward, linear_backward, ("linear.weight", "linear.bias")),
    )
    values = {
        "x": _normal(rng, 2, 3, 4, 4),
        "conv.weight": _normal(rng, 8, 3, 3, 3, deviation=0.3),
        "conv.bias": _normal(rng, 8, deviation=0.1),
        "linear.weight": _normal(rng, 32, 5, deviation=0.2),
        "linear.bias": _normal(rng, 5, deviation=0.1),
    }
    return Case(values, stages, labels=np.array([3, 1]), reg=REG)


CASES: dict[str, Callable[[np.random.Generator], Case]] = {
    "network": _network,
    "conv2d": _conv,
    "conv_transpose2d": _conv_transpose,
    "max_pool2d": _max_pool,
    "avg_pool2d": _avg_pool,
    "batch_norm": _norm(_batch_norm),
    "layer_norm": _norm(norm.layer_norm_forward, 12),
    "group_norm": _norm(lambda x, gamma, beta: norm.group_norm_forward(x, 2, gamma, beta)),
    "instance_norm": _norm(norm.instance_norm_forward),
    "linear": _linear,
    "relu": _activation(activation.relu_forward, activation.relu_backward, True),
    "leaky_relu": _activation(activation.leaky_relu_forward, activation.leaky_relu_backward, True),
    "tanh": _activation(activation.tanh_forward, activation.tanh_backward),
    "sigmoid": _activation(activation.sigmoid_forward, activation.sigmoid_backward),
    "softmax_cross_entropy": _loss,
}
