"""Arrays in files: safetensors, which holds numbers and nothing that runs. The one place that knows the format.

A file is written under a temporary name, read back and compared, and then renamed: there is never half a file. (It is not
forced to the disk, which costs more than a small network's epoch: after a power cut a file may be empty, and is refused.)
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from safetensors.numpy import load, save

from cnn_core.checks import Array

UNFINISHED = ".unfinished"
HEADER_LIMIT = 1 << 20  # bytes of names and shapes: far more than any network here has
DTYPES = {"BOOL": "?", "F16": "<f2", "F32": "<f4", "F64": "<f8"} | {
    f"{kind}{8 * size}": f"<{kind.lower()}{size}" for kind in "IU" for size in (1, 2, 4, 8)
}


def pack(arrays: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> bytes:
    """The arrays as the bytes of a safetensors file, with texts by name beside them; the same ones, the same bytes."""
    # The writer takes the memory as it lies, so gaps and turned axes have to go first.
    data = save({name: np.asarray(a, order="C") for name, a in arrays.items()}, metadata=dict(metadata or {}))
    if len(metadata or {}) < 2:
        return data
    header, begin = _header(data)  # the writer puts several texts in an order of chance
    header["__metadata__"] = dict(metadata or {})
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data[begin:]


def unpack(data: bytes) -> tuple[dict[str, Array], dict[str, str]]:
    """The arrays and texts of a safetensors file. The arrays are views of `data`, not to be written to: the library would copy
    each of them with the interpreter's lock held, and all pages would wait for a large one.

    Raises ValueError saying what is wrong: not such a file, cut off, the same name twice, a type that NumPy lacks
    (such as BF16), numbers that are not where they should be, or are not finite.
    """
    header, begin = _header(data)
    texts = _texts(header)
    for name, entry in header.items():
        dtype = entry.get("dtype") if isinstance(entry, dict) else None
        if not isinstance(dtype, str) or dtype not in DTYPES:
            raise ValueError(f"{name} (type {dtype}) must hold one of {', '.join(sorted(DTYPES))}: save it as F32")
    arrays = {}
    for name, (start, size, shape) in _places(header, len(data) - begin).items():
        dtype = np.dtype(DTYPES[header[name]["dtype"]])
        arrays[name] = np.frombuffer(data, dtype, size // dtype.itemsize, begin + start).reshape(shape)
        if dtype.kind == "f" and not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} must hold finite numbers: it has NaN or infinity in it")
    return arrays, texts


def metadata(path: Path) -> dict[str, str]:
    """The texts of a file, read without its arrays. Raises ValueError as `unpack`, OSError as reading does."""
    with path.open("rb") as file:
        return _texts(_head(file)[0])


def read_one(path: Path, name: str) -> Array:
    """One array of a file, read without the others. Raises ValueError as `unpack`, and where the file has no such array;
    OSError as reading does."""
    with path.open("rb") as file:
        header, begin = _head(file)
        _texts(header)
        start, size, shape = _places(header, path.stat().st_size - begin).get(name, (0, 0, None))
        if shape is None:
            raise ValueError(
                f"{name} must be one of the arrays of {path.name}: it has {', '.join(sorted(header))[:200]}"
            )
        file.seek(begin + start)
        return np.frombuffer(file.read(size), DTYPES[header[name]["dtype"]]).reshape(shape)


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


def _head(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """`_header` of a file, of which no more than that is read."""
    start = file.read(8)
    length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
    return _header(start + file.read(min(length, HEADER_LIMIT)))


def _header(data: bytes) -> tuple[dict[str, Any], int]:
    """The JSON at the start of the file, and where the numbers begin behind it."""
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
    return header, 8 + length


def _places(header: dict[str, Any], room: int) -> dict[str, tuple[int, int, list[int]]]:
    """Where each array lies behind the header: its first byte, how many it takes, and its shape. Raises ValueError unless they
    fill the room, one after the other, each as large as it says."""
    places: dict[str, tuple[int, int, list[int]]] = {}
    try:
        for name, entry in header.items():
            (start, stop), shape = entry["data_offsets"], entry["shape"]
            whole = all(type(number) is int and 0 <= number < 1 << 48 for number in (start, stop, *shape))
            if (
                not whole
                or not isinstance(shape, list)
                or stop - start != math.prod(shape) * np.dtype(DTYPES[entry["dtype"]]).itemsize
            ):
                raise ValueError(f"{name} is not as large as it says")
            places[name] = start, stop - start, shape
        end = 0
        for name, (start, size, _) in sorted(places.items(), key=lambda place: place[1][:2]):
            if start != end:
                raise ValueError(f"{name} is not where it should be")
            end += size
        if end != room:
            raise ValueError(f"{room} bytes of numbers, where there should be {end}")
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"the file is no whole safetensors file ({error}): save or download it again") from None
    return places


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
