"""How histories lie in the database: a record of the table `steps` holds all steps of a block, from `iteration` on.

Older versions wrote a row for each step, as JSON; both are read.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cnn_core.training.history import History

BLOCK = 4096  # steps at most, 229 kB; a training that goes on writes what came in a tenth of a second
SPAN = 4096  # steps of which an outline is kept together
PART = 256  # rows that are read at a time


def history(records: Sequence[bytes | str]) -> History:
    """The steps of these records, in their order."""
    if records and all(isinstance(record, str) for record in records):
        return History(np.array(json.loads(f"[{','.join(map(str, records))}]"), dtype=float))
    return History.joined([history([r]) if isinstance(r, str) else History.from_bytes(r) for r in records])


def parts(db: sqlite3.Connection, what: str, table: str, run: str) -> Iterator[list[Any]]:
    """(iteration, what) of a run's rows in a table, PART rows at a time; as long as a part took, others have the processor."""
    query = f"SELECT iteration, {what} FROM {table} WHERE run = ? AND iteration > ? ORDER BY iteration LIMIT {PART}"
    last: int | None = -1
    while last is not None:
        began = time.monotonic()
        rows = db.execute(query, (run, last)).fetchall()
        yield rows
        last = rows[-1][0] if len(rows) == PART else None
        if last is not None:
            time.sleep(time.monotonic() - began)


def cut(db: sqlite3.Connection, run: str, iteration: int) -> None:
    """Delete the steps after this one; a block that they are a part of keeps its beginning."""
    for table in ("steps", "ends"):
        db.execute(f"DELETE FROM {table} WHERE run = ? AND iteration > ?", (run, iteration))
    db.execute("DELETE FROM outlines WHERE run = ? AND iteration > ?", (run, iteration - SPAN + 1))
    last = "SELECT iteration, record FROM steps WHERE run = ? ORDER BY iteration DESC LIMIT 1"
    for first, record in db.execute(last, (run,)).fetchall():
        block = history([record])
        if len(left := block.up_to(iteration)) < len(block):
            db.execute("UPDATE steps SET record = ? WHERE run = ? AND iteration = ?", (left.as_bytes(), run, first))
