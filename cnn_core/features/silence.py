"""A network without one of its filters: what it is good for is seen by what is lost."""

from __future__ import annotations

import copy

import numpy as np

from cnn_core.checks import up_to
from cnn_core.features.maps import answers, up_to_layer
from cnn_core.network.network import Network


def silenced(network: Network, layer: str, number: int) -> Network:
    """The same network, but nothing listens to the filter (or unit) `number` of `layer`, a convolution or a hidden layer.

    The next layer's weights for it are 0, in a copy: whatever its answer is, it adds nothing to anything. Other arrays are
    shared, and nobody may write to them. Raises ValueError for the scores' layer, to which no layer listens, for a
    layer without weights, and for a number that is not there.
    """
    names = list(answers(network))
    if layer not in names[:-1]:
        raise ValueError(
            f"layer (={layer!r}) must be one of {', '.join(names[:-1])}: a layer with weights, below the scores"
        )
    units = up_to_layer(network, layer)[-1].shape[0]
    up_to("number", number, 0, units - 1)
    name = f"{names[1 + names.index(layer)]}.weight"
    weight = network.params[name].copy()
    if weight.ndim == 4:  # (F, C, KH, KW)
        weight[:, number] = 0
    else:  # (D, M): a unit's row, or the rows of all cells of a map
        np.reshape(weight, (units, -1, weight.shape[1]))[number] = 0
    made = copy.copy(network)
    made.params = {**network.params, name: weight}
    return made
