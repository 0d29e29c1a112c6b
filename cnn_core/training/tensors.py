"""Arrays in files: safetensors, which holds numbers and nothing that runs. The one place that knows the format.

A file is written under a temporary name, read back and compared, and then renamed: there is never half a file. (It is not
forced to the disk, which costs more than a small network's epoch: after a power cut a file may be empty, and is refused.)
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from cnn_core.checks import Array

UNFINISHED = ".unfinished"
HEADER_LIMIT = 1 << 20  # bytes of names and shapes: far more than any network here has
DTYPES = {"F16", "F32", "F64", "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "BOOL"}


def pack(arrays: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> bytes:
    """The arrays as the bytes of a safetensors file, with texts by name beside them."""
    # The writer takes the memory as it lies, so gaps and turned axes have to go first.
    return save({name: np.asarray(a, order="C") for name, a in arrays.items()}, metadata=dict(metadata or {}))


def unpack(data: bytes) -> tuple[dict[str, Array], dict[str, str]]:
    """The arrays and texts of a safetensors file.

    Raises ValueError saying what is wrong: not such a file, cut off, the same name twice, a type that NumPy lacks
    (such as BF16), numbers that are not finite.
    """
    header = _header(data)
    texts = _texts(header)
    for name, entry in header.items():
        dtype = entry.get("dtype") if isinstance(entry, dict) else None
        if not isinstance(dtype, str) or dtype not in DTYPES:
            raise ValueError(f"{name} (type {dtype}) must hold one of {', '.join(sorted(DTYPES))}: save it as F32")
    try:
        arrays = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise ValueError(f"the file is no whole safetensors file ({error}): save or download it again") from None
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} must hold finite numbers: it has NaN or infinity in it")
    return arrays, texts


def metadata(path: Path) -> dict[str, str]:
    """The texts of a file, read without its arrays. Raises ValueError as `unpack`, OSError as reading does."""
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        return _texts(_header(start + file.read(min(length, HEADER_LIMIT))))


def write(path: Path, arrays: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> int:
    """Write a file whole or not at all; returns its size in bytes. Raises OSError where that fails."""
    data = pack(arrays, metadata)
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(data)
        _compare(arrays, unfinished)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return len(data)


def _compare(arrays: Mapping[str, Array], path: Path) -> None:
    stored = load(path.read_bytes())
    same = stored.keys() == arrays.keys() and all(
        stored[name].dtype == array.dtype and np.array_equal(stored[name], array, equal_nan=array.dtype.kind == "f")
        for name, array in arrays.items()
    )
    if not same:
        raise OSError(f"{path.name} was read back with other numbers than were written: the disk may be failing")


def _header(data: bytes) -> dict[str, Any]:
    """The JSON at the start of the file, checked before the library sees it: it keeps the last of equal names."""
    broken = "the file is no safetensors file: choose one that ends in .safetensors"
    if len(data) < 8:
        raise ValueError(broken)
    (length,) = struct.unpack("<Q", data[:8])
    if length > HEADER_LIMIT or length > len(data) - 8:
        raise ValueError(broken if data[8:9] != b"{" else "the file is cut off, or claims more than it holds")
    try:
        header = json.loads(data[8 : 8 + length], object_pairs_hook=no_name_twice)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ValueError(broken) from None
    if not isinstance(header, dict):
        raise ValueError(broken)
    return header


def _texts(header: dict[str, Any]) -> dict[str, str]:
    """Take the texts out of a header, so that the arrays are left."""
    texts = header.pop("__metadata__", None)
    if texts is None:  # the library takes a null there
        return {}
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("__metadata__ in the file must hold texts by name: save it again")
    return texts


def no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `json`: an object's names and values. Raises ValueError if a name stands there twice."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:60]} stands in the file twice: it is damaged or made to deceive")
        found[name] = value
    return found
