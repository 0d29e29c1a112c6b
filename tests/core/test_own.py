"""The reader's own pictures: kept as a data set under a name that is their content's; read back as they were."""

import os

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.datasets import own
from cnn_core.datasets.own import save_pictures

NAMES = ("ants", "bees", "cats")
Y = np.array([0] * 30 + [1] * 12 + [2] * 3)
X = np.random.default_rng(0).integers(0, 256, (45, 3, 8, 8), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path))
    monkeypatch.delenv("CONVSCOPE_DATA_SETS", raising=False)
    return tmp_path / "datasets"


def test_pictures_are_kept_and_found(folder):
    name = save_pictures(folder, X, Y, NAMES, "Small animals")
    assert own.NAME.fullmatch(name)
    assert datasets.names() == ("digits", "fashion", "colours", name)
    assert datasets.titles()[name] == "Small animals"
    dataset = datasets.load(name)
    assert (dataset.name, dataset.title, dataset.class_names) == (name, "Small animals", NAMES)
    found = {
        x.tobytes(): y
        for split in (dataset.train, dataset.val, dataset.test)
        for x, y in zip(split.x, split.y, strict=True)
    }
    assert found == {x.tobytes(): y for x, y in zip(X, Y, strict=True)}
    assert np.bincount(dataset.val.y).tolist() == np.bincount(dataset.test.y).tolist() == [3, 1, 1]
    assert set(dataset.train.y[:3]) == {0, 1, 2}  # in turns
    assert dataset.train.y[:20].tolist().count(1) >= 8
    assert dataset.train.x.dtype == np.uint8
    assert [path.name for path in folder.iterdir()] == [f"{name}.npz"]


def test_the_same_pictures_have_the_same_name_and_others_another(folder):
    names = [save_pictures(folder, x, Y, NAMES, title) for x, title in ((X, "a"), (X, "b"), (255 - X, "a"))]
    assert names[0] == names[1] != names[2]
    assert names[0] != save_pictures(folder, X, Y, ("ants", "bees", "dogs"), "a")
    assert len(datasets.names()) == 3 + 3


def test_the_same_pictures_kept_again_keep_their_first_title(folder):
    name = save_pictures(folder, X, Y, NAMES, "first")
    assert save_pictures(folder, X, Y, NAMES, "second") == name
    assert datasets.titles()[name] == "first"
    assert datasets.load(name).title == "first"


def test_the_same_pictures_can_be_kept_again_where_no_more_sets_can(folder, monkeypatch):
    name = save_pictures(folder, X, Y, NAMES, "first")
    monkeypatch.setattr(own, "MOST_KEPT", 1)
    assert save_pictures(folder, X, Y, NAMES, "second") == name
    with pytest.raises(ValueError, match="must not become more"):
        save_pictures(folder, 255 - X, Y, NAMES, "third")


def test_a_broken_file_is_written_anew(folder):
    name = save_pictures(folder, X, Y, NAMES, "first")
    (folder / f"{name}.npz").write_bytes(b"half")
    assert save_pictures(folder, X, Y, NAMES, "second") == name
    assert datasets.load(name).title == "second"


# Splits as they were given.


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((30, 0, 10), (26, 4, 10)),  # a tenth of each class, at least one, to check on the way
        ((30, 6, 10), (30, 6, 10)),
        ((30, 6, 0), (26, 6, 4)),
        ((0, 30, 10), (32, 4, 4)),  # none to train with: drawn from all
    ],
)
def test_given_splits_are_kept_and_missing_ones_drawn(folder, numbers, expected):
    count = sum(numbers)
    splits = np.repeat([0, 1, 2], numbers)
    x, y = (
        np.arange(count, dtype=np.uint8)[:, None, None, None].repeat(64, 3).reshape(-1, 1, 8, 8),
        np.arange(count) % 2,
    )
    dataset = datasets.load(save_pictures(folder, x, y, NAMES[:2], "t", splits))
    parts = [split.x[:, 0, 0, 0] for split in (dataset.train, dataset.val, dataset.test)]
    assert tuple(map(len, parts)) == expected
    assert sorted(np.concatenate(parts)) == list(range(count))
    for number, part in enumerate(parts):
        if numbers[0] and numbers[number] and number:
            assert set(splits[part]) == {number}
    assert all((split.y == split.x[:, 0, 0, 0] % 2).all() for split in (dataset.train, dataset.val, dataset.test))


def test_a_class_without_pictures_to_train_with_is_named(folder):
    splits = np.where(Y == 2, 2, 0)
    with pytest.raises(ValueError, match=r"class 'cats' \(=0 pictures for training\) must have 2 or more of them"):
        save_pictures(folder, X, Y, NAMES, "t", splits)


def test_other_splits_of_the_same_pictures_are_another_set(folder):
    one, other = (save_pictures(folder, X, Y, NAMES, "t", np.arange(45) % 3 // n) for n in (1, 2))
    assert one != other


@pytest.mark.parametrize(
    ("x", "y", "names", "message"),
    [
        (X.astype(float), Y, NAMES, "x (float64, shape (45, 3, 8, 8)) must be uint8"),
        (X[..., :4], Y, NAMES, "must be uint8 of shape (N, 1 or 3, size, size)"),
        (X[..., :7, :7], Y, NAMES, "size (=7) must be 8 to 64 pixels"),
        (X, Y[1:], NAMES, "y (shape (44,)) must hold one class for each of the 45 pictures"),
        (X[:30], Y[:30], NAMES[:1], "classes (=only 'ants') must be 2 or more"),
        (X[:0], Y[:0], (), "classes (=none) must be 2 or more"),
        (X[:44], Y[:44], NAMES, "class 'cats' (=2 pictures) must have 3 or more"),
        (
            np.repeat(X[:1], 51 * 3, 0),
            np.repeat(np.arange(51), 3),
            tuple(map(str, range(51))),
            "classes (=51) must be 50",
        ),
    ],
    ids=range(8),
)
def test_what_makes_no_data_set_is_refused(folder, x, y, names, message):
    with pytest.raises(ValueError) as caught:
        save_pictures(folder, x, y, names, "title")
    assert message in str(caught.value)
    assert not folder.exists()


def test_a_failure_while_writing_leaves_nothing(folder, monkeypatch):
    def full(file, **_):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space"):
        save_pictures(folder, X, Y, NAMES, "title")
    assert list(folder.iterdir()) == []


def test_a_set_that_is_removed_while_others_are_listed_is_left_out(folder, monkeypatch):
    name, other = (save_pictures(folder, x, Y, NAMES, "title") for x in (X, 255 - X))
    entries = list(os.scandir(folder))
    own.remove_pictures(folder, name)
    monkeypatch.setattr(os, "scandir", lambda _: entries)
    assert list(own.found_pictures(folder)) == [other]


@pytest.mark.parametrize("damage", [b"", b"no zip", "half", "other", "labels", "splits"])
def test_a_broken_file_is_named_and_does_no_other_harm(folder, damage):
    name = save_pictures(folder, X, Y, NAMES, "title")
    file = folder / f"{name}.npz"
    if isinstance(damage, bytes):
        file.write_bytes(damage)
    elif damage == "half":
        file.write_bytes(file.read_bytes()[:300])
    else:
        with np.load(file) as stored:
            members = dict(stored)
        members |= {"other": {"x": X[:5]}, "labels": {"y": np.full(45, 3)}, "splits": {"splits": np.array([45, 0, 0])}}[
            damage
        ]
        np.savez(file, **members)
    assert name in datasets.titles()
    with pytest.raises(ValueError, match="must hold pictures that ConvScope has kept"):
        datasets.load(name)
