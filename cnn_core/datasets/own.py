"""The reader's own pictures as a data set: kept as one file each, named after their content."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from cnn_core.checks import Array
from cnn_core.datasets.dataset import Dataset, cut

NAME = re.compile(r"pictures-[0-9a-f]{8}")
LEAST_SIZE, MOST_SIZE = 8, 64  # pixels a side
LEAST_CLASSES, MOST_CLASSES = 2, 50
LEAST_PICTURES, MOST_PICTURES = 3, 10_000  # of a class (one for each split), and of all
MOST_KEPT = 50  # sets in a folder
MEMBERS = ("x", "y", "splits", "class_names", "title")


@dataclass(frozen=True)
class OwnPictures:
    """One such file; stamp: the time of its last change."""

    file: Path
    stamp: int

    @property
    def name(self) -> str:
        """The data set's name."""
        return self.file.stem


def save_pictures(
    folder: Path, x: Array, y: Array, class_names: Sequence[str], title: str, splits: Array | None = None
) -> str:
    """Keep pictures x (N,C,S,S) uint8 of the classes y (N,) in `folder`; returns the data set's name.

    splits (N,): the split of each picture, 0 to 2: training, validation, test; None: all are to train with. Of a split
    without pictures, a tenth of each class's training pictures, at least one, become one: drawn at random, but always the
    same. Within each split the classes take turns. The same pictures have the same name: kept twice, they keep their first title.
    Raises ValueError where there are too few or too many classes, pictures or sets, and OSError if the disk is full.
    """
    _check(x, y, class_names)
    order, sizes = _in_turns(y, class_names, splits)
    x, y = np.ascontiguousarray(x[order]), y[order].astype(np.int64)
    content = hashlib.sha256(repr((x.shape, tuple(class_names), sizes)).encode() + x.tobytes() + y.tobytes())
    name = f"pictures-{content.hexdigest()[:8]}"
    kept = found_pictures(folder)
    if name in kept and _is_whole(kept[name]):
        return name
    if len(kept) >= MOST_KEPT:
        raise ValueError(f"sets of own pictures (={MOST_KEPT} in {folder}) must not become more: remove one first")
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{name}.{secrets.token_hex(4)}.part"
    try:
        with unfinished.open("wb") as file:
            names = np.array(class_names, dtype=np.str_)
            np.savez_compressed(file, x=x, y=y, splits=np.array(sizes), class_names=names, title=np.array(title))
        unfinished.replace(folder / f"{name}.npz")
    finally:
        unfinished.unlink(missing_ok=True)
    return name


def _is_whole(pictures: OwnPictures) -> bool:
    try:
        read_pictures(pictures)
    except ValueError:
        return False
    return True


def found_pictures(folder: Path) -> dict[str, OwnPictures]:
    """What is kept in `folder`, by name."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return {}
    files = [e for e in entries if e.name.endswith(".npz") and NAME.fullmatch(e.name.removesuffix(".npz"))]
    found = {}
    for entry in files:
        with contextlib.suppress(OSError):  # removed since
            found[entry.name.removesuffix(".npz")] = OwnPictures(Path(entry.path), entry.stat().st_mtime_ns)
    return found


def remove_pictures(folder: Path, name: str) -> None:
    """Delete a set that `save_pictures` kept; nothing happens if it is gone already. Raises ValueError for other names."""
    if not NAME.fullmatch(name):
        raise ValueError(f"name (={name!r}) must be that of own pictures, such as pictures-0123abcd")
    (folder / f"{name}.npz").unlink(missing_ok=True)


@lru_cache(maxsize=256)
def title_of(pictures: OwnPictures) -> str:
    """The title to show, without reading the pictures."""
    try:
        with np.load(pictures.file) as stored:
            return str(stored["title"])
    except Exception:  # broken bytes make the readers of zips and arrays raise errors of nearly every kind
        return "Your pictures, in a broken file"


def read_pictures(pictures: OwnPictures) -> Dataset:
    """The data set, its pixels uint8. Raises ValueError for a file that `save_pictures` did not write."""
    try:
        with np.load(pictures.file) as stored:
            x, y, sizes, class_names, title = (stored[member] for member in MEMBERS)
        names = tuple(map(str, class_names))
        _check(x, y, names)
        train, val, test = map(int, sizes)
        splits = cut(x, y, (train, val, test))
        if [len(split.y) for split in splits] != list(sizes) or sum(sizes) != len(y) or min(sizes) < 1:
            raise ValueError("its splits are other than its pictures")
    except Exception as error:  # as above
        raise ValueError(
            f"file (={pictures.file}) must hold pictures that ConvScope has kept ({error}): remove it"
        ) from None
    return Dataset(pictures.name, str(title), names, *splits, source="Your pictures", licence="yours")


def _check(x: Array, y: Array, class_names: Sequence[str]) -> None:
    """Raise ValueError unless these are pictures of a size, a number and a variety that can be trained on."""
    if x.dtype != np.uint8 or x.ndim != 4 or x.shape[1] not in (1, 3) or x.shape[2] != x.shape[3]:
        raise ValueError(f"x ({x.dtype}, shape {x.shape}) must be uint8 of shape (N, 1 or 3, size, size)")
    if not LEAST_SIZE <= x.shape[2] <= MOST_SIZE:
        raise ValueError(f"size (={x.shape[2]}) must be {LEAST_SIZE} to {MOST_SIZE} pixels")
    if y.shape != (len(x),):
        raise ValueError(f"y (shape {y.shape}) must hold one class for each of the {len(x)} pictures")
    check_counts(dict(zip(class_names, np.bincount(y, minlength=len(class_names)).tolist(), strict=True)))


def check_counts(counts: dict[str, int]) -> None:
    """Raise ValueError unless so many pictures of each class make a data set."""
    if len(counts) < LEAST_CLASSES:
        there = f"only {next(iter(counts))!r}" if counts else "none"
        raise ValueError(f"classes (={there}) must be {LEAST_CLASSES} or more: one folder of pictures for each")
    if len(counts) > MOST_CLASSES:
        raise ValueError(f"classes (={len(counts)}) must be {MOST_CLASSES} or less: one folder of pictures for each")
    name, fewest = min(counts.items(), key=lambda item: item[1])
    if fewest < LEAST_PICTURES:
        raise ValueError(
            f"class {name!r} (={fewest} pictures) must have {LEAST_PICTURES} or more: one for training, one for "
            f"validation, one for the test"
        )
    if sum(counts.values()) > MOST_PICTURES:
        raise ValueError(f"pictures (={sum(counts.values()):,}) must be {MOST_PICTURES:,} or less: leave some out")


def _in_turns(y: Array, class_names: Sequence[str], given: Array | None) -> tuple[Array, tuple[int, int, int]]:
    """An order for pictures of the classes y in which splits follow one another, and the sizes of the splits."""
    rng = np.random.default_rng(0)
    if given is None or not (given == 0).any():
        given = np.zeros(len(y), dtype=int)
    missing = [split for split in (1, 2) if not (given == split).any()]
    splits: tuple[list[tuple[int, float, int]], ...] = ([], [], [])  # (turn, luck within it, index)
    for label, name in enumerate(class_names):
        of_class = rng.permutation(np.flatnonzero(y == label))
        parts = [of_class[given[of_class] == split] for split in range(3)]
        if len(parts[0]) <= len(missing):
            raise ValueError(
                f"class {name!r} (={len(parts[0])} pictures for training) must have {len(missing) + 1} or more of them"
            )
        tenth = max(1, round(len(parts[0]) / 10))
        for split in missing:
            parts[split], parts[0] = parts[0][:tenth], parts[0][tenth:]
        for turns, part in zip(splits, parts, strict=True):
            turns.extend((turn, float(rng.random()), int(index)) for turn, index in enumerate(part))
    order = [index for split in splits for _, _, index in sorted(split)]
    train, val, test = map(len, splits)
    return np.array(order), (train, val, test)
