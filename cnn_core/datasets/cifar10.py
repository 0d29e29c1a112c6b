"""CIFAR-10 from its binary files (not shipped: the Data page downloads it, or cifar-10-binary.tar.gz holds them)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cnn_core.datasets.dataset import Split, as_pixels

RECORD = 1 + 3 * 32 * 32  # a label byte, then the planes red, green and blue
MOST_RECORDS = 100_000  # of one file; CIFAR-10's have 10,000
CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def read_cifar10(*files: Path) -> Split:
    """As `read_cifar10_bytes`, but x float32 from 0 to 1."""
    split = read_cifar10_bytes(*files)
    return Split(as_pixels(split.x), split.y)


def read_cifar10_bytes(*files: Path) -> Split:
    """The pictures of binary CIFAR-10 files in order: x (N, 3, 32, 32) uint8 from 0 to 255, y (N,) int64.

    Raises ValueError for a file that is missing, empty, cut off, too large, or has a label above 9.
    """
    counts = [_count(file) for file in files]
    x = np.empty((sum(counts), 3, 32, 32), dtype=np.uint8)
    y = np.empty(sum(counts), dtype=np.int64)
    start = 0
    for file, count in zip(files, counts, strict=True):
        part = slice(start, start + count)
        records = np.fromfile(file, dtype=np.uint8, count=count * RECORD).reshape(-1, RECORD)
        if records[:, 0].max() > 9:
            raise ValueError(
                f"labels (up to {records[:, 0].max()}) must be 0 to 9: {file} is not one of CIFAR-10's binary files"
            )
        x[part], y[part] = records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]
        start += count
    return Split(x, y)


def _count(file: Path) -> int:
    """How many records a file holds."""
    if not file.is_file():
        raise ValueError(f"file (={file}) must be one of CIFAR-10's binary files, such as data_batch_1.bin")
    size = file.stat().st_size
    if size == 0 or size % RECORD:
        raise ValueError(f"file (={file}, {size} bytes) must hold whole records of {RECORD} bytes: get it anew")
    if size > MOST_RECORDS * RECORD:
        raise ValueError(f"file (={file}, {size} bytes) must hold at most {MOST_RECORDS:,} records of {RECORD} bytes")
    return size // RECORD
