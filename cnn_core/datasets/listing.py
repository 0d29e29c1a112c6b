"""What lies in a folder, looked at anew when it has changed: pages ask for the data sets several times a click."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

YOUNG = 2 * 10**9  # nanoseconds: a folder may change once more with the same time of its last change
MOST_FILES = 1000  # of a folder that are kept: those of data sets first
OF_SETS = re.compile("batch|ubyte")


@dataclass(frozen=True)
class Listing:
    """The names of files and of folders, in order; hidden folders are left out."""

    files: tuple[str, ...]
    folders: tuple[str, ...]


def listing(folder: Path) -> Listing:
    """What lies in `folder`. Raises OSError where that cannot be seen."""
    stamp = folder.stat().st_mtime_ns
    return _look(folder) if time.time_ns() - stamp < YOUNG else _kept(folder, stamp)


@lru_cache(maxsize=512)
def _kept(folder: Path, stamp: int) -> Listing:
    return _look(folder)


def _look(folder: Path) -> Listing:
    files, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file():
                files.append(entry.name)
            elif entry.is_dir() and not entry.name.startswith("."):
                folders.append(entry.name)
    files.sort(key=lambda name: (not OF_SETS.search(name), name))
    return Listing(tuple(files[:MOST_FILES]), tuple(sorted(folders)))
