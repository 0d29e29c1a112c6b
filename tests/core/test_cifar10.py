"""CIFAR-10's binary files, on small ones made here: the reader, and the course's two helpers on top of it."""

import numpy as np
import pytest

from cnn_core.cs231n import get_CIFAR10_data, visualize_grid
from cnn_core.datasets.cifar10 import RECORD, read_cifar10


@pytest.fixture
def folder(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for name, count in (("data_batch_1.bin", 30), ("data_batch_2.bin", 20), ("test_batch.bin", 10)):
        records = rng.integers(0, 256, (count, RECORD), dtype=np.uint8)
        records[:, 0] %= 10
        records.tofile(tmp_path / name)
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
    with pytest.raises(ValueError, match=r"num_training \+ num_validation \(=50000\).* must be at most the 50 and 10"):
        get_CIFAR10_data()


def test_a_grid_stretches_each_picture_to_the_full_range():
    grid = visualize_grid(np.stack([np.arange(12.0).reshape(2, 2, 3), np.ones((2, 2, 3)), np.zeros((2, 2, 3))]))
    assert grid.shape == (5, 5, 3)
    assert grid[:2, :2].min() == 0
    assert grid[:2, :2].max() == 255
    assert (grid[2] == 0).all()
