"""Small cases on which a mistake shows: gradients beside numeric ones, and short trainings. All are run for real."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import FunctionType, MappingProxyType
from typing import Any

import numpy as np

from cnn_core import datasets
from cnn_core.checks import Array
from cnn_core.gradient_check import numeric_gradient
from cnn_core.loss import softmax_cross_entropy
from cnn_core.mistakes.mistake import Function, Functions, Symptom
from cnn_core.network import ConvBlock, Network, NetworkSpec
from cnn_core.network import network as networks
from cnn_core.solver import Arrays, DivergedError, Solver

Shape = tuple[int, ...]
NONE: Functions = MappingProxyType({})
SEED = 231
PLAN = NetworkSpec(blocks=(ConvBlock(8, 3),), hidden=(32,))  # of the short trainings
DIGITS = 1000  # pictures that they learn from


def distinct(shape: Shape, rng: np.random.Generator) -> Array:
    """Numbers of one decimal around 0, all different: no two tie for a maximum, and none lies at a corner of ReLU."""
    size = math.prod(shape)
    numbers: Array = rng.permutation(np.arange(size) - size // 2 + 0.5).reshape(shape) / max(1, size // 10 or 1)
    return numbers


def chosen(functions: Functions, right: Function) -> Function:
    """The function that takes the place of this one, if there is such a one; else itself."""
    return functions.get(inspect.unwrap(right).__qualname__, right)


def plane(array: Array) -> Array:
    """What can be drawn as one map: axes of length 1 before the last two are left out; a row of numbers is one row."""
    if array.ndim < 2:
        return array.reshape(1, -1)
    if math.prod(array.shape[:-2]) == 1:
        return array.reshape(array.shape[-2:])
    return array.reshape(len(array), -1)


def gradient_case(
    title: str,
    forward: Function,
    backward: Function,
    *shapes: Shape,
    of: int = 0,
    before: Mapping[str, Any] | None = None,
    **options: Any,
) -> Callable[[Functions], Symptom]:
    """A case that looks at the gradient of one of a layer's inputs, beside the numeric one.

    forward, backward: of the core. shapes: of the inputs; of: the number of the one that is looked at. before: arguments by
    name besides, made anew for each call by the functions given.
    """

    def case(functions: Functions) -> Symptom:
        rng = np.random.default_rng(SEED)
        inputs = [distinct(shape, rng) for shape in shapes]
        go, back = chosen(functions, forward), chosen(functions, backward)

        def outcome(_: Array) -> Array:
            made = {name: make() for name, make in (before or {}).items()}
            out: Array = go(*inputs, **made, **options)[0]
            return out

        made = {name: make() for name, make in (before or {}).items()}
        out, cache = go(*inputs, **made, **options)
        dout = distinct(out.shape, rng)
        gradients = back(dout, cache)
        found = gradients[of] if isinstance(gradients, tuple) else gradients
        numeric = numeric_gradient(outcome, inputs[of], dout)
        also = (
            (("dout: upstream gradient", plane(dout)),) if plane(dout).shape[1] <= 7 else ()
        )  # more would not be read
        return Symptom("maps", title, plane(found), plane(numeric), also=also)

    return case


def rebound(function: Function, **names: object) -> Function:
    """The same function, for which these names of its module mean something else."""
    assert isinstance(function, FunctionType)
    copy = FunctionType(function.__code__, function.__globals__ | names, function.__name__, function.__defaults__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def digits(*, in_order: bool = False) -> tuple[Array, Array, Array, Array]:
    """Training and validation pictures (N, 1, 8, 8) and labels of the handwritten digits; in_order: sorted by class."""
    data = datasets.load("digits")
    x, y = data.train.x[:DIGITS], data.train.y[:DIGITS]
    if in_order:
        order = np.argsort(y, kind="stable")
        x, y = x[order], y[order]
    return x, y, data.test.x[:200], data.test.y[:200]


def network(functions: Functions = NONE, plan: NetworkSpec = PLAN, **options: Any) -> Network:
    """The network of the short trainings, before any of them: its weights and its loss made by these functions."""
    model = Network(plan, (1, 8, 8), 10, seed=1, **options)
    initial, loss = chosen(functions, networks._initial), chosen(functions, softmax_cross_entropy)
    for name, w in model.params.items():
        w[...] = initial(name, w.shape, plan, 1)
    parts = rebound(chosen(functions, Network._loss_parts), softmax_cross_entropy=loss)
    model.__class__ = type("Changed", (Network,), {"_loss_parts": parts})
    return model


def arrays(functions: Functions = NONE, *, in_order: bool = False) -> Arrays:
    """`digits`, whose batches are made by these functions."""
    changed: type[Arrays] = type("Changed", (Arrays,), {"batch": chosen(functions, Arrays.batch)})
    return changed(*digits(in_order=in_order))


def trained(functions: Functions, steps: int, *, in_order: bool = False, **optim: Any) -> tuple[Array, Network]:
    """A training in which these functions take the place of the core's: its losses (steps,), and the network after it."""
    model = network(functions)
    solver = type("Changed", (Solver,), {"_indices": chosen(functions, Solver._indices)})
    return losses(model, arrays(functions, in_order=in_order), steps, solver=solver, **optim), model


def losses(model: Network, data: Arrays, steps: int, *, solver: type[Solver] = Solver, **optim: Any) -> Array:
    """The loss of each step (steps,) of a training; NaN from where it is no finite number any more."""
    found = np.full(steps, np.nan)
    rule = optim.pop("update_rule", "momentum")
    per_epoch = math.ceil(data.num_train / 50)
    training = solver(
        model,
        data,
        update_rule=rule,
        optim_config=optim,
        num_epochs=math.ceil(steps / per_epoch),
        batch_size=50,
        num_train_samples=1,
    )
    try:
        for step, record in zip(range(steps), training.steps(), strict=False):
            found[step] = record.loss
    except DivergedError:
        pass
    return found


@lru_cache
def usual_losses(steps: int, **optim: Any) -> Array:
    """Those of the training in which nothing is wrong; read-only."""
    found, _ = trained(NONE, steps, **optim)
    found.flags.writeable = False
    return found


def loss_curves(title: str, found: Array, expected: Array) -> Symptom:
    """Losses (T,) of a training with the mistake, beside those of the same without it."""
    return Symptom(
        "curves",
        title,
        found[None],
        expected[None],
        "this training",
        "the same training, written right",
        x="step",
        y="loss",
    )
