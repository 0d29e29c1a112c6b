"""Small colour pictures of shapes, gratings and noise, drawn from a seed: a data set that needs no file.

Colours say nothing about the class; only form does. What a convnet has to find is what its filters are good
at: edges, their directions, corners.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnn_core.checks import whole
from cnn_core.datasets.dataset import Dataset, Split, cut

Floats = NDArray[np.float64]

SIZE = 24
SHAPES = ("circle", "square", "triangle", "cross")
# By the direction, in degrees from the horizontal, in which the brightness changes.
GRATINGS = {"horizontal grating": 90.0, "vertical grating": 0.0, "diagonal grating": 45.0}
CLASS_NAMES = (*SHAPES, *GRATINGS, "noise")


def make_colours(num: int, seed: int) -> Split:
    """`num` pictures: x (num,3,24,24) with values k/255, y (num,); each block of 8 holds every class once.

    The same `num` and `seed` give the same bits. num: 1 or more; seed: 0 or more; ValueError otherwise.
    """
    num = whole("num", num, 1)
    rng = np.random.default_rng(whole("seed", seed, 0))
    rounds = np.tile(np.arange(len(CLASS_NAMES)), (-(-num // len(CLASS_NAMES)), 1))
    y = rng.permuted(rounds, axis=1).ravel()[:num]

    ground = rng.random((num, 3, 1, 1))
    # Each channel differs by 0.3 or more, modulo 1, so that no figure is hard to see.
    figure = (ground + rng.uniform(0.3, 0.7, ground.shape)) % 1
    x = ground + (figure - ground) * _cover(y, rng)
    x += rng.normal(0, 0.04, x.shape)
    # Pixels of 8 bits, like a picture file's: what follows does not hang on the last bits of a cosine.
    levels = np.clip(np.rint(x * 255), 0, 255)
    return Split((levels / 255).astype(np.float32), y.astype(np.int64))


def _cover(y: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """How much of each pixel the figure covers, (N,3,24,24) in 0..1; only noise differs by channel."""
    num, (row, column) = len(y), np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    radius = rng.uniform(5, 9, (num, 1, 1))
    across, down = rng.uniform(-1, 1, (2, num, 1, 1)) * (SIZE / 2 - 1 - radius)
    turn = np.deg2rad(rng.normal(0, 6, (num, 1, 1)))
    u = (column - across) * np.cos(turn) + (row - down) * np.sin(turn)
    v = (row - down) * np.cos(turn) - (column - across) * np.sin(turn)
    period, phase = rng.uniform(3, 8, (num, 1, 1)), rng.uniform(0, 2 * np.pi, (num, 1, 1))
    mirror = rng.choice((-1, 1), (num, 1, 1))  # diagonals run both ways

    cover = np.empty((num, 3, SIZE, SIZE))
    for label, name in enumerate(CLASS_NAMES):
        i = np.flatnonzero(y == label)
        if name in SHAPES:
            # A signed distance to the outline, in pixels, gives smooth edges.
            cover[i] = np.clip(0.5 - _distance(name, u[i], v[i], radius[i]), 0, 1)[:, None]
        elif name in GRATINGS:
            angle = np.deg2rad(GRATINGS[name])
            wave = u[i] * np.cos(angle) + mirror[i] * v[i] * np.sin(angle)
            cover[i] = (0.5 + 0.5 * np.cos(2 * np.pi * wave / period[i] + phase[i]))[:, None]
        else:
            cover[i] = rng.random((len(i), 3, SIZE, SIZE))
    return cover


def _distance(name: str, u: Floats, v: Floats, radius: Floats) -> Floats:
    """Distance from the outline of a shape, negative inside; equal radii make shapes of about equal size."""
    distance: Floats
    if name == "circle":
        distance = np.hypot(u, v) - 0.9 * radius
    elif name == "square":
        distance = np.maximum(np.abs(u), np.abs(v)) - 0.8 * radius
    elif name == "triangle":
        distance = np.maximum(np.abs(u) * np.sqrt(3) / 2 - v / 2, v) - 0.55 * radius
    else:
        bar = 0.35 * radius
        upright = np.maximum(np.abs(u) - bar, np.abs(v) - radius)
        lying = np.maximum(np.abs(u) - radius, np.abs(v) - bar)
        distance = np.minimum(upright, lying)
    return distance


def load_colours(name: str, title: str) -> Dataset:
    """2,000 pictures for training, 400 for validation, 400 for testing, drawn from seed 0."""
    drawn = make_colours(2800, seed=0)
    splits = cut(drawn.x, drawn.y, (2000, 400, 400))
    return Dataset(name, title, CLASS_NAMES, *splits, source="Drawn by ConvScope", licence="ConvScope's own")
