"""The widgets that build a network: blocks of convolution, norm, activation and pool, then hidden layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cnn_core.network import (
    ACTIVATIONS,
    MOST_BLOCKS,
    MOST_HIDDEN,
    NORMS,
    POOLS,
    WEIGHT_INITS,
    ConvBlock,
    NetworkSpec,
)
from pages.controls import settings
from pages.controls.folds import folded

PADDINGS = ("same", "0", "1", "2", "3")
SCALES = ("0.0001", "0.001", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1.0")
RANGES = {"num_filters": (1, 64), "kernel_size": (1, 9), "stride": (1, 4), "pool_size": (2, 4)}  # of a block's sliders
MOST_UNITS, MOST_DROPOUT = 512, 0.9

HELP = {
    "num_filters": "How many kernels the layer has: each finds one pattern.",
    "stride": "Cells from one place of the kernel to the next.",
    "padding": "Rows and columns of zeros around the feature maps; same: as many as keep their size (stride 1).",
    "norm": "Brings feature maps back to mean 0 and deviation 1 before the activation: over the batch, or within one picture.",
    "pool": "Makes maps smaller: the largest or the mean of each window. Max with blur: the largest at every place, then blurred "
    "before places are left out, so that a picture shifted by a pixel changes less (Zhang, 2019).",
    "hidden_layers": "Fully connected layers between the last feature maps and the class scores.",
    "dropout": "The share of hidden units that is left out, by chance, at each step: none may rely on another.",
    "weight_init": "The weights before the first step. He: for ReLUs, Xavier: for tanh and sigmoid, each after the number of "
    "inputs; fixed: as you say.",
}


def network_values(spec: NetworkSpec) -> dict[str, Any]:
    """The widgets' values, by key, that make this network, the nearest there are; blocks that it lacks are as its last one."""
    values: dict[str, Any] = {"blocks": len(spec.blocks), "hidden_layers": len(spec.hidden)}
    for number in range(1, MOST_BLOCKS + 1):
        block = spec.blocks[min(number, len(spec.blocks)) - 1]
        values |= {f"block_{number}_{name}": value for name, value in asdict(block).items()}
        for name, (low, high) in RANGES.items():
            values[f"block_{number}_{name}"] = max(low, min(high, getattr(block, name)))
        padding = block.padding
        values[f"block_{number}_padding"] = (
            padding if isinstance(padding, str) else str(min(padding, int(PADDINGS[-1])))
        )
    for number in range(1, MOST_HIDDEN + 1):
        values[f"hidden_{number}"] = min(MOST_UNITS, (*spec.hidden, *(32,) * MOST_HIDDEN)[number - 1])
    scale = settings.closest(SCALES, spec.weight_scale)
    values |= {"hidden_activation": spec.hidden_activation, "dropout": min(MOST_DROPOUT, spec.dropout)}
    return {**values, "weight_init": spec.weight_init, "weight_scale": scale}


def network_settings(start: Mapping[str, Any]) -> dict[str, Any]:
    """The widgets; `network_of` makes the network of what they say."""
    count = settings.whole(
        "blocks", "blocks", 1, MOST_BLOCKS, start["blocks"], help="Convolutions, one after the other."
    )
    blocks = []
    for number in range(1, count + 1):
        with folded(f"Block {number}", f"block_{number}_fold"):
            blocks.append(_block(f"block_{number}_", f"block {number} ", start))
    layers = settings.whole(
        "hidden layers", "hidden_layers", 0, MOST_HIDDEN, start["hidden_layers"], help=HELP["hidden_layers"]
    )
    names = ["hidden units 1", "hidden units 2"] if layers > 1 else ["hidden units"][:layers]
    hidden = [settings.whole(name, key := f"hidden_{k}", 1, MOST_UNITS, start[key]) for k, name in enumerate(names, 1)]
    activation, dropout = start["hidden_activation"], 0.0
    if hidden:
        activation = settings.choice("hidden activation", "hidden_activation", ACTIVATIONS, activation)
        dropout = settings.number(
            "dropout", "dropout", 0.0, MOST_DROPOUT, float(start["dropout"]), help=HELP["dropout"]
        )
    init = settings.choice(
        "initialisation", "weight_init", WEIGHT_INITS, start["weight_init"], help=HELP["weight_init"]
    )
    scale = float(start["weight_scale"])
    if init == "fixed":
        scale = settings.scale(
            "weight scale", "weight_scale", SCALES, start["weight_scale"], help="Standard deviation of every weight."
        )
    return {
        "blocks": blocks,
        "hidden": tuple(hidden),
        "hidden_activation": activation,
        "dropout": dropout,
        "weight_init": init,
        "weight_scale": scale,
    }


def network_of(said: Mapping[str, Any]) -> NetworkSpec:
    """The network that the widgets ask for. Raises ValueError, naming the block, for what does not go together."""
    blocks = []
    for number, block in enumerate(said["blocks"], 1):
        try:
            blocks.append(ConvBlock(**block))
        except ValueError as error:
            raise ValueError(f"block {number}: {error}") from None
    return NetworkSpec(**{**said, "blocks": tuple(blocks)})


def _block(key: str, name: str, start: Mapping[str, Any]) -> dict[str, Any]:
    """The widgets of one block."""

    def whole(field: str, label: str) -> int:
        return settings.whole(name + label, key + field, *RANGES[field], start[key + field], help=HELP.get(field))

    def choice(field: str, label: str, options: tuple[str, ...]) -> str:
        return settings.choice(name + label, key + field, options, start[key + field], help=HELP.get(field))

    said: dict[str, Any] = {
        "num_filters": whole("num_filters", "filters"),
        "kernel_size": whole("kernel_size", "kernel size"),
        "stride": whole("stride", "stride"),
    }
    padding = choice("padding", "padding", PADDINGS)
    said["padding"] = padding if padding == "same" else int(padding)
    for field, options in (("norm", NORMS), ("activation", ACTIVATIONS), ("pool", POOLS)):
        said[field] = choice(field, field, options)
    said["pool_size"] = start[key + "pool_size"]
    if said["pool"] != "none":
        said["pool_size"] = whole("pool_size", "pool size")
    return said
