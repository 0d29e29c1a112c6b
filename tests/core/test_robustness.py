"""Shifts, how many answers they leave, and nudges: against slices, loops and first-order sums; no cure is taken on trust."""

import time
from dataclasses import replace

import numpy as np
import pytest

import cnn_core.robustness.cures as place
from cnn_core import datasets
from cnn_core.loss import softmax_cross_entropy
from cnn_core.network import ConvBlock, Network, NetworkSpec, in_double
from cnn_core.robustness import answers_kept, nudged, pixel_gradient, shift_scores, shifted, smallest_nudge
from cnn_core.robustness import shifts as room
from cnn_core.robustness.cures import Cured, Cures, cures, train
from cnn_core.training import TrainingConfig, augment
from cnn_core.training.data import DataOptions, TrainingData
from cnn_core.training.stop import StopRules

DIGITS = datasets.load("digits")
SIZES = [n / 255 for n in range(1, 65)]


def by_slices(picture, rows, columns):
    """A picture (C, H, W) moved cell by cell."""
    out = np.zeros_like(picture)
    _, height, width = picture.shape
    for row in range(height):
        for column in range(width):
            if 0 <= row - rows < height and 0 <= column - columns < width:
                out[:, row, column] = picture[:, row - rows, column - columns]
    return out


@pytest.fixture(scope="module")
def trained():
    """A small network that has learned the digits, on pixels that were divided by their deviation, too."""
    config = TrainingConfig(
        network=NetworkSpec((ConvBlock(4),), (), weight_init="he"), data=DataOptions(normalise="standard"), num_epochs=4
    )
    solver = config.solver()
    for _ in solver.steps():
        pass
    return solver.model, config.training_data()


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_pictures_move_as_said_and_black_comes_in(dtype):
    x = np.random.default_rng(0).integers(1, 255, (3, 2, 5, 4)).astype(dtype)
    for rows in range(-6, 7):
        for columns in range(-6, 7):
            moved = shifted(x, rows, columns)
            assert moved.dtype == dtype
            np.testing.assert_array_equal(moved, [by_slices(one, rows, columns) for one in x])
    each = shifted(x, np.array([1, 0, -2]), np.array([0, -3, 2]))
    for one, there, move in zip(each, x, [(1, 0), (0, -3), (-2, 2)], strict=True):
        np.testing.assert_array_equal(one, by_slices(there, *move))
    assert shifted(x[:0], 1, 2).shape == (0, 2, 5, 4)


def test_a_training_shifts_as_before():
    """The same luck gives the same pictures as in earlier versions, whose runs go on."""
    x = np.random.default_rng(1).random((6, 1, 5, 5), dtype=np.float32)
    top, left = np.random.default_rng(2).integers(0, 5, (2, 6))
    moved = augment.shift(x, 2, np.random.default_rng(2))
    np.testing.assert_array_equal(moved, [by_slices(one, 2 - t, 2 - s) for one, t, s in zip(x, top, left, strict=True)])


def test_scores_by_shift_are_those_of_the_shifted_pictures(trained):
    network, data = trained
    picture = DIGITS.test.x[7]
    found = shift_scores(network, data, picture, 2)
    assert found.shape == (5, 5, 10)
    for rows in range(-2, 3):
        for columns in range(-2, 3):
            alone = network.scores(data.normalised(by_slices(picture, rows, columns)[None]))[0]
            np.testing.assert_allclose(found[2 + rows, 2 + columns], alone, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match=r"most \(=-1\) must be 0 or more"):
        shift_scores(network, data, picture, -1)


def test_answers_that_stay_are_counted_picture_by_picture(trained, monkeypatch):
    network, data = trained
    x, y = DIGITS.test.x[:40], DIGITS.test.y[:40]
    stays = np.zeros((40, 4), dtype=bool)
    answers = [int(network.scores(data.normalised(one[None])).argmax()) for one in x]
    for n, one in enumerate(x):
        for k, (rows, columns) in enumerate([(-1, 0), (1, 0), (0, -1), (0, 1)]):
            moved = by_slices(one, rows, columns)[None]
            stays[n, k] = network.scores(data.normalised(moved)).argmax() == answers[n]
    for chunk in (7, 250):  # a last part that is short
        monkeypatch.setattr(room, "CHUNK", chunk)
        found = answers_kept(network, data, x, y)
        assert (found.pictures, found.accuracy) == (40, float(np.mean(answers == y)))
        assert (found.kept, found.kept_all) == (stays.mean(), stays.all(axis=1).mean())
    assert 0 < found.kept < 1
    monkeypatch.setattr(room, "MOST_PICTURES", 10)
    assert answers_kept(network, data, x, y).pictures == 10
    assert answers_kept(network, data, x[:1], y[:1]).kept in (0, 0.25, 0.5, 0.75, 1)
    with pytest.raises(ValueError, match=r"x \(=0 pictures\) must hold at least one"):
        answers_kept(network, data, x[:0], y[:0])
    diverged = Network(network.spec, (1, 8, 8), 10)
    diverged.params["linear1.bias"][0] = np.nan
    with pytest.raises(ValueError, match="scores must be finite numbers"):
        answers_kept(diverged, data, x, y)


@pytest.mark.parametrize("normalise", ["mean", "standard", "none"])
def test_a_nudge_raises_the_loss_by_its_first_order_sum(trained, normalise):
    network, data = in_double(trained[0]), TrainingData.of(DIGITS, DataOptions(normalise=normalise))

    class InDouble:
        """The same normalisation without float32's rounding."""

        options, deviation = data.options, data.deviation.astype(np.float64)

        @staticmethod
        def normalised(x):
            centred = x - (0 if normalise == "none" else data.mean_pixel.astype(np.float64))
            return centred / (data.deviation.astype(np.float64) if normalise == "standard" else 1)

    for number in (0, 5, 9):
        grain = np.random.default_rng(number).random(
            (1, 8, 8)
        )  # without it, pooling windows on black have no one winner
        picture, label = 0.2 + 0.5 * DIGITS.test.x[number] + 0.1 * grain, int(DIGITS.test.y[number])
        gradient = pixel_gradient(network, InDouble, picture, label)

        def loss(pixels, label=label):
            scores = network.scores(InDouble.normalised(pixels[None]))
            return softmax_cross_entropy(scores, np.array([label]))[0]

        eps = 1e-7
        slope = (loss(nudged(picture, gradient, eps)) - loss(nudged(picture, gradient, -eps))) / (2 * eps)
        np.testing.assert_allclose(slope, np.abs(gradient).sum(), rtol=1e-5)


def test_a_nudge_stays_a_picture_and_moves_no_pixel_further_than_it_says(trained):
    network, data = trained
    picture = DIGITS.test.x[3]
    gradient = pixel_gradient(network, data, picture, int(DIGITS.test.y[3]))
    moved = nudged(picture, gradient, 0.25)
    assert moved.dtype == picture.dtype
    assert moved.min() >= 0 and moved.max() <= 1
    assert np.abs(moved - picture).max() <= 0.25
    inside = (picture >= 0.25) & (picture <= 0.75)
    np.testing.assert_array_equal(moved[inside], (picture + np.float32(0.25) * np.sign(gradient))[inside])
    np.testing.assert_array_equal(nudged(picture, gradient, 0), picture)


def test_the_smallest_nudge_is_the_first_that_changes_the_answer(trained):
    network, data = trained
    found = 0
    for picture, label in zip(DIGITS.test.x[:10], DIGITS.test.y[:10], strict=True):
        gradient = pixel_gradient(network, data, picture, int(label))
        answers = [
            int(network.scores(data.normalised(nudged(picture, gradient, eps)[None])).argmax()) for eps in [0, *SIZES]
        ]
        changed = [(eps, answer) for eps, answer in zip(SIZES, answers[1:], strict=True) if answer != answers[0]]
        assert smallest_nudge(network, data, picture, gradient, SIZES) == (changed[0] if changed else None)
        found += bool(changed)
    assert found
    assert smallest_nudge(network, data, picture, np.zeros_like(picture), SIZES) is None


BASE = TrainingConfig(
    network=NetworkSpec((ConvBlock(4),), (), weight_init="he"), learning_rate=0.01, num_epochs=4, seed=1
)


def test_each_cure_changes_one_thing_and_only_what_can_be_changed_is_there():
    found = cures(replace(BASE, stop=StopRules(seconds=5)))
    assert list(found) == ["as_it_is", "shifted", "avg", "blur"]
    assert found["as_it_is"] == BASE
    assert found["shifted"] == replace(BASE, data=DataOptions(shift=1))
    assert found["avg"] == replace(BASE, network=replace(BASE.network, blocks=(ConvBlock(4, pool="avg"),)))
    bare = replace(BASE, network=NetworkSpec((ConvBlock(4, pool="none"), ConvBlock(2, pool="avg"))))
    assert cures(bare).keys() == {"as_it_is", "shifted", "blur"}
    there = cures(replace(bare, data=DataOptions(shift=2, flip=True)))
    assert there.keys() == {"as_it_is", "unshifted", "blur"}
    assert there["unshifted"].data == DataOptions(flip=True)


def by_cure(config, **options):
    """What becomes of each, and how much was said to be done on the way."""
    known = list(train(cures(config), **options))
    return {one.cure: one for one in known if isinstance(one, Cured)}, [
        share for share in known if isinstance(share, float)
    ]


def test_shifted_pictures_in_training_make_answers_stay(monkeypatch):
    monkeypatch.setattr(place, "OFTEN", 0.0)
    found, shares = by_cure(BASE)
    assert list(found) == list(cures(BASE))
    assert shares == sorted(shares)
    assert shares[0] > 0 and shares[-1] == 1
    assert {one.epochs for one in found.values()} == {4}
    assert min(one.kept.accuracy for one in found.values()) > 0.7  # all of them learn
    assert found["shifted"].kept.kept > found["as_it_is"].kept.kept + 0.15
    assert found["as_it_is"].kept.pictures == len(DIGITS.test.x)


def test_training_side_by_side_is_training_alone():
    found, _ = by_cure(replace(BASE, num_epochs=1))
    for cure, config in cures(replace(BASE, num_epochs=1)).items():
        solver = config.solver()
        list(solver.steps())
        alone = answers_kept(solver.model, config.training_data(), DIGITS.test.x, DIGITS.test.y)
        assert found[cure].kept == alone


def test_when_the_time_is_over_all_have_had_as_many_steps(monkeypatch):
    began = time.monotonic()
    found, _ = by_cure(replace(BASE, num_epochs=1000), seconds=0.5)
    assert time.monotonic() - began < 20
    (epochs,) = {one.epochs for one in found.values()}
    assert 0 < epochs < 1000
    times = iter([0.0])  # the first one has no time for all pictures

    def some(network, data, x, y, seconds):
        return answers_kept(network, data, x, y, seconds=next(times, seconds))

    monkeypatch.setattr(place, "answers_kept", some)
    found, _ = by_cure(BASE, seconds=1e-9)
    a_step = 1 / BASE.solver().iterations_per_epoch
    assert {(one.kept.pictures, one.epochs) for one in found.values()} == {(250, a_step)}


def test_the_test_pictures_are_looked_at_as_long_as_there_is_time(trained):
    network, data = trained
    told = []
    part = answers_kept(
        network, data, DIGITS.test.x, DIGITS.test.y, seconds=0.0, progress=lambda *so_far: told.append(so_far)
    )
    assert told == [(250, 360)]
    assert part == answers_kept(network, data, DIGITS.test.x[:250], DIGITS.test.y[:250])
    answers_kept(network, data, DIGITS.test.x, DIGITS.test.y, progress=lambda *so_far: told.append(so_far))
    assert told[1:] == [(250, 360), (360, 360)]


def test_the_process_trains_what_a_loop_here_would():
    together = Cures(replace(BASE, num_epochs=1))
    together.start()
    together.wait()
    assert (together.state, together.message) == ("done", "")
    assert tuple(one.cure for one in together.trained) == together.names == ("as_it_is", "shifted", "avg", "blur")
    found, _ = by_cure(replace(BASE, num_epochs=1))
    assert together.trained == tuple(found.values())


def test_a_cure_that_diverges_is_told():
    plan = NetworkSpec((ConvBlock(4, pool="none"),), ())
    together = Cures(replace(BASE, learning_rate=1e30, num_epochs=1, network=plan))
    together.start()
    together.wait()
    assert together.state == "done"
    assert [(one.cure, one.kept) for one in together.trained] == [("as_it_is", None), ("shifted", None)]
