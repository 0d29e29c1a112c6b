"""What is known of every run, in a SQLite file: settings, state, history. Weights are in files beside it, one folder a run.

One server at a time owns a folder (a lock file says so); threads share one connection, one after the other.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from cnn_core.solver import StepRecord
from cnn_core.training.checkpoint import Checkpoints
from cnn_core.training.database import DATABASE, open_database
from cnn_core.training.lock import lock_file

DELETED_KEPT = 24 * 3600.0  # seconds in which a deleted run can be brought back
FIELDS = ("state", "iterations", "pace", "seconds", "message", "test_accuracy", "name", "note", "deleted")


class StoreError(Exception):
    """The history could not be read or written: the message says why, and what to do."""


@dataclass(frozen=True)
class Change:
    """A setting that was changed while its run trained: from the step after `iteration` on."""

    iteration: int
    name: str
    value: float


@dataclass(frozen=True)
class Row:
    """What the store says of one run. created: seconds since 1970. config: as `TrainingConfig.as_dict`."""

    id: str
    created: float
    config: dict[str, Any]
    state: str
    iterations: int
    pace: float | None
    seconds: float
    message: str
    test_accuracy: float | None
    name: str
    note: str
    parent: str | None
    parent_iteration: int | None
    deleted: float | None


class Store:
    """The runs kept in a folder. Raises StoreError if the folder cannot be used; a damaged database is put aside.

    message: what the reader should know of how it was opened.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._file = self._own()
        try:
            self._connection, self.message = open_database(folder / DATABASE)
        except (sqlite3.Error, OSError) as error:  # read-only, full or locked: the file may be whole
            self._file.close()
            raise StoreError(f"{folder / DATABASE} cannot be used ({error})") from None
        with suppress(StoreError):  # on a full disk there are still runs to be read
            self.purge()

    def close(self) -> None:
        """Let another server have the folder."""
        with self._lock:
            self._connection.close()
            self._file.close()

    def checkpoints(self, run: str) -> Checkpoints:
        """The checkpoint files of a run."""
        return Checkpoints(self.folder / run)

    def add(
        self, run: str, config: Mapping[str, Any], pace: float | None, parent: tuple[str, int] | None = None
    ) -> None:
        """A new run, queued."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO runs (id, created, config, state, pace, parent, parent_iteration) "
                "VALUES (?, ?, ?, 'queued', ?, ?, ?)",
                (run, time.time(), json.dumps(config), pace, *(parent or (None, None))),
            )

    def set(self, run: str, **values: Any) -> None:
        """Set some of FIELDS."""
        assert set(values) <= set(FIELDS)
        with self._writing() as db:
            db.execute(f"UPDATE runs SET {', '.join(f'{n} = ?' for n in values)} WHERE id = ?", (*values.values(), run))

    def add_steps(self, run: str, records: Iterable[StepRecord]) -> None:
        """More of a run's history; a step that was there is replaced."""
        rows = [(run, r.iteration, json.dumps(list(asdict(r).values()))) for r in records]
        with self._writing() as db:
            db.executemany("INSERT OR REPLACE INTO steps VALUES (?, ?, ?)", rows)

    def add_changes(self, run: str, changes: Iterable[Change]) -> None:
        """Settings that were changed."""
        with self._writing() as db:
            db.executemany(
                "INSERT INTO changes VALUES (?, ?, ?, ?)", [(run, c.iteration, c.name, c.value) for c in changes]
            )

    def add_statistics(self, run: str, iteration: int, layers: list[dict[str, Any]]) -> None:
        """What a watched step showed, layer by layer."""
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO statistics VALUES (?, ?, ?)", (run, iteration, json.dumps(layers)))

    def forget_after(self, run: str, iteration: int) -> None:
        """Delete what was recorded of later steps."""
        with self._writing() as db:
            for table in ("steps", "statistics"):
                db.execute(f"DELETE FROM {table} WHERE run = ? AND iteration > ?", (run, iteration))

    def rows(self, *, deleted: bool = False) -> list[Row]:
        """All runs, the newest first; the deleted ones instead, if asked for."""
        where = f"deleted IS {'NOT ' if deleted else ''}NULL"
        found = self._read(f"SELECT * FROM runs WHERE {where} ORDER BY created DESC, rowid DESC")
        return [_row(values) for values in found]

    def row(self, run: str) -> Row | None:
        """One run; None if there is none of this id, or it is deleted."""
        found = self._read("SELECT * FROM runs WHERE id = ? AND deleted IS NULL", run)
        return _row(found[0]) if found else None

    def results(self) -> dict[str, tuple[StepRecord, float | None]]:
        """The last step of each run that has one, and its last validation accuracy; the index makes it quick."""
        last = "SELECT record FROM steps WHERE run = runs.id {}ORDER BY iteration DESC LIMIT 1"
        measured = last.format("AND substr(record, -5) != 'null]' ")  # the validation accuracy stands last
        found = self._read(f"SELECT id, ({last.format('')}), ({measured}) FROM runs WHERE deleted IS NULL")
        return {
            run: (StepRecord(*json.loads(record)), StepRecord(*json.loads(end)).val_accuracy if end else None)
            for run, record, end in found
            if record
        }

    def steps(self, run: str) -> list[StepRecord]:
        """A run's history."""
        found = self._read("SELECT record FROM steps WHERE run = ? ORDER BY iteration", run)
        return [StepRecord(*json.loads(record)) for (record,) in found]

    def changes(self, run: str) -> list[Change]:
        """The changes of a run's settings, in the order they were made."""
        return [
            Change(*found)
            for found in self._read("SELECT iteration, name, value FROM changes WHERE run = ? ORDER BY rowid", run)
        ]

    def statistics(self, run: str) -> list[tuple[int, list[dict[str, Any]]]]:
        """(iteration, layers) of each watched step."""
        found = self._read("SELECT iteration, layers FROM statistics WHERE run = ? ORDER BY iteration", run)
        return [(iteration, json.loads(layers)) for iteration, layers in found]

    def _own(self) -> IO[str]:
        """Lock the folder for this process; the lock ends with it, however it ends."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = (self.folder / "lock").open("a")
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written ({error.strerror})") from None
        try:
            lock_file(file)
        except OSError:
            file.close()
            raise StoreError(f"{self.folder} is in use by another ConvScope") from None
        return file

    def purge(self) -> None:
        """Let go for good what was deleted more than DELETED_KEPT ago."""
        for row in self.rows(deleted=True):
            if time.time() - (row.deleted or 0) > DELETED_KEPT:
                self.remove(row.id)

    def remove(self, run: str) -> None:
        """Delete all that is kept of a run, for good."""
        with self._writing() as db:
            db.execute("DELETE FROM runs WHERE id = ?", (run,))
            for table in ("steps", "changes", "statistics"):
                db.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
        shutil.rmtree(self.folder / run, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock, self._connection:
                yield self._connection
        except sqlite3.Error as error:
            raise StoreError(
                f"the history could not be written to {self.folder} ({error}): is the disk full?"
            ) from None

    def _read(self, query: str, *values: Any) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"the history could not be read from {self.folder} ({error})") from None


def _row(values: tuple[Any, ...]) -> Row:
    row_id, created, config, *rest = values
    return Row(row_id, created, json.loads(config), *rest)
