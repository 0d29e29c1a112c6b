"""The catalogue of mistakes: each shows where it says, and the right function does not show it."""

import inspect
import re

import numpy as np
import pytest

from cnn_core.mistakes import MISTAKES, Edit
from cnn_core.mistakes.cases import chosen
from cnn_core.optim import RULES, adam
from cnn_core.pool import max_pool2d_backward_naive

EACH = pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)


def differs(symptom):
    """How far what was found is from what should have been, as a part of that."""
    found, expected = symptom.found, symptom.expected
    if found.shape != expected.shape:
        return 1.0
    if not np.isfinite(found).all():
        return 1.0
    return float(np.abs(found - expected).mean() / np.abs(expected).mean())


@EACH
def test_the_symptom_shows_and_the_right_code_does_not_show_it(mistake):
    assert differs(mistake.symptom()) > 0.02
    right = mistake.case(mistake.right)
    assert right.found.shape == right.expected.shape
    assert differs(right) < (0.03 if mistake.id == "train-dropout-not-scaled" else 1e-7)


def gap(one, other):
    """How far two arrays are apart, as a part of the second; not a number beside a number is far."""
    if one.shape != other.shape or not np.array_equal(np.isfinite(one), np.isfinite(other)):
        return 1.0
    return float(np.nanmean(np.abs(one - other)) / (np.nanmean(np.abs(other)) or 1.0))


@EACH
def test_what_one_may_take_it_for_would_show_something_else(mistake):
    """Each cause that is offered beside the right one is run in the same case: numbers or curves are others by a tenth."""
    seen = mistake.symptom()
    for id in mistake.like.split():
        tried = mistake.case_with(MISTAKES[id])
        if tried is not None:
            assert max(gap(tried.found, seen.found), gap(tried.expected, seen.expected)) > 0.1, id


@EACH
def test_of_what_a_network_is_made_of_none_is_offered_as_having_no_part(mistake):
    """A network runs fast convolutions and ReLUs, which no case changes: there a mistake in them would seem to do nothing."""
    if mistake.case.__name__ in (
        "_with_l2",
        "_first_losses",
        "_shifted_labels",
        "_in_order",
        "_filters",
        "_steps_of_adam",
    ):
        assert not {*mistake.like.split()} & {"conv-flipped-forward", "conv-bias-axes", "relu-wrong-mask"}


SHOWS = {  # of each symptom that is no map: what one sees in it, and does not see where all is right
    "loss-not-a-mean": lambda found: abs(found[0, 0] - 50 * np.log(10)) < 1,
    "loss-no-maximum": lambda found: np.isfinite(found[0, 1:29]).all() and not np.isfinite(found[0, 29:]).any(),
    "norm-batch-in-test": lambda found: np.ptp(found) > 1,
    "norm-momentum-turned": lambda found: np.abs(np.diff(found[0, 30:])).mean() > 0.2,
    "train-labels-shifted": lambda found: found[0, -20:].mean() > 2.2,
    "train-not-shuffled": lambda found: found[0, -20:].mean() > 2.2,
    "train-equal-weights": lambda found: np.ptp(found, axis=0).max() < 1e-5,
    "train-dropout-not-scaled": lambda found: np.allclose(found[0], 1 - np.arange(10) / 10, atol=0.03),
    "train-adam-bias": lambda found: abs(found[0, 0] - 0.1 / np.sqrt(0.001)) < 0.01,
}


@EACH
def test_a_curve_shows_what_is_said_of_it(mistake):
    symptom = mistake.symptom()
    assert (symptom.kind == "maps") != (mistake.id in SHOWS)
    if mistake.id in SHOWS:
        assert SHOWS[mistake.id](symptom.found)
        assert not SHOWS[mistake.id](symptom.expected)


@EACH
def test_the_lines_that_are_shown_are_those_that_differ(mistake):
    """And the wrong function is the right one besides."""

    def lines(functions):
        sources = {inspect.getsource(function) for function in functions.values()}
        return [line.strip() for source in sorted(sources) for line in source.splitlines()]

    right, wrong = lines(mistake.right), lines(mistake.wrong)
    for good, bad in mistake.lines:
        for side, text in ((right, good), (wrong, bad)):
            for line in text.splitlines():
                side.remove(line.strip())
    assert right == wrong


@EACH
def test_a_wrong_function_is_called_as_the_right_one(mistake):
    for name, wrong in mistake.wrong.items():
        assert inspect.signature(wrong) == inspect.signature(mistake.right[name])
        assert wrong is not mistake.right[name]


def test_the_core_stays_right():
    """Making a changed copy changes neither the function nor what others find under its name."""
    for mistake in MISTAKES.values():
        assert mistake.wrong
    assert RULES["adam"] is adam


def test_a_line_that_is_not_there_once_is_told():
    edit = Edit(max_pool2d_backward_naive, "dx = 0", "")
    with pytest.raises(
        ValueError, match=r"right \(='dx = 0'\) must stand once in max_pool2d_backward_naive, not 0 times"
    ):
        edit.put_into(inspect.getsource(max_pool2d_backward_naive))


def test_adams_steps_without_the_correction_are_as_much_too_large_as_is_said():
    mistake = MISTAKES["train-adam-bias"]
    weights, states, ratio = [np.zeros(1), np.zeros(1)], [{}, {}], {}
    for step in range(1, 300):
        moved = []
        for functions, w, state in zip((mistake.wrong, mistake.right), weights, states, strict=True):
            before = w.copy()
            chosen(functions, adam)(w, np.array([0.3]), state, learning_rate=0.01)
            moved.append(float((w - before)[0]))
        ratio[step] = moved[0] / moved[1]
    said = [
        (int(step), float(times))
        for step, times in re.findall(r"the (\d+)\w\w (?:still )?([\d.]+) times", mistake.shows)
    ]
    assert len(said) == 3
    assert [f"{ratio[step]:.2g}" for step, _ in said] == [f"{times:.2g}" for _, times in said]
    assert max(ratio, key=ratio.get) == said[1][0]
