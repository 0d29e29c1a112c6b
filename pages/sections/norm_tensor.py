"""Real activations for a norm to work on: what a layer makes of pictures, as much of it as can be read number by number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.network import ConvBlock, Network, NetworkSpec
from cnn_core.training import Run, TrainingConfig
from cnn_core.training.data import TrainingData
from cnn_core.walks.counts import decimals_of
from cnn_core.walks.rounding import rounded
from pages.server import runs

MAPS, CONSTANT, UNITS, OWN = "maps", "constant", "units", "own"
CHANNELS, SIDE = 6, 4  # of what is shown: 6 can be parted in four ways, and maps of 4x4 be read number by number
BATCHES = 60  # of training pictures, for the running averages
MOST = 4  # pictures in the batch that is shown; and in each of those, whatever is shown
DECIMALS = 2  # of an activation, from its first digit on
SMALL = TrainingConfig(
    network=NetworkSpec((ConvBlock(6), ConvBlock(6, pool="none")), hidden=(6,), weight_init="he"), seed=3
)
DEAD, ITS_BIAS = 1, 0.3  # the channel that is made constant: weights of 0, so that it holds its bias everywhere
GAMMA, BETA = np.array([1, 1.5, 0.5, 2, 0.8, 1.2]), np.array([0, 0.5, -0.5, 1, 0.2, -0.3])


@dataclass(frozen=True)
class Activations:
    """x (N, C, H, W): of test pictures. batches (T, B, C, H, W): of training pictures, in turn, B of them whatever N is: what
    they leave behind is the same for every x. gamma, beta (C,). words: what of which layer this is, and where gamma and beta are
    from."""

    x: Array
    batches: Array
    gamma: Array
    beta: Array
    words: str


def test_pictures(tensor: str, run: Run | None) -> int:
    """How many test pictures there are to choose from. Raises ValueError where their data set is gone."""
    return len((run.config if tensor == OWN and run is not None else SMALL).training_data().dataset.test.x)


def activations(tensor: str, count: int, run: Run | None, first: int = 0) -> Activations:
    """What one layer makes of so many test pictures, from the picture `first` on, as far as there are any.

    tensor: an id of this module; run: whose last checkpoint is meant by OWN.
    Raises ValueError or OSError where the checkpoint is damaged or gone, or its numbers are not finite.
    """
    if tensor == OWN and run is not None:
        return _of_run(run.id, run.latest or 0, count, first)
    return _built_in(tensor, count, first)


@st.cache_data(max_entries=32, show_spinner=False)
def _built_in(tensor: str, count: int, first: int) -> Activations:
    network = SMALL.model()
    if tensor == CONSTANT:
        network.params["conv2.weight"][DEAD], network.params["conv2.bias"][DEAD] = 0, ITS_BIAS
    layer = "linear1" if tensor == UNITS else "conv2"
    return _cut(network, SMALL.training_data(), layer, count, first)


@st.cache_data(max_entries=32, show_spinner=False)
def _of_run(run_id: str, iteration: int, count: int, first: int) -> Activations:
    run = runs.the_run(run_id)
    network = runs.network_at(run, iteration)
    layer = [layer.name for layer in network.layers if layer.kind == "conv"][-1]
    return _cut(network, run.config.training_data(), layer, count, first)


def _cut(network: Network, data: TrainingData, layer: str, count: int, first: int) -> Activations:
    test, train = data.dataset.test.x[first : first + count], data.dataset.train.x
    size = min(MOST, len(train))
    batches = min(BATCHES, len(train) // size)
    with np.errstate(all="ignore"):
        made = [network.feature_maps(data.normalised(pictures))[layer] for pictures in (test, train[: batches * size])]
    shape = made[0].shape[1:]
    x, many = (_readable(values) for values in made)
    gamma, beta, words = _parameters(network, layer, x.shape[1])
    part = f"{x.shape[1]} of {shape[0]} channels" if shape[0] > x.shape[1] else f"{shape[0]} channels"
    if len(shape) == 3:
        part += f", {x.shape[2]}×{x.shape[3]} cells" + (" in the middle of each map" if shape[1] > SIDE else " each")
    return Activations(x, many.reshape(batches, size, *x.shape[1:]), gamma, beta, f"{layer}: {part}. {words}")


def _readable(values: Array) -> Array:
    """The first channels, and the cells in the middle of their maps, with few decimals: (N, C, H, W)."""
    values = values[:, :CHANNELS] if values.ndim == 4 else values[:, :CHANNELS, None, None]
    top, left = (max(0, side - SIDE) // 2 for side in values.shape[2:])
    part = values[:, :, top : top + SIDE, left : left + SIDE].astype(np.float64)
    places = decimals_of("the activations", part, DECIMALS)
    found: Array = rounded(part, places) / 10.0**places
    return found


def _parameters(network: Network, layer: str, channels: int) -> tuple[Array, Array, str]:
    """gamma and beta of the norm behind the layer, if it has one with a number a channel; else some that can be told apart."""
    names = [each.name for each in network.layers]
    behind = network.layers[min(names.index(layer) + 1, len(names) - 1)]
    learned = [network.params.get(f"{behind.name}.{name}") for name in ("gamma", "beta")]
    if behind.kind == "norm" and all(array is not None and array.ndim == 1 for array in learned):
        gamma, beta = (rounded(array[:channels], DECIMALS) / 10**DECIMALS for array in learned if array is not None)
        return gamma, beta, f"γ and β as {behind.name} has learned them."
    return GAMMA[:channels], BETA[:channels], "γ and β are made up, so that the channels can be told apart."
