"""What is known of one training, noted as it changes, and written down by the writer's thread."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from cnn_core.solver import StepRecord
from cnn_core.training.progress import Progress, Statistics
from cnn_core.training.store import Change, Row, Store, StoreError
from cnn_core.training.writer import Writer

_turns = itertools.count()


class Noted(Progress):
    """Notes change what pages read at once, and reach the store a moment later, in their order.

    turn: a number that grows with every change of state: of two runs that wait, the smaller one waits longer. went: that of
    the last time it began to train, -1 for never. since: when the state began (time.monotonic).
    """

    def __init__(self, row: Row, store: Store, writer: Writer) -> None:
        super().__init__(row, store)
        self._writer = writer
        self._unkept: deque[Callable[[], object]] = deque()  # writes that are still to be made
        self.turn, self.since = next(_turns), time.monotonic()
        self.went = -1

    @property
    def kept(self) -> bool:
        """Is all of it written down?"""
        return not self._unkept

    def keep(self) -> None:
        """Have written what could not be written before, as where the disk was full."""
        if not self.kept:
            self._writer.do(self._write)

    def _note_steps(self, records: list[StepRecord]) -> None:
        self.records.add(records)
        self.rate = [*self.rate[-20:], (records[-1].iteration, time.monotonic())]
        self._keep(lambda: self._store.add_steps(self.id, records))

    def _note_statistics(self, new: Statistics) -> None:
        """The latest with its histograms, which are large; of the others what is drawn over time."""
        before = [s.slim() for s in self.statistics[-1:]]
        self.statistics = [*self.statistics[:-1], *before, new]
        for seen in [*before, new]:
            self._keep(lambda seen=seen: self._store.add_statistics(self.id, seen.iteration, seen.layers))  # type: ignore[misc]

    def _note_changes(self, changes: list[Change]) -> None:
        self.changes = self.changes + changes
        self._keep(lambda: self._store.add_changes(self.id, changes))

    def _set(self, **values: Any) -> None:
        if values.get("state", self.state) != self.state:
            self.turn, self.since = next(_turns), time.monotonic()
            self.went = self.turn if values["state"] == "running" else self.went
        for name, value in values.items():
            setattr(self, name, value)
        self._keep(lambda: self._store.set(self.id, **values))

    def _keep(self, write: Callable[[], object]) -> None:
        """Have it written to the store, after all that came before."""
        self._unkept.append(write)
        self._writer.do(self._write)

    def _write(self) -> None:
        """For the writer's thread. Where it fails the training goes on, the page says so, and the next write catches up."""
        try:
            while self._unkept:
                self._unkept[0]()
                self._unkept.popleft()
            self.warning = ""
        except StoreError as error:
            self.warning = str(error)
