"""cs231n.data_utils: CIFAR-10 as the course prepares it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from cnn_core.checks import Array, whole
from cnn_core.datasets.cifar10 import read_cifar10_bytes
from cnn_core.datasets.cifar10_batches import read_python_batches
from cnn_core.datasets.dataset import Split
from cnn_core.datasets.found import BATCHES, TEST_BATCH

__all__ = ["get_CIFAR10_data", "load_CIFAR10", "load_CIFAR_batch"]

FOLDERS = ("cs231n/datasets/cifar-10-batches-py", "cs231n/datasets/cifar-10-batches-bin")  # the course's is the first
VARIABLE = "CIFAR10_FOLDER"


def load_CIFAR_batch(filename: str | os.PathLike[str]) -> tuple[Array, Array]:  # noqa: N802 (the course's name)
    """One file of CIFAR-10: pictures (N, 32, 32, 3) float64 from 0 to 255, labels (N,).

    filename: a Python batch (data_batch_1), read without running what a pickle may name, or a binary one (data_batch_1.bin).
    Raises ValueError for a file that is missing or broken.
    """
    return _as_course(_read([_path("filename", filename)]))


def load_CIFAR10(ROOT: str | os.PathLike[str]) -> tuple[Array, Array, Array, Array]:  # noqa: N802 (the course's name)
    """All of CIFAR-10 in the folder ROOT: training pictures (N, 32, 32, 3) float64 from 0 to 255, labels (N,), then the test's.

    ROOT holds the Python batches (data_batch_1 to data_batch_5, test_batch) or the binary files of those names with .bin.
    Raises ValueError where a file is missing or broken.
    """
    train, test = _files(_path("ROOT", ROOT))
    return *_as_course(_read(train)), *_as_course(_read(test))


def get_CIFAR10_data(  # noqa: N802 (the course's name)
    num_training: int = 49000, num_validation: int = 1000, num_test: int = 1000, subtract_mean: bool = True
) -> dict[str, Array]:
    """CIFAR-10 as the course prepares it: X_train, y_train, X_val, y_val, X_test, y_test.

    Pictures (N, 3, 32, 32) float64 from 0 to 255, less the mean training picture unless subtract_mean is False; the
    validation pictures follow the training ones. Read from the folder that CIFAR10_FOLDER in the environment names, or
    the first of FOLDERS that is there. Raises ValueError where files or pictures are missing.
    """
    num_training, num_validation = whole("num_training", num_training, 0), whole("num_validation", num_validation, 0)
    num_test = whole("num_test", num_test, 0)
    folder = Path(os.environ.get(VARIABLE) or next(filter(os.path.isdir, FOLDERS), FOLDERS[0]))
    train, test = (_read(files) for files in _files(folder))
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
    data = {f"X_{name}": split.x[part].astype(np.float64) for name, (split, part) in parts.items()}
    if subtract_mean and num_training:
        mean = data["X_train"].mean(axis=0)
        for pictures in data.values():
            pictures -= mean
    return data | {f"y_{name}": split.y[part] for name, (split, part) in parts.items()}


def _files(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files with the training pictures, in order, and the one with the test pictures."""
    for ending in ("", ".bin"):
        *train, test = (folder / f"{name}{ending}" for name in (*BATCHES, TEST_BATCH))
        if all(file.is_file() for file in (*train, test)):
            return train, [test]
    raise ValueError(
        f"folder (={folder}) must hold all of CIFAR-10's Python batches (data_batch_1 to data_batch_5, test_batch) or binary "
        f"files (data_batch_1.bin and so on): unpack cifar-10-python.tar.gz there, or let {VARIABLE} name the folder"
    )


def _path(name: str, value: object) -> Path:
    if not isinstance(value, str | os.PathLike):
        raise ValueError(f"{name} (={value!r}) must be a path")
    return Path(value)


def _read(files: list[Path]) -> Split:
    """Pictures (N, 3, 32, 32) uint8 and labels (N,)."""
    return (read_cifar10_bytes if files[0].suffix == ".bin" else read_python_batches)(*files)


def _as_course(split: Split) -> tuple[Array, Array]:
    return split.x.transpose(0, 2, 3, 1).astype(np.float64), split.y
