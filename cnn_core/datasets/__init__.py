"""Images to learn from, pictures to filter, patterns to walk through. What ships with ConvScope works offline.

    dataset = load("digits")
    dataset.train.x, dataset.train.y      # (1237, 1, 8, 8) float32 in 0..1, (1237,) int64

Pixels are 0..1 and nothing is subtracted: a page shows what they are, and what normalises them (the mean of
the training images, say) belongs to the training, which has to do the same to every image it meets later.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from cnn_core.checks import one_of
from cnn_core.datasets.colours import load_colours, make_colours
from cnn_core.datasets.dataset import Dataset, Split, as_pixels
from cnn_core.datasets.embedded import CHECKSUMS, load_digits, load_fashion, picture, pictures
from cnn_core.datasets.found import KINDS, Found, found, read_found, sets_folder
from cnn_core.datasets.own import OwnPictures, found_pictures, read_pictures, title_of
from cnn_core.datasets.patterns import pattern, patterns

__all__ = [
    "CHECKSUMS",
    "Dataset",
    "Split",
    "as_pixels",
    "load",
    "make_colours",
    "names",
    "pattern",
    "patterns",
    "picture",
    "pictures",
    "titles",
]

_SETS: dict[str, tuple[str, Callable[[str, str], Dataset]]] = {
    "digits": ("Handwritten digits, 8×8 grey", load_digits),
    "fashion": ("Fashion-MNIST, 28×28 grey", load_fashion),
    "colours": ("Shapes and gratings, 24×24 colour", load_colours),
}


def names() -> tuple[str, ...]:
    """Names that `load` takes: what ships with ConvScope, then what is found on this computer now (`found.py`, `own.py`)."""
    return (*_SETS, *_places())


def titles() -> dict[str, str]:
    """The title to show for each name; loads nothing."""
    shipped = {name: title for name, (title, _) in _SETS.items()}
    places = _places().items()
    return shipped | {n: title_of(p) if isinstance(p, OwnPictures) else KINDS[n].title for n, p in places}


def load(name: str) -> Dataset:
    """The data set `name`, one of `names()`; read or drawn once and kept, its arrays read-only.

    Any first part of a split holds the classes about equally often: `train.x[:100]` is a fair sample.
    Raises ValueError for another name, and for files on this computer that are broken.
    """
    if isinstance(name, str) and name in _SETS:
        return _load(name)
    places = _places()
    one_of("name", name, (*_SETS, *places))
    return _read(places[name])


@cache
def _load(name: str) -> Dataset:
    title, make = _SETS[name]
    return make(name, title)


def _places() -> dict[str, Found | OwnPictures]:
    return {**found(), **found_pictures(sets_folder())}


@lru_cache(maxsize=3)  # they are large: a server keeps the last few, a training its own
def _read(place: Found | OwnPictures) -> Dataset:
    return read_pictures(place) if isinstance(place, OwnPictures) else read_found(place)
