"""Sets on this computer: found by what they are, in the folders that are named; read with all three splits."""

import os

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.datasets.found import VARIABLE, sets_folder
from cnn_core.training.data import DataOptions, TrainingData
from tests.sets import cifar_batch, idx, idx_files, idx_part, write


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path / "kept"))
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


def name_folders(monkeypatch, *folders):
    monkeypatch.setenv(VARIABLE, os.pathsep.join(map(str, folders)))


def others():
    return datasets.names()[3:]


def sizes(dataset):
    return tuple(len(split.y) for split in (dataset.train, dataset.val, dataset.test))


def test_nothing_is_found_where_nothing_is(monkeypatch, tmp_path):
    name_folders(monkeypatch, tmp_path / "nowhere", "", write(tmp_path / "notes", {"a.txt": b"x"}))
    assert datasets.names() == ("digits", "fashion", "colours")


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", ["mnist", "fashion-full"])
def test_idx_sets_are_told_apart_by_their_labels(monkeypatch, tmp_path, name, packed):
    folder = write(tmp_path / "set", idx_files(name, "train", 60, packed) | idx_files(name, "t10k", 20, packed))
    name_folders(monkeypatch, folder)
    assert others() == (name,)
    dataset = datasets.load(name)
    assert sizes(dataset) == (60, 0, 20)
    np.testing.assert_array_equal(dataset.train.x[:, 0], idx_part(name, "train", 60)[0])
    assert dataset.train.x.dtype == np.uint8
    assert datasets.titles()[name] == dataset.title
    assert datasets.load(name) is dataset
    training = TrainingData(dataset, DataOptions())
    assert (training.num_train, len(training.val[1]), len(training.test[1])) == (54, 6, 20)


def test_a_folder_with_test_files_only_is_cut_in_three(monkeypatch, tmp_path):
    write(tmp_path / "sets" / "inside", idx_files("mnist", "t10k", 50))
    name_folders(monkeypatch, tmp_path / "sets")  # one above
    assert sizes(datasets.load("mnist")) == (40, 5, 5)
    np.testing.assert_array_equal(datasets.load("mnist").test.x[:, 0], idx_part("mnist", "t10k", 50)[0][45:])


def test_other_names_of_the_files_are_known(monkeypatch, tmp_path):
    files = idx_files("mnist", "t10k", 20, packed=False)
    name_folders(monkeypatch, write(tmp_path / "set", {n.replace("-idx", ".idx"): c for n, c in files.items()}))
    assert others() == ("mnist",)


def test_unknown_idx_files_are_left_alone(monkeypatch, tmp_path):
    files = idx_files("mnist", "t10k", 20, packed=False)
    files["t10k-labels-idx1-ubyte"] = idx(np.zeros(20, np.uint8))
    name_folders(monkeypatch, write(tmp_path / "set", files), write(tmp_path / "half", dict(list(files.items())[:1])))
    assert others() == ()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"data_batch_1.bin": 30, "data_batch_2.bin": 20, "test_batch.bin": 10}, (50, 0, 10)),
        ({"data_batch_1.bin": 30}, (24, 3, 3)),
        ({"test_batch.bin": 20}, (16, 2, 2)),
    ],
)
def test_cifar_10_is_known_by_its_files(monkeypatch, tmp_path, files, expected):
    name_folders(monkeypatch, write(tmp_path / "set", {n: cifar_batch(count) for n, count in files.items()}))
    assert others() == ("cifar10",)
    dataset = datasets.load("cifar10")
    assert sizes(dataset) == expected
    assert dataset.image_shape == (3, 32, 32)
    first = np.frombuffer(cifar_batch(next(iter(files.values()))), np.uint8)
    assert dataset.train.y[0] == first[0]
    np.testing.assert_array_equal(dataset.train.x[0].ravel(), first[1:3073])


def test_what_was_downloaded_comes_first(monkeypatch, tmp_path):
    write(sets_folder() / "mnist", idx_files("mnist", "train", 30) | idx_files("mnist", "t10k", 10))
    write(sets_folder() / "fashion-full.part", idx_files("fashion-full", "train"))  # unfinished
    name_folders(monkeypatch, write(tmp_path / "set", idx_files("mnist", "t10k", 50)))
    assert others() == ("mnist",)
    assert sizes(datasets.load("mnist")) == (30, 0, 10)


def test_a_set_that_changes_is_read_anew(monkeypatch, tmp_path):
    folder = write(tmp_path / "set", idx_files("mnist", "t10k", 50))
    name_folders(monkeypatch, folder)
    before = datasets.load("mnist")
    write(folder, idx_files("mnist", "t10k", 20))
    os.utime(folder / "t10k-labels-idx1-ubyte.gz", ns=(1, 2**62))
    assert sizes(datasets.load("mnist")) == (16, 2, 2)
    assert sizes(before) == (40, 5, 5)


def test_broken_sets_are_named_when_they_are_loaded(monkeypatch, tmp_path):
    files = idx_files("mnist", "t10k", 20, packed=False)
    files["t10k-images-idx3-ubyte"] = files["t10k-images-idx3-ubyte"][:-1]
    name_folders(monkeypatch, write(tmp_path / "set", files))
    with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte\) must hold the 15,680 bytes"):
        datasets.load("mnist")
    write(
        tmp_path / "set",
        idx_files("mnist", "train", 20, packed=False)
        | {"train-images-idx3-ubyte": idx(np.zeros((20, 9, 9), np.uint8))},
    )
    write(tmp_path / "set", idx_files("mnist", "t10k", 20, packed=False))
    with pytest.raises(ValueError, match="must have one size"):
        datasets.load("mnist")
