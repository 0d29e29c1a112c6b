"""What a network makes of pictures: counted class by class, the worst first, and never from numbers that are not finite."""

import numpy as np
import pytest

from cnn_core.network import Network, NetworkSpec
from cnn_core.training.evaluate import Evaluation, evaluate

TRUTH = np.array([0, 0, 1, 1, 2])
CHANCES = np.array([[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.3, 0.6, 0.1], [0.05, 0.05, 0.9], [0.4, 0.3, 0.3]])
FOUND = Evaluation(TRUTH, CHANCES)


def test_confusion_counts_true_classes_in_rows_and_guesses_in_columns():
    assert FOUND.guesses.tolist() == [0, 1, 1, 2, 0]
    assert FOUND.confusion.tolist() == [[1, 1, 0], [0, 1, 1], [1, 0, 0]]
    assert FOUND.accuracy == 0.4


def test_the_worst_mistakes_are_those_whose_true_class_seemed_least_likely():
    assert FOUND.worst(8).tolist() == [3, 1, 4]
    assert FOUND.worst(1).tolist() == [3]
    assert Evaluation(TRUTH[:1], CHANCES[:1]).worst(8).tolist() == []


def test_pairs_of_classes_are_counted_both_ways_and_the_most_confused_comes_first():
    truth = np.array([0, 0, 1, 2, 2, 2, 3])
    guesses = np.array([1, 2, 0, 0, 0, 2, 3])
    found = Evaluation(truth, np.eye(4)[guesses])
    assert found.confused() == [(0, 2), (0, 1)]  # three times, twice; 3 was never mistaken
    assert found.taken_for(2, 0, 8).tolist() == [3, 4]
    assert found.taken_for(2, 0, 1).tolist() == [3]
    assert found.taken_for(3, 3, 8).tolist() == [6]
    assert found.taken_for(3, 0, 8).tolist() == []
    assert Evaluation(TRUTH[:1], CHANCES[:1]).confused() == []


def test_the_pictures_of_a_cell_begin_with_the_one_that_seemed_least_likely():
    chances = np.array([[0.4, 0.6], [0.1, 0.9], [0.3, 0.7], [0.9, 0.1]])
    assert Evaluation(np.zeros(4, int), chances).taken_for(0, 1, 8).tolist() == [1, 2, 0]


def test_a_network_is_judged_by_its_scores():
    network = Network(NetworkSpec(hidden=()), (1, 6, 6), 3, seed=1)
    x, y = np.random.default_rng(0).normal(size=(7, 1, 6, 6)), np.arange(7) % 3
    found = evaluate(network, x, y)
    np.testing.assert_allclose(found.probabilities, network.probabilities(x))
    assert found.accuracy == network.accuracy(x, y)
    assert found.confusion.sum() == 7


def test_labels_of_few_bits_do_not_wrap_around():
    chances = np.eye(50)
    found = Evaluation(np.arange(50, dtype=np.uint8), chances)
    assert found.accuracy == 1
    np.testing.assert_array_equal(found.confusion, np.eye(50))


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        (TRUTH[:, None], r"truth \(shape \(5, 1\)\) must hold one label for each example: shape \(5,\)"),
        (TRUTH + 1, r"truth \(=3\) must hold labels from 0 to 2"),
        (TRUTH - 1, r"truth \(=-1\) must hold labels from 0 to 2"),
        (TRUTH * 1.0, r"truth \(dtype float64\) must hold whole numbers"),
    ],
)
def test_what_are_no_labels_is_refused_in_words(truth, words):
    with pytest.raises(ValueError, match=words):
        Evaluation(truth, CHANCES)


def test_labels_are_checked_wherever_a_network_is_judged():
    network = Network(NetworkSpec(hidden=()), (1, 6, 6), 3, seed=1)
    x = np.random.default_rng(0).normal(size=(4, 1, 6, 6))
    y = network.scores(x).argmax(axis=1)
    assert network.accuracy(x, y.tolist()) == evaluate(network, x, y.tolist()).accuracy == 1
    for judge in (network.accuracy, lambda x, y: evaluate(network, x, y), network.loss_parts):
        with pytest.raises(ValueError, match=r"^y \(shape \(4, 1\)\) must hold one label for each example"):
            judge(x, y[:, None])
        with pytest.raises(ValueError, match=r"^y \(=3\) must hold labels from 0 to 2"):
            judge(x, y * 0 + 3)


def test_what_cannot_be_judged_is_named():
    network = Network(NetworkSpec(hidden=()), (1, 6, 6), 3)
    x = np.ones((2, 1, 6, 6))
    with pytest.raises(ValueError, match=r"x \(=2 pictures\) must have one label each in y \(=1\)"):
        evaluate(network, x, TRUTH[:1])
    with pytest.raises(ValueError, match="at least one"):
        evaluate(network, x[:0], TRUTH[:0])
    network.params["linear1.weight"][:] = np.inf
    with pytest.raises(ValueError, match="has diverged, look at an earlier step"):
        evaluate(network, x, TRUTH[:2])
