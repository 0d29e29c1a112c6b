"""The places in many pictures at which each filter of a layer answers most, and how often it does not answer at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnn_core.checks import Array, whole
from cnn_core.features.maps import outputs_of, up_to_layer
from cnn_core.network.network import Network
from cnn_core.receptive_field import receptive_fields


@dataclass(frozen=True)
class Patches:
    """Of each filter or unit f of a layer, its largest answers, the largest first, at most one a picture.

    values: (F, K), the answers. pictures: (F, K), which picture. cells: (F, K, 2), row and column on the map; [0, 0] for a
    unit. fields: (F, K, 4), what that cell sees of the picture: first row, first column, rows, columns, padding
    counted, so that it may begin above or left of the picture and end outside; for a unit all of it.
    zero: (F,), the share of all answers, over pictures and cells, that are not above 0. silent: (F,), of pictures on which no
    cell's answer is.
    """

    values: Array
    pictures: Array
    cells: Array
    fields: Array
    zero: Array
    silent: Array


def exciting_patches(
    network: Network,
    x: Array,
    layer: str,
    *,
    count: int = 9,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Patches:
    """Look through pictures x (N, C, H, W), normalised, for what excites each filter of a layer most (Zeiler and Fergus,
    "Visualizing and Understanding Convolutional Networks", 2014, without their way back).

    layer: whose output is looked at, a map or unit each; usually the activation after a convolution. count: patches of each,
    default 9, fewer where there are fewer pictures. progress(done, total): called after each chunk, in pictures. Of equal
    answers the first counts. Raises ValueError for a layer that is not there, and where count is below 1 or x is empty.
    """
    whole("count", count, 1)
    if not len(x):
        raise ValueError("x (of 0 pictures) must hold at least one")
    layers = up_to_layer(network, layer)
    best, where = [], []
    zeros, silent = np.zeros((2, layers[-1].shape[0]))
    for some, out in outputs_of(network, x, layer):
        flat = out.reshape(*out.shape[:2], -1)  # (n, F, P)
        at = flat.argmax(axis=2)
        best.append(np.take_along_axis(flat, at[..., None], axis=2)[..., 0])
        where.append(at)
        zeros += (flat <= 0).mean(axis=2).sum(axis=0)
        silent += (best[-1] <= 0).sum(axis=0)
        progress(some.stop, len(x))
    largest, cell = np.concatenate(best), np.concatenate(where)  # (N, F)
    order = np.argsort(-largest, axis=0, kind="stable")[: min(count, len(x))].T  # (F, K)
    filters = np.arange(order.shape[0])[:, None]
    shape = layers[-1].shape
    width = shape[2] if len(shape) == 3 else 1
    cells = np.stack(np.divmod(cell[order, filters], width), axis=-1)
    fields = _fields(network, layer, cells)
    return Patches(largest[order, filters], order, cells, fields, zeros / len(x), silent / len(x))


def _fields(network: Network, layer: str, cells: Array) -> Array:
    """What cells (F, K, 2) of a layer see of the picture: (F, K, 4)."""
    layers, (_, height, width) = up_to_layer(network, layer), network.input_shape
    if len(layers[-1].shape) == 1:
        return np.broadcast_to([0, 0, height, width], (*cells.shape[:2], 4))
    windows = [one.window for one in layers if one.window is not None]
    field = receptive_fields(windows, (height, width))[-1]
    first = np.array(field.start) + np.array(field.jump) * cells
    return np.concatenate([first, np.broadcast_to(field.size, cells.shape)], axis=-1)
