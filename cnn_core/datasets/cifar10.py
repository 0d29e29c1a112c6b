"""CIFAR-10 from its binary files (not shipped: download cifar-10-binary.tar.gz and unpack it)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cnn_core.checks import Array
from cnn_core.datasets.dataset import Split

RECORD = 1 + 3 * 32 * 32  # a label byte, then the planes red, green and blue


def read_cifar10(*files: Path) -> Split:
    """The pictures of binary CIFAR-10 files in order: x (N, 3, 32, 32) float32 from 0 to 1, y (N,) int64.

    Raises ValueError for a file that is missing, empty, cut off, or has a label above 9.
    """
    parts = []
    for file in files:
        if not file.is_file():
            raise ValueError(f"file (={file}) must be one of CIFAR-10's binary files, such as data_batch_1.bin")
        data = np.fromfile(file, dtype=np.uint8)
        if data.size == 0 or data.size % RECORD:
            raise ValueError(
                f"file (={file}, {data.size} bytes) must hold whole records of {RECORD} bytes: get it anew"
            )
        parts.append(data.reshape(-1, RECORD))
    records: Array = np.concatenate(parts)
    if records[:, 0].max() > 9:
        raise ValueError(f"labels (up to {records[:, 0].max()}) must be 0 to 9: these are not CIFAR-10's binary files")
    x = records[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / np.float32(255)
    return Split(x, records[:, 0].astype(np.int64))
