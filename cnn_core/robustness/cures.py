"""What makes a network's answer stay when its picture is shifted: the same training again, with one thing changed each time.

Shift augmentation shows the training shifted pictures; average pooling lets what moves within a window count as before (LeCun
et al., "Gradient-based learning applied to document recognition", 1998); a blur before the stride of max pooling gives
neighbouring places a share in each other (Zhang, "Making Convolutional Networks Shift-Invariant Again", 2019).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from cnn_core.messages import say
from cnn_core.network import Network
from cnn_core.robustness.shifts import Kept, answers_kept
from cnn_core.solver import DivergedError
from cnn_core.training.aside import Aside, beside_the_pages
from cnn_core.training.config import TrainingConfig
from cnn_core.training.stop import StopRules

AS_IT_IS, SHIFTED, UNSHIFTED = "as_it_is", "shifted", "unshifted"
POOLINGS = ("avg", "blur")
OFTEN = 20  # steps between two words on how far it is


@dataclass(frozen=True)
class Cured:
    """One training that is done. kept: how its answers fare on the test pictures; None where the training diverged."""

    cure: str
    kept: Kept | None


def cures(config: TrainingConfig) -> dict[str, TrainingConfig]:
    """By cure the settings of its training, first those of no cure; only cures that change something are there.

    What is trained on shifted pictures already is trained once without, to see what they do. All train to the end: rules to
    stop early would compare trainings of different length.
    """
    config = replace(config, stop=StopRules(), range_test=False)
    found = {AS_IT_IS: config}
    if config.data.shift:
        found[UNSHIFTED] = replace(config, data=replace(config.data, shift=0))
    elif min(config.training_data().image_shape[1:]) > 1:
        found[SHIFTED] = replace(config, data=replace(config.data, shift=1))
    for pool in POOLINGS:
        blocks = tuple(block if block.pool == "none" else replace(block, pool=pool) for block in config.network.blocks)
        if blocks != config.network.blocks:
            found[pool] = replace(config, network=replace(config.network, blocks=blocks))
    return found


def train(config: TrainingConfig) -> Iterator[float | Kept | None]:
    """Train one: gives the share of its steps that is done, now and then, and last what became of the test pictures."""
    solver = config.solver()
    try:
        for number, _ in enumerate(solver.steps(), 1):
            if number % OFTEN == 0:
                yield number / solver.iterations
    except DivergedError:
        yield None
        return
    assert isinstance(solver.model, Network)
    data = config.training_data()
    yield answers_kept(solver.model, data, data.dataset.test.x, data.dataset.test.y)


class Cures(Aside):
    """The trainings of all `cures` of a configuration, one after the other, in a process of their own."""

    def __init__(self, config: TrainingConfig) -> None:
        self.names = tuple(cures(config))
        super().__init__(__name__, len(self.names), json.dumps(config.as_dict()))

    @property
    def trained(self) -> tuple[Cured, ...]:
        """Those that are done."""
        return tuple(Cured(one["cure"], None if one["kept"] is None else Kept(**one["kept"])) for one in self.results)


def main() -> None:
    """Train all, and say what came of each."""
    beside_the_pages()
    wanted = cures(TrainingConfig.from_dict(json.loads(sys.argv[1])))
    for number, (cure, config) in enumerate(wanted.items()):
        for known in train(config):
            if isinstance(known, float):
                say("progress", share=(number + known) / len(wanted))
            else:
                say("found", cure=cure, kept=known and asdict(known))


if __name__ == "__main__":
    main()
