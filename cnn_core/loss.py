"""From scores to a loss: softmax and the cross-entropy of the right labels, with the gradient.

    softmax:  p[n, k] = exp(scores[n, k]) / sum over j of exp(scores[n, j])
    loss:     L = mean over n of  -log p[n, y[n]]
    gradient: dL / dscores[n, k] = (p[n, k] - (1 if k == y[n] else 0)) / N

The largest score of a row is subtracted first: it changes no result and keeps exp from overflowing (CS231n, "Linear
classification", "Practical issues"). scores (N, K), one row an example, one column a class; y (N,) the right columns.

Scores are taken as `checks.takes_arrays` says: lists too, whole numbers computed in float64, float16 in float32. Labels are
checked by `checks.labels`. All functions raise ValueError for other shapes, numbers that are not real, and other labels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, labels, takes_arrays


class LossParts(NamedTuple):
    """The loss in its two parts, and the gradient of their sum by parameter name."""

    data_loss: float
    reg_loss: float
    grads: dict[str, Array]


@takes_arrays("scores")
def softmax_naive(scores: Array) -> Array:
    """Softmax in plain loops: the probabilities (N, K) of scores (N, K)."""
    _check_scores(scores)
    p = np.empty_like(scores)
    for n, row in enumerate(scores.tolist()):
        largest = max(row)
        powers = [math.exp(score - largest) for score in row]
        total = sum(powers)
        for k in range(len(row)):
            p[n, k] = powers[k] / total
    return p


@takes_arrays("scores")
def softmax_cross_entropy_naive(scores: Array, y: Array) -> tuple[float, Array]:
    """The mean loss and its gradient in plain loops, one example at a time: scores (N, K) and y (N,) give a
    float and dscores (N, K).
    """
    y = _right_classes(scores, y)
    loss, dscores = 0.0, softmax_naive(scores)
    for n, row in enumerate(scores.tolist()):
        largest = max(row)
        shifted = [score - largest for score in row]
        loss += math.log(sum(math.exp(score) for score in shifted)) - shifted[y[n]]
        dscores[n, y[n]] -= 1
    return loss / len(scores), dscores / len(scores)


@takes_arrays("scores")
def softmax(scores: Array) -> Array:
    """The probabilities (N, K) of scores (N, K), row by row: each from 0 to 1, together 1. Keeps a floating dtype."""
    _check_scores(scores)
    powers: Array = np.exp(_shifted(scores))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


@takes_arrays("scores")
def softmax_cross_entropy(scores: Array, y: Array) -> tuple[float, Array]:
    """The mean loss over the batch, a float, and its gradient dscores (N, K) in the scores' floating dtype.

    scores: (N, K), one row or more. y: (N,) whole numbers from 0 to K - 1, the right class of each row.
    The logarithm is taken of the sum, not of the probability, so that no loss is log 0.
    """
    y = _right_classes(scores, y)
    rows = np.arange(len(scores))
    shifted = _shifted(scores)
    dscores = np.exp(shifted)
    sums = dscores.sum(axis=1, keepdims=True)
    loss = float(np.mean(np.log(sums[:, 0]) - shifted[rows, y]))
    dscores /= sums
    dscores[rows, y] -= 1
    dscores /= len(scores)
    return loss, dscores


@takes_arrays("scores")
def accuracy(scores: Array, y: Array) -> float:
    """Share of the rows of scores (N, K), one or more, whose largest score is that of their class in y (N,)."""
    y = _right_classes(scores, y)
    return float(np.mean(scores.argmax(axis=1) == y))


def _shifted(scores: Array) -> Array:
    """The scores less the largest of their row; rows lie in one piece, so that their sums lose no digits."""
    shifted: Array = np.subtract(scores, scores.max(axis=1, keepdims=True), order="C")
    return shifted


def _check_scores(scores: Array) -> None:
    if scores.ndim != 2 or scores.shape[1] == 0:
        raise ValueError(f"scores (shape {scores.shape}) must have 2 axes, (N, K), and one class or more")


def _right_classes(scores: Array, y: Array) -> Array:
    """y as labels of the rows of scores; ValueError where they do not fit together, or there are none."""
    _check_scores(scores)
    if not len(scores):
        raise ValueError(f"scores (shape {scores.shape}) must have one row or more: the mean over none is undefined")
    return labels("y", y, *scores.shape)
