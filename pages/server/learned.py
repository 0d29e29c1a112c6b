"""What was found out about a network by going through many pictures: kept a while for all visitors, by its weights' key."""

from __future__ import annotations

from collections.abc import Callable

from cnn_core.checks import Array
from cnn_core.features import Patches, Plane
from cnn_core.features.maps import mean_outputs
from cnn_core.features.patches import exciting_patches
from cnn_core.features.plane import principal_plane
from cnn_core.features.silence import silenced
from cnn_core.network import Network
from pages.server.kept import Lately

_patches: Lately[Patches] = Lately(64)
_features: Lately[Array] = Lately(8)
_planes: Lately[Plane] = Lately(32)
_guesses: Lately[Array] = Lately(512)

Pictures = Callable[[], Array]  # (N, C, H, W), as the network takes them; made only where the result is not there yet


def patches(
    key: str,
    network: Network,
    x: Pictures,
    layer: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Patches:
    """The nine best places of each filter of a layer in pictures x. key: of the weights."""
    return _patches.get(f"{key} {layer}", lambda: exciting_patches(network, x(), layer, progress=progress))


def features(key: str, network: Network, x: Pictures, layer: str) -> Array:
    """What a layer gives for pictures x, a number a unit, or of each map its mean: (N, M)."""
    return _features.get(f"{key} {layer}", lambda: mean_outputs(network, x(), layer))


def plane(key: str, network: Network, x: Pictures, layer: str) -> Plane:
    """Pictures x in the plane of these features in which they spread most."""
    return _planes.get(f"{key} {layer}", lambda: principal_plane(features(key, network, x, layer)))


def guesses(key: str, network: Network, x: Pictures, without: tuple[str, int] | None = None) -> Array:
    """The class (N,) that each of pictures x is taken for. without: a filter, by layer and number, that is silenced."""

    def make() -> Array:
        scores = (network if without is None else silenced(network, *without)).scores(x())
        found: Array = scores.argmax(axis=1)
        return found

    return _guesses.get(f"{key} {without}", make)
