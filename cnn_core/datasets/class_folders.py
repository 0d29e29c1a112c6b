"""Which folder of many pictures is which class, however they are packed: under folders that hold all, or in splits.

pets/train/cats/1.png, pets/train/dogs/2.png, pets/test/cats/3.png     ->  cats, dogs; train and test are splits
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cnn_core.datasets.naming import shown

Path = tuple[str, ...]  # folders from the outermost on, then the file

MOST_NAME, MOST_LIST = 40, 200  # characters of a class, and of several in a sentence
TRAIN, VAL, TEST = range(3)
SPLITS = {
    **dict.fromkeys(("train", "training", "trainset"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "valset", "dev", "eval", "evaluation"), VAL),
    **dict.fromkeys(("test", "testing", "testset"), TEST),
}
PICTURES = {
    "images",
    "image",
    "imgs",
    "img",
    "pictures",
    "photos",
    "originals",
    "original",
    "data",
    "jpg",
    "jpeg",
    "png",
}
MASKS = {"masks", "mask", "annotations", "annotation", "labels", "label", "segmentation", "segmentations", "trimaps"}
MASKS |= {"gt", "groundtruth", "truth"}
BESIDE = {"class", "object", "ground", "fine", "coarse", "left", "bit"}  # words that may stand beside one of those
UNNAMED = "without a class"


@dataclass(frozen=True)
class ClassFolders:
    """names: the classes in order. labels, splits: of each path its class and its split, or -1 where it is left out.

    split_folders: the folders that were taken for splits. left_out: how many paths, by where they are. empty: folders
    beside the classes without a picture.
    """

    names: tuple[str, ...]
    labels: tuple[int, ...]
    splits: tuple[int, ...]
    split_folders: tuple[str, ...]
    left_out: Counter[str]
    empty: tuple[str, ...]


@dataclass
class _Sorting:
    """Paths on their way from the outermost folder to their class; `depth` folders of each are dealt with."""

    paths: Sequence[Path]
    depth: dict[int, int]
    splits: dict[int, int] = field(default_factory=dict)
    split_folders: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)

    def head(self, index: int) -> str | None:
        """The next folder of a path; None: the file is next."""
        depth, path = self.depth[index], self.paths[index]
        return path[depth] if depth < len(path) - 1 else None

    def heads(self) -> dict[str | None, list[int]]:
        """The paths by their next folder."""
        found: dict[str | None, list[int]] = {}
        for index in self.depth:
            found.setdefault(self.head(index), []).append(index)
        return found

    def folders_in(self, indices: Iterable[int]) -> set[str]:
        """The folders in the next folder of these paths."""
        after = ((self.paths[index], self.depth[index] + 1) for index in indices)
        return {path[depth] for path, depth in after if depth < len(path) - 1}

    def enter(self, indices: Iterable[int]) -> None:
        """Go one folder further."""
        for index in indices:
            self.depth[index] += 1

    def leave_out(self, indices: Iterable[int], why: str) -> None:
        """Take these for no picture of a class."""
        for index in tuple(indices):
            del self.depth[index]
            self.left_out[why] += 1


def class_folders(paths: Sequence[Path], others: Iterable[Path] = ()) -> ClassFolders:
    """Sort pictures by their paths; others: paths of what else is there, folders or files.

    A folder that holds all is passed by, and so are two or more folders named as splits are (train, seg_test, validation
    ...), with what lies beside them. What is below a class's folder belongs to it. Pictures in a folder such as masks,
    beside one such as images, are left out. Raises ValueError where a picture lies in no class, or a folder may be both a
    class and a split.
    """
    sorting = _Sorting(paths, dict.fromkeys(range(len(paths)), 0))
    _leave_masks_out(sorting)
    passed = ""
    while True:
        heads = sorting.heads()
        if len(heads) == 1 and None not in heads:
            (passed,) = map(str, heads)
            sorting.enter(sorting.depth)
        elif _enter_wrapping(sorting) or _enter_splits(sorting, heads):
            continue
        elif None not in heads:
            _require_classes(sorting, heads)
            break
        elif len(heads) == 1 or not sorting.split_folders:
            raise _no_class(sorting, heads[None], passed)
        else:
            sorting.leave_out(heads[None], UNNAMED)
    return _result(sorting, others)


def _leave_masks_out(sorting: _Sorting) -> None:
    """Folders such as masks, beside one such as images: no pictures to learn from."""
    with_pictures = {
        path[:depth] for path in sorting.paths for depth, part in enumerate(path[:-1]) if _is_named(part, PICTURES)
    }
    for index, path in enumerate(sorting.paths):
        for depth, part in enumerate(path[:-1]):
            if _is_named(part, MASKS) and path[:depth] in with_pictures:
                sorting.leave_out([index], f"in {shown(part, MOST_NAME)}")
                break


def _words(folder: str | None) -> set[str]:
    """The words of a folder's name: JPEGImages and jpeg_images have the same."""
    return {word.lower() for word in re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+", folder or "")}


def _is_named(folder: str | None, known: set[str]) -> bool:
    """Whether the name is made of these words."""
    words = _words(folder)
    return bool(words & known) and words <= known | BESIDE


def _split_of(folder: str | None) -> int | None:
    """Which split a folder's name says: train, seg_train, TrainingSet, test2017; None: none."""
    said = {SPLITS[word] for word in _words(folder) & SPLITS.keys()}
    return said.pop() if len(said) == 1 else None


def _enter_splits(sorting: _Sorting, heads: dict[str | None, list[int]]) -> bool:
    """If these folders are splits, go into them, leave out what lies beside them, and say so."""
    named = {head: split for head in heads if (split := _split_of(head)) is not None}
    if len(set(named.values())) < 2:
        for head in named:  # alone among others, it may be the railway or a split
            others = shown(", ".join(sorted(other for other in heads if other not in (None, head))), MOST_LIST)
            if len(heads.keys() - {None, head}) and len(sorting.folders_in(heads[head])) > 1:
                raise ValueError(
                    f"folder {shown(str(head), MOST_NAME)!r} beside {others} may be a split or a class: rename it, or leave out "
                    f"what lies beside it"
                )
        return False
    for head, indices in heads.items():
        if head in named:
            for index in indices:
                sorting.splits.setdefault(index, named[head])
            sorting.enter(indices)
        else:
            sorting.leave_out(indices, UNNAMED if head is None else f"in {shown(head, MOST_NAME)}")
    sorting.split_folders |= {shown(str(head), MOST_NAME) for head in named}
    return True


def _enter_wrapping(sorting: _Sorting) -> bool:
    """If all of one split lies in one more folder, such as images or train once more, go into it, and say so."""
    for split in set(sorting.splits.values()):
        own = [index for index in sorting.depth if sorting.splits.get(index) == split]
        heads = {sorting.head(index) for index in own}
        head = next(iter(heads), None)
        if len(heads) == 1 and (_is_named(head, PICTURES) or _split_of(head) == split):
            sorting.enter(own)
            return True
    return False


def _require_classes(sorting: _Sorting, heads: dict[str | None, list[int]]) -> None:
    """Raise ValueError if the same folders lie in each of these and hold all: fold1/cats, fold1/dogs, fold2/cats ..."""
    inside = {frozenset(sorting.folders_in(indices)) for indices in heads.values()}
    parts = sorted(next(iter(inside)))
    direct = any(sorting.depth[index] == len(sorting.paths[index]) - 2 for index in sorting.depth)
    if len(inside) > 1 or len(parts) < 2 or direct or any(_split_of(part) is not None for part in parts):
        return
    outer = shown(", ".join(sorted(str(head) for head in heads)), MOST_LIST)
    raise ValueError(
        f"folders (={outer}) all hold the same folders ({shown(', '.join(parts), MOST_LIST)}), and either may be the classes: "
        f"name the outer ones as splits, train and test, or put the pictures of each class straight into its folder"
    )


def _no_class(sorting: _Sorting, indices: Sequence[int], passed: str) -> ValueError:
    """What to say of pictures that lie in no class's folder."""
    if sorting.split_folders:
        folders = shown(", ".join(sorted(sorting.split_folders)), MOST_LIST)
        return ValueError(
            f"folders (={folders}) are splits, not classes: they must hold one folder of pictures for each class"
        )
    if len(indices) == len(sorting.depth):
        there = f"only {shown(passed, MOST_NAME)!r}" if passed else "none"
        return ValueError(f"classes (={there}) must be 2 or more: one folder of pictures for each")
    file = "/".join(sorting.paths[indices[0]])
    return ValueError(f"{shown(file)!r} must lie in a folder that is named after its class")


def _result(sorting: _Sorting, others: Iterable[Path]) -> ClassFolders:
    folders = {index: shown(str(sorting.head(index)), 10**6) for index in sorting.depth}
    order = sorted(set(folders.values()))
    number = {name: label for label, name in enumerate(order)}
    parents = {sorting.paths[index][: sorting.depth[index]] for index in sorting.depth}
    empty = {
        name
        for path in others
        for parent in parents
        if len(path) > len(parent) + 1
        and path[: len(parent)] == parent
        and (name := shown(path[len(parent)], 10**6)) not in number
    }
    indices = range(len(sorting.paths))
    return ClassFolders(
        _apart([shown(name, MOST_NAME) for name in order]),
        tuple(number[folders[index]] if index in folders else -1 for index in indices),
        tuple(sorting.splits.get(index, TRAIN) if index in folders else -1 for index in indices),
        tuple(sorted(sorting.split_folders)),
        sorting.left_out,
        tuple(sorted(shown(name, MOST_NAME) for name in empty)),
    )


def _apart(names: Sequence[str]) -> tuple[str, ...]:
    """Names that became equal when they were cut, with a number behind them."""
    count: Counter[str] = Counter()
    found = []
    for name in names:
        count[name] += 1
        found.append(name if count[name] == 1 else f"{name} ({count[name]})")
    return tuple(found)
