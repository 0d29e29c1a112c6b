"""The SQLite file behind the store: its tables, and how it is opened even where it is damaged."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from cnn_core.training.outline import keep_outline

DATABASE = "runs.db"
# Before 2 there was no table `outlines`; before 1, each step was a row of `steps`, and there was no table `ends`.
VERSION = 2
OF_HISTORY = ("steps", "ends", "outlines", "statistics")
SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, created REAL NOT NULL, config TEXT NOT NULL, state TEXT NOT NULL,
    iterations INTEGER NOT NULL DEFAULT 0, pace REAL, seconds REAL NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '', test_accuracy REAL, name TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '',
    parent TEXT, parent_iteration INTEGER, deleted REAL);
CREATE TABLE IF NOT EXISTS steps (
    run TEXT NOT NULL, iteration INTEGER NOT NULL, record TEXT NOT NULL, PRIMARY KEY (run, iteration)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ends (
    run TEXT NOT NULL, iteration INTEGER NOT NULL, val_accuracy REAL NOT NULL, PRIMARY KEY (run, iteration)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outlines (
    run TEXT NOT NULL, iteration INTEGER NOT NULL, record BLOB NOT NULL, PRIMARY KEY (run, iteration)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changes (run TEXT NOT NULL, iteration INTEGER NOT NULL, name TEXT NOT NULL, value REAL NOT NULL);
CREATE TABLE IF NOT EXISTS statistics (
    run TEXT NOT NULL, iteration INTEGER NOT NULL, layers TEXT NOT NULL, PRIMARY KEY (run, iteration)) WITHOUT ROWID;
"""


def open_database(path: Path) -> tuple[sqlite3.Connection, str]:
    """A connection, and what the reader should know of it. A damaged file is put aside with all that belongs to it.

    Raises sqlite3.Error or OSError where there can be none.
    """
    try:
        return _connect(path), ""
    except sqlite3.OperationalError:  # it may be whole
        raise
    except sqlite3.DatabaseError as error:
        aside = f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
        for part in ("", "-wal", "-shm"):  # what was written last may stand in the log only
            if (old := path.with_name(path.name + part)).exists():
                old.replace(path.with_name(aside + part))
        message = f"the list of runs was damaged ({error}): it is kept as {aside}, and a new one was begun"
        return _connect(path), message


def reading(path: Path) -> sqlite3.Connection:
    """One more connection, which waits for no writer: to be closed by who reads. Raises sqlite3.Error."""
    db = sqlite3.connect(path, timeout=5, check_same_thread=False)
    db.execute("PRAGMA query_only = ON")
    return db


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=5, check_same_thread=False)
    try:
        if db.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("its pages do not fit together")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(SCHEMA)
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version < VERSION:
            with db:
                if version < 1:
                    db.execute(
                        "INSERT OR REPLACE INTO ends SELECT run, iteration, json_extract(record, '$[6]') FROM steps "
                        "WHERE typeof(record) = 'text' AND substr(record, -5) != 'null]'"
                    )
                for (run,) in db.execute("SELECT id FROM runs").fetchall():
                    keep_outline(db, run)
                db.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        db.close()
        raise
    return db
