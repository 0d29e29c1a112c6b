"""The backward pass through a network, layer by layer: formula, shapes and numbers of each in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cnn_core.checks import Array
from cnn_core.loss import softmax
from cnn_core.network.blur import blur_kernel
from cnn_core.network.layers import Activation, Layer, Mode, Norm, Pool
from cnn_core.network.passes import BackwardPass, ForwardPass
from cnn_core.shares import percent
from pages.animation.overview import BackwardStep

Lines = tuple[str, str]  # a formula, and numbers
SLOPES = {
    "leaky_relu": "dx = dout where x > 0; where x ≤ 0 it lets a small share pass",
    "tanh": "dx = dout · (1 − tanh(x)²): the flatter the curve, the less passes",
    "sigmoid": "dx = dout · s · (1 − s), with s = sigmoid(x): at most a quarter passes",
}


def backward_steps(done: ForwardPass, back: BackwardPass, target: int, names: Sequence[str]) -> list[BackwardStep]:
    """From the loss of class `target` to the pixels; done: of one picture. Dropout lets all pass in use: it has no step."""
    layers = [layer for layer in done.network.layers if layer.kind != "dropout"]
    steps = [_loss(done, target, names, len(layers) + 1)]
    for place in range(len(layers), 0, -1):
        layer = layers[place - 1]
        below = layers[place - 2].name if place > 1 else None
        x, dx = (done.x, back.dx) if below is None else (done.outputs[below], back.outputs[below])
        dout = back.outputs[layer.name]
        formula, shapes, numbers = FORMULAS[layer.kind](layer, x[0], dout[0], dx[0], back)
        where = "the pixels" if below is None else below
        norms = f"length of the gradient: {short(_length(dout))} at {layer.name}, {short(_length(dx))} at {where}"
        lines = (("formula", formula), ("shapes", shapes), ("numbers", f"{numbers}; {norms}" if numbers else norms))
        steps.append(BackwardStep(place, f"{layer.name} ({layer.description}), backward", lines))
    return steps


def short(value: float) -> str:
    """Three digits, as short as it can be, with a true minus sign."""
    return f"{value:.3g}".replace("-", "−").replace("e−0", "e−").replace("e+0", "e").replace("e+", "e")


def trend(first: float, last: float) -> str:
    """What became of the gradient on its way, in words: its length at the scores and at the first layer."""
    if not (first > 0 and last > 0 and np.isfinite(first + last)):
        return "no gradient arrives there" if first > 0 and last == 0 else "its length is no number to compare"
    longer, shorter = last / first, first / last  # each may be 0 or infinite where the other is
    if shorter > 1e3:
        return f"{_times(shorter)} shorter: it vanishes, and the first layers hardly learn"
    if longer > 1e3:
        return f"{_times(longer)} longer: it explodes, and a step is soon too long"
    return f"{longer:.1f} times as long" if longer >= 1 else f"{shorter:.1f} times shorter"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f} times" if ratio <= 1e6 else "over a million times"


def _loss(done: ForwardPass, target: int, names: Sequence[str], place: int) -> BackwardStep:
    p = softmax(done.scores.astype(np.float64))[0]
    y = np.eye(len(p))[target]
    others = [int(k) for k in np.argsort(-p) if k != target][:2]
    parts = [f"{names[k]}: {short(p[k])} − {y[k]:.0f} = {short(p[k] - y[k])}" for k in (target, *others)]
    with np.errstate(divide="ignore"):
        loss = f"loss = −log {short(p[target])} = {short(abs(float(np.log(p[target]))))}"
    lines = (
        ("formula", "p = softmax(scores); loss = −log p of the target; its gradient at the scores: dscores = p − y"),
        ("shapes", f"p, y (1 for the target, else 0) and dscores: {_shape(p)}"),
        ("numbers", "; ".join([loss, *parts])),
    )
    return BackwardStep(place, f"Softmax and cross-entropy, for class {names[target]}: p − y", lines)


def _linear(layer: Layer, x: Array, dout: Array, dx: Array, back: BackwardPass) -> tuple[str, str, str]:
    dweight, h = back.params[f"{layer.name}.weight"], x.ravel()
    d, m = _largest(dweight)
    product = f"{short(h[d])} · {bracket(short(dout[m]))} = {short(dweight[d, m])}"
    flat = f"; dh laid out as the maps below: {_shape(dx)}" if dx.ndim > 1 else ""
    return (
        "dW = hᵀ · dout, db = dout, dh = dout · Wᵀ",
        f"dout {_shape(dout)}, h {_shape(h)}, W and dW {_shape(dweight)}, dh {_shape(h)}{flat}",
        f"largest of dW: dW[{d}, {m}] = h[{d}] · dout[{m}] = {product}",
    )


def _conv(layer: Layer, x: Array, dout: Array, dx: Array, back: BackwardPass) -> tuple[str, str, str]:
    dweight, dbias = back.params[f"{layer.name}.weight"], back.params[f"{layer.name}.bias"]
    f, c, i, j = _largest(dweight)
    count = dout[0].size
    return (
        "dW: at each place of the kernel, dout times the window below it, all added up; db = sum of dout; "
        "dx: each dout spread back through the kernel",
        f"dout {_shape(dout)}, W and dW {_shape(dweight)}, x and dx {_shape(dx)}",
        f"largest of dW: dW[{f}, {c}, {i}, {j}] = {short(dweight[f, c, i, j])}, a sum over {count:,} places; "
        f"db[{f}] = {short(dbias[f])}",
    )


def _activation(layer: Layer, x: Array, dout: Array, dx: Array, back: BackwardPass) -> tuple[str, str, str]:
    assert isinstance(layer, Activation)
    shapes = f"x, dout and dx {_shape(dx)}"
    if layer.activation == "relu":
        stopped = int((x <= 0).sum())
        share = percent(stopped / x.size)
        numbers = f"the mask is 0 for {stopped:,} of {x.size:,} ({share}), whose x was 0 or less: it stops them"
        return "dx = dout · mask; the mask is 1 where x > 0, else 0", shapes, numbers
    passed = dout != 0
    slope = float(np.mean(np.abs(dx[passed] / dout[passed]))) if passed.any() else 0.0
    return SLOPES[layer.activation], shapes, f"on average {short(slope)} of a gradient passes"


def _pool(layer: Layer, x: Array, dout: Array, dx: Array, back: BackwardPass) -> tuple[str, str, str]:
    assert isinstance(layer, Pool)
    assert layer.window is not None
    shapes = f"dout {_shape(dout)}, dx {_shape(dx)}"
    if layer.pool == "max":
        formula = (
            "unpooling: each dout goes to the winner of its window, the cell that was the largest; the others get 0"
        )
        _, winners = layer.forward(x[None], {}, Mode())
        won = int((layer.backward(np.ones_like(dout)[None], winners, {}) > 0).sum())
        several = "; who wins several gets their sum" if layer.window.stride < layer.window.kernel_size else ""
        return formula, shapes, f"{dout.size:,} windows; {won:,} of {x.size:,} cells won one, the others get 0{several}"
    if layer.pool == "blur":
        kernel = blur_kernel(layer.window.stride[0])
        shares = ", ".join(f"{share:g}" for share in kernel[len(kernel) // 2])
        formula = "dx = Σ share · dout, over all windows that the cell was in"
        return formula, shapes, f"shares of the middle row: {shares}"
    cells = int(np.prod(layer.window.kernel_size))
    return f"each cell of a window gets an equal share: dout / {cells}", shapes, ""


def _norm(layer: Layer, x: Array, dout: Array, dx: Array, back: BackwardPass) -> tuple[str, str, str]:
    assert isinstance(layer, Norm)
    dgamma, dbeta = back.params[f"{layer.name}.gamma"], back.params[f"{layer.name}.beta"]
    at = _largest(dgamma)
    place = ", ".join(map(str, at))
    numbers = f"dγ[{place}] = {short(dgamma[at])}, dβ[{place}] = {short(dbeta[at])}"
    shapes = f"dout and dx {_shape(dx)}, dγ and dβ {_shape(dgamma)}"
    if layer.norm == "batch":
        return (
            "in use, with kept mean and variance: dx = dout · γ / √(variance + ε); dγ = Σ dout · x̂, dβ = Σ dout",
            shapes,
            numbers,
        )
    formula = (
        "mean and deviation come from x, too: dx = (g − mean of g − x̂ · mean of g · x̂) / deviation, with g = dout · γ"
    )
    return formula, shapes, numbers


FORMULAS: dict[str, Callable[[Layer, Array, Array, Array, BackwardPass], tuple[str, str, str]]] = {
    "conv": _conv,
    "linear": _linear,
    "activation": _activation,
    "pool": _pool,
    "norm": _norm,
}


def bracket(text: str) -> str:
    """As a factor: a negative number in brackets."""
    return f"({text})" if text.startswith("−") else text


def _largest(array: Array) -> tuple[int, ...]:
    sizes = np.nan_to_num(np.abs(array), nan=-1.0)
    return tuple(int(k) for k in np.unravel_index(int(sizes.argmax()), array.shape))


def _shape(array: Array) -> str:
    return f"({', '.join(map(str, array.shape))}{',' if array.ndim == 1 else ''})"


def _length(array: Array) -> float:
    return float(np.linalg.norm(array.astype(np.float64)))
