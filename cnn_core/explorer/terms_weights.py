"""The terms of a gradient by one entry of a parameter: every product that the entry was part of (docs/math.md)."""

from __future__ import annotations

import numpy as np

from cnn_core.explorer.inside import Inside, places, seen
from cnn_core.explorer.terms import At, Explanation, Factors, Sum, Tensor
from cnn_core.explorer.terms_forward import NormNumbers
from cnn_core.network.layers import Layer, Norm


def weight_terms(inside: Inside, name: str, at: At) -> Explanation:
    """What the gradient by this entry of a parameter is made of; name: as conv1.weight."""
    owner, what = name.split(".")
    layer = inside.layer(owner)
    if what != "weight":
        return Explanation.of_sum(_shared(inside, layer, what, at))
    return Explanation.of_sum((_conv if layer.kind == "conv" else _linear)(inside, layer, at))


def _conv(inside: Inside, layer: Layer, at: At) -> Sum:
    """At every position of the window: the cell that the weight met, times what came back to the output there."""
    assert layer.window is not None
    below, above = Tensor("value", inside.below(layer.name)), Tensor("gradient", layer.name)
    x, dout, (f, channel, i, j) = inside.array(below), inside.array(above), at
    size = x.shape[1], x.shape[2]
    cells = seen(layer.window, size)[:, :, i, j].ravel()
    rows, columns = np.indices(dout.shape[1:]).reshape(2, -1)
    where = np.column_stack([np.full(len(cells), channel), places(cells, size)])
    left = Factors("x", np.where(cells < 0, 0, x[channel].ravel()[cells]), below, where)
    right = Factors("dout", dout[f].ravel(), above, np.column_stack([np.full(len(cells), f), rows, columns]))
    return Sum(left, right, rows, "row")


def _linear(inside: Inside, layer: Layer, at: At) -> Sum:
    below, above = Tensor("value", inside.below(layer.name)), Tensor("gradient", layer.name)
    x, (d, m) = inside.array(below), at
    left = Factors("x", x.ravel()[d : d + 1], below, np.array([np.unravel_index(d, x.shape)]))
    right = Factors("dout", inside.array(above)[m : m + 1], above, np.array([[m]]))
    return Sum(left, right, np.zeros(1, int), "")


def _shared(inside: Inside, layer: Layer, what: str, at: At) -> Sum:
    """A bias or beta, everywhere where it was added, or a gamma, everywhere where it was a factor."""
    above = Tensor("gradient", layer.name)
    dout = inside.array(above)
    mine = np.zeros(dout.shape, bool)
    mine[at] = True
    where = np.argwhere(mine)
    back = Factors("dout", dout[mine], above, where)
    group, by = (where[:, 1], "row") if dout.ndim == 3 else (np.zeros(len(where), int), "")
    if what != "gamma":
        return Sum(back, None, group, by)
    assert isinstance(layer, Norm)
    normalized = NormNumbers(inside, layer, (*at, *(0,) * (dout.ndim - len(at)))).all_normalized
    return Sum(Factors("normalized", normalized[mine], Tensor("value", layer.name), where), back, group, by)
