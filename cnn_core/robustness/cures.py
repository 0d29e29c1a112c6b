"""What makes a network's answer stay when its picture is shifted: the same training again, with one thing changed each time.

Shift augmentation shows the training shifted pictures; average pooling lets what moves within a window count as before (LeCun
et al., "Gradient-based learning applied to document recognition", 1998); a blur before the stride of max pooling gives
neighbouring places a share in each other (Zhang, "Making Convolutional Networks Shift-Invariant Again", 2019).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from cnn_core.messages import say
from cnn_core.network import Network
from cnn_core.robustness.shifts import MOST_PICTURES, Kept, answers_kept
from cnn_core.solver import DivergedError
from cnn_core.training.aside import Aside, end_with_the_server
from cnn_core.training.config import TrainingConfig
from cnn_core.training.stop import StopRules

AS_IT_IS, SHIFTED, UNSHIFTED = "as_it_is", "shifted", "unshifted"
POOLINGS = ("avg", "blur")
SECONDS = 120.0  # for all trainings together; then they end, however far they are
LOOKING = 10.0  # seconds for the test pictures of each
OFTEN = 0.3  # seconds between two words on how far it is


@dataclass(frozen=True)
class Cured:
    """One training that is done. kept: how its answers fare on the test pictures; None where the training diverged. epochs:
    how long it was trained, as long as the others."""

    cure: str
    kept: Kept | None
    epochs: float


def cures(config: TrainingConfig) -> dict[str, TrainingConfig]:
    """By cure the settings of its training, first those of no cure; only cures that change something are there.

    What is trained on shifted pictures already is trained once without, to see what they do. Rules to stop early are left
    out: they would compare trainings of different length.
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


def train(wanted: Mapping[str, TrainingConfig], seconds: float = SECONDS) -> Iterator[float | Cured]:
    """Train all, a step of each in turn, so that all have had as many when the time is over: gives now and then the share of
    the work that is done, 0 to 1, and last what became of each.

    wanted: settings by cure, which differ in nothing that changes the number of steps. seconds: for all steps together.
    """
    solvers = {cure: config.solver() for cure, config in wanted.items()}
    steps, config = next((one.iterations, wanted[cure]) for cure, one in solvers.items())
    there, done, began = dict(solvers), 0, time.monotonic()
    told = began
    while there and done < steps and (done == 0 or time.monotonic() - began < seconds):
        done += 1
        for cure, solver in list(there.items()):
            try:
                solver.step(done)
            except DivergedError:
                del there[cure]
            if (now := time.monotonic()) - told > OFTEN:
                told = now
                yield min(1.0, max(done / steps, (now - began) / seconds))
    epochs, pictures = done * config.num_epochs / steps, MOST_PICTURES
    for cure, solver in solvers.items():
        kept = None
        if cure in there:
            assert isinstance(solver.model, Network)
            data = wanted[cure].training_data()
            test = data.dataset.test
            with suppress(ValueError):  # it has diverged with its last step
                kept = answers_kept(solver.model, data, test.x[:pictures], test.y[:pictures], seconds=LOOKING)
                pictures = kept.pictures  # the same for all
        yield Cured(cure, kept, epochs)


class Cures(Aside):
    """The trainings of all `cures` of a configuration, side by side, in a process of their own. Raises ValueError where the
    data set is gone."""

    def __init__(self, config: TrainingConfig) -> None:
        self.names = tuple(cures(config))
        super().__init__(__name__, len(self.names), json.dumps(config.as_dict()))

    @property
    def trained(self) -> tuple[Cured, ...]:
        """Those that are done."""
        return tuple(Cured(**one | {"kept": one["kept"] and Kept(**one["kept"])}) for one in self.results)


def main() -> None:
    """Train all, and say what came of each."""
    end_with_the_server()
    wanted = cures(TrainingConfig.from_dict(json.loads(sys.argv[1])))
    for known in train(wanted):
        if isinstance(known, float):
            say("progress", share=known)
        else:
            say("found", **asdict(known))


if __name__ == "__main__":
    main()
