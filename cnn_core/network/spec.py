"""What a network is made of: blocks of convolution, then fully connected layers. No numbers yet, only a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np

from cnn_core.checks import drop_probability, not_negative, one_of, up_to, whole
from cnn_core.settings import known_settings, plain_settings

NORMS = ("none", "batch", "layer", "group", "instance")
ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid")
POOLS = ("none", "max", "avg", "blur")
WEIGHT_INITS = ("he", "xavier", "fixed")
MOST_BLOCKS, MOST_HIDDEN, MOST_FILTERS, MOST_KERNEL, MOST_UNITS = 4, 2, 512, 31, 1 << 20


@dataclass(frozen=True)
class ConvBlock:
    """Convolution, then norm, activation and pooling, where they are wanted.

    num_filters, kernel_size, stride: of the convolution. padding: "same" (with stride 1 only) or cells on each side.
    norm, activation, pool: one of NORMS, ACTIVATIONS, POOLS. pool_size: its window and stride. "blur" is max pooling with
    stride 1, then a blur with the stride.
    Raises ValueError naming the first setting out of range.
    """

    num_filters: int = 16
    kernel_size: int = 3
    stride: int = 1
    padding: int | Literal["same"] = "same"
    norm: str = "none"
    activation: str = "relu"
    pool: str = "max"
    pool_size: int = 2

    def __post_init__(self) -> None:
        plain_settings(self)
        up_to("num_filters", self.num_filters, 1, MOST_FILTERS)
        for name in ("kernel_size", "stride", "pool_size"):
            up_to(name, getattr(self, name), 1, MOST_KERNEL)
        if self.padding != "same" and (
            isinstance(self.padding, str) or whole("padding", self.padding, 0) > MOST_KERNEL
        ):
            raise ValueError(f'padding (={self.padding!r}) must be "same", or from 0 to {MOST_KERNEL}')
        if self.padding == "same" and self.stride != 1:
            raise ValueError(f'padding (="same") needs stride 1, not {self.stride}: give the padding in cells')
        for name, known in (("norm", NORMS), ("activation", ACTIVATIONS), ("pool", POOLS)):
            one_of(name, getattr(self, name), known)


def single_or_double(dtype: Any) -> np.dtype[Any]:
    """float32 or float64, the dtypes of a network; ValueError for anything else."""
    try:
        found: np.dtype[Any] | None = None if dtype is None else np.dtype(dtype)  # of None NumPy would make float64
    except (TypeError, ValueError):
        found = None
    if found is None or found not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype (={str(found or dtype)[:40]}) must be float32 or float64")
    return found


def num_groups(num_filters: int) -> int:
    """Groups of channels for group norm: the largest number up to 4 that divides them, 1 or more. ValueError for others."""
    num_filters = whole("num_filters", num_filters, 1)
    return next(groups for groups in (4, 3, 2, 1) if num_filters % groups == 0)


@dataclass(frozen=True)
class NetworkSpec:
    """Blocks of convolution, hidden fully connected layers, and one more for the scores.

    blocks, hidden: tuples; lists become that. hidden: units of each hidden layer, with hidden_activation and dropout (the
    probability to drop) after it.
    weight_init: "he" draws normal weights with variance 2 / fan-in (He et al., 2015), "xavier" with 2 / (fan-in + fan-out)
    (Glorot and Bengio, 2010), "fixed" with standard deviation weight_scale; biases start at 0.
    Raises ValueError naming the first setting out of range.
    """

    blocks: tuple[ConvBlock, ...] = (ConvBlock(),)
    hidden: tuple[int, ...] = (64,)
    hidden_activation: str = "relu"
    dropout: float = 0.0
    weight_init: str = "fixed"
    weight_scale: float = 0.05

    def __post_init__(self) -> None:
        plain_settings(self)
        blocks, hidden = self.blocks, self.hidden
        if not isinstance(blocks, list | tuple) or not 1 <= len(blocks) <= MOST_BLOCKS:
            raise ValueError(f"blocks (={str(blocks)[:40]}) must be 1 to {MOST_BLOCKS} blocks of convolution")
        for block in blocks:
            if not isinstance(block, ConvBlock):
                raise ValueError(f"blocks (={str(blocks)[:40]}) must hold ConvBlock, not {type(block).__name__}")
        if not isinstance(hidden, list | tuple) or len(hidden) > MOST_HIDDEN:
            raise ValueError(f"hidden (={str(hidden)[:40]}) must be the sizes of at most {MOST_HIDDEN} layers")
        for units in hidden:
            up_to("hidden", units, 1, MOST_UNITS)
        object.__setattr__(self, "blocks", tuple(blocks))
        object.__setattr__(self, "hidden", tuple(map(int, hidden)))
        one_of("hidden_activation", self.hidden_activation, ACTIVATIONS)
        one_of("weight_init", self.weight_init, WEIGHT_INITS)
        drop_probability("dropout", self.dropout)
        not_negative("weight_scale", self.weight_scale)

    def as_dict(self) -> dict[str, Any]:
        """The plan by names, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The plan that `as_dict` gave, also after a journey through JSON. Raises ValueError for what it does not know."""
        values = dict(known_settings(cls, values, "network", "network: it takes"))
        blocks = values.get("blocks", cls.blocks)
        if not isinstance(blocks, list | tuple):
            raise ValueError(f"blocks (={str(blocks)[:40]}) must be a list of blocks of convolution")
        values["blocks"] = tuple(
            b if isinstance(b, ConvBlock) else ConvBlock(**known_settings(ConvBlock, b, "a block", "a block: it takes"))
            for b in blocks
        )
        return cls(**values)

    def __str__(self) -> str:
        """In a line: `16×3×3 relu max2, 64 relu`."""
        parts = []
        for b in self.blocks:
            words = [f"{b.num_filters}×{b.kernel_size}×{b.kernel_size}"]
            words += [f"/{b.stride}"] * (b.stride != 1) + [b.norm] * (b.norm != "none") + [b.activation]
            words += [f"{b.pool}{b.pool_size}"] * (b.pool != "none")
            parts.append(" ".join(words))
        parts += [f"{units} {self.hidden_activation}" for units in self.hidden]
        return ", ".join(parts) + f", dropout {self.dropout:g}" * (self.dropout > 0)
