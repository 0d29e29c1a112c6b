"""What the places inside a network are called, and the formula of each layer with its real shapes."""

from __future__ import annotations

from collections.abc import Sequence

from cnn_core.explorer import INPUT, SOFTMAX, Inside, Tensor
from cnn_core.network.layers import ACTIVATIONS, Activation, Layer, Norm, Pool

COLOURS = ("red", "green", "blue")


def size_words(shape: Sequence[int]) -> str:
    """As 16×28×28."""
    return "×".join(map(str, shape))


def tensor_words(tensor: Tensor) -> str:
    """What it is called: conv1, gradient of conv1, conv1.weight."""
    return f"gradient of {tensor.name}" if tensor.kind in ("gradient", "dparam") else tensor.name


def number_words(inside: Inside, tensor: Tensor, number: int, names: Sequence[str]) -> str:
    """What a map, filter or unit of a tensor is called."""
    axes = inside.array(tensor).ndim
    if tensor.kind.endswith("param"):
        return f"filter {number}" if axes == 4 else f"unit {number}" if axes == 2 else f"map {number}"
    if axes == 1:
        last = tensor.name in (SOFTMAX, inside.layers[-1].name)
        return f"class {names[number]}" if last and number < len(names) else f"unit {number}"
    if tensor.name == INPUT:
        return COLOURS[number] if len(inside.array(tensor)) == 3 else f"channel {number}"
    return f"map {number}"


def at_words(inside: Inside, tensor: Tensor, at: Sequence[int], names: Sequence[str]) -> str:
    """What one place in a tensor is called, without the tensor's name."""
    if tensor.kind.endswith("param"):
        if len(at) == 2:
            return f"input {at[0]}, unit {at[1]}"
        if len(at) == 4:
            return f"filter {at[0]}, channel {at[1]}, row {at[2]}, column {at[3]}"
        return f"number {at[0]}" if len(at) == 1 else f"map {at[0]}, row {at[1]}, column {at[2]}"
    first = number_words(inside, tensor, at[0], names)
    return f"{first}, row {at[1]}, column {at[2]}" if len(at) == 3 else first


def formula(inside: Inside, tensor: Tensor) -> list[str]:
    """How each number of a tensor is made, and the shapes of what it is made of."""
    if tensor.kind == "param":
        return ["learned: given to this pass"] if "running" not in tensor.name else ["kept from the training"]
    if tensor.kind == "dparam":
        return _of_param(inside, tensor.name)
    if tensor.kind == "gradient":
        return _backward(inside, tensor.name)
    if tensor.name == INPUT:
        return ["the picture, normalised as in the training", size_words(inside.array(tensor).shape)]
    if tensor.name == SOFTMAX:
        return [
            "probability[k] = exp(score[k] − largest) / Σ exp(score[j] − largest)",
            f"classes: {inside.array(tensor).size}",
        ]
    layer = inside.layer(tensor.name)
    x = size_words(inside.array(Tensor("value", inside.below(tensor.name))).shape)
    return [_forward(layer), _shapes(layer, x)]


def _shapes(layer: Layer, x: str) -> str:
    params = "".join(f", {name.split('.')[1]} {size_words(shape)}" for name, shape in layer.params.items())
    return f"x {x}{params} → out {size_words(layer.shape)}"


def _forward(layer: Layer) -> str:
    if layer.kind == "conv":
        assert layer.window is not None
        (down, across), ((top, _), (left, _)) = layer.window.stride, layer.window.padding
        row, column = _met("i", "u", down, top), _met("j", "v", across, left)
        return f"out[f, i, j] = Σ weight[f, c, u, v] · x[c, {row}, {column}] + bias[f]"
    if layer.kind == "linear":
        return "out[m] = Σ x[d] · weight[d, m] + bias[m]"
    if isinstance(layer, Pool):
        high, wide = layer.window.kernel_size if layer.window else (1, 1)
        if layer.pool == "blur":
            return f"out = Σ share · x over each {high}×{wide} window: fixed shares, the largest in the middle"
        return f"out = {'the largest' if layer.pool == 'max' else 'the mean'} of each {high}×{wide} window"
    if isinstance(layer, Norm):
        over = {
            "batch": "mean and var: running averages of the training, one of each a map",
            "layer": "mean and var: over all maps of this picture",
            "group": f"mean and var: over each of {layer.num_groups} groups of maps of this picture",
            "instance": "mean and var: over this map alone",
        }[layer.norm]
        return f"out = gamma · (x − mean) / √(var + eps) + beta; {over}"
    if isinstance(layer, Activation):
        rules = {
            "relu": "max(0, x)",
            "leaky_relu": "x, or 0.01 · x below 0",
            "tanh": "tanh(x)",
            "sigmoid": "1 / (1 + exp(−x))",
        }
        return f"out = {rules[layer.activation]} ({ACTIVATIONS[layer.activation][2]}), each number by itself"
    return "out = x: dropout drops numbers in training only"


def _met(position: str, tap: str, by: int, before: int) -> str:
    moved = position if by == 1 else f"{by}{position}"
    return f"{moved} + {tap}" + (f" − {before}" if before else "")


def _backward(inside: Inside, name: str) -> list[str]:
    layer = inside.above(name)
    shape = size_words(inside.array(Tensor("gradient", name)).shape)
    if layer is None:
        return ["dscore = p − y: probability less 1 for the chosen class, less 0 for the others", shape]
    dout = f"dout (gradient of {layer.name}) {size_words(layer.shape)}"
    params = "".join(f", {key.split('.')[1]} {size_words(s)}" for key, s in layer.params.items() if _needed(layer, key))
    if layer.kind == "conv":
        rule = "dx[c, y, x] = Σ dout[f, i, j] · weight[f, c, u, v], over all windows that the cell was in"
    elif layer.kind == "linear":
        rule = "dx[d] = Σ dout[m] · weight[d, m]"
    elif isinstance(layer, Pool) and layer.pool == "max":
        rule = "dx = dout for the cell that was its window's largest, 0 for the others"
    elif isinstance(layer, Pool) and layer.pool == "blur":
        rule = "dx = Σ share · dout, over all windows that the cell was in"
    elif isinstance(layer, Pool):
        rule = "dx = dout / cells of the window, for each of its cells"
    elif isinstance(layer, Norm):
        rule = "dx = gamma · dout / √(var + eps)"
        if layer.norm != "batch":
            rule += ", less what the mean and the variance take back"
    elif isinstance(layer, Activation):
        rule = f"dx = dout · slope of {ACTIVATIONS[layer.activation][2]} at x"
    else:
        rule = "dx = dout: in use, dropout hands on what comes"
    return [rule, f"{dout}{params} → dx {shape}"]


def _needed(layer: Layer, key: str) -> bool:
    return key.endswith((".weight", ".gamma"))


def _of_param(inside: Inside, name: str) -> list[str]:
    owner, what = name.split(".")
    layer = inside.layer(owner)
    rule = {
        ("conv", "weight"): "dweight[f, c, u, v] = Σ x · dout[f, i, j], over all positions i, j of the window",
        ("linear", "weight"): "dweight[d, m] = x[d] · dout[m]",
        ("norm", "gamma"): "dgamma = Σ normalized · dout, over all numbers that it scaled",
        ("norm", "beta"): "dbeta = Σ dout, over all numbers that it was added to",
    }.get((layer.kind, what), "dbias = Σ dout, over all numbers that it was added to")
    return [rule, f"{name} {size_words(inside.array(Tensor('param', name)).shape)}"]
