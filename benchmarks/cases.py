"""What is timed, by name: a case gives a call that does the work once, for each of those who can do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_core.cs231n import ThreeLayerConvNet
from cnn_core.optim import Optimizer
from cnn_core.speed import WORKS, Convolution, MaxPooling, Version, Work
from cnn_core.speed.layers import CONVOLUTION

Call = Callable[[], Any]
COURSE: dict[str, Convolution | MaxPooling] = {"convolution": Convolution(), "max pooling": MaxPooling()}
OPTIONS: dict[
    str, dict[str, Any]
] = {  # for conv2d: (x, weight), options; stride, padding, dilation, groups of all kinds
    "3x3": {"x": (50, 8, 32, 32), "weight": (16, 8, 3, 3), "padding": 1},
    "7x7": {"x": (50, 3, 32, 32), "weight": (32, 3, 7, 7), "padding": 3},
    "1x1": {"x": (50, 64, 16, 16), "weight": (64, 64, 1, 1)},
    "1x5, stride (1, 3)": {"x": (50, 8, 32, 32), "weight": (16, 8, 1, 5), "stride": (1, 3)},
    "stride 2": {"x": (100, 3, 31, 31), "weight": (25, 3, 3, 3), "stride": 2, "padding": 1},
    "dilation 2": {"x": (50, 32, 16, 16), "weight": (32, 32, 3, 3), "padding": 2, "dilation": 2},
    "4 groups": {"x": (50, 32, 16, 16), "weight": (32, 8, 3, 3), "padding": 1, "groups": 4},
    "depthwise": {"x": (50, 64, 16, 16), "weight": (64, 1, 3, 3), "padding": 1, "groups": 64},
    "small maps": {"x": (50, 64, 4, 4), "weight": (64, 64, 3, 3), "padding": 1},
    "one image": {"x": (1, 3, 224, 224), "weight": (8, 3, 3, 3), "padding": 1},
}
NETS: dict[str, dict[str, int]] = {
    "32 filters 7x7, hidden 100": {"channels": 3, "size": 32, "filters": 32, "kernel": 7, "hidden": 100},
    "32 filters 7x7, hidden 500": {"channels": 3, "size": 32, "filters": 32, "kernel": 7, "hidden": 500},
    "28x28, 8 filters 3x3": {"channels": 1, "size": 28, "filters": 8, "kernel": 3, "hidden": 64},
    "8x8 digits, 16 filters 3x3": {"channels": 1, "size": 8, "filters": 16, "kernel": 3, "hidden": 64},
}
BATCH = 50


def work_named(name: str) -> Work:
    """The work of the course's comparison that writes itself so."""
    return next(work for work in WORKS if str(work) == name)


def layer_call(name: str, who: str, dtype: str) -> Call:
    """One of the course's works (cnn_core.speed.WORKS) by its name; who: a version of cnn_core.speed, or "torch".

    The loops do one image only: a whole batch takes them seconds.
    """
    work = work_named(name)
    layer = COURSE[work.layer]
    inputs = layer.inputs(dtype)
    if who == "torch":
        return _torch_layer(layer, inputs.x, inputs.parameters, inputs.dout, work.direction)
    version: Version = who  # type: ignore[assignment]
    if version == "loops":
        inputs = inputs.images(0, 1)
    if work.direction == "forward":
        return lambda: layer.forward(version, inputs)
    _, cache = layer.forward(version, inputs)
    return lambda: layer.backward(version, inputs.dout, cache)


def option_call(name: str, who: str, dtype: str) -> Call:
    """conv2d with one set of OPTIONS, forward and backward; who: "vectorised" or "fast"."""
    options = dict(OPTIONS[name])
    rng = np.random.default_rng(0)
    x, weight = (np.asarray(rng.standard_normal(options.pop(name)), dtype) for name in ("x", "weight"))
    bias = np.zeros(len(weight), dtype=dtype)
    forward, backward = CONVOLUTION[who]  # type: ignore[index]
    dout = rng.standard_normal(forward(x, weight, bias, **options)[0].shape).astype(dtype)
    return lambda: backward(dout, forward(x, weight, bias, **options)[1])


def step_call(name: str, who: str, dtype: str) -> Call:
    """A training step of one of NETS with Adam: loss, gradients, update. who: "fast" or "torch". Returns the loss."""
    net = NETS[name]
    rng = np.random.default_rng(0)
    x = rng.standard_normal((BATCH, net["channels"], net["size"], net["size"])).astype(dtype)
    y = rng.integers(0, 10, BATCH)
    model = ThreeLayerConvNet(
        x.shape[1:], net["filters"], net["kernel"], net["hidden"], weight_scale=1e-2, dtype=dtype, seed=0
    )
    if who == "torch":
        return _torch_step(model, x, y)
    optimizer = Optimizer("adam", learning_rate=1e-3)
    into = {parameter: np.empty_like(w) for parameter, w in model.params.items()}

    def step() -> float:
        parts = model.loss_parts(x, y, into=into)
        optimizer.step(model.params, parts.grads)
        return parts.data_loss

    return step


def _torch_layer(layer: Convolution | MaxPooling, x: Any, parameters: Any, dout: Any, direction: str) -> Call:
    import torch

    functional: Any = torch.nn.functional
    tensors = [torch.tensor(array, requires_grad=True) for array in (x, *parameters)]

    def forward() -> Any:
        if isinstance(layer, Convolution):
            return functional.conv2d(*tensors, stride=layer.stride, padding=layer.padding)
        return functional.max_pool2d(*tensors, layer.kernel_size, layer.stride)

    if direction == "forward":
        return forward
    out, upstream = forward(), torch.tensor(dout)
    return lambda: torch.autograd.grad(out, tensors, upstream, retain_graph=True)


def _torch_step(model: ThreeLayerConvNet, x: Any, y: Any) -> Call:
    import torch

    nn: Any = torch.nn
    p = model.params
    filters, channels, kernel, _ = p["W1"].shape
    net: Any = nn.Sequential(
        nn.Conv2d(channels, filters, kernel, padding=kernel // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(*p["W2"].shape),
        nn.ReLU(),
        nn.Linear(*p["W3"].shape),
    )
    for number, layer in enumerate(layer for layer in net if hasattr(layer, "weight")):
        weight = p[f"W{number + 1}"]
        layer.weight.data = torch.tensor(weight if weight.ndim == 4 else weight.T.copy())
        layer.bias.data = torch.tensor(p[f"b{number + 1}"])
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    images, labels = torch.tensor(x), torch.tensor(y)

    def step() -> float:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()  # type: ignore[no-any-return]

    return step


KINDS: dict[str, Callable[[str, str, str], Call]] = {"layer": layer_call, "option": option_call, "step": step_call}
