"""Whose run trains next, so that no visitor waits behind all the runs of another one."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from cnn_core.training.run import Run

PACED = 0.25  # the part of a core that a run with a pace is counted as; without one it takes a whole core
TURN = 300.0  # seconds of training after which a run makes room for a visitor of whom none trains
MOST_WAITING = 8  # runs of one visitor


def share(run: Run) -> float:
    """How many cores' worth of room a run takes."""
    return 1.0 if run.pace is None else PACED


def queue(runs: Iterable[Run]) -> list[Run]:
    """The runs that wait, in the order in which they will train: first those of visitors with the fewest runs before them
    (training, or waiting for longer), among these that of the visitor whose last turn is longest ago, and of one visitor that
    which has waited longest. runs: all, also those that have ended."""
    runs = list(runs)
    before = Counter(run.visitor for run in runs if run.state == "running")
    last: defaultdict[str | None, int] = defaultdict(lambda: -1)
    for run in runs:
        last[run.visitor] = max(last[run.visitor], run.went)
    waiting, ordered = [run for run in runs if run.state == "queued"], []
    while waiting:
        first = min(waiting, key=lambda run: (before[run.visitor], last[run.visitor], run.turn))
        ordered.append(first)
        waiting.remove(first)
        before[first.visitor] += 1
        last[first.visitor] = max(last.values()) + 1
    return ordered


def make_room(run: Run, running: Sequence[Run], slots: float, now: float) -> list[Run] | None:
    """The running ones that are to wait so that `run` has room; empty: there is room; None: it has to wait itself.

    One that another visitor keeps on top of as much as `run` would bring its own visitor to, the latest first; and, for a
    visitor of whom none trains, one that has trained for a TURN.
    """
    taken: defaultdict[str | None, float] = defaultdict(float)
    for other in running:
        taken[other.visitor] += share(other)
    free, wanted = slots - sum(map(share, running)), share(run)
    mine, out = taken[run.visitor] + wanted, []
    for other in sorted(running, key=lambda other: other.since, reverse=True):
        if free >= wanted:
            break
        left = taken[other.visitor] - share(other)
        over = mine == wanted and now - other.since > TURN
        if other.visitor != run.visitor and (left >= mine or over):
            taken[other.visitor] = left
            free += share(other)
            out.append(other)
    return out if free >= wanted else None


def fill(runs: Iterable[Run], slots: float) -> None:
    """Let queued runs train, in turn, as far as there is room."""
    runs = list(runs)

    def training() -> list[Run]:
        return [run for run in runs if run.state == "running"]

    for last in reversed(training()[1:]):  # one was told to go faster
        if sum(map(share, training())) > slots:
            last.hold()
    for run in queue(runs):
        others = make_room(run, training(), slots, time.monotonic())
        if others is None:
            break  # also those behind it wait: what is small must not keep what is large from its turn for ever
        for other in others:
            other.hold()
        run.go()


def check_waiting(runs: Iterable[Run], visitor: str | None) -> None:
    """Raise ValueError if a visitor has as many runs waiting as one may have; None is nobody in particular."""
    waiting = sum(run.state == "queued" and run.visitor == visitor for run in runs)
    if visitor is not None and waiting >= MOST_WAITING:
        raise ValueError(
            f"your runs that wait (={waiting}) must not become more than {MOST_WAITING}: stop one of them, or wait until one "
            f"has its turn"
        )
