"""What a data set holds, and how a network sees it, as rows of pictures, counts and words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cnn_core.checks import Array
from cnn_core.datasets import Dataset, as_pixels
from cnn_core.datasets.summary import class_means, examples
from cnn_core.training.data import DataOptions, TrainingData
from pages.figures.rows import PictureRow

EXAMPLES = 16  # pictures of a class: as many as a wide window shows
DRAWS = 12  # of one picture
SEED = 0
TYPICAL = {"shift": 2, "flip": True, "noise": 0.1, "cutout": 6}  # shown where the reader has a change switched off
WORDS: dict[str, Callable[[float], str]] = {
    "shift": lambda value: f"up to {value:g} pixels",
    "flip": lambda value: "left to right",
    "noise": lambda value: f"deviation {value:g}",
    "cutout": lambda value: f"{value:g}×{value:g} pixels",
}


def class_rows(dataset: Dataset) -> list[PictureRow]:
    """A row for each class: how many training pictures, their mean, the first of them."""
    counts = np.bincount(dataset.train.y, minlength=dataset.num_classes)
    means = class_means(dataset.train, dataset.num_classes)
    return [
        PictureRow(name, f"{counts[label]:,}", examples(dataset.train, label, EXAMPLES), means[label])
        for label, name in enumerate(dataset.class_names)
        if counts[label]
    ]


def label_counts(data: TrainingData) -> dict[str, list[int]]:
    """Labels by class: of the training pictures those that are right and those made wrong, of the other splits all."""
    right = data.labels == data.true_labels
    parts = {
        "training": data.labels[right],
        "labelled wrong": data.labels[~right],
        "validation": data.val_labels,
        "test": data.dataset.test.y,
    }
    return {part: np.bincount(labels, minlength=data.num_classes).tolist() for part, labels in parts.items()}


def numbers_seen(data: TrainingData, picture: Array) -> str:
    """What normalising does to one picture (C,H,W), in words."""
    seen, options = data.normalised(picture[None]), data.options
    low, high = (f"**{value:.2f}**".replace("-", "−") for value in (seen.min(), seen.max()))
    span = f"The network sees this picture as numbers from {low} to {high}"
    if options.normalise == "none":
        return f"{span}. They are not normalised: none is below 0. A network learns more easily from numbers around 0."
    mean = ", ".join(f"{value:.3f}" for value in data.mean_pixel.ravel())
    deviation = ", ".join(f"{value:.3f}" for value in data.deviation.ravel())
    each = " (red, green, blue)" if data.image_shape[0] == 3 else ""
    divided = (
        f", and the result divided by the standard deviation, {deviation}" if options.normalise == "standard" else ""
    )
    return f"{span}: the mean training pixel, {mean}{each}, is subtracted{divided}."


def variants(data: TrainingData, picture: Array) -> list[PictureRow]:
    """One picture (C,H,W): as it is, changed in each way (as the options say, else as an example), and in all of theirs."""
    on = {name: getattr(data.options, name) for name in TYPICAL if getattr(data.options, name)}
    rows = [PictureRow("as it is", "", as_pixels(picture[None]))]
    for name, typical in TYPICAL.items():
        value = on.get(name, min(typical, min(data.image_shape[1:]) // 3) if name != "flip" else typical)
        note = WORDS[name](value) if name in on else f"off; here {WORDS[name](value)}"
        rows.append(PictureRow(name, note, _draws(data, picture, **{name: value})))
    if on:
        rows.append(PictureRow("in training", " + ".join(on), _draws(data, picture, **on)))
    return rows


def _draws(data: TrainingData, picture: Array, **changes: float) -> Array:
    """The picture DRAWS times, changed like this."""
    options = replace(DataOptions(), **changes)  # type: ignore[arg-type]
    return data.augmented(np.repeat(picture[None], DRAWS, axis=0), np.random.default_rng(SEED), options)
