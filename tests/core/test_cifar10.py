"""CIFAR-10's binary files, on small ones made here: the reader, and the course's helpers on top of it."""

import pickle

import numpy as np
import pytest

from cnn_core.cs231n import get_CIFAR10_data, load_CIFAR10, load_CIFAR_batch, visualize_grid
from cnn_core.datasets.cifar10 import RECORD, read_cifar10
from tests.sets import python2_batch

COUNTS = {
    "data_batch_1": 30, "data_batch_2": 20, "data_batch_3": 1, "data_batch_4": 1, "data_batch_5": 1, "test_batch": 10,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for name, count in COUNTS.items():
        records = rng.integers(0, 256, (count, RECORD), dtype=np.uint8)
        records[:, 0] %= 10
        records.tofile(tmp_path / f"{name}.bin")
    monkeypatch.setenv("CIFAR10_FOLDER", str(tmp_path))
    return tmp_path


def test_records_become_planes_of_red_green_and_blue(folder):
    raw = np.fromfile(folder / "data_batch_1.bin", dtype=np.uint8).reshape(-1, RECORD)
    split = read_cifar10(folder / "data_batch_1.bin", folder / "data_batch_2.bin")
    assert split.x.shape == (50, 3, 32, 32)
    assert split.y[7] == raw[7, 0]
    assert split.x[7, 2, 5, 6] == np.float32(raw[7, 1 + 2 * 1024 + 5 * 32 + 6]) / 255


def test_the_courses_data_are_less_their_mean_and_in_order(folder):
    data = get_CIFAR10_data(num_training=40, num_validation=8, num_test=6)
    plain = get_CIFAR10_data(num_training=40, num_validation=8, num_test=6, subtract_mean=False)
    assert {name: len(array) for name, array in data.items()} == {
        "X_train": 40, "y_train": 40, "X_val": 8, "y_val": 8, "X_test": 6, "y_test": 6,
    }  # fmt: skip
    np.testing.assert_allclose(data["X_train"].mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(data["X_val"] + plain["X_train"].mean(axis=0), plain["X_val"])
    np.testing.assert_array_equal(plain["y_val"], read_cifar10(folder / "data_batch_2.bin").y[10:18])


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "must hold whole records"), (b"x" * 100, "must hold whole records"), (b"\xff" * RECORD, "must be 0 to 9")],
)
def test_broken_files_are_named(tmp_path, content, message):
    (tmp_path / "data_batch_1.bin").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_cifar10(tmp_path / "data_batch_1.bin")


def test_missing_files_and_too_few_pictures_are_named(folder, tmp_path):
    with pytest.raises(ValueError, match="must be one of CIFAR-10's binary files"):
        read_cifar10(tmp_path / "nothing.bin")
    with pytest.raises(
        ValueError, match=r"nothing\) must hold all of CIFAR-10's Python batches .* or let CIFAR10_FOLDER name"
    ):
        load_CIFAR10(tmp_path / "nothing")
    with pytest.raises(ValueError, match=r"num_test \(=-1\) must be 0 or more"):
        get_CIFAR10_data(num_test=-1)
    with pytest.raises(ValueError, match=r"num_training \+ num_validation \(=50000\).* must be at most the 53 and 10"):
        get_CIFAR10_data()


@pytest.fixture
def as_published(folder, monkeypatch):
    """The same pictures as Python batches, where the course's notebooks look for them."""
    place = folder / "cs231n" / "datasets" / "cifar-10-batches-py"
    place.mkdir(parents=True)
    for name in COUNTS:
        records = np.fromfile(folder / f"{name}.bin", dtype=np.uint8).reshape(-1, RECORD)
        (place / name).write_bytes(python2_batch(records[:, 1:], records[:, 0].tolist()))
    monkeypatch.chdir(folder)
    return place


def test_the_courses_own_batches_give_what_the_binary_files_give(folder, as_published, monkeypatch):
    sizes = {"num_training": 40, "num_validation": 10, "num_test": 10}
    binary = get_CIFAR10_data(**sizes)
    monkeypatch.delenv("CIFAR10_FOLDER")
    for name, array in get_CIFAR10_data(**sizes).items():
        np.testing.assert_array_equal(array, binary[name])
    for ours, theirs in zip(load_CIFAR10(as_published), load_CIFAR10(str(folder)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_pictures_are_the_courses_exact_numbers(as_published):
    x, y, test_x, test_y = load_CIFAR10(as_published)
    assert (x.shape, x.dtype, y.shape, test_x.shape, test_y.shape) == (
        (53, 32, 32, 3), np.float64, (53,), (10, 32, 32, 3), (10,),
    )  # fmt: skip
    batch = pickle.loads((as_published / "data_batch_2").read_bytes(), encoding="latin1")
    np.testing.assert_array_equal(x[30:50].transpose(0, 3, 1, 2).reshape(20, -1), batch["data"])  # whole numbers
    np.testing.assert_array_equal(y[30:50], batch["labels"])
    again, labels = load_CIFAR_batch(as_published / "data_batch_2")
    np.testing.assert_array_equal(again, x[30:50])
    np.testing.assert_array_equal(labels, y[30:50])


@pytest.mark.parametrize("missing", ["data_batch_3", "data_batch_5", "test_batch"])
def test_a_batch_that_is_missing_is_not_passed_over(folder, as_published, missing):
    (as_published / missing).unlink()
    (folder / f"{missing}.bin").unlink()
    for place in (folder, as_published):
        with pytest.raises(ValueError, match="must hold all of CIFAR-10's"):
            load_CIFAR10(place)
    with pytest.raises(ValueError, match=r"ROOT \(=3\) must be a path"):
        load_CIFAR10(3)


def test_small_counts_of_numpy_do_not_wrap_around(folder):
    data = get_CIFAR10_data(*map(np.uint8, (45, 8, 6)))
    plain = get_CIFAR10_data(45, 8, 6)
    assert all(np.array_equal(data[name], plain[name]) for name in plain)


def test_a_grid_stretches_each_picture_to_the_full_range():
    grid = visualize_grid(np.stack([np.arange(12.0).reshape(2, 2, 3), np.ones((2, 2, 3)), np.zeros((2, 2, 3))]))
    assert grid.shape == (5, 5, 3)
    assert grid[:2, :2].min() == 0
    assert grid[:2, :2].max() == 255
    assert (grid[2] == 0).all()
