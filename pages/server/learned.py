"""What was found out about a network by going through many pictures: kept a while for all visitors, by its weights' key."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from cnn_core.checks import Array
from cnn_core.features import Patches, Plane
from cnn_core.features.maps import all_outputs
from cnn_core.features.patches import exciting_patches
from cnn_core.features.plane import principal_plane
from cnn_core.features.silence import silenced
from cnn_core.network import Network

Kept = TypeVar("Kept")


class Lately(Generic[Kept]):
    """The last results that were asked for, by key. Unlike `st.cache_data` it copies nothing, so nobody may write to them."""

    def __init__(self, most: int) -> None:
        self._most, self._kept, self._lock = most, OrderedDict[str, Kept](), threading.Lock()

    def get(self, key: str, make: Callable[[], Kept]) -> Kept:
        """What this key had before, else what `make` gives; two that ask at once may both make it."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


_patches: Lately[Patches] = Lately(64)
_features: Lately[Array] = Lately(8)
_planes: Lately[Plane] = Lately(32)
_accuracies: Lately[float] = Lately(512)


def patches(
    key: str, network: Network, x: Array, layer: str, progress: Callable[[int, int], None] = lambda done, total: None
) -> Patches:
    """The nine best places of each filter of a layer in pictures x (N, C, H, W). key: of the weights."""
    return _patches.get(f"{key} {layer}", lambda: exciting_patches(network, x, layer, progress=progress))


def features(key: str, network: Network, x: Array, layer: str) -> Array:
    """What a layer gives for pictures x: (N, ...)."""
    return _features.get(f"{key} {layer}", lambda: all_outputs(network, x, layer))


def plane(key: str, network: Network, x: Array, layer: str) -> Plane:
    """Pictures x in the plane of a layer's outputs in which they spread most."""
    return _planes.get(f"{key} {layer}", lambda: principal_plane(features(key, network, x, layer)))


def accuracy(key: str, network: Network, x: Array, y: Array, without: tuple[str, int] | None = None) -> float:
    """The share of pictures x with labels y that are named right. without: a filter, by layer and number, that is silenced."""

    def make() -> float:
        return (network if without is None else silenced(network, *without)).accuracy(x, y)

    return _accuracies.get(f"{key} {without}", make)
