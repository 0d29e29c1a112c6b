"""IDX files: read as written, packed or not; everything broken is refused in words, before it can take memory."""

import gzip
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from cnn_core.datasets import idx as module
from cnn_core.datasets.idx import read_idx, read_pair
from tests.sets import idx

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def saved(tmp_path, content, name="images"):
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_files_are_read_as_written(tmp_path, pack):
    file = saved(tmp_path, pack(idx(IMAGES)))
    np.testing.assert_array_equal(read_idx(file, 3), IMAGES)
    np.testing.assert_array_equal(read_idx(file, 3, most=1), IMAGES[:1])
    labels = saved(tmp_path, pack(idx(np.array([3, 9], np.uint8))), "labels")
    split = read_pair(file, labels, 10)
    np.testing.assert_array_equal(split.x, IMAGES[:, None])
    assert split.y.tolist() == [3, 9]
    assert (split.x.dtype, split.y.dtype) == (np.uint8, np.int64)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must be an IDX file of bytes along 3 axes: it begins with nothing"),
        (b"\0\0\x08\x03\0\0", "must be an IDX file"),
        (
            idx(np.zeros(5, np.uint8)),
            "must be an IDX file of bytes along 3 axes: it begins with 00000801, not 00000803",
        ),
        (b"\0\0\x0d\x03" + idx(IMAGES)[4:], "it begins with 00000d03"),
        (idx(IMAGES)[:-1], "must hold the 24 bytes that it claims, not 23: get it anew"),
        (idx(IMAGES) + b"x", "must hold the 24 bytes that it claims, not more"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "it must hold at most 268,435,456"),
        (gzip.compress(idx(IMAGES))[:-9], "must be a whole gzip file"),
        (b"\x1f\x8b" + b"nonsense" * 9, "must be a whole gzip file"),
        (gzip.compress(idx(IMAGES))[:-8] + b"?" * 8, "must be a whole gzip file"),
    ],
    ids=range(10),
)
def test_broken_files_are_refused_in_words(tmp_path, content, message):
    file = saved(tmp_path, content)
    with pytest.raises(ValueError) as caught:
        read_idx(file, 3)
    assert message in str(caught.value)
    assert str(file) in str(caught.value)


def test_no_more_is_unpacked_than_the_header_claims(tmp_path):
    bomb = saved(tmp_path, gzip.compress(idx(IMAGES) + bytes(50_000_000)))
    tracemalloc.start()
    with pytest.raises(ValueError, match="not more"):
        read_idx(bomb, 3)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_claim_is_checked_before_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 23)
    with pytest.raises(ValueError, match="claims 24 bytes"):
        read_idx(saved(tmp_path, idx(IMAGES)), 3)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES, [1, 2, 3], "holds 2 pictures and labels 3 labels: they must be one pair"),
        (IMAGES, [1, 10], "must hold labels 0 to 9: there is a 10"),
        (IMAGES[:0], [], "must hold pictures: it has 0 x 3 x 4 pixels"),
    ],
)
def test_files_that_are_no_pair_are_refused(tmp_path, images, labels, message):
    with pytest.raises(ValueError) as caught:
        read_pair(saved(tmp_path, idx(images)), saved(tmp_path, idx(np.array(labels, np.uint8)), "labels"), 10)
    assert message in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match="must be readable"):
        read_idx(Path(tmp_path / "nothing"), 3)
