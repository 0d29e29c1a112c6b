"""Pictures out of a zip with one folder for each class, whoever packed it: nothing is unpacked to disk.

What the zip claims is checked before any of it is read; what is read is bounded all the same.
"""

from __future__ import annotations

import re
import stat
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

import numpy as np

from cnn_core.checks import Array
from cnn_core.datasets.class_folders import MOST_LIST, ClassFolders, Path, class_folders
from cnn_core.datasets.naming import name_in_zip, shown
from cnn_core.datasets.own import check_counts

# Files that end so must be pictures, whatever they hold; others are, if they begin like one.
ENDINGS = (".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".webp", ".gif", ".bmp", ".tif", ".tiff")
STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")
SYSTEM = {"__macosx", "@eadir", "thumbs.db", "desktop.ini", "$recycle.bin", "#recycle", "lost+found"}
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # only these are unpacked bit by bit
ENCRYPTED = 1  # of a file's flags
MOST_FILE, MOST_TOTAL = 20 * 2**20, 200 * 2**20  # bytes, unpacked
MOST_DIRECTORY = 4 * 2**20  # bytes of the zip's list of files: some 40,000 of them
MOST_DEPTH = 30  # folders
MOST_KINDS = 6  # of what was left out, in a sentence
END_OF_DIRECTORY, END_SIZE = b"PK\x05\x06", 22
LOCATOR_64, LOCATOR_SIZE = b"PK\x06\x07", 20  # just before it: says where the record of a zip of over 4 GiB is


@dataclass(frozen=True, eq=False)
class ZipPictures:
    """What a zip holds: pictures x (N,C,S,S) uint8, their classes y (N,) and splits (N,), 0 to 2: training, validation, test.

    splits is None where the zip names none. notes: sentences on how the zip was read, and on what was left out.
    """

    x: Array
    y: Array
    splits: Array | None
    class_names: tuple[str, ...]
    notes: tuple[str, ...]


def read_zip(
    file: IO[bytes],
    decode: Callable[[bytes, str], Array],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ZipPictures:
    """All pictures of a zip, sorted by `class_folders`.

    A picture is known by its ending or its first bytes. Hidden files, and what systems put beside pictures (thumbnails,
    __MACOSX), are passed over; what else is left out is counted in `notes`.
    decode(content, path) makes one picture (C,S,S) uint8 of a file's bytes; progress(done, total) is called before each.
    Raises ValueError as `class_folders`, what decode raises, and for something that is no zip or is damaged, a path that
    leaves the zip, a link, a picture that is encrypted, packed in an unusual way or too large when unpacked, and numbers of
    classes or pictures that make no data set.
    """
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            pictures, others = _contents(archive)
            left_out = Counter(_ending(path) for path in others if path[-1])
            folders = _sorted(pictures, others, left_out)
            order = sorted((label, n) for n, label in enumerate(folders.labels) if label >= 0)
            used = [pictures[n] for _, n in order]
            _check_size(used)
            x = []
            for number, (path, info) in enumerate(used):
                progress(number, len(used))
                with archive.open(info) as member:
                    x.append(decode(member.read(info.file_size), "/".join(path)))  # no more is unpacked than is claimed
    except UnicodeDecodeError as error:
        raise ValueError(
            f"names in the zip must be UTF-8 as it says, not such as {error.object[:40]!r}: rename the folders in plain "
            f"letters, or pack them with another program"
        ) from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OverflowError,
        OSError,
    ) as error:
        raise ValueError(f"the file must be a whole, unbroken zip ({shown(str(error))}): pack it anew") from None
    splits = np.array([folders.splits[n] for _, n in order]) if folders.split_folders else None
    y = np.array([label for label, _ in order])
    return ZipPictures(np.stack(x), y, splits, folders.names, tuple(_notes(folders, left_out)))


def _contents(archive: zipfile.ZipFile) -> tuple[list[tuple[Path, zipfile.ZipInfo]], list[Path]]:
    """The pictures of a zip, and the paths of what else is there; a folder's ends in ""."""
    pictures, others = [], []
    for info in archive.infolist():
        path = _checked_path(info)
        if not path or any(part.startswith(".") or part.lower() in SYSTEM for part in path):
            continue
        if info.is_dir():
            others.append((*path, ""))
        elif _is_picture(archive, info, path):
            pictures.append((path, info))
        else:
            others.append(path)
    return pictures, others


def _is_picture(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> bool:
    if _ending(path) in ENDINGS:
        return True
    if info.flag_bits & ENCRYPTED or info.compress_type not in METHODS:
        return False
    with archive.open(info) as member:
        start = member.read(12)
    return start.startswith(STARTS) or (start[:4] == b"RIFF" and start[8:] == b"WEBP")


def _ending(path: Path) -> str:
    """The ending of a file's name, small, with its dot; of a long one as much as there is room for."""
    stem, dot, ending = path[-1].rpartition(".")
    return shown(f".{ending.lower()}", 12) if dot and stem else "without an ending"


def _sorted(pictures: list[tuple[Path, zipfile.ZipInfo]], others: list[Path], left_out: Counter[str]) -> ClassFolders:
    """The classes; an error says what was left out, too: it may be the reason. Adds what lies in the wrong folders."""
    try:
        if not pictures:
            raise ValueError(
                f"the zip must hold pictures ({', '.join(ENDINGS)}) in one folder for each class: there are none"
            )
        folders = class_folders([path for path, _ in pictures], others)
        left_out += folders.left_out
        count = Counter(label for label in folders.labels if label >= 0)
        check_counts({name: count[label] for label, name in enumerate(folders.names)})
    except ValueError as error:
        raise ValueError("; ".join([str(error), *_left_out(left_out)])) from None
    return folders


def _left_out(left_out: Counter[str]) -> Iterator[str]:
    """What was left out, in words, most first; nothing if nothing was."""
    if count := left_out.total():
        kinds = [f"{number:,} {kind}" for kind, number in left_out.most_common(MOST_KINDS)]
        more = ["others"] * (len(left_out) > MOST_KINDS)
        yield f"{count:,} file{'s'[: count > 1]} left out: {', '.join(kinds + more)}"


def _notes(folders: ClassFolders, left_out: Counter[str]) -> Iterator[str]:
    if folders.split_folders:
        yield f"Its splits are the folders {shown(', '.join(folders.split_folders), MOST_LIST)}."
    yield from (f"{words}." for words in _left_out(left_out))
    if folders.empty:
        yield f"There are no pictures in {shown(', '.join(folders.empty), MOST_LIST)}."


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


def _checked_path(info: zipfile.ZipInfo) -> Path:
    """Where a file lies: its folders and its name, composed as they are written (NFC)."""
    name = unicodedata.normalize("NFC", name_in_zip(info).replace("\\", "/"))
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
        raise ValueError(f"path (={shown(name)!r}) in the zip must stay inside it: pack the folder anew")
    if len(path.parts) > MOST_DEPTH:
        raise ValueError(f"path (={shown(name)!r}) in the zip must lead through at most {MOST_DEPTH} folders")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise ValueError(f"{shown(name)!r} in the zip must be a file, not a link: pack the files themselves")
    return path.parts


def _check_size(pictures: list[tuple[Path, zipfile.ZipInfo]]) -> None:
    for path, info in pictures:
        name = repr(shown("/".join(path)))
        if info.flag_bits & ENCRYPTED:
            raise ValueError(f"{name} in the zip must not be encrypted: pack it without a password")
        if info.compress_type not in METHODS:
            raise ValueError(
                f"{name} in the zip must be packed in the usual way (deflate), not as kind {info.compress_type}"
            )
        if info.file_size > MOST_FILE:
            raise ValueError(
                f"{name} (={info.file_size / 2**20:,.0f} MiB unpacked) must have at most {MOST_FILE // 2**20} MiB"
            )
    if (total := sum(info.file_size for _, info in pictures)) > MOST_TOTAL:
        raise ValueError(f"the zip (={total / 2**20:,.0f} MiB unpacked) must hold at most {MOST_TOTAL // 2**20} MiB")
