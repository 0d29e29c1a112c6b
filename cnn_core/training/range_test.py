"""Which learning rate? Try them all, from tiny to huge, within one short training (Smith, "Cyclical learning rates", 2017).

Each step takes a rate a little larger than the one before. While the rates are too small the loss stands still, then it
falls, and when they are too large it rises or explodes. A good rate lies where it falls most steeply.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from cnn_core.checks import Array
from cnn_core.solver import DivergedError, Solver, StepRecord
from cnn_core.training.history import column

SMALLEST, LARGEST, STEPS = 1e-5, 10.0, 120
SMOOTHING = 0.9  # the weight of the past in the running mean of the loss
LEAST_FALL = 0.1  # of the loss
WOBBLE = 8  # times what chance leaves in the smoothed loss: what falls by less has only wobbled from batch to batch
FIRST = 10  # the smoothed loss of the steps before is still rough
TOO_HIGH = 4.0  # times the smallest loss: no need to go on


def range_test_rate(iteration: int) -> float:
    """The learning rate of a step of the test, counted from 1: from SMALLEST to LARGEST in equal factors."""
    return SMALLEST * math.pow(LARGEST / SMALLEST, (iteration - 1) / (STEPS - 1))


def range_test_steps(solver: Solver, done: int = 0) -> Iterator[StepRecord]:
    """Train with ever larger rates; ends early where the loss explodes. Yields one record a step."""
    smallest = math.inf
    for iteration in range(done + 1, STEPS + 1):
        solver.optimizer.learning_rate = range_test_rate(iteration)
        try:
            record = solver.step(iteration)
        except DivergedError:
            return
        yield record
        smallest = min(smallest, record.loss)
        if record.loss > TOO_HIGH * smallest and iteration > STEPS // 4:
            return


def smooth(values: Sequence[float] | Array, weight: float = SMOOTHING) -> Array:
    """The running mean of values (n,), each past value weighted less; without the pull to 0 at the start (as in Adam).

    Sums over 1, 2, 4, ... of the latest values, each from two of the last: a million values must not take a second.
    """
    out, reach = (1 - weight) * np.asarray(values, dtype=float), 1
    while reach < len(out) and (share := weight**reach) > 0:
        out[reach:] = out[reach:] + share * out[:-reach]
        reach *= 2
    return out / (1 - weight ** np.arange(1, len(out) + 1))


def suggest(records: Sequence[StepRecord]) -> float | None:
    """The rate where the smoothed loss falls most steeply over the logarithm of the rate; None: it hardly falls at all.

    Looked for before the smallest smoothed loss only, and not in the FIRST steps.
    """
    if len(records) < 20:
        return None
    raw = column(records, "loss")
    losses = smooth(raw)
    lowest = FIRST + int(losses[FIRST:].argmin())
    left = math.sqrt((1 - SMOOTHING) / (1 + SMOOTHING))  # of the deviation of independent numbers, by a running mean
    wobble = left * float(np.std((raw - losses)[FIRST : max(lowest + 1, 3 * FIRST)]))
    if losses[FIRST] - losses[lowest] < max(LEAST_FALL * losses[FIRST], WOBBLE * wobble) or lowest == FIRST:
        return None
    slopes = np.gradient(losses)[FIRST:lowest]
    return records[FIRST + int(slopes.argmin())].learning_rate
