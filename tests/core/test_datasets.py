"""The data sets, pictures and patterns are what their README says, and nobody can change them by accident."""

import hashlib
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.datasets import colours, embedded
from cnn_core.datasets.dataset import Dataset, Split
from cnn_core.datasets.summary import class_means, examples, mean_picture

SIZES = {"digits": (1237, 200, 360), "fashion": (5000, 500, 500), "colours": (2000, 400, 400)}
SHAPES = {"digits": (1, 8, 8), "fashion": (1, 28, 28), "colours": (3, 24, 24)}
LEVELS = {"digits": 16, "fashion": 255, "colours": 255}


@pytest.fixture(params=SIZES)
def dataset(request: pytest.FixtureRequest) -> Dataset:
    return datasets.load(request.param)


def splits(dataset: Dataset) -> tuple[Split, Split, Split]:
    return dataset.train, dataset.val, dataset.test


@pytest.mark.parametrize("file", datasets.CHECKSUMS)
def test_files_are_the_recorded_ones(file: str) -> None:
    content = (embedded.FOLDER / file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == datasets.CHECKSUMS[file]
    row = rf"\| `{file}` .*\| {len(content):,} \| `{datasets.CHECKSUMS[file]}` \|"
    assert re.search(row, (embedded.FOLDER / "README.md").read_text(encoding="utf-8"))


def test_every_stored_file_has_a_checksum() -> None:
    assert {file.name for file in embedded.FOLDER.glob("*.npz")} == set(datasets.CHECKSUMS)


@pytest.fixture(autouse=True)
def nothing_else_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the developer has downloaded."""
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path))
    monkeypatch.delenv("CONVSCOPE_DATA_SETS", raising=False)


def test_names_and_titles_agree_with_the_sets(dataset: Dataset) -> None:
    assert datasets.names() == tuple(datasets.titles()) == tuple(SIZES)
    assert datasets.titles()[dataset.name] == dataset.title
    assert dataset.source
    assert dataset.licence


def test_shapes_types_and_ranges(dataset: Dataset) -> None:
    assert dataset.image_shape == SHAPES[dataset.name]
    assert dataset.num_classes == len(set(dataset.class_names))
    for split, size in zip(splits(dataset), SIZES[dataset.name], strict=True):
        assert split.x.shape == (size, *dataset.image_shape)
        assert split.y.shape == (size,)
        assert split.x.dtype == np.float32
        assert split.y.dtype == np.int64
        assert split.x.min() == 0
        assert split.x.max() == 1
        levels = split.x * LEVELS[dataset.name]
        assert np.allclose(levels, np.rint(levels), atol=1e-4)


def test_classes_are_balanced(dataset: Dataset) -> None:
    for split in splits(dataset):
        counts = np.bincount(split.y, minlength=dataset.num_classes)
        # Only the digits' training images are what is left of sets that are not quite equally large.
        slack = 9 if (dataset.name, split) == ("digits", dataset.train) else 0
        assert counts.max() - counts.min() <= slack
        assert len(counts) == dataset.num_classes


def test_the_first_images_are_balanced_too(dataset: Dataset) -> None:
    for split in splits(dataset):
        first = split.y[: 5 * dataset.num_classes].reshape(5, dataset.num_classes)
        assert (np.sort(first) == np.arange(dataset.num_classes)).all()
        assert not (first == first[0]).all()


def test_no_image_occurs_twice(dataset: Dataset) -> None:
    images = [image.tobytes() for split in splits(dataset) for image in split.x]
    assert len(set(images)) == len(images) == sum(SIZES[dataset.name])


@pytest.mark.parametrize("name", ["digits", "fashion"])  # in colours, place and colour are random
def test_labels_belong_to_their_images(name: str) -> None:
    """The class whose mean image is nearest is the right one far more often than by chance."""
    dataset = datasets.load(name)
    train, test = (split.x.reshape(len(split.x), -1) for split in (dataset.train, dataset.test))
    means = np.stack([train[dataset.train.y == k].mean(0) for k in range(dataset.num_classes)])
    nearest = ((test[:, None] - means) ** 2).sum(-1).argmin(1)
    assert (nearest == dataset.test.y).mean() > 0.6


def test_arrays_are_read_only_and_loaded_once(dataset: Dataset) -> None:
    assert datasets.load(dataset.name) is dataset
    for split in splits(dataset):
        for array in (split.x, split.y):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


def test_class_means_are_those_of_the_pixels(dataset: Dataset) -> None:
    means = class_means(dataset.train, dataset.num_classes)
    for label in range(dataset.num_classes):
        of_class = dataset.train.x[dataset.train.y == label]
        np.testing.assert_allclose(means[label], of_class.mean(axis=0), atol=1e-5)
        np.testing.assert_array_equal(examples(dataset.train, label, 3), of_class[:3])
    np.testing.assert_allclose(
        mean_picture(dataset.train, dataset.num_classes), dataset.train.x.mean(axis=0), atol=1e-5
    )
    levels = Split(np.rint(255 * dataset.train.x).astype(np.uint8), dataset.train.y)
    np.testing.assert_allclose(class_means(levels, dataset.num_classes), means, atol=1 / 255)


def test_colours_come_from_their_seed() -> None:
    one, same, other = (datasets.make_colours(64, seed) for seed in (7, 7, 8))
    assert one.x.tobytes() == same.x.tobytes()
    assert one.y.tobytes() == same.y.tobytes()
    assert one.x.tobytes() != other.x.tobytes()
    assert one.y.tobytes() != other.y.tobytes()


@pytest.mark.parametrize("num", [1, 7, 8, 9])
def test_colours_come_in_any_number(num: int) -> None:
    assert datasets.make_colours(num, 0).x.shape == (num, 3, 24, 24)


def test_gratings_run_as_named() -> None:
    """Horizontal stripes change from row to row, vertical ones from column to column, diagonal ones both."""
    drawn = datasets.make_colours(400, 1)
    down, across = (np.abs(np.diff(drawn.x, axis=axis)).mean(axis=(1, 2, 3)) for axis in (2, 3))
    ratio = {name: np.median((down / across)[drawn.y == k]) for k, name in enumerate(colours.CLASS_NAMES)}
    assert ratio["horizontal grating"] > 2
    assert ratio["vertical grating"] < 0.5
    assert 0.8 < ratio["diagonal grating"] < 1.25


def test_shapes_stand_out_from_the_ground() -> None:
    """Each picture of a shape has a figure, of a plausible size, that differs from the corners."""
    drawn = datasets.make_colours(400, 2)
    for image in drawn.x[drawn.y < len(colours.SHAPES)]:
        corners = image[:, [0, 0, -1, -1], [0, -1, 0, -1]]
        ground = np.median(corners, axis=1)[:, None, None]
        differs = np.abs(image - ground).max(axis=0) > 0.2
        assert 0.02 < differs.mean() < 0.6


def test_pictures() -> None:
    assert len(datasets.pictures()) == 4
    with np.load(embedded.FOLDER / "pictures.npz") as stored:
        assert tuple(stored) == datasets.pictures()
    for name in datasets.pictures():
        pixels = datasets.picture(name)
        assert pixels.shape == (3, 200, 200)
        assert pixels.dtype == np.float32
        assert pixels.min() >= 0
        assert 0.9 < pixels.max() <= 1
        assert pixels.std() > 0.15
        assert datasets.picture(name) is pixels
        with pytest.raises(ValueError, match="read-only"):
            pixels[0] = 0
    for one, other in pairwise(datasets.pictures()):
        assert not np.array_equal(datasets.picture(one), datasets.picture(other))


@pytest.mark.parametrize("name", datasets.patterns())
def test_patterns_are_small_whole_numbers(name: str) -> None:
    for size in range(3, 33):
        grid = datasets.pattern(name, size)
        assert grid.shape == (size, size)
        assert grid.dtype == np.float64
        assert (grid == np.rint(grid)).all()
        assert grid.min() == 0
        assert grid.max() == (min(size, 10) - 1 if name == "gradient" else 1)


def test_patterns_look_as_named() -> None:
    expected = {
        "vertical_edge": ["00111"] * 5,
        "horizontal_edge": ["00000"] * 2 + ["11111"] * 3,
        "diagonal": ["10000", "01000", "00100", "00010", "00001"],
        "checkerboard": ["01010", "10101", "01010", "10101", "01010"],
        "cross": ["00100", "00100", "11111", "00100", "00100"],
        "circle": ["01110", "10001", "10001", "10001", "01110"],
        "gradient": ["01234"] * 5,
        "impulse": ["00000", "00000", "00100", "00000", "00000"],
    }
    assert tuple(expected) == datasets.patterns()
    for name, rows in expected.items():
        assert datasets.pattern(name, 5).tolist() == [[int(cell) for cell in row] for row in rows]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: datasets.load("foo"), "name (='foo') must be one of digits, fashion, colours"),
        (
            lambda: datasets.load(["digits"]),  # type: ignore[arg-type]
            "name (=['digits']) must be one of digits, fashion, colours",
        ),
        (lambda: datasets.picture("dog"), "name (='dog') must be one of lake, boat, fruit, cat"),
        (
            lambda: datasets.pattern("spiral", 5),
            "name (='spiral') must be one of vertical_edge, ",
        ),
        (lambda: datasets.pattern("circle", 2), "size (=2) must be 3 or more"),
        (lambda: datasets.pattern("circle", 33), "size (=33) must be 32 or less"),
        (
            lambda: datasets.pattern("circle", 5.0),  # type: ignore[arg-type]
            "size (=5.0) must be a whole number",
        ),
        (lambda: datasets.make_colours(0, 0), "num (=0) must be 1 or more"),
        (lambda: datasets.make_colours(8, -1), "seed (=-1) must be 0 or more"),
    ],
)
def test_errors_name_argument_value_and_remedy(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_small_whole_numbers_of_numpy_make_the_same_pictures():
    drawn, plain = datasets.make_colours(np.uint8(200), np.uint8(3)), datasets.make_colours(200, 3)
    np.testing.assert_array_equal(drawn.x, plain.x)
    np.testing.assert_array_equal(drawn.y, plain.y)
    for name in datasets.patterns():
        np.testing.assert_array_equal(datasets.pattern(name, np.int8(20)), datasets.pattern(name, 20))


def test_pixels_of_which_nobody_says_what_is_white_are_refused():
    np.testing.assert_array_equal(datasets.as_pixels(np.array([0, 255], np.uint8)), [0, 1])
    assert datasets.as_pixels([0.5]).dtype == np.float32
    for wrong in (np.array([200], np.uint16), np.array([1j]), np.array([True]), [1, 2], None, np.ma.ones(2)):
        with pytest.raises(ValueError, match=r"^x \("):
            datasets.as_pixels(wrong)


def test_a_split_has_a_label_for_each_image():
    split = Split([[[[0.5]]]], [3])
    assert (split.x.shape, split.y.dtype, split.y.flags.writeable) == ((1, 1, 1, 1), np.int64, False)
    for x, y, name in (([[1.0]], [1, 2], "y"), ([[1.0]], [-1], "y"), ([[1j]], [1], "x"), ([[1.0]], [0.5], "y")):
        with pytest.raises(ValueError, match=rf"^{name} \("):
            Split(np.array(x), y)
