"""The same network in PyTorch: its weights in PyTorch's names and layout, and the lines that build the module.

PyTorch keeps a fully connected weight as (out, in), here it is (in, out); it calls a norm's gamma and beta weight and bias.
All else is alike, flattened maps too: a map's numbers follow each other channel by channel, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnn_core.activation import LEAK
from cnn_core.checks import Array, numbers
from cnn_core.network.build import build
from cnn_core.network.layers import Activation, Layer, Norm, Pool, Shape
from cnn_core.network.network import Network
from cnn_core.network.spec import NetworkSpec

COUNTER = "num_batches_tracked"  # of PyTorch's batch norm: it counts steps, and computes nothing with it by default
MOST_PREFIXES = 8  # of modules around one another
ENDINGS = {"gamma": "weight", "beta": "bias"}
ACTIVATIONS = {
    "relu": "nn.ReLU()",
    "leaky_relu": f"nn.LeakyReLU({LEAK})",
    "tanh": "nn.Tanh()",
    "sigmoid": "nn.Sigmoid()",
}
BLUR = '''

class Blur(nn.Module):
    """A fixed binomial blur of each channel, with a stride (Zhang, 2019)."""

    def __init__(self, channels, stride):
        super().__init__()
        row = torch.tensor([math.comb(2 * stride - 2, k) for k in range(2 * stride - 1)]) / 4.0 ** (stride - 1)
        kernel = torch.outer(row, row).expand(channels, 1, -1, -1)
        self.register_buffer("kernel", kernel.contiguous(), persistent=False)
        self.stride = stride

    def forward(self, x):
        options = {"stride": self.stride, "padding": self.stride - 1, "groups": x.shape[1]}
        return nn.functional.conv2d(x, self.kernel, **options)

'''


def to_pytorch(network: Network) -> dict[str, Array]:
    """Copies of all parameters and buffers, for `load_state_dict(strict=True)` of the module that `pytorch_code` builds."""
    arrays = {}
    for layer in network.layers:
        for name, array in _arrays_of(layer, network).items():
            arrays[_theirs(name)] = np.array(array.T if _turned(name) else array, order="C")
        if layer.buffers:
            arrays[f"{layer.name}.{COUNTER}"] = np.array(0, dtype=np.int64)
    return arrays


def from_pytorch(arrays: Mapping[str, Array], network: Network) -> dict[str, Array]:
    """The inverse: from a state dict's arrays by PyTorch's names, those of `network` by its own; their dtype stays.

    A prefix that all names share is left out: "module." as DataParallel writes it, "_orig_mod." as torch.compile does,
    "model." of a module around it, or several. The network itself is not changed; batch norm's counter is left out too, and
    need not be there.
    Raises ValueError naming what is missing, unknown, of another shape, or no array of real numbers.
    """
    if not isinstance(arrays, Mapping) or not all(isinstance(name, str) for name in arrays):
        raise ValueError(f"arrays ({type(arrays).__name__}) must be a state dict: arrays by name")
    arrays = _without_prefix(arrays, {layer.name for layer in network.layers})
    own = {name: array.shape for layer in network.layers for name, array in _arrays_of(layer, network).items()}
    known = {_theirs(name) for name in own}
    counters = {f"{layer.name}.{COUNTER}" for layer in network.layers if layer.buffers}
    missing, unknown = sorted(known - arrays.keys()), sorted(arrays.keys() - known - counters)
    if missing or unknown:
        words = [f"lacks {', '.join(missing[:5])}"] * bool(missing) + [f"has {', '.join(unknown[:5])}"] * bool(unknown)
        raise ValueError(f"the weights are of another network: the state dict {' and '.join(words)}")
    found = {}
    for name, shape in own.items():
        array = numbers(_theirs(name), arrays[_theirs(name)])
        wanted = shape[::-1] if _turned(name) else shape
        if array.shape != wanted:
            raise ValueError(f"{_theirs(name)} (shape {array.shape}) must have shape {wanted}, as this network's")
        found[name] = np.ascontiguousarray(array.T if _turned(name) else array)
    return found


def pytorch_code(spec: NetworkSpec, input_shape: tuple[int, int, int], num_classes: int) -> str:
    """Python that builds `model`, the network of a plan as an nn.Sequential; a line says what a layer gives.

    Raises ValueError where a layer does not fit onto the map below it.
    """
    lines: list[str] = []
    shape: Shape = input_shape
    for layer in build(spec, input_shape, num_classes):
        if layer.kind == "linear" and len(shape) == 3:
            lines.append("        flatten=nn.Flatten(),")
        shape = layer.shape
        if layer.kind != "dropout" or spec.dropout > 0:
            lines.append(f"        {layer.name}={_module(layer, spec)},  # {' × '.join(map(str, shape))}")
    blurs = any(block.pool == "blur" for block in spec.blocks)
    return "\n".join(
        [
            *(["import math", ""] if blurs else []),
            "from collections import OrderedDict",
            "",
            *(["import torch"] if blurs else []),
            "from torch import nn",
            *(BLUR.splitlines() if blurs else []),
            "",
            "model = nn.Sequential(",
            "    OrderedDict(",
            *lines,
            "    )",
            ")",
            "",
        ]
    )


def _module(layer: Layer, spec: NetworkSpec) -> str:
    """The call that makes one layer."""
    if isinstance(layer, Activation):
        return ACTIVATIONS[layer.activation]
    if isinstance(layer, Norm):
        filters = layer.shape[0]
        return {
            "batch": f"nn.BatchNorm2d({filters})",
            "layer": f"nn.LayerNorm({list(layer.shape)})",
            "group": f"nn.GroupNorm({layer.num_groups}, {filters})",
            "instance": f"nn.InstanceNorm2d({filters}, affine=True)",
        }[layer.norm]
    if isinstance(layer, Pool):
        size, stride, _ = _window(layer)
        if layer.pool == "blur":
            return f"Blur({layer.shape[0]}, {stride})"
        return f"nn.{'Max' if layer.pool == 'max' else 'Avg'}Pool2d({size}{f', stride={stride}' * (stride != size)})"
    if layer.kind == "dropout":
        return f"nn.Dropout({spec.dropout})"
    weight: Shape = layer.params[f"{layer.name}.weight"]
    if layer.kind == "linear":
        return f"nn.Linear({weight[0]}, {weight[1]})"
    size, stride, (before, after) = _window(layer)
    padding = '"same"' if before != after else before  # an even kernel's "same" is uneven
    options = f", stride={stride}" * (stride != 1) + f", padding={padding}" * (padding != 0)
    return f"nn.Conv2d({weight[1]}, {weight[0]}, {size}{options})"


def _window(layer: Layer) -> tuple[int, int, tuple[int, int]]:
    """kernel_size, stride and padding (before, after) of a layer whose window is square."""
    assert layer.window is not None
    return layer.window.kernel_size[0], layer.window.stride[0], layer.window.padding[0]


def _arrays_of(layer: Layer, network: Network) -> dict[str, Array]:
    return {name: (network.params | network.buffers)[name] for name in (*layer.params, *layer.buffers)}


def _without_prefix(arrays: Mapping[str, Array], layers: set[str]) -> Mapping[str, Array]:
    """The arrays without what all their names begin with, up to a layer's name."""
    for _ in range(MOST_PREFIXES):
        first = {name.partition(".")[0] for name in arrays}
        if len(first) != 1 or first <= layers or any("." not in name for name in arrays):
            break
        arrays = {name.partition(".")[2]: array for name, array in arrays.items()}
    return arrays


def _theirs(name: str) -> str:
    layer, _, ending = name.partition(".")
    return f"{layer}.{ENDINGS.get(ending, ending)}"


def _turned(name: str) -> bool:
    return name.startswith("linear") and name.endswith(".weight")
