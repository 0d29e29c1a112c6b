"""The comparison itself, in small pieces: whoever asks for them may stop after any, and keeps what was measured by then."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from statistics import median
from time import perf_counter
from typing import Literal, NamedTuple

import numpy as np

from cnn_core.checks import Array
from cnn_core.speed.layers import VERSIONS, WORKS, Convolution, Inputs, MaxPooling, TimedLayer, Version, Work

QUICK: tuple[Version, ...] = tuple(version for version in VERSIONS if version != "loops")
FEWEST, MOST = 3, 25  # runs that a median is taken of
Axis = Literal["size", "kernel_size", "batch"]
AXES: dict[Axis, str] = {"size": "image size", "kernel_size": "kernel size", "batch": "batch"}
GROWTH: dict[Axis, tuple[int, ...]] = {
    "size": (16, 32, 64, 128),
    "kernel_size": (1, 3, 5, 7, 9, 11),
    "batch": (1, 4, 16, 64, 256),
}
GROWTH_BATCH = 20  # images, where the batch is not what grows
GROWTH_SECONDS = 0.1  # for each case
SQUARE, COPIED = 512, 32 * 2**20  # rows of the matrices that are multiplied, bytes of the array that is copied
LIMITS_RUNS = 5


@dataclass(frozen=True)
class Plan:
    """What to measure. dtype: "float64" or "float32". seconds: the time for the loops of each work, more than 0.

    growth: for each of the convolution's lengths the values it takes, while the others stay. ValueError for anything else.
    """

    convolution: Convolution = field(default_factory=Convolution)
    pooling: MaxPooling = field(default_factory=MaxPooling)
    dtype: str = "float64"
    seconds: float = 1.0
    growth: Mapping[Axis, tuple[int, ...]] = field(default_factory=lambda: GROWTH)

    def __post_init__(self) -> None:
        if self.dtype not in ("float64", "float32"):
            raise ValueError(f'dtype (={self.dtype!r}) must be "float64" or "float32"')
        if not (math.isfinite(self.seconds) and self.seconds > 0):
            raise ValueError(f"seconds (={self.seconds}) must be a number above 0")

    def layer(self, work: Work) -> TimedLayer:
        """The layer that `work` belongs to."""
        return self.convolution if work.layer == "convolution" else self.pooling

    def grown(self, axis: Axis, value: int) -> Convolution:
        """The convolution whose `axis` is `value`: of a smaller batch, so that the largest is done soon."""
        usual = replace(self.convolution, batch=min(GROWTH_BATCH, self.convolution.batch))
        padding = (
            value // 2 if axis == "kernel_size" else usual.padding
        )  # under larger kernels the output stays as large
        return replace(usual, **{"padding": padding, axis: value})


@dataclass(frozen=True)
class Piece:
    """What is measured next, and how much of the whole is done: share, from 0 to 1."""

    doing: str
    share: float


@dataclass(frozen=True)
class Timing:
    """Seconds that a version needs for one batch.

    images: how many of them the answers were compared on, and, for the loops, measured on; their time is scaled to the
    batch. runs: how many whole batches the median is of (0: the loops did `images` images once). difference: the largest
    between an answer's numbers and the loops'.
    """

    work: Work
    version: Version
    seconds: float
    images: int
    runs: int = 0
    difference: float = 0.0


@dataclass(frozen=True)
class Limits:
    """What the machine can do: operations a second in a product of two matrices, bytes a second in a copy.

    A copy of n bytes counts as 2 n, read and written.
    """

    operations: float
    bytes: float


@dataclass(frozen=True)
class Growth:
    """Seconds of a version's convolution, forward, where `axis` is `value`: the quickest of a few runs.

    The small cases take less time than a short interruption by something else, of which a median would tell.
    """

    axis: Axis
    value: int
    version: Version
    seconds: float


Record = Piece | Timing | Limits | Growth


def measure(plan: Plan) -> Iterator[Record]:
    """Measure all of `plan`: a Piece before each of them, and what was found as soon as it is.

    A piece takes some tens of milliseconds with the default shapes. The loops' Timing comes again after each image, with
    one image more in it; the last one counts.
    """
    # How long each part takes is estimated: pooling's loops are done sooner, and the runs of the others may be many.
    unit = 1 / (len(WORKS) * 3 + 3)
    start = 0.0
    for work in WORKS:
        inputs = plan.layer(work).inputs(plan.dtype)
        answers = yield from _loops(plan, work, inputs, _Span(start, 2 * unit))
        yield from _quick(plan, work, inputs, answers, _Span(start + 2 * unit, unit))
        start += 3 * unit
    yield Piece("what this machine can do", start)
    yield measure_limits(plan.dtype)
    yield from _growth(plan, _Span(start + unit, 2 * unit))
    yield Piece("done", 1.0)


def measure_limits(dtype: str = "float64") -> Limits:
    """The best of a few products of square matrices and of a few copies that are too large for the usual cache."""
    draw = np.random.default_rng(0)
    square = draw.standard_normal((SQUARE, SQUARE)).astype(dtype)
    product = np.empty_like(square)
    here = np.ones(COPIED // square.itemsize, dtype=dtype)
    there = np.empty_like(here)
    product_seconds = min(_seconds(lambda: np.matmul(square, square, out=product)) for _ in range(LIMITS_RUNS))
    copy_seconds = min(_seconds(lambda: np.copyto(there, here)) for _ in range(LIMITS_RUNS))
    return Limits(2 * SQUARE**3 / product_seconds, 2 * here.nbytes / copy_seconds)


def largest_difference(ours: tuple[Array, ...], theirs: tuple[Array, ...]) -> float:
    """The largest absolute difference between two tuples of arrays; infinite where shapes differ, NaN where NaN stands."""
    if [array.shape for array in ours] != [array.shape for array in theirs]:
        return math.inf
    return float(np.max([np.abs(a - b).max(initial=0.0) for a, b in zip(ours, theirs, strict=True)]))  # NaN wins


class _Span(NamedTuple):
    """A part of the whole measurement: where it starts, and how much of the whole it is."""

    start: float
    length: float

    def at(self, part: float) -> float:
        """The share of the whole that is done when `part` of this is."""
        return self.start + self.length * min(1.0, part)


def _loops(plan: Plan, work: Work, inputs: Inputs, span: _Span) -> Generator[Record, None, list[tuple[Array, ...]]]:
    """The loops on one image after the other, until the time is up; returns their answers."""
    answers: list[tuple[Array, ...]] = []
    layer, spent, began = plan.layer(work), 0.0, perf_counter()
    for number in range(layer.batch):
        elapsed = perf_counter() - began
        if answers and elapsed >= plan.seconds:
            break
        part = max(elapsed / plan.seconds, number / layer.batch)
        yield Piece(f"{work}: loops, image {number + 1} of {layer.batch}", span.at(part))
        answer, seconds = _run(layer, work, "loops", inputs.images(number, number + 1))
        answers.append(answer)
        spent += seconds
        yield Timing(work, "loops", spent / len(answers) * layer.batch, len(answers))
    return answers


def _quick(plan: Plan, work: Work, inputs: Inputs, answers: list[tuple[Array, ...]], span: _Span) -> Iterator[Record]:
    """The other versions, one run of each in turn, so that what else the machine does disturbs both alike."""
    layer, images, differences = plan.layer(work), len(answers), {}
    first, *others = zip(*answers, strict=True)  # each image has its own out or dx; the parameters' gradients add up
    expected = (np.concatenate(first), *(np.sum(parts, axis=0) for parts in others))
    yield Piece(f"{work}: comparing the answers", span.at(0.0))
    for version in QUICK:  # it also warms up
        answer, _ = _run(layer, work, version, inputs.images(0, images))
        differences[version] = largest_difference(answer, expected)
    runs: dict[Version, list[float]] = {version: [] for version in QUICK}
    began = perf_counter()
    for number in range(MOST):
        part = (perf_counter() - began) / (plan.seconds / 2)
        if number >= FEWEST and part >= 1:
            break
        yield Piece(f"{work}: vectorised and fast, run {number + 1}", span.at(part))
        for version in QUICK:
            runs[version].append(_run(layer, work, version, inputs)[1])
    for version in QUICK:
        yield Timing(work, version, median(runs[version]), images, len(runs[version]), differences[version])


def _growth(plan: Plan, span: _Span) -> Iterator[Record]:
    """The convolution with one of its lengths growing."""
    cases = [(axis, value) for axis, values in plan.growth.items() for value in values]
    work = Work("convolution", "forward")
    for number, (axis, value) in enumerate(cases):
        layer = plan.grown(axis, value)
        inputs = layer.inputs(plan.dtype)
        runs: list[list[float]] = []
        began = perf_counter()
        while len(runs) < FEWEST or (len(runs) < MOST and perf_counter() - began < GROWTH_SECONDS):
            yield Piece(f"{work}: {AXES[axis]} {value}", span.at(number / len(cases)))
            runs.append([_run(layer, work, version, inputs)[1] for version in QUICK])
        for version, found in zip(QUICK, zip(*runs, strict=True), strict=True):
            yield Growth(axis, value, version, min(found))


def _run(layer: TimedLayer, work: Work, version: Version, inputs: Inputs) -> tuple[tuple[Array, ...], float]:
    """A version's answers, and its seconds: backward without those of the forward pass that it needs first."""
    began = perf_counter()
    out, cache = layer.forward(version, inputs)
    if work.direction == "forward":
        return (out,), perf_counter() - began
    began = perf_counter()
    answers = layer.backward(version, inputs.dout, cache)
    return answers, perf_counter() - began


def _seconds(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began
