"""The smallest case that shows a fault: fewest cells, then the plainest options, and whole numbers as everywhere here.

From the case that is known it goes down step by step; then all that is smaller is tried, smallest first, while there is time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from cnn_core.check.cases import by_size, measure
from cnn_core.check.kinds import KINDS, Sizes
from cnn_core.check.right import pose
from cnn_core.check.survey import Ask, Finding, Report, Tried, try_case

SECONDS = 8.0  # for one finding
Measure = tuple[int, int, tuple[int, ...]]


def shrink(ask: Ask, report: Report, finding: Finding, seconds: float = SECONDS) -> Tried:
    """The smallest case that shows the finding. What ends the process is not tried again: each time would cost the limit."""
    best, until = finding.smallest, time.monotonic() + seconds
    if finding.kind == "trouble":
        return best
    sound = not (report.back and best.verdict.first)  # a backward pass is judged where its forward pass is right

    def fails(sizes: Mapping[str, Any]) -> Tried | None:
        posed = pose(report.form.layer, sizes)
        if posed is None:
            return None
        tried = try_case(ask, report.form, posed)
        faulty = tried.fault(report.back, finding.result, finding.kind)
        return tried if faulty and not (report.back and sound and tried.verdict.first) else None

    downwards, best = True, fails(best.posed.case.sizes) or best  # in float64, from here on
    while downwards and time.monotonic() < until:
        downwards = False
        for sizes in _smaller(report.form.layer, best, report.form.limits):
            if (tried := fails(sizes)) or time.monotonic() > until:
                best, downwards = tried or best, tried is not None
                break
    most = _measure(report.form.layer, best)
    for sizes in by_size(report.form.layer, report.form.limits):
        if _of(report.form.layer, sizes) >= most or time.monotonic() > until:
            break
        if tried := fails(sizes):
            return tried
    return best


def _smaller(layer: str, tried: Tried, limits: Mapping[str, tuple[Any, ...]]) -> Iterator[Sizes]:
    """The cases that are plainer in one setting, smallest first."""
    sizes, found = dict(tried.posed.case.sizes), []
    now = _measure(layer, tried)
    for name, values in KINDS[layer].few.items():
        for value in values:
            there = sizes | {name: value}
            if (
                value != sizes[name]
                and value in limits.get(name, values)
                and (its := measure(layer, there))
                and its < now
            ):
                found.append((its, there))
    return (there for _, there in sorted(found, key=lambda pair: pair[0]))


def _measure(layer: str, tried: Tried) -> Measure:
    return _of(layer, tried.posed.case.sizes)


def _of(layer: str, sizes: Mapping[str, Any]) -> Measure:
    found = measure(layer, sizes)
    assert found is not None
    return found
