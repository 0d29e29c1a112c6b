"""The same layers by PyTorch, the judge: for each family of benchmarks/families.py what it gives for a combination."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.families import Combination
from cnn_core.checks import Array
from cnn_core.window import Window


class Judge:
    """A combination as PyTorch does it: `forward` gives its output, `backward` the gradients of its arrays."""

    def __init__(self, combination: Combination) -> None:
        self.combination = combination
        self.family, self.options = combination.family, dict(combination.options)
        self.given = {
            name: torch.tensor(value) if hasattr(value, "shape") else value
            for name, value in combination.positional.items()
        }
        self.leaves = [
            value.requires_grad_()
            for name, value in self.given.items()
            if isinstance(value, torch.Tensor) and name not in ("y", "running_mean", "running_var")
        ]

    def forward(self) -> torch.Tensor:
        """The output, with what leads back from it."""
        self.used = {name: value.clone() if name.startswith("running") else value for name, value in self.given.items()}
        return LAYERS[self.family](self.used, self.options)

    def backward(self, out: torch.Tensor, dout: torch.Tensor, *, keep: bool = False) -> tuple[torch.Tensor, ...]:
        """The gradient of each array, from a gradient of the output. keep: it can be asked for once more."""
        gradients: tuple[torch.Tensor, ...] = torch.autograd.grad(out, self.leaves, dout, retain_graph=keep)
        return gradients

    def run(self, dout: Array) -> list[Array]:
        """Output and gradients as NumPy arrays, as Combination.run returns them."""
        out = self.forward()
        found = [out, *self.backward(out, torch.tensor(dout))]
        if self.family == "batch_norm":
            found += [self.used["running_mean"], self.used["running_var"]]
        return [tensor.detach().numpy() for tensor in found]


def _sides(options: dict[str, Any], kernel: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    return Window.of(kernel, 1, options["padding"]).padding


def _conv(given: dict[str, Any], options: dict[str, Any]) -> torch.Tensor:
    (top, bottom), (left, right) = _sides(options, tuple(given["weight"].shape[2:]))
    padding: Any = (top, left)
    x = given["x"]
    if (top, left) != (bottom, right):  # PyTorch takes the same padding on both sides only
        x, padding = functional.pad(x, (left, right, top, bottom)), 0
    return functional.conv2d(x, given["weight"], given["bias"], **(options | {"padding": padding}))


def _conv_transpose(given: dict[str, Any], options: dict[str, Any]) -> torch.Tensor:
    (top, bottom), (left, right) = _sides(options, tuple(given["weight"].shape[2:]))
    plane = functional.conv_transpose2d(given["x"], given["weight"], given["bias"], **(options | {"padding": 0}))
    return plane[..., top : plane.shape[-2] - bottom, left : plane.shape[-1] - right]


def _max_pool(given: dict[str, Any], options: dict[str, Any]) -> torch.Tensor:
    (top, bottom), (left, right) = _sides(options, given["kernel_size"])
    padding: Any = (top, left)
    x = given["x"]
    if (top, left) != (bottom, right):
        x, padding = functional.pad(x, (left, right, top, bottom), value=-torch.inf), 0
    return functional.max_pool2d(x, given["kernel_size"], **(options | {"padding": padding}))


def _avg_pool(given: dict[str, Any], options: dict[str, Any]) -> torch.Tensor:
    (top, bottom), (left, right) = _sides(options, given["kernel_size"])
    if (top, left) == (bottom, right):
        return functional.avg_pool2d(given["x"], given["kernel_size"], **(options | {"padding": (top, left)}))
    around = (left, right, top, bottom)
    rest = {"kernel_size": given["kernel_size"], "stride": options["stride"]}
    mean = functional.avg_pool2d(functional.pad(given["x"], around), **rest)
    if options["count_include_pad"]:
        return mean
    return mean / functional.avg_pool2d(functional.pad(torch.ones_like(given["x"]), around), **rest)


def _batch_norm(given: dict[str, Any], options: dict[str, Any]) -> torch.Tensor:
    x, training, momentum = given["x"], options["training"], options["momentum"]
    running = given["running_mean"], given["running_var"]
    if training and not options["unbiased"]:  # PyTorch has the unbiased estimate only: undo its factor
        old, n = (1 - momentum) * running[1], x.numel() // x.shape[1]
        out = functional.batch_norm(x, *running, given["gamma"], given["beta"], True, momentum)
        given["running_var"] = old + (running[1] - old) * (n - 1) / n
        return out
    return functional.batch_norm(x, *running, given["gamma"], given["beta"], training, momentum)


def _dropout(given: dict[str, Any], options: dict[str, Any]) -> torch.Tensor:
    """Its chance is its own: the mask is the one that the core draws, the rest is PyTorch's."""
    x, p = given["x"], options["p"]
    if not options["training"]:
        return x * 1
    kept = np.random.default_rng(options["rng"]).random(tuple(x.shape)) >= p
    return torch.where(torch.tensor(kept), x / (1 - p), 0)


LAYERS: dict[str, Callable[[dict[str, Any], dict[str, Any]], torch.Tensor]] = {
    "conv2d": _conv,
    "depthwise_conv2d": _conv,
    "conv_transpose2d": _conv_transpose,
    "max_pool2d": _max_pool,
    "avg_pool2d": _avg_pool,
    "linear": lambda given, options: functional.linear(given["x"].flatten(1), given["weight"].T, given["bias"]),
    "batch_norm": _batch_norm,
    "layer_norm": lambda given, options: functional.layer_norm(
        given["x"], given["x"].shape[1:], given["gamma"], given["beta"]
    ),
    "group_norm": lambda given, options: functional.group_norm(
        given["x"], given["num_groups"], given["gamma"], given["beta"]
    ),
    "instance_norm": lambda given, options: functional.instance_norm(
        given["x"], weight=given["gamma"], bias=given["beta"]
    ),
    "relu": lambda given, options: functional.relu(given["x"]),
    "leaky_relu": lambda given, options: functional.leaky_relu(given["x"], 0.01),
    "tanh": lambda given, options: torch.tanh(given["x"]),
    "sigmoid": lambda given, options: torch.sigmoid(given["x"]),
    "dropout": _dropout,
    "softmax_cross_entropy": lambda given, options: functional.cross_entropy(given["scores"], given["y"].long()),
}
