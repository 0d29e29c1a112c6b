"""Sets on this computer: found by what they are, in the folders that are named; read with all three splits."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.datasets.found import VARIABLE, folders_in, sets_folder
from cnn_core.datasets.listing import MOST_FILES, listing
from cnn_core.datasets.passed_over import MOST_LINES, passed_over
from cnn_core.training.data import DataOptions, TrainingData
from tests.sets import cifar_batch, idx, idx_files, idx_part, python2_batch, write


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


# Python batches, and folders as other programs lay them out.


@pytest.mark.parametrize("others", [{}, {"batches.meta": b"x", "readme.html": b"x"}])
def test_the_courses_python_batches_are_read(monkeypatch, tmp_path, others):
    pixels = np.random.default_rng(0).integers(0, 256, (7, 3072), dtype=np.uint8)
    batches = {name: python2_batch(pixels, [3] * 7) for name in ("data_batch_1", "data_batch_5", "test_batch")}
    write(tmp_path / "data" / "cifar-10-batches-py", batches | others)
    name_folders(monkeypatch, tmp_path / "data")
    assert others_and_lines() == (("cifar10",), ())
    assert sizes(datasets.load("cifar10")) == (14, 0, 7)
    np.testing.assert_array_equal(datasets.load("cifar10").train.x[7:].reshape(7, -1), pixels)


def test_the_binary_files_come_before_the_python_batches(monkeypatch, tmp_path):
    files = {"data_batch_1.bin": cifar_batch(4), "data_batch_1": b"no pickle", "test_batch": b"no pickle"}
    name_folders(monkeypatch, write(tmp_path / "set", files))
    assert sizes(datasets.load("cifar10")) == (2, 1, 1)


def test_a_batch_that_would_run_something_is_refused_as_the_set_is_loaded(monkeypatch, tmp_path):
    name_folders(monkeypatch, write(tmp_path / "set", {"data_batch_1": b"cos\nsystem\n(S'true'\ntR."}))
    assert others() == ("cifar10",)
    with pytest.raises(ValueError, match=r"data_batch_1\) must be one of CIFAR-10's Python batches.*os.system"):
        datasets.load("cifar10")


def test_sets_are_found_where_torchvision_puts_them(monkeypatch, tmp_path):
    write(tmp_path / "data" / "MNIST" / "raw", idx_files("mnist", "train", 30, packed=False))
    write(tmp_path / "data" / "FashionMNIST" / "raw", idx_files("fashion-full", "train", 30, packed=False))
    write(tmp_path / "data" / ".cache" / "raw", idx_files("mnist", "t10k", 30))
    write(
        tmp_path / "data" / "cifar-10-batches-py", {"test_batch": python2_batch(np.zeros((3, 3072), np.uint8), [1] * 3)}
    )
    write(tmp_path / "data", {"cifar-10-python.tar.gz": b"x"})  # left beside what was unpacked
    name_folders(monkeypatch, tmp_path / "data")
    assert others_and_lines() == (("mnist", "fashion-full", "cifar10"), ())
    assert sizes(datasets.load("mnist")) == (24, 3, 3)
    name_folders(monkeypatch, tmp_path)  # one more level down is too far
    assert "mnist" not in others()


def test_of_many_folders_the_first_ones_are_looked_into(monkeypatch, tmp_path):
    for number in range(5):
        (tmp_path / f"{number}" / "in").mkdir(parents=True)
    monkeypatch.setitem(folders_in.__globals__, "MOST_FOLDERS", 7)
    looked = list(folders_in(str(tmp_path)))
    assert [str(folder.relative_to(tmp_path)) for folder in looked] == [".", *"01234", "0/in", "1/in"]


# What lies there and is not used is said.


def others_and_lines():
    return others(), passed_over()


LINES = {
    "nothing known": (
        {"notes.txt": b"x"},
        "/it holds nothing that is known here: MNIST's or Fashion-MNIST's IDX",
    ),
    "EMNIST": (
        {"emnist-balanced-train-images-idx3-ubyte.gz": b"x", "emnist-balanced-train-labels-idx1-ubyte.gz": b"x"},
        "/it: emnist-balanced-train-images-idx3-ubyte.gz and others: EMNIST has letters, and other classes than MNIST",
    ),
    "KMNIST": (
        {
            "train-images-idx3-ubyte": idx(np.zeros((20, 2, 2), np.uint8)),
            "train-labels-idx1-ubyte": idx(np.zeros(20, np.uint8)),
        },
        "/it: train-images: their labels are neither MNIST's nor Fashion-MNIST's, or cannot be read.",
    ),
    "a half": (
        {"t10k-images-idx3-ubyte.gz": b"x"},
        "/it: t10k-images: the t10k-labels that belong to them are missing.",
    ),
    "the other half": (
        {"train-labels.idx1-ubyte": b"x"},
        "/it: train-labels: the train-images that belong to them are missing.",
    ),
    "CIFAR-100": ({"train": b"x", "test": b"x", "meta": b"x"}, "/it: meta: CIFAR-100 has other classes than CIFAR-10"),
    "CIFAR-100, binary": (
        {"train.bin": b"x", "fine_label_names.txt": b"x"},
        "/it: fine_label_names.txt: CIFAR-100 has other",
    ),
    "packed": (
        {"cifar-10-python.tar.gz": b"x"},
        "/it: cifar-10-python.tar.gz: CIFAR-10's archive must be unpacked: tar xzf",
    ),
    "Keras": (
        {"mnist.npz": b"x"},
        "/it: mnist.npz: Keras keeps MNIST in a file of its own: the four IDX files are read.",
    ),
    "an archive": (
        {"pets.zip": b"x"},
        "/it: pets.zip: an archive must be unpacked, or, with one folder of pictures a class,",
    ),
    "pictures": (
        {"1.JPG": b"x", "2.JPG": b"x"},
        "/it: 1.JPG and others: pictures are not read from here: bring their folder",
    ),
}


@pytest.fixture
def short():
    """A folder whose path is shown in full: pytest's own are long, and a long path is cut in its middle."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.parametrize("kind", LINES)
def test_what_is_not_used_is_said_with_the_reason(monkeypatch, short, kind):
    files, words = LINES[kind]
    name_folders(monkeypatch, write(short / "it", files))
    (line,) = passed_over()
    assert line.startswith(f"{short}{words}")
    assert others() == ()
    write(short / "up" / "down" / "it", files)
    name_folders(monkeypatch, short / "up")
    (line,) = passed_over()
    assert line.startswith(f"{short}/up{words.removeprefix('/it') if kind == 'nothing known' else '/down' + words}")


def test_folders_that_cannot_be_looked_into_are_named(monkeypatch, short):
    file = write(short, {"mnist.gz": b"x"}) / "mnist.gz"
    write(short / "closed", idx_files("mnist", "t10k", 20))
    looked = os.scandir

    def scandir(folder):
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return looked(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    name_folders(monkeypatch, short / "nowhere", file, short / "closed", "~nobody-at-all/data", "")
    assert others() == ()
    assert passed_over() == (
        f"{short}/nowhere does not exist.",
        f"{file} is a file: name the folder that it lies in.",
        f"{short}/closed cannot be read (Permission denied).",
        "~nobody-at-all/data is the folder of nobody who is known here: write it out.",
    )
    name_folders(monkeypatch, short)
    assert f"{short}/closed: cannot be read (Permission denied)." in passed_over()
    monkeypatch.undo()  # so that the folder can be removed


def test_a_set_that_is_there_twice_is_named(monkeypatch, tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name, idx_files("mnist", "t10k", 20))
    name_folders(monkeypatch, tmp_path / "a", tmp_path / "b", tmp_path / "b")
    assert passed_over() == (f"{tmp_path}/b: MNIST, 28×28 grey is used from a already.",)
    name_folders(monkeypatch, tmp_path)
    assert passed_over() == (f"{tmp_path}/b: MNIST, 28×28 grey is used from a already.",)


def test_many_lines_are_cut(monkeypatch, tmp_path):
    name_folders(monkeypatch, *(tmp_path / f"{number}" for number in range(20)))
    lines = passed_over()
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == "… and 8 more."


def test_nothing_is_said_where_nothing_is_named():
    assert passed_over() == ()


# A folder is looked at anew only when it has changed.


def looked_at(monkeypatch):
    looked, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: looked.append(Path(folder).name) or scandir(folder))
    return looked


def test_a_folder_that_has_not_changed_is_not_looked_through_again(monkeypatch, tmp_path):
    folder = write(tmp_path / "pictures", {f"{number}.jpg": b"" for number in range(50)})
    name_folders(monkeypatch, folder)
    os.utime(folder, ns=(10**18, 10**18))
    looked = looked_at(monkeypatch)
    assert [datasets.names() for _ in range(3)] == [("digits", "fashion", "colours")] * 3
    assert looked.count("pictures") == 1
    write(folder, idx_files("mnist", "t10k", 20))
    assert others() == ("mnist",)
    os.utime(folder, ns=(10**18 + 1, 10**18 + 1))
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    assert others() == ()


def test_a_young_folder_is_looked_through_each_time(monkeypatch, tmp_path):
    """A second change may have the same time as the first."""
    folder = write(tmp_path / "set", {"a.txt": b""})
    name_folders(monkeypatch, folder)
    looked = looked_at(monkeypatch)
    assert others() == others() == ()
    assert looked.count("set") >= 2


def test_of_many_files_those_of_sets_are_kept(monkeypatch, tmp_path):
    folder = write(
        tmp_path / "set", {f"{number:05}.jpg": b"" for number in range(MOST_FILES + 5)} | {"test_batch": b"x"}
    )
    name_folders(monkeypatch, folder)
    assert others() == ("cifar10",)
    assert len(listing(folder).files) == MOST_FILES
