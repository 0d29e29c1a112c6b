"""What is known of every run, in a SQLite file: settings, state, history. Weights are in files beside it, one folder a run.

One server at a time owns a folder (a lock file says so). Its threads write over one connection, one after the other, and
read over another one, so that no reader waits for the disk; a history is read in parts, over a connection of its own.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cnn_core.solver import StepRecord
from cnn_core.training.blocks import BLOCK, cut, history, parts
from cnn_core.training.checkpoint import Checkpoints
from cnn_core.training.database import DATABASE, OF_HISTORY, open_database, reading
from cnn_core.training.history import STEP, History
from cnn_core.training.lock import lock_file
from cnn_core.training.outline import add_block, outline

UNREADABLE = "the history could not be read from {} ({})"
UNWRITTEN = "the history could not be written to {} ({}): is the disk full?"
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
            self._reading, self._read_lock = reading(folder / DATABASE), threading.Lock()
        except (sqlite3.Error, OSError) as error:  # read-only, full or locked: the file may be whole
            self._file.close()
            raise StoreError(f"{folder / DATABASE} cannot be used ({error})") from None
        with suppress(StoreError):  # on a full disk there are still runs to be read
            self.purge()

    def close(self) -> None:
        """Let another server have the folder."""
        with self._lock, self._read_lock:
            self._reading.close()
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

    def set(self, run: str, **values: Any) -> bool:
        """Set some of FIELDS; returns whether there is such a run."""
        assert set(values) <= set(FIELDS)
        names = ", ".join(f"{name} = ?" for name in values)
        with self._writing() as db:
            return db.execute(f"UPDATE runs SET {names} WHERE id = ?", (*values.values(), run)).rowcount > 0

    def add_steps(self, run: str, records: Iterable[StepRecord]) -> None:
        """More of a run's history, in order; what was there from the first of these steps on is replaced.

        A block of steps a transaction: others may write in between.
        """
        new = records if isinstance(records, History) else History(records)
        for start in range(0, len(new), BLOCK):
            with self._writing() as db:
                add_block(db, run, new[start : start + BLOCK])

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
            cut(db, run, iteration)
            db.execute("DELETE FROM statistics WHERE run = ? AND iteration > ?", (run, iteration))

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
        last = "SELECT {} FROM {} WHERE run = runs.id ORDER BY iteration DESC LIMIT 1"
        step = last.format(f"CASE typeof(record) WHEN 'blob' THEN substr(record, -{STEP}) ELSE record END", "steps")
        found = self._read(
            f"SELECT id, ({step}), ({last.format('val_accuracy', 'ends')}) FROM runs WHERE deleted IS NULL"
        )
        return {run: (history([record])[0], accuracy) for run, record, accuracy in found if record}

    def steps(self, run: str) -> History:
        """A run's history, read in parts."""
        with self._apart() as db:
            return history([record for part in parts(db, "record", "steps", run) for _, record in part])

    def outline(self, run: str) -> History | None:
        """The steps that tell of a long history, with its ends of epochs, in little time; None for a short one."""
        with self._apart() as db:
            return outline(db, run)

    def changes(self, run: str) -> list[Change]:
        """The changes of a run's settings, in the order they were made."""
        return [
            Change(*found)
            for found in self._read("SELECT iteration, name, value FROM changes WHERE run = ? ORDER BY rowid", run)
        ]

    def statistics(self, run: str) -> list[tuple[int, list[dict[str, Any]]]]:
        """(iteration, layers) of each watched step, read in parts."""
        with self._apart() as db:
            found = parts(db, "layers", "statistics", run)
            return [(iteration, json.loads(layers)) for part in found for iteration, layers in part]

    @contextmanager
    def _apart(self) -> Iterator[sqlite3.Connection]:
        """A connection for one who reads much."""
        try:
            with closing(reading(self.folder / DATABASE)) as db:
                yield db
        except sqlite3.Error as error:
            raise StoreError(UNREADABLE.format(self.folder, error)) from None

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

    def sizes(self) -> dict[str, int]:
        """By run, the bytes of its checkpoints (a file that runs share counts for each with its part); "" is the database."""
        pages, free, size = (
            self._read(f"PRAGMA {what}")[0][0] for what in ("page_count", "freelist_count", "page_size")
        )
        folders = sorted(path.name for path in self.folder.iterdir() if path.is_dir())
        return {"": (pages - free) * size} | {run: self.checkpoints(run).size() for run in folders}

    def remove(self, run: str) -> None:
        """Delete all that is kept of a run, for good."""
        with self._writing() as db:
            db.execute("DELETE FROM runs WHERE id = ?", (run,))
            for table in (*OF_HISTORY, "changes"):
                db.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
        shutil.rmtree(self.folder / run, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock, self._connection:
                yield self._connection
        except sqlite3.Error as error:
            raise StoreError(UNWRITTEN.format(self.folder, error)) from None

    def _read(self, query: str, *values: Any) -> list[Any]:
        try:
            with self._read_lock:
                return self._reading.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(UNREADABLE.format(self.folder, error)) from None


def _row(values: tuple[Any, ...]) -> Row:
    row_id, created, config, *rest = values
    return Row(row_id, created, json.loads(config), *rest)
