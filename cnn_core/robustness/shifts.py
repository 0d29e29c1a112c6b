"""What a network says of a picture that is moved by some pixels: of one picture, and how often the answer stays.

A convolution moves its maps along with the picture, but a stride or a pooling looks at every other place only, and the fully
connected layers have a weight for each place: so the scores change (Azulay and Weiss, "Why do deep convolutional networks
generalize so poorly to small image transformations?", 2019).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnn_core.checks import Array, labels, whole
from cnn_core.datasets import as_pixels
from cnn_core.network import Network
from cnn_core.training.augment import shifted
from cnn_core.training.data import TrainingData

NEIGHBOURS = ((-1, 0), (1, 0), (0, -1), (0, 1))  # rows down and columns to the right: a shift by one pixel
MOST_PICTURES = 2000
CHUNK = 250  # pictures that are moved at once


@dataclass(frozen=True)
class Kept:
    """How pictures fare when they are shifted by one pixel, up, down, left or right.

    pictures: how many. accuracy: the share that is right without a shift. kept: the share of answers, right or wrong, that
    stay, as a mean over the four shifts. kept_all: the share of pictures whose answer stays at each of the four.
    """

    pictures: int
    accuracy: float
    kept: float
    kept_all: float


def shift_scores(network: Network, data: TrainingData, picture: Array, most: int = 3) -> Array:
    """Class scores of one picture for all shifts of up to `most` pixels along each axis.

    picture: (C,H,W) from 0 to 1 or bytes; data normalises it, once it is shifted. Returns (2 * most + 1, 2 * most + 1, K): that
    of `rows` down and `columns` to the right stands at [most + rows, most + columns].
    Raises ValueError for a negative most, and a picture of another shape than the network's.
    """
    side = 2 * whole("most", most, 0) + 1
    rows, columns = np.indices((side, side)).reshape(2, -1) - most
    moved = shifted(np.repeat(as_pixels(picture)[None], side**2, axis=0), rows, columns)
    with np.errstate(all="ignore"):
        return network.scores(data.normalised(moved)).reshape(side, side, -1)


def answers_kept(
    network: Network,
    data: TrainingData,
    x: Array,
    y: Array,
    *,
    seconds: float = math.inf,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Kept:
    """How many answers stay as they are when pictures x (N,C,H,W), from 0 to 1 or bytes, are shifted by one pixel.

    y: their labels (N,). Only the first MOST_PICTURES are looked at, fewer where these take longer than `seconds`. progress:
    is told how many pictures have been looked at, and of how many. Raises ValueError for none, for labels of another number,
    and for scores that are not finite: the weights have diverged.
    """
    x, y = x[:MOST_PICTURES], labels("y", y[:MOST_PICTURES], len(x[:MOST_PICTURES]), network.num_classes)
    if not len(x):
        raise ValueError("x (=0 pictures) must hold at least one picture")
    right, stays = np.empty(len(x), dtype=bool), np.empty((len(NEIGHBOURS), len(x)), dtype=bool)
    began = time.monotonic()
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        pixels = as_pixels(x[part])
        answers = _answers(network, data, pixels)
        right[part] = answers == y[part]
        for stay, (rows, columns) in zip(stays, NEIGHBOURS, strict=True):
            stay[part] = _answers(network, data, shifted(pixels, rows, columns)) == answers
        done = min(start + CHUNK, len(x))
        progress(done, len(x))
        if time.monotonic() - began > seconds:
            break
    right, stays = right[:done], stays[:, :done]
    return Kept(done, float(right.mean()), float(stays.mean()), float(stays.all(axis=0).mean()))


def _answers(network: Network, data: TrainingData, pixels: Array) -> Array:
    with np.errstate(all="ignore"):
        scores = network.scores(data.normalised(pixels))
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite numbers: the network has diverged, look at an earlier step")
    answers: Array = scores.argmax(axis=1)
    return answers
