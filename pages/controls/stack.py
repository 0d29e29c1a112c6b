"""A stack of convolutions and poolings: presets to start from, and the settings of each layer."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from cnn_core.window import Window
from pages.address import messages, state
from pages.controls import settings
from pages.controls.folds import folded

MOST = 5  # layers


@dataclass(frozen=True)
class Layer:
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


ANOTHER = Layer("conv", 3)  # what a layer is that the preset does not have


@dataclass(frozen=True)
class Preset:
    """A stack to start from, and what it shows, in a sentence."""

    words: str
    input_size: int
    layers: tuple[Layer, ...]

    def layer(self, number: int) -> Layer:
        """Layer 1 is the lowest."""
        return self.layers[number - 1] if number <= len(self.layers) else ANOTHER


PRESETS = {
    "three 3×3": Preset(
        "Three small kernels, one on top of the other, see as far as one of 7×7: each adds one cell on every side.",
        10,
        (Layer("conv", 3),) * 3,
    ),
    "one 7×7": Preset(
        "The same field in a single step: every cell of it is reached on exactly one path, the corner as well as the middle.",
        10,
        (Layer("conv", 7),),
    ),
    "LeNet-5": Preset(
        "conv, pool, conv, pool, conv (LeCun et al. 1998): the pools make the jump larger, so that the last layer sees the "
        "whole input of 32×32.",
        32,
        (Layer("conv", 5), Layer("pool", 2, 2), Layer("conv", 5), Layer("pool", 2, 2), Layer("conv", 5)),
    ),
    "dilated 1-2-4": Preset(
        "Kernels of 3×3, their cells 1, 2 and 4 apart (Yu and Koltun 2016): the field about doubles with each layer; the maps "
        "stay as large as the input.",
        24,
        (Layer("conv", 3, 1, 1, 1), Layer("conv", 3, 1, 2, 2), Layer("conv", 3, 1, 4, 4)),
    ),
    "VGG blocks": Preset(
        "Two convolutions of 3×3, a pool, and again (the beginning of VGG, Simonyan and Zisserman 2015): above the pool each "
        "3×3 adds twice as much.",
        24,
        (
            Layer("conv", 3, 1, 1),
            Layer("conv", 3, 1, 1),
            Layer("pool", 2, 2),
            Layer("conv", 3, 1, 1),
            Layer("conv", 3, 1, 1),
        ),
    ),
    "strided": Preset(
        "The beginning of ResNet (He et al. 2016): stride 2 twice at the start, and from there on one step to the side is "
        "four cells of the input.",
        48,
        (Layer("conv", 7, 2, 3), Layer("pool", 3, 2, 1), Layer("conv", 3, 1, 1), Layer("conv", 3, 1, 1)),
    ),
}


def stack() -> tuple[int, list[Layer]]:
    """Choose a preset and change it; returns the input's size (cells a side) and the layers, the lowest first."""
    name = settings.choice("preset", "preset", list(PRESETS), help="A stack to start from. Change its layers below.")
    preset = PRESETS[name]
    if st.session_state.get("preset_shown") not in (None, name):
        _set(preset)  # another preset replaces what was changed
    st.session_state["preset_shown"] = name
    note = st.container()
    input_size = settings.whole(
        "input size", "input_size", 8, 64, preset.input_size, help="Rows and columns of the input."
    )
    count = settings.whole("layers", "layers", 1, MOST, len(preset.layers), help="How many maps stand above the input.")
    layers = [_layer(number, preset.layer(number)) for number in range(1, count + 1)]
    if (input_size, *layers) == (preset.input_size, *preset.layers):
        note.caption(preset.words)
    else:
        note.caption(f"Changed by you, from “{name}”.")
        note.button(f"Back to “{name}”", key="reset_stack", icon=":material/undo:", on_click=_set, args=(preset,))
    return input_size, layers


def fitting(layers: list[Layer], input_size: int) -> list[Layer]:
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


def _layer(number: int, usual: Layer) -> Layer:
    """The widgets of one layer; where the reader did nothing, they have the preset's values."""
    name = f"layer {number}"
    key = f"layer_{number}"
    with folded(f"Layer {number}", f"{key}_fold", opened=number == 1):
        kind = settings.choice(f"{name} kind", f"{key}_kind", ["conv", "pool"], usual.kind)
        kernel_size = settings.whole(f"{name} kernel size", f"{key}_kernel_size", 1, 7, usual.kernel_size)
        stride = settings.whole(f"{name} stride", f"{key}_stride", 1, 4, usual.stride)
        padding = settings.whole(f"{name} padding", f"{key}_padding", 0, 6, usual.padding)
        dilation = 1
        if kind == "conv":
            dilation = settings.whole(f"{name} dilation", f"{key}_dilation", 1, 4, usual.dilation)
    return Layer(kind, kernel_size, stride, padding, dilation)


def _set(preset: Preset) -> None:
    """Give the widgets the preset's values, those that are hidden at the moment included."""
    st.session_state["input_size"] = preset.input_size
    st.session_state["layers"] = len(preset.layers)
    for number in range(1, MOST + 1):
        for name, value in vars(preset.layer(number)).items():
            st.session_state[f"layer_{number}_{name}"] = value


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
        f"pinned (={text[:40]}) in the link must be a map (0: the input), a row and a column, as in 1,2,3; no cell is pinned."
    )
    return None
