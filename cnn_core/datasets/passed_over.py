"""What lies in the folders that CONVSCOPE_DATA_SETS names and is not used: a line each, with the reason and the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from cnn_core.datasets.found import IDX_NAMES, KINDS, Found, folders_in, found, named_folders, sets_in
from cnn_core.datasets.listing import listing
from cnn_core.datasets.naming import shown

MOST_LINES = 12
READ = "MNIST's or Fashion-MNIST's IDX files, and CIFAR-10's binary files or Python batches"
IDX = re.compile(r"(?P<part>.*)-(?P<kind>images|labels)[-.]idx[13]-ubyte(\.gz)?")
CIFAR_ARCHIVE = r"cifar-10\D.*(tar|tar\.gz|tgz|zip)"
# What is known by the names of its files, and why it is not used.
OTHERS = (
    (
        r"emnist-.*idx[13]-ubyte(\.gz)?",
        "EMNIST has letters, and other classes than MNIST: it is not one of the sets here",
    ),
    (
        r"(fine|coarse)_label_names\.txt|meta",
        "CIFAR-100 has other classes than CIFAR-10: it is not one of the sets here",
    ),
    (
        r"cifar-10\D.*(tar|tar\.gz|tgz|zip)",
        "CIFAR-10's archive must be unpacked: tar xzf makes the files of it that are read",
    ),
    (r"mnist\.npz", "Keras keeps MNIST in a file of its own: the four IDX files are read"),
    (
        r".*\.(zip|tar|tgz|tar\.gz|7z|rar)",
        "an archive must be unpacked, or, with one folder of pictures a class, brought as a zip",
    ),
    (r".*\.(png|jpe?g|jfif|jpe|webp|gif|bmp|tiff?)", "pictures are not read from here: bring their folder as a zip"),
)


def passed_over() -> tuple[str, ...]:
    """A sentence for each thing that is there and not used, of the first MOST_LINES; nothing where nothing is named."""
    used = found()
    lines = list(dict.fromkeys(line for named in named_folders() for line in _of(named, used)))
    more = [f"… and {len(lines) - MOST_LINES} more."] if len(lines) > MOST_LINES else []
    return (*lines[:MOST_LINES], *more)


def _of(named: str, used: Mapping[str, Found]) -> Iterator[str]:
    """The lines of one folder that is named."""
    looked = list(folders_in(named))
    problem = _problem(looked[0]) if looked else "is the folder of nobody who is known here: write it out"
    if problem:
        yield f"{shown(named)} {problem}."
        return
    silent = True
    for folder in looked:
        place = shown(str(Path(named) / folder.relative_to(looked[0])))
        for line in _problems(folder, used):
            silent = False
            yield f"{place}: {line}."
        silent = silent and not any(true.folder == folder for true in used.values())
    if silent:
        yield f"{shown(named)} holds nothing that is known here: {READ} are read."


def _problem(folder: Path) -> str:
    """Why nothing can be found in a folder, or nothing."""
    try:
        listing(folder)
    except FileNotFoundError:
        return "does not exist"
    except NotADirectoryError:
        return "is a file: name the folder that it lies in"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    return ""


def _problems(folder: Path, used: Mapping[str, Found]) -> Iterator[str]:
    """What lies directly in a folder and is not used."""
    if problem := _problem(folder):
        yield problem
        return
    names = list(listing(folder).files)
    sets = list(sets_in(folder))
    for one in sets:
        if used[one.name] != one:
            yield f"{KINDS[one.name].title} is used from {shown(used[one.name].folder.name)} already"
    yield from _idx_problems(names, any(one.name != "cifar10" for one in sets))
    if "cifar10" in used:  # unpacked beside its archive
        names = [name for name in names if not re.fullmatch(CIFAR_ARCHIVE, name.lower())]
    if not sets:
        for pattern, words in OTHERS:
            there = [name for name in names if re.fullmatch(pattern, name.lower())]
            if there:
                yield f"{shown(there[0])}{' and others' if len(there) > 1 else ''}: {words}"
                return


def _idx_problems(names: list[str], known: bool) -> Iterator[str]:
    """IDX files without their pair, or of a set that is not known; known: whether one is."""
    there = {match.group("part", "kind") for name in names if (match := IDX.fullmatch(name))}
    for images, labels in IDX_NAMES.values():
        part = images.removesuffix("-images")
        kinds = {kind for one, kind in there if one == part}
        if len(kinds) == 1:
            missing = labels if kinds == {"images"} else images
            yield f"{part}-{kinds.pop()}: the {missing} that belong to them are missing"
        elif kinds and not known:
            yield f"{part}-images: their labels are neither MNIST's nor Fashion-MNIST's, or cannot be read"
