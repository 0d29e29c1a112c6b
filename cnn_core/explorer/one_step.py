"""Learn from one picture: a single plain step of gradient descent, on a copy, and what it moved."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from cnn_core.checks import Array, labels, positive
from cnn_core.loss import softmax, softmax_cross_entropy
from cnn_core.network.network import Network
from cnn_core.network.passes import backward_pass, forward_pass


@dataclass(frozen=True)
class Moved:
    """How far a step moved one parameter. change: the length of the step; size: that of the parameter before it."""

    name: str
    change: float
    size: float

    @property
    def ratio(self) -> float:
        """The change as a share of the size; infinite where all numbers were 0 and are not any more."""
        return self.change / self.size if self.size else float("inf") if self.change else 0.0


@dataclass(frozen=True)
class Learned:
    """One step of this learning_rate on one picture with this label. network: the copy that took it.

    before, after: probabilities (K,) of the picture. loss: before and after. moved: by parameter, in the network's order.
    """

    label: int
    learning_rate: float
    network: Network
    before: Array
    after: Array
    loss: tuple[float, float]
    moved: tuple[Moved, ...]


def learn(network: Network, x: Array, label: int, learning_rate: float) -> Learned:
    """One step w -= learning_rate * dw down the loss of one picture x (1, C, H, W) with this label; the network stays as it is.

    As in use: batch norm with its running statistics, nothing dropped, and without L2, so that it is this picture's step only.
    Raises ValueError for a label that is no class, a learning_rate that is not above 0, and x of another shape.
    """
    y = labels("label", [label], 1, network.num_classes)
    rate = positive("learning_rate", learning_rate)
    stepped = copy.copy(network)
    stepped.buffers = {name: b.copy() for name, b in network.buffers.items()}
    with np.errstate(all="ignore"):  # a step that is far too long
        done = forward_pass(network, x)
        before, dscores = softmax_cross_entropy(done.scores, y)
        gradients = backward_pass(done, dscores).params
        stepped.params = {name: w - network.dtype.type(rate) * gradients[name] for name, w in network.params.items()}
        scores = forward_pass(stepped, x).scores
        after, _ = softmax_cross_entropy(scores, y)
        moved = tuple(Moved(name, _length(rate * gradients[name]), _length(w)) for name, w in network.params.items())
        return Learned(label, rate, stepped, softmax(done.scores)[0], softmax(scores)[0], (before, after), moved)


def _length(array: Array) -> float:
    return float(np.linalg.norm(array.astype(np.float64)))
