"""Which sets of numbers a norm is taken over: the one thing in which batch, layer, group and instance norm differ.

x (N, ...) is looked at as (N, G, K, P). A set of layer, group or instance norm is a group of K * P numbers of one example.
A set of batch norm is a channel, and runs across the examples.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from cnn_core.checks import Array, real, true_or_false, whole
from cnn_core.machine.scratch import scratch
from cnn_core.machine.sums import LONG, sum_columns, sum_rows

Shape = tuple[int, ...]
Part = tuple[slice, slice, slice, slice]
ROW = 400  # numbers that NumPy may as well take row by row
BLOCK = 1 << 19  # numbers handled at once: they stay in the processor's cache from step to step


@dataclass(frozen=True)
class Sets:
    """How x, of the shape `shape`, falls into sets.

    view: (N, G, K, P). parameters: the shape of gamma and beta; places: how many numbers of an example share an entry of them.
    across: a set runs across all examples; else it is one of the N * G groups. remedy: what to do where it holds one number.
    """

    shape: Shape
    view: tuple[int, int, int, int]
    parameters: Shape
    places: int
    across: bool
    remedy: str

    @cached_property
    def entries(self) -> int:
        """How many numbers gamma holds, E."""
        return math.prod(self.parameters)

    @cached_property
    def size(self) -> int:
        """How many numbers a set holds."""
        n, _, k, p = self.view
        return n * self.places if self.across else k * p

    @cached_property
    def reduced(self) -> tuple[int, int]:
        """The shape of one number a set: (N, G), or (1, E) where sets run across examples."""
        return (1, self.entries) if self.across else self.view[:2]

    @cached_property
    def by_row(self) -> bool:
        """Whether the P numbers of a row share an entry of gamma."""
        return self.view[3] == self.places

    def spread(self, parameter: Array) -> Array:
        """gamma or beta (E,), or a number a channel, as what an example meets: (1, G, K, P), or (1, G, K, 1) if rows are long."""
        _, g, k, p = self.view
        if self.by_row and p >= ROW:
            return parameter.reshape(1, g, k, 1)
        if self.places > 1:
            parameter, few = np.empty((self.entries, self.places), parameter.dtype), parameter
            parameter[...] = few.reshape(self.entries, 1)
        return parameter.reshape(1, g, k, p)

    def meet(self, numbers: Array) -> Array:
        """A number a set, shaped as a part of `reduced`, as what x meets."""
        return self.spread(numbers) if self.across else numbers[..., None, None]

    def scaled(self, values: Array, gamma: Array, inverse: Array, out: Array) -> Array:
        """values * gamma * inverse into out, in one pass where gamma * inverse are few numbers; inverse: a number a set."""
        if self.across:
            np.multiply(values, self.spread(gamma * inverse), out=out)
        elif self.by_row:
            np.multiply(values, gamma.reshape(1, *self.view[1:3], 1) * self.meet(inverse), out=out)
        else:
            np.multiply(values, self.spread(gamma), out=out)
            out *= self.meet(inverse)
        return out

    def parameter(self, values: Array, dtype: np.dtype[Any]) -> Array:
        """Gradients of all entries of gamma or beta, shaped as these."""
        return values.reshape(self.parameters).astype(dtype)

    def by_entry(self, values: Array, other: Array | None = None) -> Array:
        """A part of x, or values * other, added up over the places that share an entry of gamma: (n, E), maybe in scratch."""
        rows = len(values), self.entries
        if self.places > 1:
            channels = *rows, self.places
            return sum_columns(values.reshape(channels), None if other is None else other.reshape(channels))
        if other is not None:
            values = np.multiply(values, other, out=scratch("norm", values.shape, values.dtype))
        return values.reshape(rows)

    def mean(self, values: Array, other: Array | None = None) -> Array:
        """The mean of each set of a part of x, or of values * other, in their dtype, shaped as that part of `reduced`."""
        if self.across:
            sums = sum_rows(self.by_entry(values, other))[None]
        else:
            groups = len(values), self.view[1], self.size
            sums = sum_columns(values.reshape(groups), None if other is None else other.reshape(groups), along=LONG)
        return (sums / self.size).astype(values.dtype, copy=False)

    def mean_by_entry(self, sums: Array, gamma: Array) -> Array:
        """The mean of gamma (E,) times the numbers whose sums `by_entry` (n, E) has found. As `mean` returns it."""
        if self.across:
            products = (gamma * sum_rows(sums))[None]
        else:
            groups = self.view[1], self.entries // max(1, self.view[1])
            products = sum_columns(sums.reshape(len(sums), *groups), gamma.reshape(groups), along=LONG)
        return (products / self.size).astype(gamma.dtype, copy=False)

    def over_examples(self, sums: Array, factors: Array) -> Array:
        """Sums of `by_entry` (n, E) times a number a set, added up over the examples: (E,)."""
        if not self.across and self.view[1] == 1:
            return sum_rows(sums, factors[:, 0])
        groups = sums.reshape(len(sums), factors.shape[1], self.entries // max(1, factors.shape[1]))
        return sum_rows(np.multiply(groups, factors[..., None]).reshape(sums.shape))

    def parts(self, own: bool) -> Iterator[tuple[slice, slice]]:
        """Cut x into parts that a processor's cache holds, but none of its own sets: their indices in `view` and `reduced`."""
        n, *example = self.view
        step = n if self.across and own else max(1, BLOCK // max(1, math.prod(example)))
        for start in range(0, max(1, n), max(1, step)):
            part = slice(start, start + step)
            yield part, slice(None) if self.across else part

    def together(self, found: list[tuple[Array, Array, Array]]) -> tuple[Array, Array, Array]:
        """Mean, variance and std of all parts, shaped as `reduced`."""
        if self.across or len(found) == 1:
            return found[0]
        mean, variance, std = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        return mean, variance, std

    def each(self) -> Iterator[tuple[tuple[int, int], Part, Part]]:
        """The index of each set in `reduced`, in `view`, and that of its gamma and beta in what `spread` returns."""
        whole = slice(None)
        if self.across:
            for i in range(self.entries):
                places = slice(i * self.places, (i + 1) * self.places)
                channel = (whole, slice(i, i + 1), whole, whole) if self.by_row else (whole, whole, whole, places)
                yield (0, i), channel, channel
        else:
            for i, j in np.ndindex(self.reduced):
                group = slice(j, j + 1)
                yield (i, j), (slice(i, i + 1), group, whole, whole), (whole, group, whole, whole)


@lru_cache
def batch_sets(shape: Shape) -> Sets:
    """A set is a channel of all examples."""
    _check_axes(shape, len(shape) in (2, 4), "(N, D) or (N, C, H, W)")
    n, c, *size = shape
    places = math.prod(size)
    rows = places >= max(ROW, 64 * n)  # for many examples it pays to spread what they meet
    view = (n, c, 1, places) if rows else (n, 1, 1, c * places)
    return Sets(shape, view, (c,), places, True, "give a larger batch, or training=False")


@lru_cache
def layer_sets(shape: Shape) -> Sets:
    """A set is an example."""
    _check_axes(shape, len(shape) >= 2, "(N, ...)")
    n, *example = shape
    view, remedy = (n, 1, 1, math.prod(example)), "give more features, or leave the norm out"
    return Sets(shape, view, tuple(example), 1, False, remedy)


def group_sets(shape: Shape, num_groups: int) -> Sets:
    """A set is a group of channels of an example."""
    _check_axes(shape, len(shape) in (2, 4), "(N, D) or (N, C, H, W)")
    groups = whole("num_groups", num_groups, 1)
    if shape[1] % groups:
        raise ValueError(f"num_groups (={groups}) must divide the channels (={shape[1]})")
    return _by_example(shape, groups, f"take fewer groups than {groups}, or larger maps")


def instance_sets(shape: Shape) -> Sets:
    """A set is a channel of an example."""
    _check_axes(shape, len(shape) == 4, "(N, C, H, W)")
    return _by_example(shape, shape[1], "give larger maps, or leave the norm out")


@lru_cache
def _by_example(shape: Shape, groups: int, remedy: str) -> Sets:
    """The channels of each example in groups."""
    n, c, *size = shape
    places, channels = math.prod(size), c // max(1, groups)
    view = (n, groups, channels, places) if places >= ROW else (n, groups, 1, channels * places)
    return Sets(shape, view, (c,), places, False, remedy)


def check_fit(x: Array, gamma: Array, beta: Array, eps: float, sets: Sets, own: bool) -> None:
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
    """Move the running mean and variance of each channel towards those that were found, (1, C) each."""
    mean, variance = (array[0] for array in found)
    variance = variance * (sets.size / (sets.size - 1) if unbiased else 1)
    with np.errstate(over="ignore"):  # where running is float16: beyond 65,504 to infinity
        for old, new in zip(running, (mean, variance), strict=True):
            old[...] = (1 - momentum) * old.astype(np.promote_types(old.dtype, new.dtype)) + momentum * new


def _check_axes(shape: Shape, fits: bool, axes: str) -> None:
    if not fits:
        raise ValueError(f"x (shape {shape}) must have the axes {axes}")
