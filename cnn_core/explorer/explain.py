"""One door to all of it: what any number of a network's passes is made of, and the partial maps that add up to a map."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array
from cnn_core.explorer.inside import INPUT, Inside
from cnn_core.explorer.terms import At, Explanation, Known, Tensor
from cnn_core.explorer.terms_backward import backward_terms
from cnn_core.explorer.terms_forward import forward_terms
from cnn_core.explorer.terms_weights import weight_terms


def explain(inside: Inside, tensor: Tensor, at: At) -> Explanation:
    """What the number at this place of a tensor is made of; a pixel or a weight is given: it has nothing below it.

    Raises ValueError where the network has no such tensor, and IndexError for a place outside it.
    """
    array = inside.array(tensor)
    if len(at) != array.ndim or not all(0 <= k < size for k, size in zip(at, array.shape, strict=True)):
        raise IndexError(f"at (={at}) must be a place in {tensor.name}, of shape {array.shape}")
    with np.errstate(all="ignore"):
        if tensor.kind == "gradient":
            return backward_terms(inside, tensor.name, at)
        if tensor.kind == "dparam":
            return weight_terms(inside, tensor.name, at)
        if tensor.kind == "value" and tensor.name != INPUT:
            return forward_terms(inside, tensor.name, at)
    given = Known(float(array[at]), tensor, at)
    return Explanation(given.value, knowns={tensor.name: given})


class PartialMaps(NamedTuple):
    """Maps (G, H, W) that add up, cell by cell and with the constant, to one map. of: each is made of this tensor's map."""

    maps: Array
    of: Tensor
    constant: Known | None


def partial_maps(inside: Inside, tensor: Tensor, number: int) -> PartialMaps | None:
    """The parts of map `number` that a convolution adds up: forward one for each input channel, backward for each filter.

    None where no convolution has made the map.
    """
    layer = inside.layer(tensor.name) if tensor.kind == "value" and tensor.name != INPUT else None
    if tensor.kind == "gradient":
        layer = inside.above(tensor.name)
    if layer is None or layer.kind != "conv" or layer.window is None or tensor.kind not in ("value", "gradient"):
        return None
    window, weight = layer.window, inside.array(Tensor("param", f"{layer.name}.weight"))
    with np.errstate(all="ignore"):
        if tensor.kind == "value":
            below = Tensor("value", inside.below(layer.name))
            views = window.view(window.pad(inside.array(below)))
            parts = np.einsum("cyxij,cij->cyx", views, weight[number])
            return PartialMaps(parts, below, inside.known("param", f"{layer.name}.bias", (number,)))
        above = Tensor("gradient", layer.name)
        size = inside.array(tensor).shape
        shares = inside.array(above)[:, :, :, None, None] * weight[:, number, None, None]
        parts = window.crop(window.view_adjoint(shares, window.padded_size((size[1], size[2]))))
    return PartialMaps(parts, above, None)
