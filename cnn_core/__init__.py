"""Convolutional networks in NumPy, to be read: layers and their gradients, losses, training.

    import numpy as np
    import cnn_core as cc

A layer is two functions. The forward one returns its output, and a cache of what the backward
one needs:

    rng = np.random.default_rng(0)
    x, bias = rng.standard_normal((2, 3, 8, 8)), np.zeros(4)
    weight = rng.standard_normal((4, 3, 3, 3))
    out, cache = cc.conv2d_forward(x, weight, bias, stride=2, padding=1)
    dx, dweight, dbias = cc.conv2d_backward(np.ones_like(out), cache)

x holds N = 2 images of C = 3 channels of H x W = 8 x 8 cells, and weight F = 4 filters; out is
(N, F, 4, 4). The backward pass takes how the loss changes with out, and gives how it changes
with x, weight and bias, in arrays of their shapes. One class knows how large an output is:

    size = cc.Window.of(3, stride=2, padding=1).output_size((8, 8))

Is the gradient right? To move each weight a little, and to look at what that does to the output,
gives the same up to 1e-8 or so:

    def moved(weight):
        return cc.conv2d_forward(x, weight, bias, stride=2, padding=1)[0]

    numeric = cc.numeric_gradient(moved, weight, np.ones_like(out))
    error = cc.relative_error(dweight, numeric)

How is it computed? `conv2d_forward_naive` takes and returns the same, in plain loops; every layer
has such a twin. help(cc.conv2d_forward) says what it takes, and which errors it raises.

A network is built from a plan, and a training is a loop over its steps:

    digits = cc.datasets.load("digits")
    plan = cc.NetworkSpec(blocks=(cc.ConvBlock(16, 3),), hidden=(64,))
    network = cc.Network(plan, digits.image_shape, 10)
    data = cc.Arrays(digits.train.x, digits.train.y, digits.test.x, digits.test.y)
    options = {"update_rule": "adam", "optim_config": {"learning_rate": 2e-3}}
    for step in cc.Solver(network, data, **options, num_epochs=3, batch_size=50).steps():
        loss = step.loss
    accuracy = network.accuracy(digits.test.x, digits.test.y)

Names and arguments are PyTorch's where they mean the same. Students of CS231n find the names of
the course's assignment 2 in `cc.cs231n`. `python -m cnn_core` lists what there is.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# The public names, by the module that has them. They are loaded when they are asked for: importing cnn_core imports no NumPy,
# so that an application can still say on how many threads that is to compute (machine/threads.py).
NAMES = {
    "window": "Window",
    "conv": "conv2d_forward conv2d_backward conv2d_forward_naive conv2d_backward_naive",
    "conv_transpose": "conv_transpose2d_forward conv_transpose2d_backward "
    "conv_transpose2d_forward_naive conv_transpose2d_backward_naive",
    "pool": "max_pool2d_forward max_pool2d_backward max_pool2d_forward_naive max_pool2d_backward_naive "
    "avg_pool2d_forward avg_pool2d_backward avg_pool2d_forward_naive avg_pool2d_backward_naive",
    "norm": "batch_norm_forward batch_norm_backward batch_norm_forward_naive batch_norm_backward_naive "
    "layer_norm_forward layer_norm_backward layer_norm_forward_naive layer_norm_backward_naive "
    "group_norm_forward group_norm_backward group_norm_forward_naive group_norm_backward_naive "
    "instance_norm_forward instance_norm_backward instance_norm_forward_naive instance_norm_backward_naive",
    "linear": "linear_forward linear_backward linear_forward_naive linear_backward_naive",
    "activation": "relu_forward relu_backward relu_forward_naive relu_backward_naive "
    "leaky_relu_forward leaky_relu_backward leaky_relu_forward_naive leaky_relu_backward_naive "
    "tanh_forward tanh_backward tanh_forward_naive tanh_backward_naive "
    "sigmoid_forward sigmoid_backward sigmoid_forward_naive sigmoid_backward_naive",
    "dropout": "dropout_forward dropout_backward dropout_forward_naive dropout_backward_naive",
    "loss": "softmax softmax_naive softmax_cross_entropy softmax_cross_entropy_naive accuracy",
    "optim": "Optimizer sgd momentum nesterov rmsprop adam adamw hyper_parameters",
    "gradient_check": "Agreement Nudge agreement nudge numeric_gradient projection_error "
    "relative_error relative_errors overall_error",
    "receptive_field": "ReceptiveField Connection receptive_fields smallest_input connection",
    "network": "Network NetworkSpec ConvBlock",
    "solver": "Solver Arrays StepRecord DivergedError",
}
ROOMS = ("attribution", "cs231n", "datasets", "gradients", "mistakes", "network", "speed", "training", "walks")

if TYPE_CHECKING:  # the same for type checkers and editors
    from cnn_core import attribution as attribution
    from cnn_core import cs231n as cs231n
    from cnn_core import datasets as datasets
    from cnn_core import gradients as gradients
    from cnn_core import mistakes as mistakes
    from cnn_core import network as network
    from cnn_core import speed as speed
    from cnn_core import training as training
    from cnn_core import walks as walks
    from cnn_core.activation import *
    from cnn_core.conv import *
    from cnn_core.conv_transpose import *
    from cnn_core.dropout import *
    from cnn_core.gradient_check import *
    from cnn_core.linear import *
    from cnn_core.loss import *
    from cnn_core.network import ConvBlock as ConvBlock
    from cnn_core.network import Network as Network
    from cnn_core.network import NetworkSpec as NetworkSpec
    from cnn_core.norm import *
    from cnn_core.optim import *
    from cnn_core.pool import *
    from cnn_core.receptive_field import *
    from cnn_core.solver import *
    from cnn_core.window import *
else:
    _MODULES = {name: module for module, names in NAMES.items() for name in names.split()}
    __all__ = [*_MODULES, *ROOMS]

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name in _MODULES:
            value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        elif name in NAMES or name in ROOMS:
            value = import_module(f"{__name__}.{name}")
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}: it has {', '.join(__all__)}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__} - {"Any", "TYPE_CHECKING"})
