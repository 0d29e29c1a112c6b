"""How a network fares when its pictures move, for all visitors: looks at it by their key, trainings by their configuration."""

from __future__ import annotations

import atexit
import threading

from cnn_core.checks import Array
from cnn_core.network import Network
from cnn_core.robustness import Kept, answers_kept, pixel_gradient, shift_scores, smallest_nudge
from cnn_core.robustness.cures import Cures
from cnn_core.training import TrainingConfig
from cnn_core.training.data import TrainingData
from pages.server.learned import Lately

LARGEST_NUDGE = 64  # in 1/255
SIZES = tuple(n / 255 for n in range(1, LARGEST_NUDGE + 1))

_scores: Lately[Array] = Lately(64)
_shares: Lately[Kept] = Lately(64)
_nudges: Lately[tuple[Array, tuple[float, int] | None]] = Lately(256)


def scores_by_shift(key: str, network: Network, data: TrainingData, picture: Array, most: int) -> Array:
    """As `shift_scores`. key: of weights and picture."""
    return _scores.get(key, lambda: shift_scores(network, data, picture, most))


def share_kept(key: str, network: Network, data: TrainingData) -> Kept:
    """How many answers for the test pictures stay. key: of the weights. Raises ValueError as `answers_kept`."""
    test = data.dataset.test
    return _shares.get(key, lambda: answers_kept(network, data, test.x, test.y))


def nudge_of(
    key: str, network: Network, data: TrainingData, picture: Array, label: int
) -> tuple[Array, tuple[float, int] | None]:
    """The gradient of the loss of class `label` by the pixels, and the smallest nudge of SIZES that changes the answer, with
    the new one. key: of weights, picture and shift."""

    def make() -> tuple[Array, tuple[float, int] | None]:
        gradient = pixel_gradient(network, data, picture, label)
        return gradient, smallest_nudge(network, data, picture, gradient, SIZES)

    return _nudges.get(f"{key} {label}", make)


_cures: dict[TrainingConfig, Cures] = {}
_lock = threading.Lock()


def cures_of(config: TrainingConfig) -> Cures:
    """The trainings of this configuration's cures, begun or not. Raises ValueError where its data set is gone."""
    with _lock:
        if config not in _cures:
            made = Cures(config)
            atexit.register(made.close)
            _cures[config] = made
        return _cures[config]


def busy_with_others(config: TrainingConfig) -> bool:
    """Whether the server trains the cures of another configuration: one at a time."""
    with _lock:
        return any(one.state == "running" for other, one in _cures.items() if other != config)


def start(config: TrainingConfig) -> None:
    """Begin, unless those of another configuration are being trained."""
    if not busy_with_others(config):
        cures_of(config).start()
