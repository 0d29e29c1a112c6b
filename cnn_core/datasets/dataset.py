"""What every data set is: three splits of labelled images, class names, and a word on where it is from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.checks import Array, labels, numbers


# eq=False: comparing arrays field by field has no single truth value, so a split equals itself only.
@dataclass(frozen=True, eq=False)
class Split:
    """Images `x` (N,C,H,W) and their classes `y` (N,), int64. Both become read-only.

    Small sets hold float32 in 0..1; large ones keep the file's uint8, a quarter of it. `as_pixels` makes both alike.
    Raises ValueError for what is no array of real numbers, and for other labels than one for each image.
    """

    x: Array
    y: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", numbers("x", self.x))
        object.__setattr__(self, "y", labels("y", self.y, len(self.x)).astype(np.int64, copy=False))
        self.x.setflags(write=False)
        self.y.setflags(write=False)


def as_pixels(x: Array) -> Array:
    """Pixels of a split, uint8 or floating, as float32 in 0..1; a new array unless they are already.

    Raises ValueError for other numbers: which of them is white, nobody says.
    """
    x = numbers("x", x)
    if x.dtype != np.uint8 and x.dtype.kind != "f":
        raise ValueError(f"x (dtype {x.dtype}) must be uint8, or floating from 0 to 1: divide it by its white")
    pixels: Array = x / np.float32(255) if x.dtype == np.uint8 else x.astype(np.float32, copy=False)
    return pixels


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images, split for training, validation and test. `class_names[k]` names the class `k`.

    A set that has no validation images of its own holds none in `val`; a training takes a share of the training ones.
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
