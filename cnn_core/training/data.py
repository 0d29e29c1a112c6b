"""The pictures of a data set as a training sees them: how many, normalised how, changed how, labelled how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np

from cnn_core.checks import Array, is_number, one_of, true_or_false, up_to, whole
from cnn_core.datasets import Dataset, as_pixels
from cnn_core.settings import known_settings, plain_settings
from cnn_core.training import augment

NORMALISE = ("mean", "standard", "none")
MOST_SHIFT = 16  # pixels
LABELS = 2  # what a random generator is for; the solver has 0 and 1
KEPT = 64 * 2**20  # bytes: training pictures that take no more are normalised once, others batch by batch
CHUNK = 1000  # pictures at a time, where a whole set as float32 would need too much memory


@dataclass(frozen=True)
class DataOptions:
    """What a training makes of its data set.

    num_train: how many training pictures, the first ones; None is all. val_share: the share of the training pictures
    that are kept for validation, the last ones, where the set has none of its own. normalise: "mean" subtracts the mean
    training pixel, channel by channel; "standard" also divides by the standard deviation; "none" leaves 0..1.
    shift, flip, noise, cutout: changes before each step, as in `augment`; shift and cutout in pixels, noise a standard
    deviation where white is 1. label_noise: the share of training labels that are made wrong, drawn from seed.
    Raises ValueError naming the first setting out of range.
    """

    num_train: int | None = None
    val_share: float = 0.1
    normalise: str = "mean"
    shift: int = 0
    flip: bool = False
    noise: float = 0.0
    cutout: int = 0
    label_noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        plain_settings(self)
        if self.num_train is not None:
            whole("num_train", self.num_train, 1)
        one_of("normalise", self.normalise, NORMALISE)
        up_to("shift", self.shift, 0, MOST_SHIFT)
        true_or_false("flip", self.flip)
        for name, least, most in (("val_share", 0.01, 0.5), ("noise", 0, 1), ("label_noise", 0, 0.9)):
            value = getattr(self, name)
            if not is_number(value) or not least <= value <= most:
                raise ValueError(f"{name} (={value!r}) must be a number from {least:g} to {most:g}")
        for name in ("cutout", "seed"):
            whole(name, getattr(self, name), 0)

    @property
    def augments(self) -> bool:
        """Whether pictures are changed before a step."""
        return bool(self.shift or self.flip or self.noise or self.cutout)

    def as_dict(self) -> dict[str, Any]:
        """The settings by name, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The options that `as_dict` gave; a missing one has its default. Raises ValueError for names it does not know."""
        return cls(**known_settings(cls, values, "data", "the data: they take"))


class TrainingData:
    """The pictures and labels of one training, all pictures float32 and normalised. `TrainingData.of` makes it.

    `labels` (num_train,) are those that are trained with, some of them wrong if the options say so, `true_labels` those
    that are right, `val_labels` the validation pictures'. Raises ValueError where the options ask for more than there is.
    """

    def __init__(self, dataset: Dataset, options: DataOptions) -> None:
        self.dataset, self.options = dataset, options
        train, val = dataset.train, dataset.val
        self._x, y, self._val_x, val_y = train.x, train.y, val.x, val.y
        if not len(val_y):
            rest = len(y) - max(1, round(options.val_share * len(y)))
            self._x, self._val_x, y, val_y = train.x[:rest], train.x[rest:], y[:rest], y[rest:]
        self.num_train = len(y) if options.num_train is None else options.num_train
        if not 1 <= self.num_train <= len(y):
            raise ValueError(
                f"num_train (={self.num_train}) must be at most the {len(y)} training pictures of {dataset.name}"
            )
        side = min(dataset.image_shape[1:])
        for name in ("shift", "cutout"):
            if getattr(options, name) >= side:
                raise ValueError(f"{name} (={getattr(options, name)}) must be below {side}, the side of the pictures")
        self._x = self._x[: self.num_train]
        self.true_labels = y[: self.num_train]
        self.labels = _with_noise(self.true_labels, dataset.num_classes, options)
        self.val_labels = val_y

    @classmethod
    def of(cls, dataset: Dataset, options: DataOptions) -> TrainingData:
        """The data of a training; the last few that were asked for are kept, since what they hold takes time to make."""
        return _of(dataset, options)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C,H,W) of one picture."""
        return self.dataset.image_shape

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return self.dataset.num_classes

    def batch(self, indices: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """The training pictures of these indices, (n,C,H,W), augmented with luck from `rng`, and their labels (n,)."""
        if not self.options.augments:
            x = self._kept[indices] if self._is_small else self.normalised(self._x[indices])
            return x, self.labels[indices]
        return self.normalised(self.augmented(self._x[indices], rng)), self.labels[indices]

    def augmented(self, x: Array, rng: np.random.Generator, options: DataOptions | None = None) -> Array:
        """Pixels (n,C,H,W), uint8 or in 0..1, changed as before a step (as other options say, if given); not normalised."""
        x, options = as_pixels(x), options or self.options
        if options.shift:
            x = augment.shift(x, options.shift, rng)
        if options.flip:
            x = augment.flip(x, rng)
        if options.noise:
            x = augment.noise(x, options.noise, rng)
        if options.cutout:
            x = augment.cutout(x, options.cutout, self.mean_pixel, rng)
        return x

    def normalised(self, x: Array) -> Array:
        """Pixels (n,C,H,W), uint8 or in 0..1, as the network sees them: a new float32 array.

        Inputs around 0 leave the weights of a filter free to differ in sign, and the network learns faster (LeCun et al.,
        "Efficient BackProp", 1998).
        """
        pixels = as_pixels(x)
        if self.options.normalise == "none":
            return pixels.copy() if pixels is x else pixels
        centred = pixels - self.mean_pixel
        if self.options.normalise == "standard":
            centred /= self.deviation
        return centred

    def pixels(self, x: Array) -> Array:
        """The inverse of `normalised`: pictures (n,C,H,W) as the network sees them, as pixels from 0 to 1, or beyond by noise."""
        if self.options.normalise == "standard":
            x = x * self.deviation
        return x if self.options.normalise == "none" else x + self.mean_pixel

    def train_part(self, count: int) -> tuple[Array, Array]:
        """The first `count` training pictures, at most all, not augmented, and the labels they are trained with."""
        x = self._kept[:count] if self._is_small else self.normalised(self._x[:count])
        return x, self.labels[:count]

    @cached_property
    def val(self) -> tuple[Array, Array]:
        """The validation pictures and their labels, which are never made wrong."""
        return _fixed(self.normalised(self._val_x)), self.val_labels

    def val_part(self, count: int) -> tuple[Array, Array]:
        """The first `count` validation pictures as pixels, to be shown and `normalised`, at most all; and their labels."""
        return self._val_x[:count], self.val_labels[:count]

    @property
    def test(self) -> tuple[Array, Array]:
        """The test pictures and their labels; not kept, since they are looked at once."""
        return self.normalised(self.dataset.test.x), self.dataset.test.y

    @property
    def mean_pixel(self) -> Array:
        """The mean training pixel of each channel, (C,1,1), in 0..1."""
        return _moments(self.dataset, self.num_train)[0]

    @property
    def deviation(self) -> Array:
        """The standard deviation of the training pixels of each channel, (C,1,1); 1 where all pixels are equal."""
        return _moments(self.dataset, self.num_train)[1]

    @property
    def _is_small(self) -> bool:
        return 4 * self._x.size <= KEPT

    @cached_property
    def _kept(self) -> Array:
        return _fixed(self.normalised(self._x))


@lru_cache(maxsize=4)
def _of(dataset: Dataset, options: DataOptions) -> TrainingData:
    return TrainingData(dataset, options)


@lru_cache(maxsize=8)  # of a large set they take a second, and most options leave them as they are
def _moments(dataset: Dataset, count: int) -> tuple[Array, Array]:
    """Mean and standard deviation, (C,1,1) each, of the first `count` training pictures.

    Summed up in float64, around 1/2, so that nothing is lost.
    """
    x = dataset.train.x[:count]
    sums = np.zeros((2, x.shape[1]))
    for start in range(0, count, CHUNK):
        centred = as_pixels(x[start : start + CHUNK]) - np.float32(0.5)
        sums += centred.sum(axis=(0, 2, 3), dtype=np.float64), np.square(centred).sum(axis=(0, 2, 3), dtype=np.float64)
    mean, square = sums * x.shape[1] / x.size
    deviation = np.sqrt(np.maximum(square - mean**2, 0))
    deviation[deviation < 1e-6] = 1
    mean_pixel, deviation = (v.astype(np.float32)[:, None, None] for v in (mean + 0.5, deviation))
    return _fixed(mean_pixel), _fixed(deviation)


def _with_noise(y: Array, num_classes: int, options: DataOptions) -> Array:
    """Labels of which a share is another class, any other one as likely; the same seed, the same labels."""
    wrong = round(options.label_noise * len(y))
    if not wrong:
        return y
    rng = np.random.default_rng([options.seed, LABELS])
    chosen = rng.permutation(len(y))[:wrong]
    y = y.copy()
    y[chosen] = (y[chosen] + rng.integers(1, num_classes, wrong)) % num_classes
    return _fixed(y)


def _fixed(array: Array) -> Array:
    """The array, read-only: trainings and pages share it."""
    array.setflags(write=False)
    return array
