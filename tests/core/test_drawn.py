"""Drawings as pictures: framed as the data set's are, wherever and however large they were drawn."""

from dataclasses import replace

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.datasets.dataset import Split
from cnn_core.datasets.drawn import Frame, drawn_picture
from cnn_core.training.shipped import shipped_network
from tests.drawn_digits import HANDS

DIGITS = datasets.load("digits")
FRAME = Frame.of(DIGITS)
MNIST = Frame((1, 28, 28), (20.0, 20.0), (9.0, 17.0), (-0.3, 0.0), (2.2, 2.8), 100.0, False)  # 20 pixels of 28
EVERY = [(hand, digit) for hand in HANDS for digit in range(10)]


def moved(strokes, scale=1.0, x=0.0, y=0.0):
    return [[(scale * a + x, scale * b + y) for a, b in stroke] for stroke in strokes]


def inked(grey):
    """Rows and columns between the first and the last with ink."""
    return [int(np.ptp(np.flatnonzero(grey.max(axis=axis) > 0.25))) + 1 for axis in (1, 0)]


@pytest.mark.parametrize("frame", [FRAME, MNIST], ids=["8x8", "28x28"])
def test_where_it_is_drawn_and_how_large_makes_no_difference(frame):
    for hand, digit in EVERY:
        strokes = HANDS[hand][digit]
        picture = drawn_picture(strokes, frame)
        assert (picture.shape, picture.dtype) == (frame.shape, np.float32)
        assert picture.min() >= 0 and picture.max() <= 1
        for other in (moved(strokes, x=-31, y=12), moved(strokes, 0.5, 20, 3), moved(strokes, 1e6, -1e7)):
            np.testing.assert_allclose(drawn_picture(other, frame), picture, atol=1e-4)


def test_how_many_points_a_stroke_has_makes_no_difference():
    """A quick hand leaves few of them."""
    for hand, digit in EVERY:
        many = []
        for stroke in HANDS[hand][digit]:
            x, y = np.array(stroke, dtype=float).T
            at = np.linspace(0, len(x) - 1, 7 * (len(x) - 1) + 1)
            many.append(np.stack([np.interp(at, np.arange(len(x)), axis) for axis in (x, y)], axis=1))
        picture = drawn_picture(HANDS[hand][digit], FRAME)
        np.testing.assert_allclose(drawn_picture(many, FRAME), picture, atol=1e-4)


def test_pixels_of_a_small_pad_are_enough():
    """At half the size, in whole pixels of a pad of 200: nearly the same picture."""
    for hand, digit in EVERY:
        small = [[(round(x), round(y)) for x, y in stroke] for stroke in HANDS[hand][digit]]
        np.testing.assert_allclose(drawn_picture(small, FRAME), drawn_picture(HANDS[hand][digit], FRAME), atol=0.1)
        tiny = moved([[(round(x / 2), round(y / 2)) for x, y in stroke] for stroke in HANDS[hand][digit]])
        assert np.abs(drawn_picture(tiny, FRAME) - drawn_picture(HANDS[hand][digit], FRAME)).mean() < 0.06


def test_the_frame_is_that_of_the_pictures():
    """A digit of ours fills the rows, is as wide, as upright and has as much ink as those of the data set."""
    ink = DIGITS.train.x.sum(axis=(1, 2, 3))
    for hand, digit in EVERY:
        grey = drawn_picture(HANDS[hand][digit], FRAME)[0]
        rows, columns = inked(grey)
        assert rows >= 7 and columns <= 7
        assert ink.min() <= grey.sum() <= ink.max()
    assert FRAME.shape == DIGITS.image_shape and not FRAME.dark


def test_a_digit_of_mnist_lies_in_its_box_and_its_centre_of_mass_in_the_middle():
    for hand, digit in EVERY:
        grey = drawn_picture(HANDS[hand][digit], MNIST)[0]
        rows, columns = inked(grey)
        assert 19 <= rows <= 21 and columns <= 21
        centre = [(grey.sum(axis=axis) * (np.arange(28) + 0.5)).sum() / grey.sum() for axis in (1, 0)]
        np.testing.assert_allclose(centre, 14, atol=0.6)


def test_nothing_a_dot_and_a_board_full_of_ink():
    for nothing in ([], [[]], [[], []]):
        assert drawn_picture(nothing, FRAME) is None
    for frame in (FRAME, MNIST):
        dot = drawn_picture([[(70, 20)]], frame)[0]
        np.testing.assert_allclose(dot, dot[::-1, ::-1], atol=1e-5)  # in the middle
        assert 0 < dot.sum() < 12
        np.testing.assert_array_equal(drawn_picture([[(70, 20), (70, 20)]], frame)[0], dot)
        full = drawn_picture([[(x, y) for y in range(0, 100, 2) for x in ((0, 100), (100, 0))[y // 2 % 2]]], frame)[0]
        rows, columns = np.array(inked(full)) / frame.shape[1]
        assert min(rows, columns) > 0.5 and full.max() == 1
        dash = drawn_picture([[(10, 50), (90, 52)]], frame)[0]
        assert inked(dash)[1] > inked(dash)[0]


def test_colours_and_dark_ink():
    assert drawn_picture(HANDS["round"][3], Frame.of(datasets.load("colours"))).shape == (3, 24, 24)
    colour = drawn_picture(HANDS["round"][3], replace(FRAME, shape=(3, 8, 8)))
    for plane in colour:
        np.testing.assert_array_equal(plane, drawn_picture(HANDS["round"][3], FRAME)[0])
    on_paper = Frame.of(replace(DIGITS, train=Split(1 - DIGITS.train.x, DIGITS.train.y)))
    assert on_paper.dark and on_paper.height == pytest.approx(FRAME.height)
    np.testing.assert_allclose(
        drawn_picture(HANDS["round"][3], on_paper), 1 - drawn_picture(HANDS["round"][3], FRAME), atol=1e-4
    )


@pytest.mark.parametrize("bad", [[[(0, np.nan), (1, 1)]], [[(np.inf, 0)]], [[(1, 2, 3)]], ["ab"], [[("a", "b")]]])
def test_what_is_no_stroke_is_refused(bad):
    with pytest.raises(ValueError, match="strokes must be"):
        drawn_picture(bad, FRAME)


def test_the_network_that_ships_reads_three_hands():
    network, config = shipped_network()
    for hand, drawn in HANDS.items():
        x = config.training_data().normalised(np.stack([drawn_picture(drawn[digit], FRAME) for digit in range(10)]))
        assert (network.scores(x).argmax(axis=1) == np.arange(10)).sum() >= 9, hand


def test_it_reads_them_turned_stretched_and_shaken_as_well():
    """So that it is not tuned to these very strokes: 100 of each hand, turned by up to 8 degrees, leaning, wider or narrower."""
    network, config = shipped_network()
    rng = np.random.default_rng(1)

    def varied(strokes):
        turn, lean, wide = rng.uniform([-0.14, -0.25, 0.85], [0.14, 0.25, 1.15])
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ [[wide, lean], [0, 1]]
        return [np.array(stroke) @ matrix.T + rng.normal(0, 1.2, (len(stroke), 2)) for stroke in strokes]

    for hand, drawn in HANDS.items():
        pictures = np.stack([drawn_picture(varied(drawn[k % 10]), FRAME) for k in range(100)])
        found = network.scores(config.training_data().normalised(pictures)).argmax(axis=1)
        assert (found == np.arange(100) % 10).mean() >= 0.9, hand
