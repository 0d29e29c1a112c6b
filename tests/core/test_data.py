"""What a training sees of its data set: sizes, normalisation, augmentation and wrong labels, each as its options say."""

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.datasets import Dataset, Split
from cnn_core.training import augment, data
from cnn_core.training.data import DataOptions, TrainingData

RNG = np.random.default_rng(0)


def made(count=60, val=0, dtype=np.uint8, shape=(3, 6, 8), classes=4):
    """A data set of noise; its pixels are those of files (uint8) or in 0..1."""

    def split(count, seed):
        x = np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)
        x = x if dtype == np.uint8 else x.astype(np.float32) / 255
        return Split(x, np.arange(count, dtype=np.int64) % classes)

    names = tuple("abcdefgh"[:classes])
    return Dataset("made", "Made", names, split(count, 0), split(val, 1), split(20, 2), source="", licence="")


@pytest.fixture(params=["kept", "batch by batch"])
def small_or_large(request, monkeypatch):
    monkeypatch.setattr(data, "KEPT", 10**9 if request.param == "kept" else 0)


@pytest.mark.parametrize("normalise", data.NORMALISE)
def test_pixels_are_what_was_normalised(normalise):
    training = TrainingData(made(), DataOptions(normalise=normalise))
    x, _ = training.train_part(7)
    np.testing.assert_allclose(training.pixels(x), made().train.x[:7] / 255, atol=1e-6)


@pytest.mark.usefixtures("small_or_large")
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("normalise", data.NORMALISE)
def test_a_batch_is_the_asked_pictures_normalised(normalise, dtype):
    dataset = made(dtype=dtype)
    training = TrainingData(dataset, DataOptions(num_train=30, normalise=normalise))
    indices = np.array([7, 3, 3, 29])
    x, y = training.batch(indices, RNG)
    pixels = made().train.x[:30].astype(np.float64) / 255
    if normalise != "none":
        pixels -= pixels.mean(axis=(0, 2, 3), keepdims=True)
    if normalise == "standard":
        pixels /= pixels.std(axis=(0, 2, 3), keepdims=True)
    assert x.dtype == np.float32
    assert x.flags.c_contiguous
    np.testing.assert_allclose(x, pixels[indices], atol=1e-5)
    np.testing.assert_array_equal(y, dataset.train.y[indices])
    for given, kept in zip(training.train_part(8), (pixels[:8], dataset.train.y[:8]), strict=True):
        np.testing.assert_allclose(given, kept, atol=1e-5)
    x += 1  # a step may do with its batch what it likes
    np.testing.assert_allclose(training.train_part(1000)[0], pixels, atol=1e-5)


def test_the_mean_is_summed_up_in_parts(monkeypatch):
    whole = TrainingData(made(), DataOptions(normalise="standard"))
    monkeypatch.setattr(data, "CHUNK", 7)
    parts = TrainingData(made(), DataOptions(normalise="standard"))
    np.testing.assert_allclose(parts.mean_pixel, whole.mean_pixel, rtol=1e-6)
    np.testing.assert_allclose(parts.deviation, whole.deviation, rtol=1e-6)


def test_equal_pixels_are_not_divided_by_nothing():
    flat = Split(np.full((10, 1, 4, 4), 77, np.uint8), np.arange(10) % 2)
    dataset = Dataset("flat", "Flat", ("a", "b"), flat, flat, flat, source="", licence="")
    x, _ = TrainingData(dataset, DataOptions(normalise="standard")).train_part(10)
    np.testing.assert_allclose(x, 0, atol=1e-6)


def test_validation_is_the_sets_own_or_the_last_of_the_training_pictures():
    own = TrainingData(made(60, val=12), DataOptions(val_share=0.5, normalise="none"))
    assert (own.num_train, len(own.val[1]), len(own.test[1])) == (60, 12, 20)
    taken = TrainingData(made(60), DataOptions(val_share=0.25, normalise="none", num_train=20))
    assert (taken.num_train, len(taken.val[1])) == (20, 15)
    np.testing.assert_allclose(taken.val[0], made().train.x[45:] / 255, atol=1e-6)
    np.testing.assert_array_equal(taken.val[1], made().train.y[45:])
    assert TrainingData(made(60), DataOptions(val_share=0.25)).num_train == 45


def test_wrong_labels_are_an_exact_share_and_the_same_each_time():
    dataset = made(200)
    options = DataOptions(label_noise=0.3, seed=5)
    training = TrainingData(dataset, options)
    labels = training.train_part(1000)[1]
    true = dataset.train.y[: training.num_train]
    assert (labels != true).sum() == round(0.3 * training.num_train)
    assert set(labels) <= set(range(4))
    np.testing.assert_array_equal(TrainingData(dataset, options).train_part(1000)[1], labels)
    assert (TrainingData(dataset, DataOptions(label_noise=0.3, seed=6)).train_part(1000)[1] != labels).any()
    wrong = labels != true  # every other class is as likely
    assert set((labels[wrong] - true[wrong]) % 4) == {1, 2, 3}
    np.testing.assert_array_equal(training.batch(np.arange(50), RNG)[1], labels[:50])
    np.testing.assert_array_equal(training.val[1], dataset.train.y[training.num_train :])
    np.testing.assert_array_equal(training.test[1], dataset.test.y)


def test_augmentation_is_drawn_from_the_generator_and_comes_before_normalising():
    training = TrainingData(made(), DataOptions(shift=2, flip=True, noise=0.1, cutout=3, normalise="standard"))
    indices = np.arange(12)
    one, same, other = (training.batch(indices, np.random.default_rng(seed))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    pixels = training.augmented(made().train.x[:12], np.random.default_rng(1))
    np.testing.assert_array_equal(one, training.normalised(pixels))
    assert one.dtype == np.float32
    assert one.flags.c_contiguous
    plain, _ = training.train_part(12)
    np.testing.assert_array_equal(plain, training.normalised(made().train.x[:12]))


def test_shifted_pictures_are_moved_ones_with_black_beside():
    x = RNG.random((40, 2, 5, 7), dtype=np.float32)
    moved = augment.shift(x, 2, np.random.default_rng(3))
    assert moved.shape == x.shape
    found = set()
    for before, after in zip(np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2))), moved, strict=True):
        found |= {(t, w) for t in range(5) for w in range(5) if (before[:, t : t + 5, w : w + 7] == after).all()}
    assert {top for top, _ in found} == {left for _, left in found} == set(range(5))
    assert len(found) > 12


def test_flipped_pictures_are_mirrored_or_as_they_were():
    x = RNG.random((40, 1, 4, 5), dtype=np.float32)
    flipped = augment.flip(x, np.random.default_rng(3))
    mirrored = (flipped == x[..., ::-1]).all(axis=(1, 2, 3))
    assert ((flipped == x).all(axis=(1, 2, 3)) ^ mirrored).all()
    assert 8 < mirrored.sum() < 32


def test_noise_has_the_deviation_it_is_given():
    added = augment.noise(np.zeros((50, 1, 20, 20), np.float32), 0.2, np.random.default_rng(3))
    assert added.dtype == np.float32
    assert abs(added.std() - 0.2) < 0.01
    assert abs(added.mean()) < 0.01


def test_cutout_paints_one_square_over():
    x = RNG.random((60, 3, 6, 8), dtype=np.float32)
    fill = np.array([2, 3, 4], np.float32)[:, None, None]
    cut = augment.cutout(x, 3, fill, np.random.default_rng(3))
    covered = cut != x
    assert (covered.sum(axis=(2, 3)) == 9).all()
    assert (covered[:, 0] == covered[:, 1]).all()
    for channel in range(3):
        assert (cut[:, channel][covered[:, channel]] == fill[channel]).all()
    rows, columns = covered[:, 0].any(axis=2), covered[:, 0].any(axis=1)
    assert (rows.sum(axis=1) == 3).all()
    assert (columns.sum(axis=1) == 3).all()
    assert rows.any(axis=0).all()  # it comes everywhere
    assert columns.any(axis=0).all()


def test_options_go_through_a_dictionary():
    options = DataOptions(num_train=100, normalise="standard", flip=True, label_noise=0.2)
    assert DataOptions.from_dict(options.as_dict()) == options
    assert DataOptions.from_dict({}) == DataOptions()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_train": 0}, "num_train (=0) must be 1 or more"),
        ({"num_train": 2.5}, "num_train (=2.5) must be a whole number"),
        ({"val_share": 0.6}, "val_share (=0.6) must be a number from 0.01 to 0.5"),
        ({"val_share": "x"}, "val_share (='x') must be a number"),
        ({"normalise": "max"}, "normalise (='max') must be one of mean, standard, none"),
        ({"normalise": ["mean"]}, "normalise (=['mean']) must be one of"),
        ({"shift": -1}, "shift (=-1) must be 0 or more"),
        ({"shift": 17}, "shift (=17) must be 16 or less"),
        ({"flip": 1}, "flip (=1) must be true or false"),
        ({"noise": float("nan")}, "noise (=nan) must be a number from 0 to 1"),
        ({"cutout": True}, "cutout (=True) must be a whole number"),
        ({"label_noise": 0.91}, "label_noise (=0.91) must be a number from 0 to 0.9"),
        ({"seed": -1}, "seed (=-1) must be 0 or more"),
        ({"rotate": 3}, "rotate is not a setting of the data: they take num_train, val_share, normalise"),
    ],
)
def test_options_out_of_range_are_named(values, message):
    with pytest.raises(ValueError) as caught:
        DataOptions.from_dict(values)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_train": 55}, "num_train (=55) must be at most the 54 training pictures of made"),
        ({"shift": 6}, "shift (=6) must be below 6, the side of the pictures"),
        ({"cutout": 7}, "cutout (=7) must be below 6"),
    ],
)
def test_options_that_ask_for_too_much_are_named(values, message):
    with pytest.raises(ValueError) as caught:
        TrainingData(made(60), DataOptions(**values))
    assert str(caught.value).startswith(message)


def test_something_else_than_a_dictionary_is_refused():
    with pytest.raises(ValueError, match="must be a JSON object"):
        DataOptions.from_dict([1])


def test_the_same_options_give_the_same_object_and_nobody_writes_to_it():
    digits = datasets.load("digits")
    training = TrainingData.of(digits, DataOptions())
    assert TrainingData.of(digits, DataOptions()) is training
    assert (training.num_train, training.image_shape, training.num_classes) == (1237, (1, 8, 8), 10)
    for array in (*training.val, *training.train_part(5)):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
