"""The terms of a gradient by a number that goes out of a layer: what comes back to it through the layer above (docs/math.md)."""

from __future__ import annotations

import numpy as np

from cnn_core.activation import LEAK
from cnn_core.explorer.inside import SOFTMAX, Inside, seen
from cnn_core.explorer.terms import At, Explanation, Factors, Known, Sum, Tensor
from cnn_core.explorer.terms_forward import NormNumbers
from cnn_core.network.blur import blur_kernel
from cnn_core.network.layers import Activation, Layer, Norm, Pool

SLOPES: dict[str, tuple[tuple[str, str], ...]] = {
    "relu": (("slope", "1 if x > 0 else 0"),),
    "leaky_relu": (("slope", f"1 if x > 0 else {LEAK}"),),
    "tanh": (("slope", "1 / cosh(x) ** 2"),),
    "sigmoid": (("out", "1 / (1 + exp(-x))"), ("rest", "1 / (1 + exp(x))"), ("slope", "out * rest")),
}


def backward_terms(inside: Inside, name: str, at: At) -> Explanation:
    """What the gradient by this number of the layer's output is made of; name: of the layer, or "input"."""
    layer = inside.above(name)
    if layer is None:
        p, y = inside.known("value", SOFTMAX, at), float(at[0] == inside.label)
        return Explanation.of_steps({"p": p, "y": Known(y)}, ("dscore", "p - y", p.value - y))
    if layer.kind == "conv":
        return Explanation.of_sum(_conv(inside, layer, name, at))
    if layer.kind == "linear":
        return Explanation.of_sum(_linear(inside, layer, name, at))
    if isinstance(layer, Pool):
        return Explanation.of_sum(_pool(inside, layer, name, at))
    if isinstance(layer, Norm):
        return _norm(inside, layer, at)
    dout = inside.known("gradient", layer.name, at)
    if not isinstance(layer, Activation):
        return Explanation.of_steps({"dout": dout}, ("dx", "dout", dout.value))
    return _activation(inside, layer, name, at, dout)


def _activation(inside: Inside, layer: Activation, name: str, at: At, dout: Known) -> Explanation:
    x = inside.known("value", name, at)
    with np.errstate(all="ignore"):
        power, other = np.exp(-x.value), np.exp(x.value)
        numbers = {
            "relu": (float(x.value > 0),),
            "leaky_relu": (1.0 if x.value > 0 else LEAK,),
            "tanh": (1 / np.cosh(x.value) ** 2,),
            "sigmoid": (1 / (1 + power), 1 / (1 + other), 1 / (1 + power) / (1 + other)),
        }[layer.activation]
    steps = [(*step, value) for step, value in zip(SLOPES[layer.activation], numbers, strict=True)]
    return Explanation.of_steps({"x": x, "dout": dout}, *steps, ("dx", "dout * slope", dout.value * numbers[-1]))


def _conv(inside: Inside, layer: Layer, name: str, at: At) -> Sum:
    """Every filter, at every window that has the cell: what came back to its output, times the weight that the cell met."""
    assert layer.window is not None
    above, key = Tensor("gradient", layer.name), Tensor("param", f"{layer.name}.weight")
    dout, (channel, row, column) = inside.array(above), at
    _, height, width = inside.array(Tensor("value", name)).shape
    met = np.argwhere(seen(layer.window, (height, width)) == row * width + column)  # (T, 4): oy, ox, i, j
    f = np.repeat(np.arange(len(dout)), len(met))
    oy, ox, i, j = np.tile(met, (len(dout), 1)).T
    left = Factors("dout", dout[f, oy, ox], above, np.column_stack([f, oy, ox]))
    entry = np.column_stack([f, np.full(len(f), channel), i, j])
    right = Factors("weight", inside.array(key)[tuple(entry.T)], key, entry)
    kernel = layer.window.kernel_size
    return Sum(left, right, f, "filter", kernel if len(met) == kernel[0] * kernel[1] else None)


def _linear(inside: Inside, layer: Layer, name: str, at: At) -> Sum:
    above, key = Tensor("gradient", layer.name), Tensor("param", f"{layer.name}.weight")
    dout, shape = inside.array(above), inside.array(Tensor("value", name)).shape
    d, every = int(np.ravel_multi_index(at, shape)), np.arange(len(dout))
    entry = np.column_stack([np.full(len(every), d), every])
    left, right = Factors("dout", dout, above, every[:, None]), Factors("weight", inside.array(key)[d], key, entry)
    return Sum(left, right, np.zeros(len(every), int), "")


def _pool(inside: Inside, layer: Pool, name: str, at: At) -> Sum:
    """Max: the gradients of the windows that the cell won, if any. Average and blur: its share of all windows that have it."""
    assert layer.window is not None
    above = Tensor("gradient", layer.name)
    channel, row, column = at
    _, height, width = inside.array(Tensor("value", name)).shape
    met, cache = np.argwhere(seen(layer.window, (height, width)) == row * width + column), inside.forward.caches
    oy, ox, i, j = met.T
    scale, right = 1.0, None
    where = np.column_stack([np.full(len(oy), channel), oy, ox])
    if layer.pool == "blur":
        right = Factors("share", blur_kernel(layer.window.stride[0])[i, j], above, where, fixed=True)
    elif layer.pool == "max":
        won = cache[layer.name].winner[0, channel, oy, ox] == i * layer.window.kernel_size[1] + j
        oy, ox, where = oy[won], ox[won], where[won]
    else:
        scale = 1 / float(cache[layer.name].divisor[0, 0])
    left = Factors("dout", inside.array(above)[channel, oy, ox], above, where)
    return Sum(left, right, np.zeros(len(oy), int), "", scale=scale)


def _norm(inside: Inside, layer: Norm, at: At) -> Explanation:
    """A mean and variance that are the set's own change with x, too: two means are taken off (docs/math.md)."""
    found = NormNumbers(inside, layer, at)
    above = Tensor("gradient", layer.name)
    dout = inside.known("gradient", layer.name, at)
    knowns, std = found.knowns | {"gamma": found.gamma, "dout": dout}, ("std", "sqrt(var + eps)", found.std)
    slope, own, m = found.gamma.value * dout.value, found.normalized, len(found.cells)
    scaled = ("dnormalized", "gamma * dout", slope)
    if found.given:
        knowns = {what: one for what, one in knowns.items() if what not in ("x", "mean")}
        return Explanation.of_steps(knowns, std, scaled, ("dx", "dnormalized / std", slope / found.std))
    gamma, cells = inside.array(Tensor("param", f"{layer.name}.gamma")), tuple(found.cells.T)
    slopes = (gamma[cells] if layer.norm == "layer" else gamma[cells[0]]) * inside.array(above)[cells]
    normalized = (found.x_set - found.mean) / found.std
    sums = {
        "shift": found.average("gamma * dout", slopes, of=above),
        "stretch": found.average("gamma * dout", slopes, ("normalized", normalized), above),
    }
    dx = (slope - slopes.sum() / m - own * (slopes * normalized).sum() / m) / found.std
    knowns |= {"mean": Known(found.mean), "var": Known(found.var)}
    normal = ("normalized", "(x - mean) / std", own)
    last = ("dx", "(dnormalized - shift - normalized * stretch) / std", dx)
    return Explanation.of_steps(knowns, std, scaled, normal, last, sums=sums)
