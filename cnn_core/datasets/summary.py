"""What a set of pictures looks like on the whole."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from cnn_core.checks import Array
from cnn_core.datasets.dataset import Split, as_pixels


@lru_cache(maxsize=4)
def class_means(split: Split, num_classes: int) -> Array:
    """The mean picture of each class, (num_classes,C,H,W) float32 in 0..1; of a class without pictures, zeros."""
    means = np.zeros((num_classes, *split.x.shape[1:]), dtype=np.float32)
    for label in range(num_classes):
        x = split.x[split.y == label]
        if len(x):
            means[label] = x.mean(axis=0, dtype=np.float64) / (255 if x.dtype == np.uint8 else 1)
    means.setflags(write=False)
    return means


def mean_picture(split: Split, num_classes: int) -> Array:
    """The mean of all pictures, (C,H,W)."""
    counts = np.bincount(split.y, minlength=num_classes)
    mean: Array = np.tensordot(counts / counts.sum(), class_means(split, num_classes), axes=1)
    return mean


def examples(split: Split, label: int, count: int) -> Array:
    """The first `count` pictures of a class, at most all, (n,C,H,W) in 0..1."""
    return as_pixels(split.x[np.flatnonzero(split.y == label)[:count]])
