"""The layers whose speed is compared, in their three versions, with one way to call all of them.

The defaults are the shapes that Stanford's CS231n (assignment 2) compares its own fast layers on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from cnn_core.checks import Array, Pair
from cnn_core.conv import conv2d_backward, conv2d_backward_naive, conv2d_forward, conv2d_forward_naive
from cnn_core.pool import max_pool2d_backward, max_pool2d_backward_naive, max_pool2d_forward, max_pool2d_forward_naive
from cnn_core.speed.vectorized import (
    conv2d_backward_vectorized,
    conv2d_forward_vectorized,
    max_pool2d_backward_vectorized,
    max_pool2d_forward_vectorized,
)
from cnn_core.window import Window

Version = Literal["loops", "vectorised", "fast"]
VERSIONS: tuple[Version, ...] = ("loops", "vectorised", "fast")
Both = tuple[Callable[..., Any], Callable[..., Any]]  # a layer's forward and backward function

CONVOLUTION: dict[Version, Both] = {
    "loops": (conv2d_forward_naive, conv2d_backward_naive),
    "vectorised": (conv2d_forward_vectorized, conv2d_backward_vectorized),
    "fast": (conv2d_forward, conv2d_backward),
}
MAX_POOLING: dict[Version, Both] = {
    "loops": (max_pool2d_forward_naive, max_pool2d_backward_naive),
    "vectorised": (max_pool2d_forward_vectorized, max_pool2d_backward_vectorized),
    "fast": (max_pool2d_forward, max_pool2d_backward),
}


class Inputs(NamedTuple):
    """What a layer is given: x (N, C, H, W), its parameters (weight and bias, or nothing), dout (N, F, OH, OW)."""

    x: Array
    parameters: tuple[Array, ...]
    dout: Array

    def images(self, first: int, stop: int) -> Inputs:
        """The images first <= n < stop of the batch."""
        return Inputs(self.x[first:stop], self.parameters, self.dout[first:stop])


@dataclass(frozen=True)
class Convolution:
    """A convolution on a batch of square images: sizes in cells, the window a square. Defaults: the course's."""

    batch: int = 100
    channels: int = 3
    size: int = 31
    filters: int = 25
    kernel_size: int = 3
    stride: int = 2
    padding: int = 1

    @property
    def window(self) -> Window:
        """The geometry; ValueError where the settings do not fit together."""
        return Window.of(self.kernel_size, self.stride, self.padding)

    @property
    def output_size(self) -> Pair:
        """Rows and columns of an output; ValueError if the kernel is larger than the padded image."""
        return self.window.output_size((self.size, self.size))

    def inputs(self, dtype: str = "float64", seed: int = 0) -> Inputs:
        """Random numbers of these shapes and this dtype (a name that NumPy knows), the same for the same seed."""
        k = self.kernel_size
        draw = _drawer(dtype, seed)
        x, weight = draw(self.batch, self.channels, self.size, self.size), draw(self.filters, self.channels, k, k)
        return Inputs(x, (weight, draw(self.filters)), draw(self.batch, self.filters, *self.output_size))

    def forward(self, version: Version, inputs: Inputs) -> tuple[Array, Any]:
        """The output (N, F, OH, OW), and the cache that the version's backward wants."""
        return CONVOLUTION[version][0](  # type: ignore[no-any-return]
            inputs.x, *inputs.parameters, stride=self.stride, padding=self.padding
        )

    def backward(self, version: Version, dout: Array, cache: Any) -> tuple[Array, ...]:
        """The gradients dx, dweight and dbias."""
        return CONVOLUTION[version][1](dout, cache)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class MaxPooling:
    """Max pooling on a batch of square images, without padding: sizes in cells, the window a square."""

    batch: int = 100
    channels: int = 3
    size: int = 32
    kernel_size: int = 2
    stride: int = 2

    @property
    def window(self) -> Window:
        """The geometry; ValueError where the settings do not fit together."""
        return Window.of(self.kernel_size, self.stride)

    @property
    def output_size(self) -> Pair:
        """Rows and columns of an output; ValueError if the window is larger than the image."""
        return self.window.output_size((self.size, self.size))

    def inputs(self, dtype: str = "float64", seed: int = 0) -> Inputs:
        """Random numbers of these shapes and this dtype (a name that NumPy knows), the same for the same seed."""
        draw = _drawer(dtype, seed)
        x = draw(self.batch, self.channels, self.size, self.size)
        return Inputs(x, (), draw(self.batch, self.channels, *self.output_size))

    def forward(self, version: Version, inputs: Inputs) -> tuple[Array, Any]:
        """The output (N, C, OH, OW), and the cache that the version's backward wants."""
        return MAX_POOLING[version][0](inputs.x, self.kernel_size, stride=self.stride)  # type: ignore[no-any-return]

    def backward(self, version: Version, dout: Array, cache: Any) -> tuple[Array, ...]:
        """The gradient dx, alone in a tuple."""
        return (MAX_POOLING[version][1](dout, cache),)


TimedLayer = Convolution | MaxPooling
Direction = Literal["forward", "backward"]


class Work(NamedTuple):
    """One half of a layer: which, and in which direction."""

    layer: Literal["convolution", "max pooling"]
    direction: Direction

    def __str__(self) -> str:
        return f"{self.layer}, {self.direction}"


WORKS = (
    Work("convolution", "forward"),
    Work("convolution", "backward"),
    Work("max pooling", "forward"),
    Work("max pooling", "backward"),
)


def _drawer(dtype: str, seed: int) -> Callable[..., Array]:
    rng = np.random.default_rng(seed)
    return lambda *shape: rng.standard_normal(shape).astype(dtype)
