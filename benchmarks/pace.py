"""The machine's own pace: a virtual one shares its processors, and for seconds at a time all of it takes half as long again.

What has to take less than so many milliseconds is judged by the measurements that nobody disturbed: a loop of plain Python
just before and just after took about as long as it does at best. All measurements are printed beside.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

DISTURBED = 1.15  # times as long as at best
LEAST = 20  # measurements to be judged by


class Measured(NamedTuple):
    """A time in milliseconds, or several of one event, and how long the loop took beside it, in seconds."""

    times: tuple[float, ...]
    loop: float


def look() -> float:
    """Seconds of the loop, some 2 ms: the shorter of two, as a single one may meet a switch to another process."""
    return min(_loop(), _loop())


def beside(measure: Callable[[], tuple[float, ...]]) -> Measured:
    """What `measure` returns, with the machine's pace around it."""
    before = look()
    times = measure()
    return Measured(times, max(before, look()))


def undisturbed(measured: list[Measured]) -> list[Measured]:
    """Those made while the loop was about as fast as it ever was in this process."""
    return [one for one in measured if one.loop <= DISTURBED * min(_loops)]


def quantiles(measured: list[Measured], which: int = 0) -> tuple[float, float]:
    """Median and 95 per cent quantile of one of the times; infinite where there are too few to say."""
    if len(measured) < LEAST:
        return float("inf"), float("inf")
    values = [one.times[which] for one in measured]
    return statistics.median(values), float(np.quantile(values, 0.95))


def _loop() -> float:
    began = time.perf_counter()
    total = 0
    for number in range(30_000):
        total += number * number % 7
    _loops.append(time.perf_counter() - began)
    return _loops[-1]


_loops: list[float] = []
