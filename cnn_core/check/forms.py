"""All functions that are known: the core's, and the course's under its names.

The first form of a layer is the core's own: what it gives is what is right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnn_core.check.cases import Case
from cnn_core.check.form import Arguments, Form
from cnn_core.check.kinds import ACTIVATIONS, Limits

FLAT: Limits = {"H": (0,), "W": (0,)}
PLANES: Limits = {"H": (1, 2, 3, 4), "W": (1, 2, 3, 4)}
PLAIN: Limits = {"dilation": (1,), "groups": (1,)}
COURSE_WORDS = {"weight": "w", "bias": "b", "dweight": "dw", "dbias": "db", "scores": "x", "dscores": "dx"}


def _arrays(*names: str) -> Callable[[Case], Arguments]:
    return lambda case: {COURSE_WORDS.get(name, name): case.arrays[name] for name in names}


def _ours(*names: str, options: tuple[str, ...] = ()) -> Callable[[Case], Arguments]:
    return lambda case: {name: {**case.arrays, **case.options}[name] for name in (*names, *options)}


def _conv(case: Case) -> Arguments:
    param = {"stride": case.options["stride"], "pad": case.options["padding"]}
    return _arrays("x", "weight", "bias")(case) | {"conv_param": param}


def _pool_param(case: Case) -> dict[str, Any]:
    height, width = case.options["kernel_size"]
    return {"pool_height": height, "pool_width": width, "stride": case.options["stride"]}


def _bn_param(case: Case) -> dict[str, Any]:
    options = case.options
    return {
        "mode": "train" if options["training"] else "test",
        "eps": options["eps"],
        "momentum": 1 - options["momentum"],
        "running_mean": case.arrays["running_mean"],
        "running_var": case.arrays["running_var"],
    }


def _group(case: Case) -> Arguments:
    gamma, beta = (case.arrays[name].reshape(1, -1, 1, 1) for name in ("gamma", "beta"))
    return {
        "x": case.arrays["x"],
        "gamma": gamma,
        "beta": beta,
        "G": case.options["num_groups"],
        "gn_param": {"eps": case.options["eps"]},
    }


def _conv_bn(case: Case) -> Arguments:
    conv = _conv(case)
    middle = {name: case.arrays[name] for name in ("gamma", "beta")}
    return {
        **_arrays("x", "weight", "bias")(case),
        **middle,
        "conv_param": conv["conv_param"],
        "bn_param": _bn_param(case),
    }


def _dropout(case: Case) -> Arguments:
    mode = "train" if case.options["training"] else "test"
    return {"x": case.arrays["x"], "dropout_param": {"mode": mode, "p": 1 - case.options["p"], "seed": 231}}


def _net(case: Case) -> Arguments:
    params = {name: case.arrays[name] for name in ("W1", "b1", "W2", "b2", "W3", "b3")}
    return {"settings": case.options, "params": params, "X": case.arrays["x"], "y": case.arrays["y"]}


def _twice(
    layer: str, name: str, takes: Callable[[Case], Arguments], positional: int, gradients: tuple[str, ...], **more: Any
) -> list[Form]:
    """The core's readable and its fast functions."""
    return [
        Form(layer, f"{name}_forward{end}", f"{name}_backward{end}", takes, positional, gradients=gradients, **more)
        for end in ("_naive", "")
    ]


def _of_course(
    layer: str,
    stem: str,
    takes: Callable[[Case], Arguments],
    *gradients: str,
    end: str = "",
    back: str = "",
    **more: Any,
) -> Form:
    backward = back or f"{stem}_backward{end}"
    return Form(
        layer, f"{stem}_forward{end}", backward, takes, gradients=gradients, called=COURSE_WORDS, course=True, **more
    )


WEIGHTED, NORM = ("dx", "dweight", "dbias"), ("dx", "dgamma", "dbeta")
WINDOW, BATCH = ("stride", "padding", "dilation"), ("training", "momentum", "eps", "unbiased")
RUNNING = ("running_mean", "running_var")
OURS_RUNNING = {name: name for name in RUNNING}
COURSE_RUNNING = {name: f"bn_param.{name}" for name in RUNNING}
COURSE_BATCH: Limits = {"unbiased": (False,)}


def _bn(case: Case) -> Arguments:
    return {**_arrays("x", "gamma", "beta")(case), "bn_param": _bn_param(case)}


FORMS: tuple[Form, ...] = (
    *_twice("conv2d", "conv2d", _ours("x", "weight", "bias", options=(*WINDOW, "groups")), 3, WEIGHTED),
    *(
        _of_course("conv2d", "conv", _conv, *WEIGHTED, end=end, limits=PLAIN)
        for end in ("_naive", "_fast", "_im2col", "_strides")
    ),
    *_twice(
        "conv_transpose2d",
        "conv_transpose2d",
        _ours("x", "weight", "bias", options=(*WINDOW, "output_padding", "groups")),
        3,
        WEIGHTED,
    ),
    *_twice("max_pool2d", "max_pool2d", _ours("x", "kernel_size", options=WINDOW), 2, ("dx",)),
    *(
        _of_course(
            "max_pool2d",
            "max_pool",
            lambda case: {"x": case.arrays["x"], "pool_param": _pool_param(case)},
            "dx",
            end=end,
            limits={"padding": (0,), "dilation": (1,)},
        )
        for end in ("_naive", "_fast")
    ),
    *_twice(
        "avg_pool2d",
        "avg_pool2d",
        _ours("x", "kernel_size", options=("stride", "padding", "count_include_pad")),
        2,
        ("dx",),
    ),
    *_twice("linear", "linear", _ours("x", "weight", "bias"), 3, WEIGHTED),
    _of_course("linear", "affine", _arrays("x", "weight", "bias"), *WEIGHTED),
    *(form for name in ACTIVATIONS for form in _twice(name, name, _ours("x"), 1, ("dx",))),
    _of_course("relu", "relu", _arrays("x"), "dx"),
    *_twice(
        "batch_norm",
        "batch_norm",
        _ours("x", "gamma", "beta", *RUNNING, options=BATCH),
        5,
        NORM,
        updates=OURS_RUNNING,
    ),
    *(
        _of_course("batch_norm", stem, _bn, *NORM, back=back, updates=COURSE_RUNNING, limits={**COURSE_BATCH, **size})
        for stem, back, size in (
            ("batchnorm", "", FLAT),
            ("batchnorm", "batchnorm_backward_alt", FLAT),
            ("spatial_batchnorm", "", PLANES),
        )
    ),
    *_twice("layer_norm", "layer_norm", _ours("x", "gamma", "beta", options=("eps",)), 3, NORM),
    _of_course(
        "layer_norm",
        "layernorm",
        lambda case: {**_arrays("x", "gamma", "beta")(case), "ln_param": {"eps": case.options["eps"]}},
        *NORM,
        limits=FLAT,
    ),
    *_twice("group_norm", "group_norm", _ours("x", "num_groups", "gamma", "beta", options=("eps",)), 4, NORM),
    _of_course("group_norm", "spatial_groupnorm", _group, *NORM),
    *_twice("instance_norm", "instance_norm", _ours("x", "gamma", "beta", options=("eps",)), 3, NORM),
    *_twice("dropout", "dropout", _ours("x", options=("p", "training")), 1, ("dx",)),
    _of_course("dropout", "dropout", _dropout, "dx"),
    *(
        Form("softmax", f"softmax_cross_entropy{end}", "", _ours("scores", "y"), 2, ("loss", "dscores"), ())
        for end in ("_naive", "")
    ),
    Form(
        "softmax",
        "softmax_loss",
        "",
        _arrays("scores", "y"),
        2,
        ("loss", "dscores"),
        (),
        called=COURSE_WORDS,
        course=True,
    ),
    Form("svm", "svm_loss", "", _arrays("scores", "y"), 2, ("loss", "dscores"), (), called=COURSE_WORDS, course=True),
    _of_course("linear_relu", "affine_relu", _arrays("x", "weight", "bias"), *WEIGHTED),
    _of_course("conv_relu", "conv_relu", _conv, *WEIGHTED, limits=PLAIN),
    _of_course(
        "conv_relu_pool",
        "conv_relu_pool",
        lambda case: _conv(case) | {"pool_param": {"pool_height": 2, "pool_width": 2, "stride": 2}},
        *WEIGHTED,
        limits=PLAIN,
    ),
    _of_course("conv_bn_relu", "conv_bn_relu", _conv_bn, *WEIGHTED, *NORM[1:], limits=PLAIN, updates=COURSE_RUNNING),
    Form(
        "three_layers",
        "ThreeLayerConvNet",
        "",
        _net,
        results=("scores", "loss", "dW1", "db1", "dW2", "db2", "dW3", "db3"),
        gradients=(),
        called={"x": "X"} | {f"d{name}": f'grads["{name}"]' for name in ("W1", "b1", "W2", "b2", "W3", "b3")},
        course=True,
    ),
)
