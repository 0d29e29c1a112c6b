"""Which sets of numbers a norm is taken over: the one thing in which batch, layer, group and instance norm differ.

x (N, ...) is looked at as (N, G, S). A set of layer, group or instance norm is a row of it: a group of S numbers of one
example. A set of batch norm runs across the examples: G is 1, and a channel is a stretch of each example's S numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from cnn_core.checks import Array, real, true_or_false, whole
from cnn_core.machine.sums import sum_columns, sum_rows

Shape = tuple[int, ...]
Part = tuple[slice, slice, slice]
BLOCK = 1 << 19  # numbers handled at once: they stay in the processor's cache from step to step


class Sets(NamedTuple):
    """How x, of the shape `shape`, falls into sets.

    view: (N, G, S). parameters: the shape of gamma and beta; places: how many numbers of an example share an entry of them.
    across: a set runs across all examples; else it is one of the N * G rows. remedy: what to do where it holds one number.
    """

    shape: Shape
    view: tuple[int, int, int]
    parameters: Shape
    places: int
    across: bool
    remedy: str

    @property
    def entries(self) -> int:
        """How many numbers gamma holds."""
        return math.prod(self.parameters)

    @property
    def size(self) -> int:
        """How many numbers a set holds."""
        return self.view[0] * self.places if self.across else self.view[2]

    @property
    def reduced(self) -> tuple[int, int, int]:
        """The shape of one number a set: (N, G, 1); where sets run across examples (1, 1, S), the same for all places."""
        n, g, s = self.view
        return (1, 1, s) if self.across else (n, g, 1)

    def spread(self, parameter: Array) -> Array:
        """gamma or beta, or one number a channel, as a new array (1, G, S): what each number of an example meets."""
        row = parameter.flatten() if self.places == 1 else np.repeat(parameter, self.places)
        return row.reshape(1, *self.view[1:])

    def parameter(self, values: Array, dtype: np.dtype[Any]) -> Array:
        """Gradients of all entries of gamma or beta, shaped as these."""
        return values.reshape(self.parameters).astype(dtype)

    def sums(self, values: Array, other: Array | None = None) -> Array:
        """The sums of a part of x, or of values * other, over all that shares an entry of gamma: a row of them."""
        n = len(values)
        if self.places == 1:
            rows = n, self.entries
            return sum_rows(values.reshape(rows), None if other is None else other.reshape(rows))
        channels = n * self.entries, self.places
        sums = sum_columns(values.reshape(channels), None if other is None else other.reshape(channels))
        return sum_rows(sums.reshape(n, self.entries))

    def mean(self, values: Array, other: Array | None = None) -> Array:
        """The mean of each set of a part of x, or of values * other, in their dtype, shaped as that part of `reduced`."""
        n, g, s = values.shape
        if self.across:
            return self.spread((self.sums(values, other) / self.size).astype(values.dtype, copy=False))
        rows = n * g, s
        sums = sum_columns(values.reshape(rows), None if other is None else other.reshape(rows))
        return (sums / self.size).astype(values.dtype, copy=False).reshape(n, g, 1)

    def parts(self, own: bool) -> Iterator[tuple[slice, slice]]:
        """Cut x into parts that a processor's cache holds, but none of its own sets: their indices in `view` and `reduced`."""
        n, g, s = self.view
        step = n if self.across and own else max(1, BLOCK // max(1, g * s))
        for start in range(0, n, max(1, step)):
            part = slice(start, start + step)
            yield part, slice(None) if self.across else part

    def each(self) -> Iterator[tuple[Part, Part]]:
        """The index of each set in (N, G, S), and that of its gamma and beta in (1, G, S)."""
        n, g, s = self.view
        whole = slice(None)
        if self.across:
            for start in range(0, s, max(1, self.places)):
                channel = whole, whole, slice(start, start + self.places)
                yield channel, channel
        else:
            for i, j in np.ndindex(n, g):
                group = slice(j, j + 1)
                yield (slice(i, i + 1), group, whole), (whole, group, whole)


def batch_sets(x: Array) -> Sets:
    """A set is a channel of all examples."""
    _check_axes(x, x.ndim in (2, 4), "(N, D) or (N, C, H, W)")
    n, c, *size = x.shape
    return Sets(
        x.shape, (n, 1, c * math.prod(size)), (c,), math.prod(size), True, "give a larger batch, or training=False"
    )


def layer_sets(x: Array) -> Sets:
    """A set is an example."""
    _check_axes(x, x.ndim >= 2, "(N, ...)")
    n, *example = x.shape
    return Sets(
        x.shape, (n, 1, math.prod(example)), tuple(example), 1, False, "give more features, or leave the norm out"
    )


def group_sets(x: Array, num_groups: int) -> Sets:
    """A set is a group of channels of an example."""
    _check_axes(x, x.ndim in (2, 4), "(N, D) or (N, C, H, W)")
    n, c, *size = x.shape
    num_groups = whole("num_groups", num_groups, 1)
    if c % num_groups:
        raise ValueError(f"num_groups (={num_groups}) must divide the channels (={c})")
    view = (n, num_groups, c // num_groups * math.prod(size))
    return Sets(x.shape, view, (c,), math.prod(size), False, f"take fewer groups than {num_groups}, or larger maps")


def instance_sets(x: Array) -> Sets:
    """A set is a channel of an example."""
    _check_axes(x, x.ndim == 4, "(N, C, H, W)")
    n, c, h, w = x.shape
    return Sets(x.shape, (n, c, h * w), (c,), h * w, False, "give larger maps, or leave the norm out")


def check_parameters(x: Array, gamma: Array, beta: Array, eps: float, sets: Sets, own: bool) -> None:
    """Raise ValueError unless gamma and beta fit to x and eps is a finite number above 0.

    own: mean and variance are x's own. Of no number there is none, and one number's distance from its mean is always 0.
    """
    real("eps", eps, lambda eps: eps > 0, "a finite number above 0: it keeps the division finite")
    for name, array in (("gamma", gamma), ("beta", beta)):
        if array.shape != sets.parameters:
            raise ValueError(
                f"{name} (shape {array.shape}) must be shaped {sets.parameters} to fit x (shape {x.shape})"
            )
    if own and sets.size == 0:
        raise ValueError(f"x (shape {x.shape}) must not be empty: it has no mean")
    if own and sets.size == 1:
        raise ValueError(
            f"x (shape {x.shape}) must hold more than one number for each mean: one by itself minus its mean is 0, "
            f"whatever it is; {sets.remedy}"
        )


def check_running(mean: Array, variance: Array, sets: Sets, momentum: float, training: bool, unbiased: bool) -> None:
    """Raise ValueError unless these are a number a channel, to be written to in training, and momentum is a share."""
    true_or_false("training", training)
    true_or_false("unbiased", unbiased)
    for name, array in (("running_mean", mean), ("running_var", variance)):
        if not isinstance(array, np.ndarray) or array.shape != sets.parameters or array.dtype.kind != "f":
            raise ValueError(
                f"{name} (shape {np.shape(array)}, {getattr(array, 'dtype', type(array).__name__)}) must be a floating "
                f"array of one number a channel: shape {sets.parameters}"
            )
        if training and not array.flags.writeable:
            raise ValueError(f"{name} (a read-only array) must be one that can be written to: training updates it")
    if training and np.shares_memory(mean, variance):
        raise ValueError("running_mean must not share memory with running_var: training updates both")
    real("momentum", momentum, lambda share: 0 <= share <= 1, "from 0 to 1: the share of the new value")


def update_running(
    running: tuple[Array, Array], found: tuple[Array, Array], sets: Sets, momentum: float, unbiased: bool
) -> None:
    """Move the running mean and variance of each channel towards those that were found, in the shape `reduced`."""
    mean, variance = (array.reshape(sets.entries, sets.places)[:, 0] for array in found)
    variance = variance * (sets.size / (sets.size - 1) if unbiased else 1)
    with np.errstate(over="ignore"):  # where running is float16: beyond 65,504 to infinity
        for old, new in zip(running, (mean, variance), strict=True):
            old[...] = (1 - momentum) * old.astype(np.promote_types(old.dtype, new.dtype)) + momentum * new


def _check_axes(x: Array, fits: bool, axes: str) -> None:
    if not fits:
        raise ValueError(f"x (shape {x.shape}) must have the axes {axes}")
