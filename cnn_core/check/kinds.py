"""Of which sizes and options the cases of each layer are made. The first value of each setting is its simplest."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]
Sizes = dict[str, Any]
Limits = Mapping[str, tuple[Any, ...]]
Made = tuple[dict[str, Shape], dict[str, Any]]
ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid")


@dataclass(frozen=True)
class Kind:
    """Of which sizes and options a layer's cases are made.

    few: what the smallest case may have. many: what else the others may have. make: the shapes of the arrays, and the
    layer's options.
    """

    few: Limits
    make: Callable[[Sizes], Made]
    many: Limits


def _planes(s: Sizes) -> Shape:
    """x of a layer that takes (N, C) as well as (N, C, H, W)."""
    return (s["N"], s["C"], s["H"], s["W"]) if s["H"] else (s["N"], s["C"])


def _window(s: Sizes) -> dict[str, Any]:
    return {"stride": s["stride"], "padding": s["padding"], "dilation": s["dilation"]}


def _conv(s: Sizes) -> Made:
    _divides(s["groups"], s["C"], s["F"])
    weight = s["F"], s["C"] // s["groups"], s["KH"], s["KW"]
    shapes = {"x": (s["N"], s["C"], s["H"], s["W"]), "weight": weight, "bias": (s["F"],)}
    return shapes, _window(s) | {"groups": s["groups"]}


def _transposed(s: Sizes) -> Made:
    _divides(s["groups"], s["C"], s["F"])
    weight = s["C"], s["F"] // s["groups"], s["KH"], s["KW"]
    shapes = {"x": (s["N"], s["C"], s["H"], s["W"]), "weight": weight, "bias": (s["F"],)}
    return shapes, _window(s) | {"output_padding": s["output_padding"], "groups": s["groups"]}


def _pool(s: Sizes) -> Made:
    options = {name: s[name] for name in ("stride", "padding", "dilation", "count_include_pad") if name in s}
    return {"x": (s["N"], s["C"], s["H"], s["W"])}, options | {"kernel_size": (s["KH"], s["KW"])}


def _linear(s: Sizes) -> Made:
    x = (s["N"], s["C"], s["H"]) if s["H"] else (s["N"], s["C"])
    return {"x": x, "weight": (math.prod(x[1:]), s["M"]), "bias": (s["M"],)}, {}


def _plain(s: Sizes) -> Made:
    return {"x": _planes(s)}, {name: s[name] for name in ("p", "training") if name in s}


def _scores(s: Sizes) -> Made:
    return {"scores": (s["N"], s["K"]), "y": (s["N"],)}, {}


def _batch(s: Sizes) -> Made:
    parameters = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (s["C"],))
    return {"x": _planes(s), **parameters}, {name: s[name] for name in ("training", "momentum", "eps", "unbiased")}


def _norm(s: Sizes) -> Made:
    per_example = "groups" not in s and "instance" not in s
    parameters = _planes(s)[1:] if per_example else (s["C"],)
    if "groups" in s:
        _divides(s["groups"], s["C"])
    groups = {"num_groups": s["groups"]} if "groups" in s else {}
    return {"x": _planes(s), "gamma": parameters, "beta": parameters}, {"eps": s["eps"]} | groups


def _conv_bn(s: Sizes) -> Made:
    shapes, options = _conv(s | {"dilation": 1, "groups": 1})
    batch, more = _batch({"C": s["F"], "N": 1, "H": 0, "W": 0, "momentum": 0.1, "eps": 1e-5, "unbiased": False} | s)
    return shapes | {name: shape for name, shape in batch.items() if name != "x"}, options | more


def _net(s: Sizes) -> Made:
    size, filters, units, classes = 2 * s["H"], s["F"], s["M"], s["K"]
    features = filters * s["H"] * s["H"]
    shapes: dict[str, Shape] = {"x": (s["N"], s["C"], size, size), "y": (s["N"],)}
    shapes |= {"W1": (filters, s["C"], s["KH"], s["KH"]), "b1": (filters,), "W2": (features, units), "b2": (units,)}
    shapes |= {"W3": (units, classes), "b3": (classes,)}
    settings = {"input_dim": shapes["x"][1:], "num_filters": filters, "filter_size": s["KH"], "hidden_dim": units}
    return shapes, settings | {"num_classes": classes, "reg": s["reg"]}


def _divides(groups: int, *numbers: int) -> None:
    if any(number % groups for number in numbers):
        raise ValueError(f"groups (={groups}) must divide {numbers}")


ONE_TO_2, ONE_TO_3, ONE_TO_4 = (1, 2), (1, 2, 3), (1, 2, 3, 4)
IMAGES: Limits = {"N": ONE_TO_2, "C": ONE_TO_2, "H": ONE_TO_4, "W": ONE_TO_4}
MORE: Limits = {"N": (3,), "C": (3, 4), "H": (5, 6, 7), "W": (5, 7)}
VALUES: Limits = {"values": ("plain",)}
TIES: Limits = {"values": ("plain", "ties")}
FEATURES: Limits = {"N": ONE_TO_3, "C": ONE_TO_3, "H": (0, 1, 2), "W": (0, 1, 2, 3)}
KERNEL: Limits = {"KH": ONE_TO_3, "KW": ONE_TO_3}
SLIDES: Limits = {"stride": ONE_TO_3, "padding": (0, 1, 2)}
SPREADS: Limits = {"dilation": ONE_TO_2}
CONV: Limits = {**IMAGES, "F": ONE_TO_2, **KERNEL, **SLIDES}
EPS: Limits = {"eps": (0.75, 1e-5)}  # 0.75 makes a root of 1 of the smallest variance there is, that of 1 and 2
SWITCH, TRAINING = (False, True), (True, False)
BATCH: Limits = {"training": TRAINING, "momentum": (0.1, 0.4), **EPS, "unbiased": SWITCH}
SCORES: Limits = {"N": ONE_TO_3, "K": (2, 1, 3, 4)}

KINDS: dict[str, Kind] = {
    "conv2d": Kind({**CONV, **SPREADS, "groups": ONE_TO_2, **VALUES}, _conv, {**MORE, "F": (3, 4)}),
    "conv_transpose2d": Kind(
        {**CONV, **SPREADS, "output_padding": (0, 1), "groups": ONE_TO_2, **VALUES}, _transposed, {"F": (4,)}
    ),
    "max_pool2d": Kind({**IMAGES, **KERNEL, **SLIDES, **SPREADS, **TIES}, _pool, MORE),
    "avg_pool2d": Kind({**IMAGES, **KERNEL, **SLIDES, "count_include_pad": TRAINING, **VALUES}, _pool, MORE),
    "linear": Kind({"N": ONE_TO_3, "C": ONE_TO_3, "H": (0, 1, 2), "M": ONE_TO_3, **VALUES}, _linear, {"C": (4,)}),
    **dict.fromkeys(
        ACTIVATIONS, Kind({"N": ONE_TO_3, "C": ONE_TO_3, "H": (0, 2), "W": (1, 2), **VALUES}, _plain, {"C": (5,)})
    ),
    "batch_norm": Kind({**FEATURES, **BATCH, **VALUES}, _batch, {"N": (4,)}),
    "layer_norm": Kind({**FEATURES, **EPS, **VALUES}, _norm, {"C": (4,)}),
    "group_norm": Kind(
        {**FEATURES, "H": (1, 2), "W": ONE_TO_3, "groups": ONE_TO_2, **EPS, **VALUES}, _norm, {"C": (4,)}
    ),
    "instance_norm": Kind({**FEATURES, "H": (1, 2), "W": ONE_TO_3, "instance": (1,), **EPS, **VALUES}, _norm, {}),
    "dropout": Kind(
        {"N": (1, 8), "C": (1, 4, 40), "H": (0,), "W": (0,), "p": (0.5, 0.25, 0.75), "training": TRAINING, **VALUES},
        _plain,
        {},
    ),
    "softmax": Kind({**SCORES, "values": ("plain", "large")}, _scores, {}),
    "svm": Kind({**SCORES, **VALUES}, _scores, {}),
    "linear_relu": Kind({"N": ONE_TO_3, "C": ONE_TO_3, "H": (0, 2), "M": ONE_TO_3, **VALUES}, _linear, {}),
    **{
        name: Kind({**CONV, "dilation": (1,), "groups": (1,), **VALUES}, _conv, {"N": (3,), "C": (3,), "F": (3,)})
        for name in ("conv_relu", "conv_relu_pool")
    },
    "conv_bn_relu": Kind({**CONV, "training": TRAINING, **VALUES}, _conv_bn, {"N": (3,)}),
    "three_layers": Kind(
        {"N": ONE_TO_2, "C": ONE_TO_2, "H": ONE_TO_2, "F": ONE_TO_2, "KH": (1, 3), "M": ONE_TO_2, "K": (2, 3)}
        | {"reg": (0.0, 0.5), **VALUES},
        _net,
        {"N": (5,), "H": (3,), "M": (4,)},
    ),
}
