"""How a network fares when its pictures move, for all visitors: looks at it by their key, trainings by their configuration."""

from __future__ import annotations

from collections.abc import Callable

from cnn_core.checks import Array
from cnn_core.network import Network
from cnn_core.robustness import Kept, answers_kept, pixel_gradient, shift_scores, smallest_nudge
from cnn_core.robustness.cures import Cures
from cnn_core.training import TrainingConfig
from cnn_core.training.data import TrainingData
from pages.server.asides import Asides
from pages.server.kept import Lately

LARGEST_NUDGE = 64  # in 1/255
LONG_ENOUGH = 3.0  # seconds for the test pictures
SIZES = tuple(n / 255 for n in range(1, LARGEST_NUDGE + 1))

_scores: Lately[Array] = Lately(64)
_shares: Lately[Kept] = Lately(64)
_nudges: Lately[tuple[Array, tuple[float, int] | None]] = Lately(256)


def scores_by_shift(key: str, network: Network, data: TrainingData, picture: Array, most: int) -> Array:
    """As `shift_scores`. key: of weights and picture."""
    return _scores.get(key, lambda: shift_scores(network, data, picture, most))


def share_kept(
    key: str, network: Network, data: TrainingData, progress: Callable[[int, int], None] = lambda done, total: None
) -> Kept:
    """How many answers for the test pictures stay; not all are looked at where that takes long. key: of the weights. Raises
    ValueError as `answers_kept`."""
    test = data.dataset.test
    return _shares.get(key, lambda: answers_kept(network, data, test.x, test.y, seconds=LONG_ENOUGH, progress=progress))


def nudge_of(
    key: str, network: Network, data: TrainingData, picture: Array, label: int
) -> tuple[Array, tuple[float, int] | None]:
    """The gradient of the loss of class `label` by the pixels, and the smallest nudge of SIZES that changes the answer, with
    the new one. key: of weights, picture and shift."""

    def make() -> tuple[Array, tuple[float, int] | None]:
        gradient = pixel_gradient(network, data, picture, label)
        return gradient, smallest_nudge(network, data, picture, gradient, SIZES)

    return _nudges.get(f"{key} {label}", make)


# The trainings of a configuration's cures; asking for them raises ValueError where its data set is gone.
cures: Asides[TrainingConfig, Cures] = Asides(Cures)
