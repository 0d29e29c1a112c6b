"""Many pictures as points in a plane: those that the network answers alike lie close together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnn_core.checks import Array, up_to


class Plane(NamedTuple):
    """The two directions in which points spread most.

    points: (N, 2), coordinates. axes: (2, D), the directions, of length 1. mean: (D,). share: (2,), of the whole variance.
    A point of the plane stands for mean + points @ axes.
    """

    points: Array
    axes: Array
    mean: Array
    share: Array


def principal_plane(features: Array) -> Plane:
    """The first two principal components of features (N, ...), by a singular value decomposition of the centred rows
    (Pearson, 1901; Jolliffe, "Principal Component Analysis", 2002).

    The sign of each direction, which is free, is such that its largest entry is positive. Where the points spread in fewer than
    two directions, the others are 0. Raises ValueError for no points.
    """
    if not np.size(features):
        raise ValueError(f"features (shape {np.shape(features)}) must hold at least one point")
    rows = np.asarray(features, np.float64).reshape(len(features), -1)
    mean = rows.mean(axis=0)
    centred = rows - mean
    small = (
        centred.T @ centred if rows.shape[1] <= len(rows) else centred @ centred.T
    )  # the smaller of both has the same
    values, vectors = np.linalg.eigh(small)
    values, vectors = values[::-1][:2], vectors[:, ::-1][:, :2]
    axes = np.zeros((2, rows.shape[1]))
    total = float((centred**2).sum())
    for k, value in enumerate(values):
        if value <= 1e-12 * max(total, 1e-300):
            continue
        axis = vectors[:, k] if rows.shape[1] <= len(rows) else centred.T @ vectors[:, k]
        axis = axis / np.linalg.norm(axis)
        axes[k] = axis * np.sign(axis[np.abs(axis).argmax()])
    points = centred @ axes.T
    share = (points**2).sum(axis=0) / total if total else np.zeros(2)
    return Plane(points, axes, mean, share)


def nearest(features: Array, point: Array, count: int) -> tuple[Array, Array]:
    """The rows of features (N, ...) nearest to a point of one row's shape: their numbers (count,), the nearest first, and
    their Euclidean distances. Of equal distances the first row counts. Raises ValueError where count is not 1 to N."""
    up_to("count", count, 1, len(features))
    rows = np.asarray(features, np.float64).reshape(len(features), -1)
    distances = np.sqrt(((rows - np.asarray(point, np.float64).reshape(-1)) ** 2).sum(axis=1))
    order = np.argsort(distances, kind="stable")[:count]
    return order, distances[order]
