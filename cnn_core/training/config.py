"""What defines a training: everything that the same numbers need to come out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from cnn_core import datasets
from cnn_core.checks import Array, is_number, one_of, real, true_or_false, up_to, whole
from cnn_core.network import Network, NetworkSpec, check_memory, layer_table
from cnn_core.network.build import build, least_batch
from cnn_core.network.network import first_filters
from cnn_core.optim import RULES, hyper_parameters
from cnn_core.settings import known_settings, plain_settings
from cnn_core.solver import Solver, check_batches
from cnn_core.training.data import DataOptions, TrainingData
from cnn_core.training.stop import StopRules

# What may be changed while a training runs.
LIVE = ("learning_rate", "momentum", "reg", "dropout")


def gone(dataset: str) -> str:
    """What to say of a training whose data set (its name) is not on this computer any more."""
    return f"the data set of this training is no longer there: add {dataset} again, or choose another training"


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of one training; the same configuration gives the same run.

    dataset: a name in `datasets.names()`; data: what is made of its pictures. network: the layers. update_rule: a name
    in `optim.RULES`; momentum counts for those that have it. The rest as in `Network` and `Solver`. stop: when to end
    early. range_test: try learning rates from small to large instead (`range_test.py`).
    Raises ValueError naming the first setting out of range.
    """

    dataset: str = "digits"
    data: DataOptions = field(default_factory=DataOptions)
    network: NetworkSpec = field(default_factory=NetworkSpec)
    update_rule: str = "adam"
    learning_rate: float = 4e-3
    momentum: float = 0.9
    lr_decay: float = 1.0
    reg: float = 1e-3
    batch_size: int = 50
    num_epochs: int = 10
    seed: int = 0
    stop: StopRules = field(default_factory=StopRules)
    range_test: bool = False

    def __post_init__(self) -> None:
        plain_settings(self)
        one_of("update_rule", self.update_rule, RULES)
        for name in ("batch_size", "num_epochs"):
            up_to(name, getattr(self, name), 1, 1000)
        whole("seed", self.seed, 0)
        for name, zero_allowed in (("learning_rate", False), ("lr_decay", False), ("reg", True)):
            value = getattr(self, name)
            if not is_number(value) or value < 0 or (value == 0 and not zero_allowed):
                raise ValueError(
                    f"{name} (={value}) must be a finite number {'0 or more' if zero_allowed else 'above 0'}"
                )
        real("momentum", self.momentum, lambda share: 0 <= share < 1, "at least 0 and below 1")
        true_or_false("range_test", self.range_test)
        one_of("dataset", self.dataset, datasets.names())

    def as_dict(self) -> dict[str, Any]:
        """The settings by name, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The configuration that `as_dict` gave. Raises ValueError for names it does not know and values out of range."""
        values = known_settings(cls, values, "configuration", "a training: it takes")
        inside: dict[str, Any] = {"data": DataOptions, "network": NetworkSpec, "stop": StopRules}
        return cls(**{name: inside[name].from_dict(v) if name in inside else v for name, v in values.items()})

    def changed(self, **values: float) -> Self:
        """This configuration with other values of LIVE settings. Raises ValueError for others, and for values out of range."""
        for name in values:
            if name not in LIVE:
                raise ValueError(f"{name} must be one of {', '.join(LIVE)}: the others define the training")
        own: dict[str, Any] = dict(values)
        if "dropout" in own:
            own["network"] = replace(self.network, dropout=own.pop("dropout"))
        return replace(self, **own)

    def live(self) -> dict[str, float]:
        """The values of the LIVE settings at the start."""
        return {name: self.network.dropout if name == "dropout" else getattr(self, name) for name in LIVE}

    def for_range_test(self) -> Self:
        """These settings, to find a learning rate with: all rates are to be tried, so no rule ends it early."""
        return replace(self, range_test=True, stop=StopRules())

    def model(self) -> Network:
        """The untrained network. Raises ValueError where it does not fit the pictures or the memory limit."""
        return Network(self.network, *self._sizes(), reg=self.reg, seed=self.seed)

    def first_filters(self) -> Array:
        """The first layer's weights (F, C, HH, WW) of the untrained network. Raises ValueError as `model`."""
        return first_filters(self.network, *self._sizes(), seed=self.seed)

    def num_weights(self) -> int:
        """How many numbers the network learns. Raises ValueError where it does not fit the pictures or the memory limit."""
        return sum(row.parameters for row in layer_table(self.network, *self._sizes()))

    def check(self) -> None:
        """Raise a ValueError where the settings do not fit the pictures, their number or the memory limit.

        Nothing large is made: it may be called as one types.
        """
        shape, classes = self._sizes()
        if self.batch_size > (most := self.training_data().num_train):
            raise ValueError(f"batch_size (={self.batch_size}) must be at most the number of training pictures {most}")
        check_batches(self.batch_size, most, least_batch(build(self.network, shape, classes)))

    def training_data(self) -> TrainingData:
        """The pictures as the network is to see them. Raises ValueError where the data set is gone, or its files are broken."""
        return TrainingData.of(self._pictures(), self.data)

    def solver(self) -> Solver:
        """The network with its data and its update rule, ready to train."""
        optim_config = {"learning_rate": self.learning_rate}
        if "momentum" in hyper_parameters(self.update_rule):
            optim_config["momentum"] = self.momentum
        return Solver(
            self.model(),
            self.training_data(),
            update_rule=self.update_rule,
            optim_config=optim_config,
            lr_decay=self.lr_decay,
            num_epochs=self.num_epochs,
            batch_size=self.batch_size,
            seed=self.seed,
        )

    def _pictures(self) -> datasets.Dataset:
        try:
            return datasets.load(self.dataset)
        except ValueError:
            if self.dataset in datasets.names():
                raise
            raise ValueError(gone(self.dataset)) from None

    def _sizes(self) -> tuple[tuple[int, int, int], int]:
        """Shape of a picture and number of classes. Raises ValueError where the network does not fit them, or the memory."""
        data = self._pictures()
        sizes = data.image_shape, data.num_classes
        check_memory(self.network, *sizes, self.batch_size, self.update_rule)
        return sizes
