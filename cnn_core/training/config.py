"""What defines a training: everything that the same numbers need to come out again."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from cnn_core import datasets
from cnn_core.checks import Array, whole
from cnn_core.convnet import ThreeLayerConvNet
from cnn_core.optim import RULES
from cnn_core.solver import Solver


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of one training of the three-layer net; the same configuration gives the same run.

    dataset: a name in `datasets.names()`. update_rule: a name in `optim.RULES`. The rest as in `ThreeLayerConvNet` and
    `Solver`. Raises ValueError naming the first setting out of range.
    """

    dataset: str = "digits"
    num_filters: int = 16
    filter_size: int = 3
    hidden_dim: int = 64
    learning_rate: float = 4e-3
    batch_size: int = 50
    num_epochs: int = 10
    update_rule: str = "adam"
    reg: float = 1e-3
    lr_decay: float = 1.0
    weight_scale: float = 5e-2
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, known in (
            ("dataset", self.dataset, datasets.names()),
            ("update_rule", self.update_rule, tuple(RULES)),
        ):
            if value not in known:
                raise ValueError(f"{name} (={value!r}) must be one of {', '.join(known)}")
        for name, most in (
            ("num_filters", 128),
            ("filter_size", 15),
            ("hidden_dim", 1024),
            ("batch_size", 1000),
            ("num_epochs", 1000),
        ):
            if whole(name, getattr(self, name), 1) > most:
                raise ValueError(f"{name} (={getattr(self, name)}) must be {most} or less")
        whole("seed", self.seed, 0)
        for name, least_allowed in (
            ("learning_rate", False),
            ("lr_decay", False),
            ("weight_scale", True),
            ("reg", True),
        ):
            value = getattr(self, name)
            if not math.isfinite(value) or value < 0 or (value == 0 and not least_allowed):
                least = "0 or more" if least_allowed else "above 0"
                raise ValueError(f"{name} (={value}) must be a finite number {least}")

    def as_dict(self) -> dict[str, Any]:
        """The settings by name, ready for JSON."""
        return asdict(self)

    def centred(self, x: Array) -> Array:
        """Pictures x (N, C, H, W) as the net sees them: less the mean training pixel, channel by channel.

        Inputs around 0 make the weights of a filter free to differ in sign, and the net learns faster (LeCun et al.,
        "Efficient BackProp", 1998).
        """
        return x - _mean_pixel(self.dataset)

    def model(self) -> ThreeLayerConvNet:
        """The untrained net."""
        data = datasets.load(self.dataset)
        return ThreeLayerConvNet(
            input_dim=data.image_shape,
            num_filters=self.num_filters,
            filter_size=self.filter_size,
            hidden_dim=self.hidden_dim,
            num_classes=data.num_classes,
            weight_scale=self.weight_scale,
            reg=self.reg,
            seed=self.seed,
        )

    def solver(self) -> Solver:
        """The net with its data and its update rule, ready to train."""
        data = datasets.load(self.dataset)
        return Solver(
            self.model(),
            self.centred(data.train.x),
            data.train.y,
            self.centred(data.val.x),
            data.val.y,
            update_rule=self.update_rule,
            optim_config={"learning_rate": self.learning_rate},
            lr_decay=self.lr_decay,
            num_epochs=self.num_epochs,
            batch_size=self.batch_size,
            seed=self.seed,
        )


@cache
def _mean_pixel(dataset: str) -> Array:
    mean: Array = datasets.load(dataset).train.x.mean(axis=(0, 2, 3), keepdims=True)
    mean.setflags(write=False)
    return mean
