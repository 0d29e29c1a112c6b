"""CIFAR-10's Python batches: read as NumPy would, whoever pickled them, while nothing that a pickle names is ever run."""

import pickle
import random

import numpy as np
import pytest

from cnn_core.datasets.cifar10_batches import PIXELS, read_python_batches
from tests.sets import python2_batch, write

DATA = np.random.default_rng(0).integers(0, 256, (12, PIXELS), dtype=np.uint8)
LABELS = [int(n) for n in np.arange(12) % 10]
BATCH = {b"batch_label": b"training batch 1 of 5", b"labels": LABELS, b"data": DATA, b"filenames": [b"a.png"] * 12}


def read(folder, content, name="data_batch_1"):
    return read_python_batches(write(folder, {name: content}) / name)


def test_the_batches_as_they_are_published_are_read(tmp_path):
    split = read(tmp_path, python2_batch(DATA, LABELS))
    assert (split.x.dtype, split.y.dtype) == (np.uint8, np.int64)
    np.testing.assert_array_equal(split.x, DATA.reshape(-1, 3, 32, 32))
    assert split.y.tolist() == LABELS
    loaded = pickle.loads(python2_batch(DATA, LABELS), encoding="latin1")  # the bytes are what NumPy reads, too
    np.testing.assert_array_equal(loaded["data"], DATA)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("names", ["bytes", "texts"])
@pytest.mark.parametrize("order", "CF")
def test_batches_that_were_pickled_anew_are_read(tmp_path, protocol, names, order):
    batch = BATCH | {b"data": np.asarray(DATA, order=order)}
    if names == "texts":
        batch = {name.decode(): value for name, value in batch.items()}
    split = read(tmp_path, pickle.dumps(batch, protocol))
    np.testing.assert_array_equal(split.x, DATA.reshape(-1, 3, 32, 32))
    assert split.y.tolist() == LABELS


def test_several_files_follow_one_another(tmp_path):
    first, second = (
        write(tmp_path, {name: python2_batch(DATA[part], LABELS[part])}) / name
        for name, part in (("data_batch_1", slice(5)), ("data_batch_2", slice(5, 12)))
    )
    split = read_python_batches(first, str(second))
    np.testing.assert_array_equal(split.x, DATA.reshape(-1, 3, 32, 32))
    assert split.y.tolist() == LABELS


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function, *args):
        self.called = function, args

    def __reduce__(self):
        return self.called


def touch(path):
    path.touch()
    return b""


@pytest.mark.parametrize("place", ["alone", "labels", "data", "a name"])
def test_nothing_that_a_pickle_names_is_run(tmp_path, place):
    evil = Call(touch, tmp_path / "run")
    batch = {"alone": evil, "labels": BATCH | {b"labels": evil}, "data": BATCH | {b"data": evil}}
    batch["a name"] = BATCH | {evil: 1}
    assert pickle.loads(pickle.dumps(batch["alone"])) == b""
    assert (tmp_path / "run").exists()  # so it is where pickles are loaded
    (tmp_path / "run").unlink()
    with pytest.raises(ValueError, match=r"data_batch_1\) must be one of CIFAR-10's Python batches.*it asks for "):
        read(tmp_path, pickle.dumps(batch[place]))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [("os", "system"), ("builtins", "eval"), ("numpy", "load"), ("numpy.core.multiarray", "scalar"), ("numpy", "x.y")],
)
def test_other_names_are_refused_even_where_numpy_has_them(tmp_path, module, name):
    content = b"c" + f"{module}\n{name}\n".encode() + b"(S'echo'\ntR."
    with pytest.raises(ValueError, match=f"it asks for {module}.{name}, which no batch needs"):
        read(tmp_path, content)


def test_what_is_allowed_makes_no_array_before_it_is_checked(tmp_path):
    """A forged array of an exbibyte: NumPy's own reading would try to get it."""
    huge = pickle.dumps(BATCH, 2).replace(
        b"K\x0cM\x00\x0c\x86", b"\x8a\x08" + (1 << 60).to_bytes(8, "little") + b"M\x00\x0c\x86"
    )
    with pytest.raises(ValueError, match="data must be whole"):
        read(tmp_path, huge)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Ran out of input"),
        (b"\x01" * 3073, "must be one of CIFAR-10's Python batches"),
        (python2_batch(DATA, LABELS)[:-100], "must be one of CIFAR-10's Python batches"),
        (pickle.dumps([1]), "it holds no dict"),
        (
            pickle.dumps({b"label_names": [b"cat"], b"num_vis": 3072}),
            "it has label_names, num_vis, not data and labels",
        ),
        (pickle.dumps({b"fine_labels": [1], b"coarse_labels": [1], b"data": DATA}), "not data and labels"),
        (pickle.dumps({1: 2}), "must stand where int does"),
        (pickle.dumps({}), "it has nothing, not data"),
        (pickle.dumps(BATCH | {b"data": DATA.astype(np.float32)}), "data must be whole, uint8 and of shape"),
        (pickle.dumps(BATCH | {b"data": DATA[:, :-1]}), "data must be whole, uint8 and of shape"),
        (pickle.dumps(BATCH | {b"data": DATA.ravel()}), "data must be whole, uint8 and of shape"),
        (pickle.dumps(BATCH | {b"data": DATA.astype(object)}), "must stand where list does"),
        (pickle.dumps(BATCH | {b"data": DATA.tobytes()}), "data must be an array"),
        (pickle.dumps(BATCH | {b"labels": LABELS[:-1]}), "labels must be a list of 12 whole numbers"),
        (pickle.dumps(BATCH | {b"labels": [*LABELS[:-1], True]}), "labels must be a list of 12 whole numbers"),
        (pickle.dumps(BATCH | {b"labels": np.array(LABELS)}), "labels must be a list of 12 whole numbers"),
        (pickle.dumps(BATCH | {b"labels": [10] * 12}), "labels from 0 to 9"),
        (pickle.dumps(BATCH | {b"labels": [-1] * 12}), "labels from 0 to 9"),
        (pickle.dumps(BATCH | {b"labels": [], b"data": DATA[:0]}), "it must hold pictures"),
        (b"(" * 100_000 + b"t" * 100_000 + b".", "must be one of CIFAR-10's Python batches"),
    ],
    ids=range(20),
)
def test_other_files_are_refused_in_words(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, content)


def test_a_file_that_is_missing_too_large_or_a_folder_is_refused(tmp_path, monkeypatch):
    for path in (tmp_path / "data_batch_1", tmp_path):
        with pytest.raises(ValueError, match="there is no such file"):
            read_python_batches(path)
    monkeypatch.setattr("cnn_core.datasets.cifar10_batches.MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="not at most 1,000"):
        read(tmp_path, bytes(1001))


@pytest.mark.parametrize("whole", [python2_batch(DATA[:2], LABELS[:2]), pickle.dumps(BATCH, 5)], ids=["old", "new"])
def test_damaged_batches_are_read_or_refused_in_words(tmp_path, whole):
    damage = random.Random(231)
    places = [*range(90), *range(len(whole) - 90, len(whole))]  # not among the pixels, where anything is a picture
    for _ in range(600):
        damaged = bytearray(whole)
        for _ in range(damage.choice([1, 2, 5])):
            damaged[damage.choice(places)] = damage.randrange(256)
        try:
            split = read(tmp_path, bytes(damaged[: damage.choice([len(whole), damage.randrange(len(whole))])]))
        except ValueError as error:
            assert "data_batch_1" in str(error)
        else:
            assert split.x.shape[1:] == (3, 32, 32)
            assert len(split.y) == len(split.x)
