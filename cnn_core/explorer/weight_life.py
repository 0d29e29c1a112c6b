"""One step in the life of one weight: from each picture's share of its gradient to the value after the step, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.explorer.update import Operation, written
from cnn_core.loss import softmax_cross_entropy
from cnn_core.network import Network
from cnn_core.network.build import fused
from cnn_core.network.first_block import conv_gradient
from cnn_core.network.layers import FirstBlock, Layer, Mode
from cnn_core.optim import MEMORY
from cnn_core.solver import Batch
from cnn_core.training.checkpoint import Checkpoint
from cnn_core.training.progress import Progress
from cnn_core.training.replay import checkpoint_before, make_again, replay, resumed

ENDINGS = ("weight", "bias")  # what can be followed; gamma and beta of a norm have no sum over pictures of products


@dataclass(frozen=True)
class WeightLife:
    """What one step of a run did to one weight.

    name, index: which one, as conv1.weight and (filter, channel, row, column). step: counted from 1. before, after: its value
    around the step, in the network's dtype. stored: its value in the checkpoint of this step; None: none is kept.

    indices (N,): the training pictures of the batch. x (N, C, H, W): as the network saw them. labels (N,): that it was told.
    shares (N,), float64: what each picture adds to the gradient of the batch's mean loss. total: their sum. gradient: that of
    the data loss as the training had it, added up in another order in the network's dtype.

    operations: from that gradient to `after`, with L2 where there is some. moved_most: the index of the number of this
    parameter that the step moved farthest.
    """

    name: str
    index: tuple[int, ...]
    step: int
    before: Any
    after: Any
    stored: Any | None
    indices: Array
    x: Array
    labels: Array
    shares: Array
    total: float
    gradient: Any
    operations: tuple[Operation, ...]
    moved_most: tuple[int, ...]

    @property
    def rounding(self) -> float:
        """How far the gradient that was trained with is from the sum of the shares: what its float32 sum lost."""
        return float(self.gradient) - self.total


def followed(layers: Iterable[Layer]) -> dict[str, tuple[int, ...]]:
    """The parameters of a network's layers whose numbers can be followed, in their order, and their shapes."""
    return {name: shape for layer in layers for name, shape in layer.params.items() if name.endswith(ENDINGS)}


def weight_life(
    run: Progress, step: int, name: str, index: tuple[int, ...], *, before: Checkpoint | None = None
) -> WeightLife:
    """Follow one weight of a run through one step.

    step: from 1 to the steps that were trained. name: of the network's parameters, conv1.weight (F, C, KH, KW), conv1.bias
    (F,), linear1.weight (D, M), linear1.bias ...; index: one number for each of its axes. before: the run's state before the
    step, as `replay` gives it; None: it is made.

    Every layer's weight gradient is a sum over pictures of its input times what arrives at its output (docs/math.md); one
    picture's terms are its share. Behind a batch norm what arrives depends on the other pictures too, and the shares add up
    all the same.

    Raises ValueError for another step, name or index, a step that cannot be made again, and a data set that is gone; OSError
    for a checkpoint that is gone.
    """
    if before is None:
        checkpoint_before(run, step)  # its message speaks of this step, not of the one before
        before = replay(run, step - 1)
    if before.iteration != step - 1:
        raise ValueError(f"before (after {before.iteration} steps) must be the state after {step - 1} steps")
    solver = resumed(run, before)
    network = solver.model
    assert isinstance(network, Network)
    index = _checked(network, name, index)
    batch = solver.batch(step)
    x, arriving, gradients = _training_pass(network, batch, name.partition(".")[0])
    shares = _shares(network, name, index, x, arriving)
    old, gradient = network.params[name].copy(), gradients[name][index]
    record = make_again(run, solver, step)
    numbers = {"weight": old[index], "gradient": gradient, "learning_rate": record.learning_rate}
    numbers |= {**solver.optimizer.hyper, **_remembered(before, solver.optimizer.rule, name, index, old.dtype)}
    reg = network.reg if name.endswith(".weight") else 0.0
    operations = tuple(written(solver.optimizer.rule, numbers, reg=reg))
    new = network.params[name]
    ways = np.nan_to_num(np.abs(new.astype(np.float64) - old))
    most = np.unravel_index(int(ways.argmax()), ways.shape)
    return WeightLife(
        name=name,
        index=index,
        step=step,
        before=old[index],
        after=new[index],
        stored=_stored(run, step, name, index),
        indices=batch.indices,
        x=batch.x,
        labels=batch.y,
        shares=shares,
        total=math.fsum(shares) if np.isfinite(shares).all() else float(shares.sum()),
        gradient=gradient,
        operations=operations,
        moved_most=tuple(map(int, most)),
    )


def _checked(network: Network, name: str, index: tuple[int, ...]) -> tuple[int, ...]:
    shapes = followed(network.layers)
    if (shape := shapes.get(name)) is None:
        raise ValueError(f"name (={name[:40]}) must be one of {', '.join(shapes)}")
    if len(index) != len(shape) or not all(0 <= k < size for k, size in zip(index, shape, strict=True)):
        raise ValueError(f"index (={index}) must hold a number for each axis of {name}, whose shape is {shape}")
    return tuple(map(int, index))


def _training_pass(network: Network, batch: Batch, name: str) -> tuple[Array, Array, dict[str, Array]]:
    """The step's own forward and backward pass, up to L2: what goes into the layer of this name, what arrives at its output,
    and all gradients of the data loss. The network stays as it is."""
    arrays = {**network.params, **{key: buffer.copy() for key, buffer in network.buffers.items()}}
    gradients = {key: np.empty_like(w) for key, w in network.params.items()}
    layers, mode, caches, seen = fused(network.layers), Mode(True, network.dropout, batch.rng), [], {}
    with np.errstate(over="ignore", invalid="ignore"):
        out = batch.x.astype(network.dtype, copy=False)
        for layer in layers:
            seen[layer.name] = out
            out, cache = layer.forward(out, arrays, mode)
            caches.append(cache)
        _, dout = softmax_cross_entropy(out, batch.y)
        arriving = dout
        for layer, cache in zip(reversed(layers), reversed(caches), strict=True):
            if layer.name == name:
                arriving = conv_gradient(dout, cache) if isinstance(layer, FirstBlock) else dout.copy()
            dout = layer.backward(dout, cache, gradients)
    return seen[name], arriving, gradients


def _shares(network: Network, name: str, index: tuple[int, ...], x: Array, arriving: Array) -> Array:
    """Each picture's terms of one number's gradient, added up in float64: (N,). x: what goes into its layer (N, ...);
    arriving: the gradient of its output."""
    layer, ending = name.split(".")
    window = next(found.window for found in network.layers if found.name == layer)
    out = arriving.reshape(len(x), arriving.shape[1], -1).astype(np.float64)  # (N, F, places)
    if ending == "bias":
        return np.asarray(out[:, index[0]].sum(axis=1))
    if window is None:  # linear: weight (D, M)
        return np.asarray(x.reshape(len(x), -1)[:, index[0]] * out[:, index[1], 0])
    f, c, i, j = index
    met = window.tap(window.pad(x[:, c]), i, j)
    return np.asarray((met.reshape(len(x), -1) * out[:, f]).sum(axis=1))


def _remembered(
    before: Checkpoint, rule: str, name: str, index: tuple[int, ...], dtype: np.dtype[Any]
) -> dict[str, Any]:
    """What the rule remembers of one number; 0 before its first step. t: the number of the step that comes."""
    memory: dict[str, Any] = before.state.get(name, {})
    found: dict[str, Any] = {key: memory[key][index] if key in memory else dtype.type(0) for key in MEMORY[rule]}
    return found | {"t": memory.get("t", 0) + 1}


def _stored(run: Progress, step: int, name: str, index: tuple[int, ...]) -> Any | None:
    """The number in the checkpoint of this step, if one is kept that can be read."""
    try:
        return Checkpoint.read(run.checkpoints.path(step)).params[name][index]
    except (OSError, ValueError, KeyError):
        return None
