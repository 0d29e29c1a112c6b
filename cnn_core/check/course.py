"""The files that are checked: one of somebody's own, or the course's whole folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnn_core.check.forms import FORMS

MOST_FILE = 1 << 20  # bytes
MOST_PATH = 200  # characters that are said of it
COURSE_FILES = ("layers.py", "layer_utils.py", "classifiers/cnn.py")


class UncheckableError(ValueError):
    """The file cannot be checked, and why, in a sentence."""


def to_load(path: Path) -> dict[str, Any]:
    """The message that loads a file. Raises UncheckableError where there is none that can be read."""
    if is_folder(path):
        raise UncheckableError(f"{path} must be a file, as my_layers.py; for the course's folder use --course {path}")
    require_file(path)
    return {"do": "load", "path": str(path.resolve()), "package": ""}


def course_to_load(folder: Path) -> dict[str, Any]:
    """The message that loads the course's modules: `folder` is assignment2, its cs231n, or a folder with its files."""
    if not is_folder(folder):
        raise UncheckableError(f"--course (={str(folder)[:MOST_PATH]}) must be a folder: the course's assignment2, say")
    for inside in (folder / "cs231n", folder):
        there = [inside / name for name in COURSE_FILES if (inside / name).is_file()]
        for file in there:
            require_file(file)
        if there:
            return {"do": "load", "path": str(inside.resolve()), "package": "cs231n"}
    raise UncheckableError(f"--course (={folder}) must hold cs231n with one of {', '.join(COURSE_FILES)}")


def is_folder(path: Path) -> bool:
    """Whether there is such a folder; of a name that no system takes, too."""
    try:
        return path.is_dir()
    except OSError:
        return False


def require_file(path: Path) -> None:
    """Raise UncheckableError unless this is a Python file that can be read, of at most MOST_FILE bytes."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise UncheckableError(f"{path} must be a file, as my_layers.py")
        if size > MOST_FILE:
            raise UncheckableError(f"{path} ({size / 1e6:.1f} MB) must have at most {MOST_FILE / 1e6:.0f} MB")
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise UncheckableError(f"{str(path)[:MOST_PATH]} cannot be read: {error.strerror or error}") from None
    if path.suffix != ".py":
        raise UncheckableError(f"{path} must be a Python file, whose name ends in .py (of a notebook: save it as one)")


def missing(names: set[str], course: bool) -> list[str]:
    """The functions that could have been checked, of the course's or (where none of these is there) of the core's names."""
    forms = [form for form in FORMS if form.course]
    if not course and not any({form.forward, form.backward} & names for form in forms):
        forms = [form for form in FORMS if not form.course]
    wanted = [name for form in forms for name in (form.forward, form.backward) if name]
    return [name for name in dict.fromkeys(wanted) if name not in names and not name.endswith(("_im2col", "_strides"))]
