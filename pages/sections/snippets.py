"""A page's layer as scripts to copy and run: in NumPy, in PyTorch, and in the words of the CS231n course."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cnn_core import conv, conv_transpose, pool
from cnn_core.checks import Array, Pair, PairLike, pair
from cnn_core.speed import vectorized
from cnn_core.walks.walk import Operation
from cnn_core.window import Window

MOST_NUMBERS = 150  # of one array written out: a 12×12 image can still be read
WIDTH = 116  # of a line, without its indentation
MODULES = {
    "conv2d": conv,
    "im2col": vectorized,
    "conv_transpose2d": conv_transpose,
    "max_pool2d": pool,
    "avg_pool2d": pool,
}


@dataclass(frozen=True)
class LayerCall:
    """A page's layer and what it was given: arrays as `Walk.arrays` returns them, one image without a batch axis.
    Without "dout" among the arrays the scripts go forward only. im2col knows no groups.
    """

    operation: Operation
    arrays: Mapping[str, Array]
    window: Window
    groups: int = 1
    output_padding: PairLike = 0

    @property
    def inputs(self) -> dict[str, Array]:
        """The arrays that the layer takes, x as a batch of one; a bias that the page leaves out is zero."""
        found = {"x": self.arrays["x"][None]}
        if "weight" in self.arrays:
            weight = self.arrays["weight"]
            filters = weight.shape[1] * self.groups if self.operation == "conv_transpose2d" else len(weight)
            found |= {"weight": weight, "bias": self.arrays.get("bias", np.zeros(filters))}
        return found

    @property
    def given(self) -> dict[str, Array]:
        """The inputs, and the gradient from above where there is one."""
        return self.inputs | ({"dout": self.arrays["dout"][None]} if "dout" in self.arrays else {})

    @property
    def others(self) -> list[str]:
        """What the call takes after x, as it is written there."""
        return list(self.inputs)[1:] or [_short(self.window.kernel_size)]

    @property
    def gradients(self) -> list[str]:
        """What the backward pass returns, by name."""
        return [f"d{name}" for name in self.inputs] if "dout" in self.arrays else []

    @property
    def function(self) -> str:
        """What the core and PyTorch call it."""
        return "conv2d" if self.operation == "im2col" else self.operation


def numpy_script(layer: LayerCall) -> str:
    """The layer, forward and backward, by the core itself."""
    version = "_vectorized" if layer.operation == "im2col" else ""
    forward, backward = (f"{layer.function}_{way}{version}" for way in ("forward", "backward"))
    call = _call(f"out, cache = {forward}", ["x", *layer.others], layer, _padding(layer.window))
    imported, steps, shown = [forward], [call], ["out", *layer.gradients]
    if layer.operation == "im2col":
        steps += [
            "columns = cache.columns[0]  # im2col: each window has become a column",
            "rows = weight.reshape(len(weight), -1)  # each filter a row",
            "product = rows @ columns + bias[:, None]  # the numbers of out, a row for each filter",
        ]
        shown = ["columns", "product", *shown]
    if layer.gradients:
        imported = [backward, forward]
        steps.append(f"{', '.join(layer.gradients)} = {backward}(dout, cache)")
    imports = [
        "import numpy as np",
        "",
        "# Run this in ConvScope's folder.",
        f"from {MODULES[layer.operation].__name__} import {', '.join(imported)}",
    ]
    return _script(imports, _arrays(layer), steps, [_print(name) for name in shown])


def torch_script(layer: LayerCall) -> str:
    """The same call in PyTorch, whose autograd finds the gradients."""
    window, x, padding = layer.window, "x", _padding(layer.window)
    (top, bottom), (left, right) = window.padding
    before, after = [], []
    if reason := _torch_refuses(layer):
        padding = "0"
        if layer.operation == "conv_transpose2d":
            after = [
                f"# {reason}. F.pad takes left, right, top, bottom; below zero, it cuts off.",
                f"out = F.pad(out, {(-left, -right, -top, -bottom)})",
            ]
        else:
            x, fill = "padded", ', value=float("-inf")' if layer.operation == "max_pool2d" else ""
            before = [
                f"# {reason}. F.pad takes left, right, top, bottom.",
                f"padded = F.pad(x, {(left, right, top, bottom)}{fill})",
            ]
    if layer.operation == "im2col":
        rows, columns = window.output_size((layer.inputs["x"].shape[2], layer.inputs["x"].shape[3]))
        steps = [
            _call("columns = F.unfold", [x, _short(window.kernel_size)], layer, padding),
            "rows = weight.reshape(len(weight), -1)",
            f"out = (rows @ columns + bias[:, None]).reshape(1, len(weight), {rows}, {columns})",
        ]
    else:
        steps = [_call(f"out = F.{layer.operation}", [x, *layer.others], layer, padding)]
    prints = [_print("out", ".detach()")]
    if layer.gradients:
        after.append("out.backward(dout)")
        prints += [_print(f"{name}.grad") for name in layer.inputs]
    tensors = [f"{name} = torch.tensor({name}, requires_grad=True)" for name in layer.inputs]
    if layer.gradients:
        tensors.append("dout = torch.tensor(dout)")
    tensors[0] += "  # in float64, as NumPy has it"
    imports = ["import numpy as np", "import torch", "import torch.nn.functional as F"]
    return _script(imports, _arrays(layer), tensors, before + steps + after, prints)


def course_gap(layer: LayerCall) -> str:
    """Why the CS231n course's layers cannot do what this page does; empty where they can."""
    if layer.operation == "conv_transpose2d":
        return "The course has no transposed convolution."
    if layer.operation == "avg_pool2d":
        return "The course has no average pooling: its pooling layer takes the maximum."
    window, pools = layer.window, layer.operation == "max_pool2d"
    stated = "pool_param has one stride and no padding" if pools else "conv_param has one stride and one pad only"
    sides = {*window.padding[0], *window.padding[1]}
    beyond = {
        "a stride for each axis": window.stride[0] != window.stride[1],
        "padding": pools and sides != {0},
        "a padding for each side": not pools and len(sides) > 1,
        "dilation": window.dilation != (1, 1),
        "groups": layer.groups != 1,
    }
    used = [what for what, there in beyond.items() if there]
    return f"The course's {stated}; this page uses {', '.join(used)}." if used else ""


def course_script(layer: LayerCall) -> str:
    """The layer by the course's names, for where `course_gap` finds nothing."""
    window, version, module = layer.window, "naive", "layers"
    if layer.operation == "im2col":
        version, module = "fast", "fast_layers"
    kind, param, options = "conv", "conv_param", {"stride": window.stride[0], "pad": window.padding[0][0]}
    if layer.operation == "max_pool2d":
        height, width = window.kernel_size
        kind, param = "max_pool", "pool_param"
        options = {"pool_height": height, "pool_width": width, "stride": window.stride[0]}
    forward, backward = f"{kind}_forward_{version}", f"{kind}_backward_{version}"
    written = ", ".join(f'"{key}": {value}' for key, value in options.items())
    arguments = ", ".join([*map(_course_name, layer.inputs), param])
    imported, steps = forward, [f"{param} = {{{written}}}", f"out, cache = {forward}({arguments})"]
    gradients = [f"d{_course_name(name)}" for name in layer.inputs] if layer.gradients else []
    if gradients:
        imported = f"{backward}, {forward}"
        steps.append(f"{', '.join(gradients)} = {backward}(dout, cache)")
    imports = [
        "import numpy as np",
        "",
        "# Run this in ConvScope's folder.",
        "from cnn_core import cs231n",
        "",
        "cs231n.install()  # the course's names now mean ConvScope's layers; leave this line out to run your own",
        f"from cs231n.{module} import {imported}",
    ]
    prints = [_print(name) for name in ("out", *gradients)]
    return _script(imports, _arrays(layer, _course_name), steps, prints)


def _script(*parts: list[str]) -> str:
    """The parts, with an empty line between them."""
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _arrays(layer: LayerCall, called: Callable[[str], str] = str) -> list[str]:
    """A statement for each array: its numbers, or random ones where these would be too many to read."""
    lines = []
    for name, array in layer.given.items():
        if array.size <= MOST_NUMBERS:
            lines.append(f"{called(name)} = np.array({_literal(array)})")
        else:
            numbers = f"rng.standard_normal({array.shape})"
            lines.append(f"{called(name)} = {numbers}  # random: the page's {array.size:,} numbers are too many here")
    large = any(array.size > MOST_NUMBERS for array in layer.given.values())
    return ["rng = np.random.default_rng(231)", *lines] if large else lines


def _literal(array: Array) -> str:
    """Every number of an array in full: Python reads the same one again."""
    values = array.astype(np.float64)
    text = np.array2string(values, separator=", ", floatmode="unique", threshold=MOST_NUMBERS, max_line_width=WIDTH)
    lines = [f"    {line}" for line in text.splitlines() if line]  # NumPy puts empty lines between the planes
    return "\n".join(["", *lines, ""]) if len(lines) > 1 else text


def _course_name(name: str) -> str:
    return {"weight": "w", "bias": "b"}.get(name, name)


def _call(function: str, arguments: list[str], layer: LayerCall, padding: str) -> str:
    """The call with the options that are not the default, and stride and padding in any case."""
    options = {"stride": _short(layer.window.stride), "padding": padding}
    if (extra := pair("output_padding", layer.output_padding, 0)) != (0, 0):
        options["output_padding"] = _short(extra)
    if layer.window.dilation != (1, 1):
        options["dilation"] = _short(layer.window.dilation)
    if layer.groups != 1:
        options["groups"] = str(layer.groups)
    text = f"{function}({', '.join([*arguments, *(f'{name}={value}' for name, value in options.items())])})"
    return textwrap.fill(text, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def _short(values: Pair) -> str:
    return str(values[0] if values[0] == values[1] else values)


def _padding(window: Window) -> str:
    """As short as `Window.of` takes it."""
    (top, bottom), (left, right) = window.padding
    return _short((top, left)) if (top, left) == (bottom, right) else str(window.padding)


def _torch_refuses(layer: LayerCall) -> str:
    """Why PyTorch's own argument cannot say this padding; empty where it can."""
    if any(before != after for before, after in layer.window.padding):
        return "PyTorch pads both sides alike"
    sizes = zip(layer.window.padding, layer.window.kernel_size, strict=True)
    if "pool" in layer.operation and any(before > size // 2 for (before, _), size in sizes):
        return "PyTorch's pooling pads by half the kernel at most"
    return ""


def _print(name: str, what: str = "") -> str:
    return f'print("{name}", {name}.shape, {name}{what}, sep="\\n")'
