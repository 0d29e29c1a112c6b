"""CIFAR-10 from its Python batches (cifar-10-python.tar.gz), as the course's students have them: pickles, never run.

A pickle may name any function of any module and have it called. Here whatever it names becomes one inert object that keeps
what it is given; only the names that an array of bytes needs may stand there at all, and the array is made afterwards, by us.
The layout (A. Krizhevsky, "The CIFAR-10 dataset"): a dict with `data`, uint8 (N, 3072), a picture's planes red, green and
blue, row by row; and `labels`, a list of N numbers from 0 to 9.
"""

from __future__ import annotations

import math
import os
import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from cnn_core.checks import Array
from cnn_core.datasets.cifar10 import CLASS_NAMES
from cnn_core.datasets.dataset import Split

MOST_BYTES = 512 * 2**20  # of one file; CIFAR-10's have 30 MiB
PIXELS = 3 * 32 * 32
# What pickles of arrays name, from Python 2 with NumPy 1 to Python 3 with NumPy 2.
NEEDED = {
    (module, name)
    for modules, name in (
        (("numpy.core.multiarray", "numpy._core.multiarray"), "_reconstruct"),
        (("numpy.core.numeric", "numpy._core.numeric"), "_frombuffer"),
        (("numpy",), "ndarray"),
        (("numpy",), "dtype"),
        (("_codecs",), "encode"),
    )
    for module in modules
}


def read_python_batches(*files: str | os.PathLike[str]) -> Split:
    """The pictures of CIFAR-10's Python batches in order: x (N, 3, 32, 32) uint8 from 0 to 255, y (N,) int64.

    files: one or more of data_batch_1 to data_batch_5 and test_batch. Raises ValueError for a file that is missing, too
    large, no such batch, cut off, or a pickle that would run something: nothing of it is run.
    """
    parts = [_batch(Path(file)) for file in files]
    return Split(np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts]))


class _Inert:
    """What the pickle wants made: keeps the arguments and the state that it is given, and does nothing."""

    state: Any = None

    def __init__(self, *args: Any) -> None:
        self.args = args

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type[_Inert]:
        if (module, name) not in NEEDED:
            raise pickle.UnpicklingError(f"it asks for {module[:60]}.{name[:60]}, which no batch needs")
        return _Inert


def _batch(file: Path) -> tuple[Array, Array]:
    try:
        if not file.is_file():
            raise ValueError("there is no such file")
        if (size := file.stat().st_size) > MOST_BYTES:
            raise ValueError(f"it has {size:,} bytes, not at most {MOST_BYTES:,}")
        with file.open("rb") as stream:
            return _arrays(stream)
    except OSError as error:
        raise ValueError(f"file (={file}) must be readable ({error.strerror or error})") from None
    except Exception as error:  # an unpickler answers broken bytes with errors of nearly every kind
        raise ValueError(
            f"file (={file}) must be one of CIFAR-10's Python batches, such as data_batch_1 "
            f"({str(error) or type(error).__name__}): get cifar-10-python.tar.gz anew"
        ) from None


def _arrays(stream: BinaryIO) -> tuple[Array, Array]:
    found = _Reader(stream, encoding="bytes").load()
    if not isinstance(found, dict):
        raise ValueError("it holds no dict")
    batch = {_content(name): value for name, value in found.items()}
    if b"data" not in batch or b"labels" not in batch:
        names = b", ".join(batch)[:80].decode(errors="replace")
        raise ValueError(f"it has {names or 'nothing'}, not data and labels")
    x, labels = _pixels(batch[b"data"]), batch[b"labels"]
    if not isinstance(labels, list) or not all(type(label) is int for label in labels) or len(labels) != len(x):
        raise ValueError(f"labels must be a list of {len(x)} whole numbers, one for each picture")
    if not len(x) or min(labels) < 0 or max(labels) >= len(CLASS_NAMES):
        raise ValueError("it must hold pictures with labels from 0 to 9")
    return x.reshape(-1, 3, 32, 32), np.array(labels, dtype=np.int64)


def _pixels(data: object) -> Array:
    """The array (N, 3072) that an inert one stands for; NumPy writes it as a state, or (protocol 5) as arguments."""
    if not isinstance(data, _Inert):
        raise ValueError("data must be an array")
    if data.state is not None:
        _, shape, dtype, by_columns, stored = data.state
    else:
        stored, dtype, shape, order = data.args
        by_columns = _content(order) == b"F"
    content, kind = _content(stored), _content(dtype.args[0])
    if kind != b"u1" or len(shape) != 2 or shape[1] != PIXELS or math.prod(shape) != len(content):
        raise ValueError(f"data must be whole, uint8 and of shape (N, {PIXELS})")
    return np.frombuffer(content, dtype=np.uint8).reshape(shape, order="F" if by_columns else "C")


def _content(value: Any) -> bytes:
    """Bytes, or a text's: Python 2 had one type for both. In protocols below 3, Python 3 writes bytes as a text to encode."""
    text = value.args[0] if isinstance(value, _Inert) else value
    if not isinstance(text, str | bytes | bytearray):
        raise ValueError(f"bytes or a text must stand where {type(text).__name__} does")
    return text.encode("latin-1") if isinstance(text, str) else bytes(text)
