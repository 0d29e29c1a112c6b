"""What tells of a long history, kept beside it: who looks at its curves need not read a million steps.

Of each span of SPAN steps that is whole, some EACH steps for each line that is drawn, chosen by `telling`, and all ends of
epochs. A span is thinned out once, as its last step is written.
"""

from __future__ import annotations

import sqlite3

import numpy as np

from cnn_core.training.blocks import BLOCK, SPAN, cut, history
from cnn_core.training.history import NAMES, History, column, epoch_ends
from cnn_core.training.thinning import telling

EACH = 32
LONG = 32 * SPAN  # steps from which on an outline has more points than a line that is drawn
LINES = ("loss", "data_loss", "reg_loss")


def add_block(db: sqlite3.Connection, run: str, block: History) -> None:
    """More steps, BLOCK at most, in place of what was there from the first of them on."""
    first = block[0].iteration
    cut(db, run, first - 1)
    db.execute("INSERT INTO steps VALUES (?, ?, ?)", (run, first, block.as_bytes()))
    ends = [(run, end.iteration, end.val_accuracy) for end in epoch_ends(block)]
    db.executemany("INSERT INTO ends VALUES (?, ?, ?)", ends)
    keep_outline(db, run, block[-1].iteration)


def outline(db: sqlite3.Connection, run: str) -> History | None:
    """The steps that tell of a run's history, the first and the last among them; None for one that is not long, or whose
    outline is not whole, as where an older version went on with it."""
    if (last := _last_block(db, run)) < LONG:
        return None
    kept = db.execute("SELECT iteration, record FROM outlines WHERE run = ? ORDER BY iteration", (run,)).fetchall()
    if last >= (first := kept[-1][0] + SPAN if kept else 1) + SPAN:
        return None
    rest = _steps(db, run, first)
    return History.joined([*(History.from_bytes(record) for _, record in kept), _thinned(rest)])


def keep_outline(db: sqlite3.Connection, run: str, last: int | None = None) -> None:
    """Keep what tells of the spans that are whole by now, as far as it is not there. last: the last step, if it is known."""
    (kept,) = db.execute("SELECT max(iteration) FROM outlines WHERE run = ?", (run,)).fetchone()
    first = 1 if kept is None else kept + SPAN
    last = last or _last_block(db, run) + BLOCK - 1  # that, or less
    while first + SPAN - 1 <= last and len(span := _steps(db, run, first)) == SPAN:
        db.execute("INSERT INTO outlines VALUES (?, ?, ?)", (run, first, _thinned(span).as_bytes()))
        first += SPAN


def _last_block(db: sqlite3.Connection, run: str) -> int:
    """With which step the last block begins; 0: there is none."""
    (first,) = db.execute("SELECT max(iteration) FROM steps WHERE run = ?", (run,)).fetchone()
    return first or 0


def _steps(db: sqlite3.Connection, run: str, first: int) -> History:
    """The steps of a span, as far as they are there."""
    blocks = "SELECT record FROM steps WHERE run = ? AND iteration > ? AND iteration < ? ORDER BY iteration"
    found = history([record for (record,) in db.execute(blocks, (run, first - BLOCK, first + SPAN))])
    steps = found.rows[:, NAMES.index("iteration")]
    return History(found.rows[(steps >= first) & (steps < first + SPAN)])


def _thinned(span: History) -> History:
    """What tells of it. Of a part of a span in proportion, so that nothing in a curve shows where one ends."""
    most = max(8, EACH * len(span) // SPAN)
    ends = np.flatnonzero(~np.isnan(column(span, "val_accuracy")))
    return History(span.rows[np.unique(np.concatenate([ends, *(telling(column(span, line), most) for line in LINES)]))])
