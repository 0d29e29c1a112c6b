"""A network with one picture in it, ready to be taken apart: both passes in float64, and every array by its name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cnn_core.checks import Array, Pair, whole
from cnn_core.explorer.terms import At, Kind, Known, Tensor
from cnn_core.loss import softmax
from cnn_core.network.layers import Layer
from cnn_core.network.network import Network
from cnn_core.network.passes import BackwardPass, ForwardPass, backward_pass, forward_pass, in_double
from cnn_core.window import Window

INPUT, SOFTMAX = "input", "softmax"


@dataclass(frozen=True)
class Inside:
    """One picture's passes. label: the class whose loss the gradients are of. probabilities: (K,)."""

    forward: ForwardPass
    backward: BackwardPass
    probabilities: Array
    label: int

    @property
    def layers(self) -> list[Layer]:
        """The network's, in order."""
        return self.forward.network.layers

    def layer(self, name: str) -> Layer:
        """The layer of this name. Raises ValueError if there is none."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(f"layer (={name[:40]!r}) must be one of {', '.join(one.name for one in self.layers)}")

    def below(self, name: str) -> str:
        """What goes into the layer of this name: the name of the layer below it, or "input". That of "softmax": the scores."""
        names = [INPUT, *(layer.name for layer in self.layers), SOFTMAX]
        return names[names.index(name) - 1]

    def above(self, name: str) -> Layer | None:
        """The layer that takes what goes out of this one; None for the last one, whose scores the loss takes."""
        names = [INPUT, *(layer.name for layer in self.layers)]
        place = names.index(name)
        return self.layers[place] if place < len(self.layers) else None

    def array(self, tensor: Tensor) -> Array:
        """Its numbers, without the batch axis: (C, H, W), (K,), or as the parameter is shaped.

        Raises ValueError if the network has no such tensor.
        """
        kind, name = tensor.kind, tensor.name
        network = self.forward.network
        if kind in ("param", "dparam"):
            arrays = self.backward.params if kind == "dparam" else network.params | network.buffers
            if name not in arrays:
                raise ValueError(f"param (={name[:40]!r}) must be one of {', '.join(arrays)}")
            return arrays[name]
        if name == SOFTMAX and kind == "value":
            return self.probabilities
        if name == INPUT:
            batch = self.forward.x if kind == "value" else self.backward.dx
        else:
            batch = (self.forward if kind == "value" else self.backward).outputs[self.layer(name).name]
        one: Array = batch[0]
        return one

    def known(self, kind: Kind, name: str, at: At) -> Known:
        """One number of it, and where it stands."""
        return Known(float(self.array(Tensor(kind, name))[at]), Tensor(kind, name), at)


def look_inside(network: Network, x: Array, label: int) -> Inside:
    """Both passes of a network for one picture x (1, C, H, W), in float64, with the gradients of the loss of class `label`.

    Raises ValueError for other shapes, and a class that the network does not have.
    """
    if len(x) != 1:
        raise ValueError(f"x (shape {x.shape}) must hold one picture: (1, C, H, W)")
    if whole("label", label, 0) >= network.num_classes:
        raise ValueError(f"label (={label}) must be 0 to {network.num_classes - 1}: a class of the network")
    with np.errstate(all="ignore"):  # a diverged network has no finite numbers, and they are shown as they are
        done = forward_pass(in_double(network), x.astype(np.float64))
        probabilities = softmax(done.scores)
        back = backward_pass(done, probabilities - np.eye(network.num_classes)[[label]])
    return Inside(done, back, probabilities[0], int(label))


@lru_cache(maxsize=32)
def seen(window: Window, size: Pair) -> Array:
    """Which cell of a map, counted row by row, each window has where: (OH, OW, KH, KW), -1 in the padding. size: (H, W)."""
    cells = np.arange(size[0] * size[1]).reshape(size)
    found: Array = window.view(window.pad(cells, -1))
    return found


def places(cells: Array, size: Pair) -> Array:
    """Rows and columns of cells counted row by row: (..., 2), both -1 where a cell is in the padding."""
    found: Array = np.stack([np.where(cells < 0, -1, axis) for axis in np.divmod(cells, size[1])], axis=-1)
    return found
