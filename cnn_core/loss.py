"""From scores to a loss: softmax and the cross-entropy of the right labels, with the gradient.

    softmax:  p[n, k] = exp(scores[n, k]) / sum over j of exp(scores[n, j])
    loss:     L = mean over n of  -log p[n, y[n]]
    gradient: dL / dscores[n, k] = (p[n, k] - (1 if k == y[n] else 0)) / N

The largest score of a row is subtracted first: it changes no result and keeps exp from overflowing (CS231n, "Linear
classification", "Practical issues"). scores (N, K), one row an example, one column a class; y (N,) the right columns.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, float_dtype


class LossParts(NamedTuple):
    """The loss in its two parts, and the gradient of their sum by parameter name."""

    data_loss: float
    reg_loss: float
    grads: dict[str, Array]


def softmax_naive(scores: Array) -> Array:
    """Softmax in plain loops: the probabilities (N, K) of scores (N, K)."""
    _check_scores(scores)
    p = np.empty(scores.shape, dtype=float_dtype(scores))
    for n, row in enumerate(scores.tolist()):
        powers = [math.exp(score - max(row)) for score in row]
        for k in range(len(row)):
            p[n, k] = powers[k] / sum(powers)
    return p


def softmax_cross_entropy_naive(scores: Array, y: Array) -> tuple[float, Array]:
    """The mean loss and its gradient in plain loops, one example at a time; takes and returns the same."""
    _check_labels(scores, y)
    loss, dscores = 0.0, softmax_naive(scores)
    for n, row in enumerate(scores.tolist()):
        shifted = [score - max(row) for score in row]
        loss += math.log(sum(math.exp(score) for score in shifted)) - shifted[y[n]]
        dscores[n, y[n]] -= 1
    return loss / len(scores), dscores / len(scores)


def softmax(scores: Array) -> Array:
    """The probabilities (N, K) of scores (N, K), row by row: each from 0 to 1, together 1. Keeps a floating dtype."""
    _check_scores(scores)
    powers: Array = np.exp(_shifted(scores))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


def softmax_cross_entropy(scores: Array, y: Array) -> tuple[float, Array]:
    """The mean loss over the batch, a float, and its gradient dscores (N, K) in the scores' floating dtype.

    scores: (N, K), one row or more. y: (N,) whole numbers from 0 to K - 1, the right class of each row.
    The logarithm is taken of the sum, not of the probability, so that no loss is log 0.

    Raises ValueError for other shapes and labels.
    """
    _check_labels(scores, y)
    rows = np.arange(len(scores))
    shifted = _shifted(scores)
    dscores = np.exp(shifted)
    sums = dscores.sum(axis=1, keepdims=True)
    loss = float(np.mean(np.log(sums[:, 0]) - shifted[rows, y]))
    dscores /= sums
    dscores[rows, y] -= 1
    dscores /= len(scores)
    return loss, dscores


def _shifted(scores: Array) -> Array:
    """The scores less the largest of their row."""
    shifted: Array = np.subtract(scores, scores.max(axis=1, keepdims=True), dtype=float_dtype(scores))
    return shifted


def _check_scores(scores: Array) -> None:
    if scores.ndim != 2 or scores.shape[1] == 0:
        raise ValueError(f"scores (shape {scores.shape}) must have 2 axes, (N, K), and one class or more")


def _check_labels(scores: Array, y: Array) -> None:
    _check_scores(scores)
    N, K = scores.shape
    if N == 0:
        raise ValueError(f"scores (shape {scores.shape}) must have one row or more: the mean over none is undefined")
    if y.shape != (N,):
        raise ValueError(f"y (shape {y.shape}) must hold one label for each row of scores: shape ({N},)")
    if not np.issubdtype(y.dtype, np.integer):
        raise ValueError(f"y (dtype {y.dtype}) must hold whole numbers: convert the labels with y.astype(int)")
    wrong = y[(y < 0) | (y >= K)]
    if wrong.size:
        raise ValueError(f"y (={wrong[0]}) must hold labels from 0 to {K - 1}: scores has {K} columns")
