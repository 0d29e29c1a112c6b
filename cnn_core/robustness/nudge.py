"""A nudge against the network: every pixel a little lighter or darker, all in the direction in which the loss grows.

The fast gradient sign method of Goodfellow, Shlens and Szegedy, "Explaining and Harnessing Adversarial Examples" (2015,
arXiv:1412.6572): x + eps * sign(dx). Among all changes of at most eps a pixel it is the one that raises the loss most, as far
as the loss is a straight line; along that line by eps * sum(|dx|).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnn_core.checks import Array, labels
from cnn_core.loss import softmax_cross_entropy
from cnn_core.network import Network, backward_pass, forward_pass, in_double
from cnn_core.training.data import TrainingData

AT_ONCE = 8  # sizes of a nudge that are tried together


def pixel_gradient(network: Network, data: TrainingData, picture: Array, label: int) -> Array:
    """How the loss of the class `label` grows with each pixel: (C,H,W), for a picture (C,H,W) from 0 to 1.

    In units of the pixels, not of the normalised numbers that the network takes; in float64, since the loss of an answer that
    is all but sure has a gradient that float32 loses. Raises ValueError for a label that is no
    class of the network, and a picture of another shape than its own.
    """
    y = labels("label", [label], 1, network.num_classes)
    with np.errstate(all="ignore"):
        done = forward_pass(in_double(network), data.normalised(picture[None]))
        _, dscores = softmax_cross_entropy(done.scores, y)
        dx: Array = backward_pass(done, dscores).dx[0]
    return dx / data.deviation if data.options.normalise == "standard" else dx


def nudged(picture: Array, gradient: Array, eps: float) -> Array:
    """picture + eps * sign(gradient), (C,H,W) each, cut off at 0 and 1. eps: 1 is from black to white."""
    moved: Array = np.clip(picture + picture.dtype.type(eps) * np.sign(gradient).astype(picture.dtype), 0, 1)
    return moved


def smallest_nudge(
    network: Network, data: TrainingData, picture: Array, gradient: Array, sizes: Sequence[float]
) -> tuple[float, int] | None:
    """The first of `sizes`, from small to large, that changes the answer, and the class that it changes to; None: none does.

    picture, gradient: (C,H,W) as in `nudged`.
    """
    answer = int(network.scores(data.normalised(picture[None]))[0].argmax())
    for start in range(0, len(sizes), AT_ONCE):
        some = sizes[start : start + AT_ONCE]
        tried = np.stack([nudged(picture, gradient, eps) for eps in some])
        for eps, scores in zip(some, network.scores(data.normalised(tried)), strict=True):
            if (found := int(scores.argmax())) != answer:
                return eps, found
    return None
