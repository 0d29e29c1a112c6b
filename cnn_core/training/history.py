"""The history of a run: read like a list of `StepRecord`, held as columns, so that a million steps take 56 MB and no time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import overload

import numpy as np

from cnn_core.checks import Array
from cnn_core.solver import StepRecord

NAMES = tuple(field.name for field in fields(StepRecord))
STEP = 8 * len(NAMES)  # bytes
AT_ONCE = 4096  # steps that are made into records at a time


class History(Sequence[StepRecord]):
    """Records by step; a slice is a history, too. One thread adds, others may read: what they got does not change.

    rows: (n, 7) float64, a StepRecord's fields in their order, NaN for an accuracy that is None.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, records: Iterable[StepRecord] | Array = ()) -> None:
        self.rows = self._room = _rows(records)  # all that is known, and where more has room

    def add(self, records: Iterable[StepRecord] | Array) -> None:
        """Later steps."""
        new, count = _rows(records), len(self.rows)
        if count + len(new) > len(self._room):
            self._room = np.empty((2 * (count + len(new)), len(NAMES)))
            self._room[:count] = self.rows
        self._room[count : count + len(new)] = new
        self.rows = self._room[: count + len(new)]  # last: a reader sees all of it or nothing

    @classmethod
    def joined(cls, parts: Sequence[History]) -> History:
        """One after the other."""
        return cls(np.concatenate([part.rows for part in parts])) if parts else cls()

    @classmethod
    def from_bytes(cls, data: bytes) -> History:
        """What `as_bytes` gave. Raises ValueError where it did not."""
        return cls(np.frombuffer(data, dtype="<f8").reshape(-1, len(NAMES)))

    def as_bytes(self) -> bytes:
        """STEP bytes a step: float64, the lowest byte first."""
        return self.rows.astype("<f8", copy=False).tobytes()

    def up_to(self, iteration: int) -> History:
        """The steps up to this one; a history of its own."""
        rows = self.rows
        return History(rows[: np.searchsorted(rows[:, 0], iteration, side="right")].copy())

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> StepRecord: ...
    @overload
    def __getitem__(self, index: slice) -> History: ...
    def __getitem__(self, index: int | slice) -> StepRecord | History:
        if isinstance(index, slice):
            return History(self.rows[index])
        return _record(self.rows[index].tolist())

    def __iter__(self) -> Iterator[StepRecord]:
        rows = self.rows
        for start in range(0, len(rows), AT_ONCE):
            yield from map(_record, rows[start : start + AT_ONCE].tolist())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        mine, theirs = self.rows, _rows(other)
        return mine.shape == theirs.shape and np.array_equal(mine, theirs, equal_nan=True)


def column(records: Sequence[StepRecord], name: str) -> Array:
    """One number of every step (n,) float64; name: a field of StepRecord, or loss. NaN where there is none. Read-only."""
    if name == "loss":
        return column(records, "data_loss") + column(records, "reg_loss")
    rows = _rows(records)
    values = rows[:, NAMES.index(name)]
    values.flags.writeable = False
    return values


def epoch_ends(records: Sequence[StepRecord]) -> History:
    """The steps that have accuracies: with each of them an epoch ended."""
    rows = _rows(records)
    return History(rows[~np.isnan(rows[:, -1])])


def _rows(records: Iterable[StepRecord] | Array) -> Array:
    if isinstance(records, History):
        return records.rows
    if isinstance(records, np.ndarray):
        return records.astype(np.float64, copy=False).reshape(-1, len(NAMES))
    found = [[getattr(record, name) for name in NAMES] for record in records]
    return np.array(found, dtype=np.float64).reshape(-1, len(NAMES))  # None becomes NaN


def _record(row: list[float]) -> StepRecord:
    iteration, epoch, data_loss, reg_loss, learning_rate, train, val = row
    accuracies = (None if math.isnan(share) else share for share in (train, val))
    return StepRecord(int(iteration), int(epoch), data_loss, reg_loss, learning_rate, *accuracies)
