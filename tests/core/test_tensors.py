"""Arrays in files: what goes in comes out, whatever is no such file is refused with a reason, and no file is ever half."""

import json
import struct

import numpy as np
import pytest
from safetensors.numpy import load

from cnn_core.training import tensors


def made(header, body=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def entry(dtype="F32", shape=(1,), end=4):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [0, end]}


def test_arrays_and_texts_come_back_to_the_bit():
    rng = np.random.default_rng(0)
    arrays = {
        "a": rng.standard_normal((3, 4, 5)).astype(np.float32)[:, ::2].swapaxes(0, 2),  # gaps and turned axes
        "b": np.arange(4)[::-1],
        "c": np.array(0.1),
        "none": np.empty((0, 3)),
    }
    back, texts = tensors.unpack(tensors.pack(arrays, {"what": "ein Übungsnetz"}))
    assert texts == {"what": "ein Übungsnetz"}
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(back[name], array)


def test_the_same_arrays_and_texts_are_the_same_bytes():
    arrays, texts = {"a": np.arange(3.0), "b": np.arange(5)}, {f"text {k}": "é" * k for k in range(8)}
    first = tensors.pack(arrays, texts)
    assert all(tensors.pack(arrays, texts) == first for _ in range(3))
    assert tensors.unpack(first)[1] == texts
    np.testing.assert_array_equal(load(first)["a"], arrays["a"])


def test_one_array_is_read_without_the_others(tmp_path):
    path = tmp_path / "some.safetensors"
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.full((4, 1), 7, np.float32), "c": np.array(3)}
    tensors.write(path, arrays, {"what": "three"})
    for name, array in arrays.items():
        np.testing.assert_array_equal(tensors.read_one(path, name), array)
    with pytest.raises(ValueError, match=r"d must be one of the arrays of some\.safetensors: it has a, b, c"):
        tensors.read_one(path, "d")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="no whole safetensors file"):
        tensors.read_one(path, "a")


TWICE = b'{"a": %s, "a": %s}' % ((json.dumps(entry()).encode(),) * 2)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is no safetensors file"),
        (b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05numpy", "is no safetensors file"),  # a pickle
        (b"PK\x03\x04" + b"x" * 40, "is no safetensors file"),
        (made(b"[1, 2]"), "is no safetensors file"),
        (made(b"{" * 5000), "is no safetensors file"),
        (made({"a": entry()}, b"\0" * 4)[:-2], "is no whole safetensors file"),
        (made({"a": entry()}, b"\0" * 4)[:20], "is cut off, or claims more than it holds"),
        (made(b"{}", length=4 << 40), "is cut off, or claims more than it holds"),
        (made({"a": entry(shape=[1 << 40], end=4 << 40)}, b"\0" * 4), "is no whole safetensors file"),
        (made({"a": entry(shape=[1 << 63, 4])}, b"\0" * 4), "is no whole safetensors file"),
        (made({"a": entry(shape=[-1])}, b"\0" * 4), "is no whole safetensors file"),
        (made({"a": entry(shape=[1 << 70, 0], end=0)}), "is no whole safetensors file"),
        (made({"a": entry(shape=[True])}, b"\0" * 4), "is no whole safetensors file"),
        (made({"a": entry() | {"shape": ""}}, b"\0" * 4), "is no whole safetensors file"),
        (made({"a": entry() | {"data_offsets": "04"}}, b"\0" * 4), "is no whole safetensors file"),
        (made({"a": entry() | {"data_offsets": [0, 4, 4]}}, b"\0" * 4), "is no whole safetensors file"),
        (made({"a": entry() | {"data_offsets": [1, 5]}}, b"\0" * 5), "is no whole safetensors file"),
        (made({"a": entry(), "b": entry()}, b"\0" * 4), "is no whole safetensors file"),
        (made(TWICE, b"\0" * 4), "a stands in the file twice"),
        (made({"a": entry("BF16", [2])}, b"\0" * 4), "a (type BF16) must hold one of BOOL, F16, F32"),
        (made({"__metadata__": [], "a": entry()}, b"\0" * 4), "__metadata__ in the file must hold texts by name"),
        (made({"__metadata__": {"b": 1}, "a": entry()}, b"\0" * 4), "__metadata__ in the file must hold texts by name"),
        (made({"a": 1}), "a (type None) must hold one of"),
        (made({"a": entry()}, np.float32(np.nan).tobytes()), "a must hold finite numbers: it has NaN or infinity"),
        (made({"a": entry()}, np.float32(np.inf).tobytes()), "a must hold finite numbers"),
    ],
)
def test_what_is_broken_or_hostile_is_refused_with_a_reason(data, message):
    with pytest.raises(ValueError) as error:
        tensors.unpack(data)
    assert message in str(error.value)


def test_a_null_in_place_of_the_texts_is_none_of_them():
    arrays, texts = tensors.unpack(made({"__metadata__": None, "a": entry()}, b"\0" * 4))
    assert (arrays["a"].tolist(), texts) == ([0.0], {})


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "new" / "w.safetensors"
    first = {"a": np.ones(3, np.float32)}
    assert tensors.write(path, first) == path.stat().st_size
    monkeypatch.setattr(tensors, "load", lambda data: {"a": np.zeros(3, np.float32)})  # a disk that gives back others
    with pytest.raises(OSError, match="was read back with other numbers than were written"):
        tensors.write(path, {"a": np.full(3, 2.0, np.float32)})
    monkeypatch.undo()
    np.testing.assert_array_equal(tensors.unpack(path.read_bytes())[0]["a"], first["a"])
    assert [p.name for p in path.parent.iterdir()] == ["w.safetensors"]


def test_what_is_taken_is_what_the_library_takes():
    """Headers that are changed at random places: what it refuses is refused here, and what is taken holds the same."""
    rng, taken = np.random.default_rng(0), 0
    whole = tensors.pack({"a": np.arange(6.0).reshape(2, 3), "b": np.arange(4, dtype=np.uint8), "c": np.float32(1)})
    length = struct.unpack("<Q", whole[:8])[0]
    for _ in range(4000):
        data = bytearray(whole)
        for place in rng.integers(8, 8 + length, rng.integers(1, 4)):
            data[place] = rng.choice(list(b"0123456789,[]IUF{} -"))
        try:
            arrays, _ = tensors.unpack(bytes(data))
        except ValueError:
            continue
        theirs = load(bytes(data))
        assert arrays.keys() == theirs.keys()
        for name, array in arrays.items():
            assert (array.dtype, array.shape) == (theirs[name].dtype, theirs[name].shape)
            np.testing.assert_array_equal(array, theirs[name])
        taken += 1
    assert taken > 20


def test_nothing_is_copied_as_a_file_is_read():
    data = tensors.pack({"a": np.arange(100.0), "b": np.arange(7, dtype=np.int16)})
    arrays, _ = tensors.unpack(data)
    assert all(np.shares_memory(array, np.frombuffer(data, np.uint8)) for array in arrays.values())
