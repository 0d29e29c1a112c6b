"""A stack of convolutions and poolings: presets to start from, and the settings of each layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import streamlit as st

from cnn_core.receptive_field import smallest_input
from cnn_core.window import Window
from pages.address import messages, state
from pages.controls import settings
from pages.controls.folds import folded
from pages.controls.presets import Preset, Start

MOST = 5  # layers
INPUTS = 8, 64  # cells a side, at least and at most


@dataclass(frozen=True)
class StackLayer:
    """A layer of the stack as its widgets have it; for a pooling, dilation is 1."""

    kind: str  # "conv" or "pool"
    kernel_size: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def window(self) -> Window:
        """How it slides."""
        return Window.of(self.kernel_size, self.stride, self.padding, self.dilation)

    @property
    def words(self) -> str:
        """Its settings, as far as they are not the usual ones."""
        extra = [("stride", self.stride, 1), ("padding", self.padding, 0), ("dilation", self.dilation, 1)]
        size = f"{self.kernel_size}×{self.kernel_size}"
        return ", ".join([size, *(f"{name} {value}" for name, value, usual in extra if value != usual)])


USUAL = {"conv": StackLayer("conv", 3), "pool": StackLayer("pool", 2, 2)}


@dataclass(frozen=True)
class Stack:
    """A stack to start from, and what it shows, in a sentence."""

    words: str
    input_size: int  # cells a side
    layers: tuple[StackLayer, ...]  # the lowest first

    @property
    def values(self) -> dict[str, Any]:
        """The widgets' values, by key; of those layers, too, that it does not have."""
        layers = (self.layers + (USUAL["conv"],) * MOST)[:MOST]
        of_layers = {f"layer_{n}_{name}": value for n, one in enumerate(layers, 1) for name, value in vars(one).items()}
        return {"input_size": self.input_size, "layers": len(self.layers), **of_layers}


STACKS = {
    "three_small": Stack(
        "Three small kernels, one on top of the other, see as far as one of 7×7: each adds one cell on every side.",
        10,
        (StackLayer("conv", 3),) * 3,
    ),
    "one_large": Stack(
        "The same field in a single step: every cell of it is reached on exactly one path, the corner as well as the middle.",
        10,
        (StackLayer("conv", 7),),
    ),
    "early_pool": Stack(
        "A pool after the first of three 3×3: the jump doubles, so each of the other two adds four cells, not two: the field is "
        "12×12, not 7×7.",
        16,
        (StackLayer("conv", 3), StackLayer("pool", 2, 2), StackLayer("conv", 3), StackLayer("conv", 3)),
    ),
    "lenet_5": Stack(
        "conv, pool, conv, pool, conv (LeCun et al. 1998): the pools make the jump larger, so that the last layer sees the "
        "whole input of 32×32.",
        32,
        (
            StackLayer("conv", 5),
            StackLayer("pool", 2, 2),
            StackLayer("conv", 5),
            StackLayer("pool", 2, 2),
            StackLayer("conv", 5),
        ),
    ),
    "dilated": Stack(
        "Kernels of 3×3, their cells 1, 2 and 4 apart (Yu and Koltun 2016): the field about doubles with each layer; the "
        "feature maps stay as large as the input.",
        24,
        (StackLayer("conv", 3, 1, 1, 1), StackLayer("conv", 3, 1, 2, 2), StackLayer("conv", 3, 1, 4, 4)),
    ),
    "vgg_blocks": Stack(
        "Two convolutions of 3×3, a pool, and again (the beginning of VGG, Simonyan and Zisserman 2015): above the pool each "
        "3×3 adds twice as much.",
        24,
        (
            StackLayer("conv", 3, 1, 1),
            StackLayer("conv", 3, 1, 1),
            StackLayer("pool", 2, 2),
            StackLayer("conv", 3, 1, 1),
            StackLayer("conv", 3, 1, 1),
        ),
    ),
    "strided": Stack(
        "The beginning of ResNet (He et al. 2016): stride 2 twice at the start, and from there on one step to the side is "
        "four cells of the input.",
        48,
        (
            StackLayer("conv", 7, 2, 3),
            StackLayer("pool", 3, 2, 1),
            StackLayer("conv", 3, 1, 1),
            StackLayer("conv", 3, 1, 1),
        ),
    ),
}


@cache
def presets() -> dict[str, Preset]:
    """The stacks as the list of a page takes them."""
    return {name: Preset(found.words, found.values) for name, found in STACKS.items()}


def stack() -> tuple[int, list[StackLayer]]:
    """Choose a preset and change it; returns the input's size (cells a side) and the layers, the lowest first."""
    start = Start(presets(), {}, narrow=True)
    place = st.container()
    count = settings.whole(
        "layers", "layers", 1, MOST, start["layers"], help="How many feature maps stand above the input."
    )
    layers = [_layer(number, start) for number in range(1, count + 1)]
    with place:  # drawn last, as the layers say how large it has to be
        input_size = _input_size(start["input_size"], max(smallest_input([layer.window for layer in layers])))
    start.tell(frozenset(("pinned",)))
    return input_size, layers


def _input_size(usual: int, needed: int) -> int:
    """The widget; the input is at least as large as the layers need, if there may be one so large."""
    smallest, largest = INPUTS
    if smallest < needed <= largest:
        smallest = needed
        st.caption(f"With an input below {needed}×{needed} not every layer would fit.")
    if smallest == largest:
        return largest
    return settings.whole(
        "input size", "input_size", smallest, largest, max(usual, smallest), help="Rows and columns of the input."
    )


def fitting(layers: list[StackLayer], input_size: int) -> list[StackLayer]:
    """The layers, from the lowest up, as far as they fit; the first that does not is named on the page."""
    size = (input_size, input_size)
    for number, layer in enumerate(layers, 1):
        try:
            above = layer.window.output_size(size)
            if layer.kind == "pool":
                layer.window.require_real_cells(size)
        except ValueError as error:
            messages.error(f"layer {number}: {error}")
            return layers[: number - 1]
        size = above
    return layers


def _layer(number: int, start: Start) -> StackLayer:
    """The widgets of one layer."""
    key = f"layer_{number}_"

    def whole(field: str, low: int, high: int) -> int:
        label = f"layer {number} {field.replace('_', ' ')}"
        return settings.whole(label, key + field, low, high, start[key + field])

    with folded(f"Layer {number}", f"{key}fold", opened=number == 1):
        kind = settings.choice(
            f"layer {number} kind",
            f"{key}kind",
            list(USUAL),
            start[f"{key}kind"],
            help="A pool is 2×2 with stride 2, a conv 3×3 with stride 1, until you change them below.",
            on_change=partial(_become_usual, key),
        )
        kernel_size, stride, padding = whole("kernel_size", 1, 7), whole("stride", 1, 4), whole("padding", 0, 6)
        dilation = whole("dilation", 1, 4) if kind == "conv" else 1
    return StackLayer(kind, kernel_size, stride, padding, dilation)


def _become_usual(key: str) -> None:
    """A layer of another kind begins as the usual one of its kind; a link that names the kind only keeps the preset's sizes."""
    if usual := USUAL.get(str(st.session_state.get(f"{key}kind"))):  # anybody can send any
        state.put({f"{key}{field}": getattr(usual, field) for field in ("kernel_size", "stride", "padding")})


def pin() -> None:
    """What the browser says of the pinned cell goes into the address."""
    pinned = st.session_state["stack"].get("pinned")
    state.set_text("pinned", pinned if pinned and isinstance(pinned, str) else None)  # anybody can send any


def pinned_cell(sizes: list[tuple[int, int]]) -> tuple[int, int, int] | None:
    """The cell (map, row, column) that the address pins, as far as there is one in maps of these sizes."""
    text = state.text("pinned")
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) == 3 and all(part.isdecimal() and len(part) < 4 for part in parts):
        number, row, column = map(int, parts)
        if number < len(sizes) and row < sizes[number][0] and column < sizes[number][1]:
            return number, row, column
    state.set_text("pinned", None)
    messages.warning(
        f"pinned (={text[:40]}) in the link must be a feature map (0: the input), a row and a column, as in 1,2,3; no cell "
        f"is pinned."
    )
    return None
