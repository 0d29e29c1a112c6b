"""The two helpers that CS231n's convolution notebook imports beside the layers: CIFAR-10, and a grid of pictures."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np

from cnn_core.checks import Array
from cnn_core.datasets.cifar10 import read_cifar10

FOLDER = "cs231n/datasets/cifar-10-batches-bin"  # the course's folder, with CIFAR-10's binary files in it


def get_CIFAR10_data(  # noqa: N802 (the course's name)
    num_training: int = 49000, num_validation: int = 1000, num_test: int = 1000, subtract_mean: bool = True
) -> dict[str, Array]:
    """CIFAR-10 as the course prepares it: X_train, y_train, X_val, y_val, X_test, y_test.

    Pictures (N, 3, 32, 32) from 0 to 255, less the mean training picture unless subtract_mean is False; the validation
    pictures follow the training ones. Read from the binary files (not the course's pickles, which could run code) in
    the folder CIFAR10_FOLDER of the environment, or FOLDER. Raises ValueError where files or pictures are missing.
    """
    folder = Path(os.environ.get("CIFAR10_FOLDER", FOLDER))
    train = read_cifar10(*(sorted(folder.glob("data_batch_*.bin")) or [folder / "data_batch_1.bin"]))
    test = read_cifar10(folder / "test_batch.bin")
    if num_training + num_validation > len(train.x) or num_test > len(test.x):
        raise ValueError(
            f"num_training + num_validation (={num_training + num_validation}) and num_test (={num_test}) must be at most "
            f"the {len(train.x)} and {len(test.x)} pictures in {folder}"
        )
    parts = {
        "train": (train, slice(0, num_training)),
        "val": (train, slice(num_training, num_training + num_validation)),
        "test": (test, slice(0, num_test)),
    }
    data = {f"X_{name}": 255 * split.x[part].astype(np.float64) for name, (split, part) in parts.items()}
    if subtract_mean:
        mean = data["X_train"].mean(axis=0)
        for pictures in data.values():
            pictures -= mean
    return data | {f"y_{name}": split.y[part] for name, (split, part) in parts.items()}


def visualize_grid(Xs: Array, ubound: float = 255.0, padding: int = 1) -> Array:
    """Pictures (N, H, W, C) in a square grid (H', W', C), each stretched to 0..ubound, `padding` zeros between them."""
    count, height, width, channels = Xs.shape
    side = math.ceil(math.sqrt(count))
    grid = np.zeros((side * (height + padding) - padding, side * (width + padding) - padding, channels))
    for number, picture in enumerate(Xs):
        top, left = number // side * (height + padding), number % side * (width + padding)
        low, high = picture.min(), picture.max()
        grid[top : top + height, left : left + width] = ubound * (picture - low) / ((high - low) or 1)
    return grid
