"""From a plan to its layers: their sizes follow from each other, and what does not fit is told with what would."""

from __future__ import annotations

import math

import numpy as np

from cnn_core.checks import Pair, whole
from cnn_core.network.blur import blur_window
from cnn_core.network.layers import (
    ACTIVATIONS,
    Activation,
    Conv,
    Dropout,
    FirstBlock,
    Layer,
    Linear,
    Norm,
    Pool,
    Shape,
)
from cnn_core.network.spec import ConvBlock, NetworkSpec, num_groups
from cnn_core.window import Window


def build(spec: NetworkSpec, input_shape: tuple[int, int, int], num_classes: int) -> list[Layer]:
    """The layers of a plan, in order. Raises ValueError, naming the block, where a window does not fit onto its map, and
    for what is no plan, no shape (C, H, W) or no number of classes.
    """
    if not isinstance(spec, NetworkSpec):
        raise ValueError(f"spec (={str(spec)[:40]}) must be a NetworkSpec")
    if np.shape(input_shape) != (3,):
        raise ValueError(f"input_shape (={str(input_shape)[:40]}) must be that of one image: (channels, height, width)")
    names = ("channels", "height", "width")
    channels, *size_ = (whole(f"input_shape, {name}", n, 1) for name, n in zip(names, input_shape, strict=True))
    size, num_classes = (size_[0], size_[1]), whole("num_classes", num_classes, 1)
    layers: list[Layer] = []
    for number, block in enumerate(spec.blocks, 1):
        made, size = _block(number, block, channels, size)
        layers += made
        channels = block.num_filters
    shape: Shape = (channels, *size)
    for number, units in enumerate(spec.hidden, 1):
        layers.append(_linear(number, shape, units, "fully connected"))
        name = f"{spec.hidden_activation}{len(spec.blocks) + number}"
        words = ACTIVATIONS[spec.hidden_activation][2]
        layers.append(Activation(name, "activation", (units,), words, activation=spec.hidden_activation))
        layers.append(Dropout(f"dropout{number}", "dropout", (units,), "dropout"))
        shape = (units,)
    layers.append(_linear(len(spec.hidden) + 1, shape, num_classes, "fully connected, scores"))
    return layers


def fused(layers: list[Layer]) -> list[Layer]:
    """The same network with its first three layers in one, where first_block.py can compute them; else as it is."""
    conv, activation, pool = layers[:3]
    fits = (
        conv.window is not None
        and conv.window.stride == (1, 1)
        and isinstance(activation, Activation)
        and activation.activation == "relu"
        and isinstance(pool, Pool)
        and pool.pool == "max"
        and pool.window == Window.of(2, 2)
    )
    if not fits:
        return layers
    words = f"{conv.description}, {activation.description}, {pool.description}"
    return [FirstBlock(conv.name, "block", pool.shape, words, conv.window, conv.params), *layers[3:]]


def _block(number: int, block: ConvBlock, channels: int, size: Pair) -> tuple[list[Layer], Pair]:
    k, f = block.kernel_size, block.num_filters
    window = Window.of(k, block.stride, block.padding)
    size = _fit(f"block {number}", "kernel_size", k, window, size)
    shape: Shape = (f, *size)
    params = {f"conv{number}.weight": (f, channels, k, k), f"conv{number}.bias": (f,)}
    words = f"convolution {k}×{k}"
    layers: list[Layer] = [Conv(f"conv{number}", "conv", shape, words, window, params, input_gradient=number > 1)]
    if block.norm != "none":
        name, each = f"norm{number}", shape if block.norm == "layer" else (f,)
        buffers = {f"{name}.running_{what}": each for what in ("mean", "var")} if block.norm == "batch" else {}
        params = {f"{name}.gamma": each, f"{name}.beta": each}
        groups = num_groups(f)
        words = f"{block.norm} norm" + f", {groups} groups" * (block.norm == "group")
        layers.append(Norm(name, "norm", shape, words, None, params, buffers, norm=block.norm, num_groups=groups))
        _check_norm(f"block {number}", layers[-1])
    words = ACTIVATIONS[block.activation][2]
    layers.append(Activation(f"{block.activation}{number}", "activation", shape, words, activation=block.activation))
    if block.pool != "none":
        window = Window.of(block.pool_size, block.pool_size)
        size = _fit(f"block {number}", "pool_size", block.pool_size, window, size)
        layers += _pools(number, block, shape, (f, *size), window)
    return layers, size


def _pools(number: int, block: ConvBlock, before: Shape, after: Shape, window: Window) -> list[Layer]:
    """The pooling of a block from maps shaped `before` to maps shaped `after`; before a blur, one with stride 1."""
    k, name = block.pool_size, f"pool{number}"
    if block.pool != "blur":
        words = f"{'max' if block.pool == 'max' else 'average'} pooling {k}×{k}"
        return [Pool(name, "pool", after, words, window, pool=block.pool)]
    window, blur = Window.of(k, 1), blur_window(k)
    size, taps = window.output_size((before[1], before[2])), blur.kernel_size[0]
    words = f"blur {taps}×{taps}, stride {k}"
    return [
        Pool(name, "pool", (before[0], *size), f"max pooling {k}×{k}, stride 1", window, pool="max"),
        Pool(f"blur{number}", "pool", after, words, blur, pool="blur"),
    ]


def least_batch(layers: list[Layer]) -> int:
    """How many images a training step needs at least: two where batch norm finds one number a channel in an image."""
    return 1 + any(isinstance(layer, Norm) and layer.norm == "batch" and layer.shape[1:] == (1, 1) for layer in layers)


def _check_norm(where: str, layer: Layer) -> None:
    assert isinstance(layer, Norm)
    channels = {"instance": 1, "group": layer.shape[0] // layer.num_groups, "layer": layer.shape[0]}
    if channels.get(layer.norm, 0) * math.prod(layer.shape[1:]) == 1:
        raise ValueError(
            f"{where}: norm (={layer.norm!r}) must be over more than one number, and a mean of a 1×1 map is of one: one "
            f"number minus itself is 0, whatever it is; use another norm or none, or take out a pooling or a stride before it"
        )


def _fit(where: str, name: str, value: int, window: Window, size: Pair) -> Pair:
    padded = window.padded_size(size)
    if value > min(padded):
        seen = f"{padded[0]}×{padded[1]} map it gets" + ", padding included" * (padded != size)
        remedies = [f"use {min(padded)} or less"] if min(padded) > 1 or name == "kernel_size" else []
        remedies += ["use no pooling here"] if name == "pool_size" else []
        remedies += ["take out a pooling or a stride before it"]
        raise ValueError(f"{where}: {name} (={value}) must be at most the {seen}: {', or '.join(remedies)}")
    return window.output_size(size)


def _linear(number: int, shape: Shape, units: int, words: str) -> Layer:
    name, inputs = f"linear{number}", math.prod(shape)
    params: dict[str, Shape] = {f"{name}.weight": (inputs, units), f"{name}.bias": (units,)}
    return Linear(name, "linear", (units,), words, None, params)
