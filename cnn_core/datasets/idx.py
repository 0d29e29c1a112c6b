"""IDX files, as MNIST and its relatives come in: a short header, then bytes. Packed (gzip) or not, the file itself tells.

The header (Y. LeCun, C. Cortes and C. Burges, "The MNIST database"): two bytes 0, a byte for the type of numbers (8: unsigned
bytes), a byte for the number of axes, and for each axis its length as four bytes, the most significant first.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from cnn_core.checks import Array
from cnn_core.datasets.dataset import Split

BYTES = 8  # the header's code for unsigned bytes
MOST_BYTES = 256 * 2**20  # of one file, unpacked: MNIST's largest needs 45 MiB
GZIP = b"\x1f\x8b"


def read_idx(file: Path, axes: int, *, most: int | None = None) -> Array:
    """The bytes of an IDX file, uint8, with so many axes; `most`: stop after as many along the first axis.

    What the header claims is checked before anything is read, and no more than that is unpacked.
    Raises ValueError for a file that is missing, another kind, cut off, longer than it says, or claims too much.
    """
    try:
        with file.open("rb") as raw:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            if not packed:
                return _read(file, raw, axes, most)
            with gzip.GzipFile(fileobj=raw) as unpacked:
                return _read(file, cast(BinaryIO, unpacked), axes, most)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"file (={file}) must be a whole gzip file ({error}): get it anew") from None
    except OSError as error:
        raise ValueError(f"file (={file}) must be readable ({error.strerror or error})") from None


def read_pair(images: Path, labels: Path, num_classes: int) -> Split:
    """Pictures x (N,1,H,W) uint8 from one file, their classes y (N,) from the other.

    Raises ValueError as `read_idx`, and where the two do not belong together or a label is num_classes or more.
    """
    x, y = read_idx(images, 3), read_idx(labels, 1)
    if len(x) != len(y):
        raise ValueError(
            f"file (={images}) holds {len(x)} pictures and {labels.name} {len(y)} labels: they must be one pair"
        )
    if not x.size:
        raise ValueError(f"file (={images}) must hold pictures: it has {' x '.join(map(str, x.shape))} pixels")
    if y.max() >= num_classes:
        raise ValueError(f"file (={labels}) must hold labels 0 to {num_classes - 1}: there is a {y.max()}")
    return Split(x[:, None], y.astype(np.int64))


def _read(file: Path, stream: BinaryIO, axes: int, most: int | None) -> Array:
    header = stream.read(4 + 4 * axes)
    if len(header) < 4 + 4 * axes or header[:4] != bytes((0, 0, BYTES, axes)):
        raise ValueError(
            f"file (={file}) must be an IDX file of bytes along {axes} axes: it begins with {header[:4].hex() or 'nothing'}, "
            f"not {bytes((0, 0, BYTES, axes)).hex()}"
        )
    shape = [int.from_bytes(header[4 * n : 4 * n + 4], "big") for n in range(1, axes + 1)]
    size = math.prod(shape)
    if size > MOST_BYTES:
        raise ValueError(f"file (={file}) claims {size:,} bytes: it must hold at most {MOST_BYTES:,}")
    if most is not None and most < shape[0]:
        shape[0] = most
        content = stream.read(math.prod(shape))
    else:
        content = stream.read(size + 1)  # one more, to see that it ends
    if len(content) != math.prod(shape):
        there = "more" if len(content) > math.prod(shape) else f"{len(content):,}"
        raise ValueError(
            f"file (={file}) must hold the {math.prod(shape):,} bytes that it claims, not {there}: get it anew"
        )
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)
