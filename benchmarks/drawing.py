"""Random arguments for each family of layers: arrays and options of all kinds, from a generator and the most of each size."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cnn_core.checks import Array
from cnn_core.window import Window

Drawn = tuple[dict[str, Any], dict[str, Any]]  # arguments by position, in order, and by name
Rng = np.random.Generator


class Sizes(NamedTuple):
    """The most images, channels a group, rows or columns of a map, and rows or columns of a kernel."""

    images: int
    channels: int
    side: int
    kernel: int


SMALL = Sizes(images=3, channels=3, side=8, kernel=4)  # the loops take a millisecond
LARGE = Sizes(images=32, channels=24, side=48, kernel=9)  # what a layer of a net has to do


def _pair(rng: Rng, least: int, most: int) -> Any:
    """A number, or a pair of them."""
    one, other = (int(number) for number in rng.integers(least, most + 1, 2))
    return one if rng.random() < 0.5 else (one, other)


def _padding(rng: Rng, most: int, *, uneven: bool = True) -> Any:
    """In one of its three forms."""
    if uneven and rng.random() < 0.25:
        return (_sides(rng, most), _sides(rng, most))
    return _pair(rng, 0, most)


def _sides(rng: Rng, most: int) -> tuple[int, int]:
    before, after = rng.integers(0, most + 1, 2)
    return int(before), int(after)


def _some(rng: Rng, most: int) -> int:
    return int(rng.integers(1, most + 1))


def _window(rng: Rng, sizes: Sizes, *, dilated: bool) -> tuple[Any, dict[str, Any], tuple[int, int]]:
    """A kernel size, options, and an image that it fits into; now and then the kernel is as large as the map."""
    kernel = _pair(rng, 1, sizes.kernel if rng.random() < 0.9 else sizes.side // 2)
    options = {"stride": _pair(rng, 1, 3)}
    if dilated:
        options["dilation"] = _pair(rng, 1, 2) if rng.random() < 0.3 else 1
    window = Window.of(kernel, 1, 0, options.get("dilation", 1))
    options["padding"] = _padding(rng, max(0, (min(window.span) - 1) // 2))
    high, wide = (max(span, int(rng.integers(1, sizes.side + 1))) for span in window.span)
    return kernel, options, (high, wide)


def _numbers(rng: Rng, *shape: int) -> Array:
    return rng.integers(-4, 5, shape).astype(float)


def conv(rng: Rng, sizes: Sizes) -> Drawn:
    """A convolution: any groups, depthwise ones often."""
    kernel, options, size = _window(rng, sizes, dilated=True)
    groups = int(rng.choice([1, 1, 2, _some(rng, sizes.channels)]))
    channels, filters = (
        (1, 1) if groups > 2 and rng.random() < 0.7 else (_some(rng, sizes.channels), _some(rng, sizes.channels))
    )
    shape = Window.of(kernel).kernel_size
    arrays = {
        "x": _numbers(rng, _some(rng, sizes.images), groups * channels, *size),
        "weight": _numbers(rng, groups * filters, channels, *shape),
        "bias": _numbers(rng, groups * filters),
    }
    return arrays, options | {"groups": groups}


def depthwise(rng: Rng, sizes: Sizes) -> Drawn:
    """A depthwise convolution of stride 1: one kernel a channel."""
    arrays, options = conv(rng, sizes)
    channels = arrays["x"].shape[1]
    weight, bias = _numbers(rng, channels, 1, *arrays["weight"].shape[2:]), _numbers(rng, channels)
    return {"x": arrays["x"], "weight": weight, "bias": bias}, options | {"stride": 1, "groups": channels}


def conv_transpose(rng: Rng, sizes: Sizes) -> Drawn:
    """A transposed convolution."""
    drawn, options = conv(rng, sizes)
    weight, groups, (high, wide) = drawn["weight"], options["groups"], drawn["x"].shape[2:]
    channels, filters, (kh, kw) = len(weight), weight.shape[1] * groups, weight.shape[2:]
    window = Window.of((kh, kw), options["stride"], 0, options["dilation"])
    size = (max(2, high // window.stride[0]), max(2, wide // window.stride[1]))
    extra = tuple(int(rng.integers(0, most + 1)) for most in window.most_output_padding)
    x = _numbers(rng, len(drawn["x"]), channels, *size)
    return {"x": x, "weight": weight, "bias": _numbers(rng, filters)}, options | {"output_padding": extra}


def max_pool(rng: Rng, sizes: Sizes) -> Drawn:
    """Max pooling."""
    kernel, options, size = _window(rng, sizes, dilated=rng.random() < 0.3)
    if (gap := options.get("dilation", 1)) != 1:  # the first window may see no real cell
        options["padding"] = 0
    x = _numbers(rng, _some(rng, sizes.images), _some(rng, sizes.channels), *size)
    return {"x": x, "kernel_size": kernel}, options | {"dilation": gap}


def avg_pool(rng: Rng, sizes: Sizes) -> Drawn:
    """Average pooling."""
    kernel, options, size = _window(rng, sizes, dilated=False)
    x = _numbers(rng, _some(rng, sizes.images), _some(rng, sizes.channels), *size)
    return {"x": x, "kernel_size": kernel}, options | {"count_include_pad": bool(rng.random() < 0.5)}


def linear(rng: Rng, sizes: Sizes) -> Drawn:
    """A fully connected layer."""
    features = [_some(rng, sizes.channels), *rng.integers(1, sizes.side // 4 + 1, rng.choice([0, 2]))]
    x = _numbers(rng, _some(rng, sizes.images), *features)
    outputs = _some(rng, 4 * sizes.channels)
    weight = _numbers(rng, int(np.prod(x.shape[1:])), outputs)
    return {"x": x, "weight": weight, "bias": _numbers(rng, outputs)}, {}


def _maps(rng: Rng, sizes: Sizes, channels: int) -> Array:
    """x (N, C, H, W) with two cells a channel at least, as a norm needs them; each channel with a mean of its own."""
    size = rng.integers(2, sizes.side + 1, 2)
    return rng.standard_normal((_some(rng, sizes.images), channels, *size)) + rng.standard_normal((channels, 1, 1))


def batch_norm(rng: Rng, sizes: Sizes) -> Drawn:
    """Batch norm of maps or features, in training or not."""
    c = _some(rng, sizes.channels)
    x = _maps(rng, sizes, c)
    if rng.random() < 0.2:
        x = rng.standard_normal((2 + _some(rng, sizes.images), c))
    arrays = {"x": x, "gamma": rng.standard_normal(c), "beta": rng.standard_normal(c)}
    running = {"running_mean": rng.standard_normal(c), "running_var": rng.random(c) + 0.5}
    options = {
        "training": bool(rng.random() < 0.7),
        "momentum": float(rng.random()),
        "unbiased": bool(rng.random() < 0.5),
    }
    return arrays | running, options


def layer_norm(rng: Rng, sizes: Sizes) -> Drawn:
    """Layer norm of maps."""
    x = _maps(rng, sizes, _some(rng, sizes.channels))
    return {"x": x, "gamma": rng.standard_normal(x.shape[1:]), "beta": rng.standard_normal(x.shape[1:])}, {}


def group_norm(rng: Rng, sizes: Sizes) -> Drawn:
    """Group norm of maps."""
    groups, c = _some(rng, 4), _some(rng, sizes.channels)
    x = _maps(rng, sizes, groups * c)
    parameters = {name: rng.standard_normal(groups * c) for name in ("gamma", "beta")}
    return {"x": x, "num_groups": groups, **parameters}, {}


def instance_norm(rng: Rng, sizes: Sizes) -> Drawn:
    """Instance norm of maps."""
    c = _some(rng, sizes.channels)
    return {"x": _maps(rng, sizes, c), "gamma": rng.standard_normal(c), "beta": rng.standard_normal(c)}, {}


def activation(rng: Rng, sizes: Sizes) -> Drawn:
    """What acts on each number by itself: whole numbers, or any."""
    shape = (_some(rng, sizes.images), _some(rng, sizes.channels), *rng.integers(1, sizes.side + 1, 2))
    return {"x": _numbers(rng, *shape) if rng.random() < 0.5 else 4 * rng.standard_normal(shape)}, {}


def dropout(rng: Rng, sizes: Sizes) -> Drawn:
    """Dropout, its mask drawn from a seed."""
    drawn, _ = activation(rng, sizes)
    return drawn, {"p": float(rng.random()), "training": bool(rng.random() < 0.8), "rng": int(rng.integers(99))}


def softmax(rng: Rng, sizes: Sizes) -> Drawn:
    """Scores and labels."""
    n, classes = _some(rng, 32 * sizes.images), 1 + _some(rng, 4 * sizes.channels)
    return {"scores": 4 * rng.standard_normal((n, classes)), "y": rng.integers(0, classes, n)}, {}
