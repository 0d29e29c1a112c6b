"""Pictures out of a zip with one folder for each class, whoever packed it: nothing is unpacked to disk.

What the zip claims is checked before any of it is read; what is read is bounded all the same.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

import numpy as np

from cnn_core.checks import Array
from cnn_core.datasets.own import check_counts

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
MOST_FILE, MOST_TOTAL = 20 * 2**20, 200 * 2**20  # bytes, unpacked
MOST_DIRECTORY = 4 * 2**20  # bytes of the zip's list of files: some 40,000 of them
MOST_NAME = 40  # characters
END_OF_DIRECTORY, END_SIZE = b"PK\x05\x06", 22
LOCATOR_64, LOCATOR_SIZE = b"PK\x06\x07", 20  # just before it: says where the record of a zip of over 4 GiB is


@dataclass(frozen=True)
class ClassFolders:
    """The pictures of a zip, not read yet: `members[k]` are those of the class `names[k]`. ignored: files of other kinds."""

    names: tuple[str, ...]
    members: tuple[tuple[zipfile.ZipInfo, ...], ...]
    ignored: int

    @property
    def count(self) -> int:
        """Number of pictures."""
        return sum(map(len, self.members))


def class_folders(archive: zipfile.ZipFile) -> ClassFolders:
    """Which files of the zip are pictures of which class.

    The classes are the folders in the first folder that holds more than one thing; pictures further down belong to
    them. Hidden files and macOS's own are skipped. Raises ValueError for a path that leaves the zip, a link, a file
    that is encrypted, packed in an unusual way or too large when unpacked, pictures outside a folder, and numbers of
    classes or pictures that make no data set.
    """
    pictures: list[tuple[tuple[str, ...], zipfile.ZipInfo]] = []
    ignored = 0
    for info in archive.infolist():
        path = _checked_path(info)
        if info.is_dir() or any(part.startswith(".") or part == "__MACOSX" for part in path.parts):
            continue
        if path.suffix.lower() in ENDINGS:
            _check_member(info)
            pictures.append((path.parts, info))
        else:
            ignored += 1
    if not pictures:
        raise ValueError(
            f"the zip must hold pictures ({', '.join(ENDINGS)}) in one folder for each class: there are none"
        )
    if (total := sum(info.file_size for _, info in pictures)) > MOST_TOTAL:
        raise ValueError(f"the zip (={total / 2**20:,.0f} MiB unpacked) must hold at most {MOST_TOTAL // 2**20} MiB")
    return ClassFolders(*_by_class(pictures), ignored)


def read_zip(
    file: IO[bytes],
    decode: Callable[[bytes, str], Array],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Array, Array, tuple[str, ...]]:
    """All pictures of a zip: x (N,C,S,S) uint8, their classes y (N,), the classes' names.

    decode(content, path) makes one picture (C,S,S) uint8 of a file's bytes; progress(done, total) is called before each.
    Raises ValueError as `class_folders`, for something that is no zip or is damaged, and what decode raises.
    """
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            folders = class_folders(archive)
            x = []
            for number, info in enumerate(info for members in folders.members for info in members):
                progress(number, folders.count)
                with archive.open(info) as member:
                    x.append(decode(member.read(info.file_size), info.filename))  # no more is unpacked than is claimed
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OverflowError,
        OSError,
    ) as error:
        raise ValueError(f"the file must be a whole, unbroken zip ({error}): pack it anew") from None
    y = np.repeat(np.arange(len(folders.names)), [len(members) for members in folders.members])
    return np.stack(x), y, folders.names


def _check_directory(file: IO[bytes]) -> None:
    """Python reads a zip's whole list of files at once: look at how long it claims to be first."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 2**16 - END_SIZE - LOCATOR_SIZE))
    end = file.read()
    place = _end_record(end)
    if place < 0:
        raise zipfile.BadZipFile("it has no list of files")
    # Python believes the other record, wherever there is one, and not the length below.
    if end[max(0, place - LOCATOR_SIZE) : place].startswith(LOCATOR_64):
        raise ValueError("the zip must not be of the kind for over 4 GiB (ZIP64): pack fewer files, the usual way")
    length = int.from_bytes(end[place + 12 : place + 16], "little")  # 2**32 - 1 where it is longer still
    if length > MOST_DIRECTORY:
        raise ValueError(
            f"the zip's list of files (={length:,} bytes) must be at most {MOST_DIRECTORY:,}: pack fewer files"
        )
    file.seek(0)


def _end_record(end: bytes) -> int:
    """Where in a zip's last bytes the record is that Python goes by; below 0: nowhere.

    The signature may stand within the record too, so the place where it is in a zip without a comment comes first.
    """
    last = len(end) - END_SIZE
    if last >= 0 and end.startswith(END_OF_DIRECTORY, last) and end.endswith(b"\0\0"):
        return last
    return end.rfind(END_OF_DIRECTORY)


def _checked_path(info: zipfile.ZipInfo) -> PurePosixPath:
    name = info.filename.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
        raise ValueError(f"path (={info.filename[:80]!r}) in the zip must stay inside it: pack the folder anew")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise ValueError(f"{info.filename[:80]!r} in the zip must be a file, not a link: pack the files themselves")
    return path


def _check_member(info: zipfile.ZipInfo) -> None:
    name = repr(info.filename[:80])
    if info.flag_bits & 1:
        raise ValueError(f"{name} in the zip must not be encrypted: pack it without a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # only these are unpacked bit by bit
        raise ValueError(
            f"{name} in the zip must be packed in the usual way (deflate), not as kind {info.compress_type}"
        )
    if info.file_size > MOST_FILE:
        raise ValueError(
            f"{name} (={info.file_size / 2**20:,.0f} MiB unpacked) must have at most {MOST_FILE // 2**20} MiB"
        )


def _by_class(
    pictures: Iterable[tuple[tuple[str, ...], zipfile.ZipInfo]],
) -> tuple[tuple[str, ...], tuple[tuple[zipfile.ZipInfo, ...], ...]]:
    """Class names in order, and each one's files."""
    pictures = list(pictures)
    depth = _common_depth([parts[:-1] for parts, _ in pictures])
    folders: dict[str, list[zipfile.ZipInfo]] = {}
    for parts, info in pictures:
        if len(parts) < depth + 2:
            if all(len(others) < depth + 2 for others, _ in pictures):  # one folder alone, or none
                check_counts({parts[-2]: len(pictures)} if len(parts) > 1 else {})
            raise ValueError(f"{info.filename[:80]!r} must lie in a folder that is named after its class")
        folders.setdefault(parts[depth], []).append(info)
    names = {folder: plain_name(folder) for folder in sorted(folders)}
    if len(set(names.values())) < len(names):
        raise ValueError(
            f"class names (={', '.join(names)[:80]}) must differ in letters and digits: rename the folders"
        )
    check_counts({names[folder]: len(folders[folder]) for folder in names})
    return tuple(names.values()), tuple(tuple(folders[folder]) for folder in names)


def _common_depth(folders: list[tuple[str, ...]]) -> int:
    """How many folders all the paths begin with."""

    def levels() -> Iterator[int]:
        for depth, level in enumerate(zip(*folders, strict=False), 1):
            if len(set(level)) > 1:
                return
            yield depth

    return max(levels(), default=0)


def plain_name(name: str) -> str:
    """The name of a folder or file as one that is text wherever it is shown: letters, digits and few signs."""
    return "".join(c if c.isalnum() or c in " -_.,+'" else "_" for c in name)[:MOST_NAME].strip() or "_"
