"""What every data set is: three splits of labelled images, class names, and a word on where it is from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


# eq=False: comparing arrays field by field has no single truth value, so a split equals itself only.
@dataclass(frozen=True, eq=False)
class Split:
    """Images `x` (N,C,H,W), float32 in 0..1, and their classes `y` (N,), int64. Both become read-only."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]

    def __post_init__(self) -> None:
        self.x.setflags(write=False)
        self.y.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images, split for training, validation and test. `class_names[k]` names the class `k`.

    `name` is the short one that `load` takes, `title` the one to show; `source`, `licence`: a line each.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    train: Split
    val: Split
    test: Split
    source: str
    licence: str

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C,H,W) of one image."""
        _, channels, height, width = self.train.x.shape
        return channels, height, width

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)


def cut(x: NDArray[Any], y: NDArray[Any], sizes: tuple[int, int, int]) -> tuple[Split, Split, Split]:
    """`x` and `y` cut, in their order, into splits of `sizes` images: training, validation, test."""
    train, val, test = sizes
    i, j, k = train, train + val, train + val + test
    return Split(x[:i], y[:i]), Split(x[i:j], y[i:j]), Split(x[j:k], y[j:k])


def check_name(name: object, known: Iterable[str]) -> None:
    """Raise a ValueError that lists the `known` names unless `name` is one of them."""
    known = tuple(known)
    if name not in known:
        raise ValueError(f"name (={name!r}) must be one of {', '.join(known)}")
