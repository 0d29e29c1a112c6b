"""The cases that functions are tried on: small arrays of whole numbers, under every option of their layer.

A case is made from its sizes and options alone (`make`), so that it can be written down in a line, and made smaller one step
at a time.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnn_core.check.kinds import KINDS, Limits, Shape, Sizes
from cnn_core.checks import Array

SURVEY = 80  # cases of a function
MOST_CELLS = 60  # of x and its parameters together, where the smallest case is looked for


@dataclass(frozen=True)
class Case:
    """What a layer is given. sizes: all that it was made from. arrays: by the core's names, with dout once it is known."""

    layer: str
    sizes: Mapping[str, Any]
    arrays: Mapping[str, Array]
    options: Mapping[str, Any]


def make(layer: str, sizes: Mapping[str, Any], dtype: str = "float64") -> Case:
    """The case of these sizes, without dout. Raises ValueError where they do not fit together."""
    shapes, options = KINDS[layer].make(dict(sizes))
    arrays = {
        name: filled(name, shape, str(sizes["values"]), sizes.get("K", 2), dtype) for name, shape in shapes.items()
    }
    return Case(layer, dict(sizes), arrays, options)


def filled(name: str, shape: Shape, values: str = "plain", classes: int = 2, dtype: str = "float64") -> Array:
    """Small whole numbers other than 0, about a third of them below 0. ties: few different ones. large: thousands.

    No number stands twice in x, so that no two ways to choose agree; variances are above 0.
    """
    count = math.prod(shape)
    if name == "y":
        return np.asarray([(2 * k + 1) % classes for k in range(count)], dtype=np.int64).reshape(shape)
    numbers = np.random.default_rng([count, *map(ord, name)]).permutation(count) + 1.0
    if name == "gamma":
        numbers += 1  # a gamma of 1 is as good as none
    if name in ("x", "scores") and values == "ties":
        numbers = np.ceil(numbers * 2 / count)
    elif name in ("W1", "W2", "W3"):
        numbers = numbers % 3 - 1 + (numbers % 2)
    elif name == "running_mean":
        numbers *= 2  # unlike x, even where both hold one number
    elif name != "running_var":
        numbers[1 if name == "dout" else 2 :: 3] *= -1  # apart, so that a sign tells whose it is
    return (numbers * (1000 if values == "large" else 1)).reshape(shape).astype(dtype)


def survey(layer: str, limits: Limits) -> list[Sizes]:
    """Sizes all over what there is, the same ones each time; of the simplest values somewhat more."""
    kind = KINDS[layer]
    rng, found = np.random.default_rng(231), []
    ranges = _within({name: (*few, *kind.many.get(name, ())) for name, few in kind.few.items()}, limits)
    for _ in range(SURVEY * 4):
        found.append({name: values[int(rng.integers(len(values)))] for name, values in ranges.items()})
    return found


def by_size(layer: str, limits: Limits) -> Sequence[Sizes]:
    """The sizes of small cases, smallest first: by the cells of x and its parameters, then by how plain the options are."""
    return _by_size(layer, tuple(limits.items()))


@functools.cache
def _by_size(layer: str, limits: tuple[tuple[str, tuple[Any, ...]], ...]) -> Sequence[Sizes]:
    ranges = _within(KINDS[layer].few, dict(limits))
    found = []
    for values in itertools.product(*ranges.values()):
        sizes = dict(zip(ranges, values, strict=True))
        if (order := measure(layer, sizes, ranges)) is not None and order[0] <= MOST_CELLS:
            found.append((order, sizes))
    return [sizes for _, sizes in sorted(found, key=lambda pair: pair[0])]


def measure(
    layer: str, sizes: Mapping[str, Any], ranges: Limits | None = None
) -> tuple[int, int, tuple[int, ...]] | None:
    """How large a case is: the cells that one has to look at, padding included, and how far its settings are from the
    simplest, together and each. None for no case.
    """
    ranges = KINDS[layer].few if ranges is None else ranges
    try:
        shapes, _ = KINDS[layer].make(dict(sizes))
    except ValueError:
        return None
    cells = sum(map(math.prod, shapes.values()))
    if around := 2 * sizes.get("padding", 0):
        cells += sizes["N"] * sizes["C"] * ((sizes["H"] + around) * (sizes["W"] + around) - sizes["H"] * sizes["W"])
    if "KH" in sizes and "weight" not in shapes:
        cells += sizes["KH"] * sizes.get("KW", 0)
    far = tuple(values.index(sizes[name]) if sizes[name] in values else len(values) for name, values in ranges.items())
    return cells, sum(far), far


def _within(ranges: Limits, limits: Limits) -> Limits:
    return {
        name: tuple(value for value in values if value in limits.get(name, values)) for name, values in ranges.items()
    }
