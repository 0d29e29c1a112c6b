"""The widgets for normalisation, augmentation and label noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnn_core.training.data import NORMALISE, DataOptions
from pages.controls import settings

NOISES = ("0", "0.02", "0.05", "0.1", "0.2", "0.3", "0.5")
LABEL_NOISES = ("0", "0.05", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9")
MOST_TRAIN, MOST_SHIFT, MOST_CUTOUT = 100_000, 8, 24

HELP = {
    "num_train": "The first so many; 0: all of them. With 100, a network memorises them and learns little else: it overfits.",
    "normalise": "mean: subtract the mean training pixel of each channel. standard: divide by the standard deviation, too. "
    "none: keep the numbers from 0 to 1.",
    "shift": "Augmentation: at each step every picture is shifted by up to this many pixels, at random. Black fills the gap.",
    "flip": "Augmentation: at each step half of the pictures, at random, are mirrored left to right. Not for digits and letters.",
    "noise": "Augmentation: at each step Gaussian noise is added to every pixel, with this standard deviation. White is 1.",
    "cutout": "Augmentation: at each step a square of this many pixels a side is covered in each picture, at a random place.",
    "label_noise": "This share of the training labels is wrong, always the same ones. Does the network memorise them?",
}


def data_values(options: DataOptions) -> dict[str, Any]:
    """The widgets' values, by key, that make these options; the nearest there are."""
    return {
        "num_train": float(min(options.num_train or 0, MOST_TRAIN)),
        "normalise": options.normalise,
        "shift": min(options.shift, MOST_SHIFT),
        "flip": options.flip,
        "noise": settings.closest(NOISES, options.noise),
        "cutout": min(options.cutout, MOST_CUTOUT),
        "label_noise": settings.closest(LABEL_NOISES, options.label_noise),
    }


def data_options(start: Mapping[str, Any]) -> DataOptions:
    """The widgets; start: what they begin with, by key, as `data_values` gives it.

    Their ranges are the same for every data set; `TrainingData.of` raises ValueError where one asks too much of it.
    """
    whole, scale = settings.whole, settings.scale
    count = settings.number(
        "training pictures",
        "num_train",
        0.0,
        float(MOST_TRAIN),
        float(start["num_train"]),
        hint="0: all",
        help=HELP["num_train"],
    )
    normalise = settings.choice("normalise", "normalise", NORMALISE, start["normalise"], help=HELP["normalise"])
    shift = whole("shift", "shift", 0, MOST_SHIFT, start["shift"], help=HELP["shift"])
    flip = settings.switch("flip", "flip", start["flip"], help=HELP["flip"])
    noise = scale("noise", "noise", NOISES, start["noise"], help=HELP["noise"])
    cutout = whole("cutout", "cutout", 0, MOST_CUTOUT, start["cutout"], help=HELP["cutout"])
    label_noise = scale("label noise", "label_noise", LABEL_NOISES, start["label_noise"], help=HELP["label_noise"])
    return DataOptions(
        num_train=int(count) or None,
        normalise=normalise,
        shift=shift,
        flip=flip,
        noise=noise,
        cutout=cutout,
        label_noise=label_noise,
    )
