"""The widgets that say what a training makes of its data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnn_core.training.data import NORMALISE, DataOptions
from pages.controls import settings

NOISES = ("0", "0.02", "0.05", "0.1", "0.2", "0.3", "0.5")
LABEL_NOISES = ("0", "0.05", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9")
MOST_TRAIN, MOST_SHIFT, MOST_CUTOUT = 100_000, 8, 24

HELP = {
    "num_train": "The first ones; 0: all of them. With 100 a network learns them by heart, and little else.",
    "normalise": "mean: less the mean training pixel of each channel. standard: also divided by the standard deviation. "
    "none: numbers from 0 to 1, as they are.",
    "shift": "Before each step every picture moves by up to so many pixels along either axis; black comes in.",
    "flip": "Before each step every other picture, by chance, is mirrored left to right. Not for digits and letters.",
    "noise": "Before each step every pixel changes by chance, with this standard deviation; white is 1.",
    "cutout": "Before each step a square of so many pixels a side is painted over, anywhere in each picture.",
    "label_noise": "So many of the training labels are wrong, always the same ones. Does the network learn them by heart?",
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
