"""What a network is made of: blocks of convolution, then fully connected layers. No numbers yet, only a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from cnn_core.checks import is_number, known_settings, one_of, up_to, whole

NORMS = ("none", "batch", "layer", "group", "instance")
ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid")
POOLS = ("none", "max", "avg")
WEIGHT_INITS = ("he", "xavier", "fixed")
MOST_BLOCKS, MOST_HIDDEN, MOST_FILTERS, MOST_KERNEL, MOST_UNITS = 4, 2, 512, 31, 1 << 20


@dataclass(frozen=True)
class ConvBlock:
    """Convolution, then norm, activation and pooling, where they are wanted.

    num_filters, kernel_size, stride: of the convolution. padding: "same" (with stride 1 only) or cells on each side.
    norm, activation, pool: one of NORMS, ACTIVATIONS, POOLS. pool_size: its window and stride.
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


def num_groups(num_filters: int) -> int:
    """Groups of channels for group norm: the largest number up to 4 that divides them."""
    return next(groups for groups in (4, 3, 2, 1) if num_filters % groups == 0)


@dataclass(frozen=True)
class NetworkSpec:
    """Blocks of convolution, hidden fully connected layers, and one more for the scores.

    hidden: units of each hidden layer, with hidden_activation and dropout (the probability to drop) after it.
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
        if not isinstance(self.blocks, tuple) or not 1 <= len(self.blocks) <= MOST_BLOCKS:
            raise ValueError(f"blocks (={str(self.blocks)[:40]}) must be 1 to {MOST_BLOCKS} blocks of convolution")
        if not isinstance(self.hidden, tuple) or len(self.hidden) > MOST_HIDDEN:
            raise ValueError(f"hidden (={str(self.hidden)[:40]}) must be the sizes of at most {MOST_HIDDEN} layers")
        for units in self.hidden:
            up_to("hidden", units, 1, MOST_UNITS)
        one_of("hidden_activation", self.hidden_activation, ACTIVATIONS)
        one_of("weight_init", self.weight_init, WEIGHT_INITS)
        if not is_number(self.dropout) or not 0 <= self.dropout < 1:
            raise ValueError(
                f"dropout (={self.dropout}) must be at least 0 and below 1: the probability to drop a number"
            )
        if not is_number(self.weight_scale) or self.weight_scale < 0:
            raise ValueError(f"weight_scale (={self.weight_scale}) must be a finite number, 0 or more")

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
        if isinstance(values.get("hidden"), list):
            values["hidden"] = tuple(values["hidden"])
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
