"""A picture made to excite one filter or unit: gradient ascent on the pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, is_number, not_negative, up_to, whole
from cnn_core.features.maps import up_to_layer
from cnn_core.network.network import Network
from cnn_core.network.passes import backward_pass, forward_pass


class Excited(NamedTuple):
    """The picture after a step, (C, H, W), as the network takes it, and the mean answer that it gets from the filter."""

    x: Array
    answer: float


def excite(
    network: Network,
    layer: str,
    number: int,
    *,
    start: Array | None = None,
    steps: int = 60,
    step_size: float = 0.1,
    decay: float = 0.01,
    spread: float = 0.1,
    seed: int = 0,
) -> Iterator[Excited]:
    """Make a picture that a filter answers more and more: each step adds its gradient, then shrinks the picture a little
    (Erhan et al., "Visualizing Higher-Layer Features of a Deep Network", 2009; the decay is Simonyan et al.'s L2, 2014).

    layer: a layer's name; number: of its maps or units; what grows is the mean over the map's cells. Take what goes into an
    activation: where ReLU gives 0 there is no slope to climb. start: (C, H, W), else normal noise of deviation `spread` (default
    0.1) drawn from seed. steps: default 60. step_size: the length of a step a pixel (root mean square), default 0.1, in the
    units the network takes. decay: the share that is taken off each pixel, default 0.01. Yields the start, then each step.

    Raises ValueError for a layer, number or setting out of range. Where the gradient is 0 everywhere, only the decay acts.
    """
    whole("steps", steps, 0)
    shape = up_to_layer(network, layer)[-1].shape
    up_to("number", number, 0, shape[0] - 1)
    for name, value in (("step_size", step_size), ("spread", spread)):
        not_negative(name, value)
    if not is_number(decay) or not 0 <= decay < 1:
        raise ValueError(f"decay (={decay}) must be at least 0 and below 1")
    x = np.random.default_rng(seed).normal(0, spread, network.input_shape) if start is None else start
    x = network.images(np.asarray(x)[None])
    seed_gradient = np.zeros((1, *shape), network.dtype)
    seed_gradient[0, number] = 1 / max(1, int(np.prod(shape[1:])))
    for done in range(steps + 1):
        passed = forward_pass(network, x)
        yield Excited(x[0].copy(), float(passed.outputs[layer][0, number].mean()))
        if done < steps:
            dx = backward_pass(passed, seed_gradient, at=layer).dx
            length = float(np.sqrt((dx.astype(np.float64) ** 2).mean()))
            x = ((x + dx * (step_size / length if length else 0.0)) * (1 - decay)).astype(network.dtype)
