"""Data sets that do not ship with ConvScope and lie on this computer: downloaded, or in folders that the reader named.

Looked for, in this order: in `sets_folder()`, where downloads and own pictures are kept; then in the folders that the
environment variable CONVSCOPE_DATA_SETS names (several with the system's path separator between, as in PATH) and up to
two folders further down, as other programs lay them out (MNIST/raw). There MNIST and Fashion-MNIST are known by the first
labels of their IDX files, since their names are the same, and CIFAR-10 by the names of its binary files or Python batches.
`passed_over.py` says what else lies there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cnn_core.datasets.cifar10 import CLASS_NAMES, read_cifar10_bytes
from cnn_core.datasets.cifar10_batches import read_python_batches
from cnn_core.datasets.dataset import Dataset, Split, cut
from cnn_core.datasets.embedded import FASHION_CLASSES
from cnn_core.datasets.idx import read_idx, read_pair
from cnn_core.datasets.listing import listing
from cnn_core.folders import data_folder

VARIABLE = "CONVSCOPE_DATA_SETS"
MOST_FOLDERS = 200  # in one that is named: those directly inside come first
BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_BATCH = "test_batch"
IDX_NAMES = {  # part of the set: how the files with its pictures and its labels begin
    "train": ("train-images", "train-labels"),
    "test": ("t10k-images", "t10k-labels"),
}
IDX_ENDINGS = {"images": ("-idx3-ubyte", ".idx3-ubyte"), "labels": ("-idx1-ubyte", ".idx1-ubyte")}
FIRST_LABELS = {
    (5, 0, 4, 1, 9, 2, 1, 3, 1, 4): "mnist",
    (7, 2, 1, 0, 4, 1, 4, 9, 5, 9): "mnist",
    (9, 0, 0, 3, 0, 2, 7, 2, 5, 5): "fashion-full",
    (9, 2, 1, 1, 6, 1, 4, 6, 5, 7): "fashion-full",
}


@dataclass(frozen=True)
class Kind:
    """What is known of a set before any of it is read."""

    title: str
    class_names: tuple[str, ...]
    source: str
    licence: str


KINDS = {
    "mnist": Kind(
        "MNIST, 28×28 grey",
        tuple("0123456789"),
        "Y. LeCun, C. Cortes and C. Burges, The MNIST database of handwritten digits",
        "CC BY-SA 3.0",
    ),
    "fashion-full": Kind(
        "Fashion-MNIST, all of it, 28×28 grey",
        FASHION_CLASSES,
        "H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST",
        "MIT, Copyright © 2017 Zalando SE, https://tech.zalando.com",
    ),
    "cifar10": Kind(
        "CIFAR-10, 32×32 colour",
        CLASS_NAMES,
        "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009)",
        "none is stated",
    ),
}


@dataclass(frozen=True)
class Found:
    """A set on this computer: its name, and the files of its training and test part (a part may be missing).

    `stamp` is the time of the files' last change: another one, and the set is read anew.
    """

    name: str
    train: tuple[Path, ...]
    test: tuple[Path, ...]
    stamp: int

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return (self.train or self.test)[0].parent


def sets_folder() -> Path:
    """Where downloaded sets and own pictures are kept; it may not exist yet."""
    return data_folder() / "datasets"


def found() -> dict[str, Found]:
    """The sets of KINDS that are there, by name."""
    sets: dict[str, Found] = {}
    for folder in _folders():
        for part in sets_in(folder):
            sets.setdefault(part.name, part)
    return {name: sets[name] for name in KINDS if name in sets}


def read_found(place: Found) -> Dataset:
    """The set, its pixels uint8. Where the training or the test part is missing, the other is cut: 80, 10 and 10%.

    A set with both has no validation part. Raises ValueError for files that are broken or do not belong together.
    """
    kind = KINDS[place.name]
    parts = [_reader(files)(*files) for files in (place.train, place.test) if files]
    if len(parts) == 2:
        none = Split(parts[0].x[:0], parts[0].y[:0])
        splits = parts[0], none, parts[1]
        if parts[0].x.shape[1:] != parts[1].x.shape[1:]:
            raise ValueError(f"the pictures for training and for testing in {place.folder} must have one size")
    else:
        (only,) = parts
        tenth = max(1, len(only.y) // 10)
        splits = cut(only.x, only.y, (len(only.y) - 2 * tenth, tenth, tenth))
    return Dataset(place.name, kind.title, kind.class_names, *splits, source=kind.source, licence=kind.licence)


def _reader(files: tuple[Path, ...]) -> Callable[..., Split]:
    if files[0].stem not in (*BATCHES, TEST_BATCH):
        return _read_idx_pair
    return read_cifar10_bytes if files[0].suffix == ".bin" else read_python_batches


def _read_idx_pair(images: Path, labels: Path) -> Split:
    return read_pair(images, labels, 10)


def named_folders() -> tuple[str, ...]:
    """The folders that CONVSCOPE_DATA_SETS names, as they stand there."""
    return tuple(filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)))


def folders_in(named: str) -> Iterator[Path]:
    """A folder that is named and those inside it, in the order in which they are looked into."""
    try:
        level = [Path(named).expanduser()]
    except RuntimeError:  # ~ and somebody unknown
        return
    left = 1 + MOST_FOLDERS
    for _ in range(3):
        yield from level[:left]
        left -= len(level)
        level = [inner for folder in level[: max(0, left)] for inner in _inside(folder)]


def _inside(folder: Path) -> list[Path]:
    try:
        return [folder / name for name in listing(folder).folders]
    except OSError:  # not there, or not ours to read
        return []


def _folders() -> Iterator[Path]:
    """Every folder to look into, in order."""
    try:
        here = {entry.name for entry in os.scandir(sets_folder())}
    except OSError:  # nothing is kept yet
        here = set()
    yield from (sets_folder() / name for name in KINDS if name in here)
    for named in named_folders():
        yield from folders_in(named)


def sets_in(folder: Path) -> Iterator[Found]:
    """The sets whose files lie directly in a folder."""
    try:
        names = set(listing(folder).files)
    except OSError:
        return
    for ending in (".bin", ""):  # the binary files, or the course's Python batches
        there = {batch: folder / (batch + ending) for batch in (*BATCHES, TEST_BATCH) if batch + ending in names}
        if there:
            test = (there.pop(TEST_BATCH),) if TEST_BATCH in there else ()
            train = tuple(there.values())
            yield Found("cifar10", train, test, _stamp(train + test))
            break
    parts = {part: _idx_files(folder, names, *starts) for part, starts in IDX_NAMES.items()}
    if files := parts["train"] + parts["test"]:
        stamp = _stamp(files)
        if name := _name_of(files[1], stamp):
            yield Found(name, parts["train"], parts["test"], stamp)


def _idx_files(folder: Path, names: set[str], images: str, labels: str) -> tuple[Path, ...]:
    """The pair of files, packed or not, or nothing if one is missing."""
    pair = []
    for start, kind in ((images, "images"), (labels, "labels")):
        possible = (f"{start}{ending}{packed}" for ending in IDX_ENDINGS[kind] for packed in ("", ".gz"))
        there = next((name for name in possible if name in names), None)
        if there is None:
            return ()
        pair.append(folder / there)
    return tuple(pair)


@lru_cache(maxsize=256)
def _name_of(labels: Path, stamp: int) -> str | None:
    """Which set a file of labels belongs to; None: one that is not known here, or no IDX file. stamp: read anew if other."""
    try:
        first = tuple(read_idx(labels, 1, most=10).tolist())
    except ValueError:
        return None
    return FIRST_LABELS.get(first)


def _stamp(files: tuple[Path, ...]) -> int:
    try:
        return max(file.stat().st_mtime_ns for file in files)
    except OSError:
        return 0  # gone since: reading says so
