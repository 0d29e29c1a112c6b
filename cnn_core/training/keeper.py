"""What a registry does without being asked: runs that nobody looks at, processes that idle or are silent, room on the disk."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from cnn_core.training import checkpoint, turns
from cnn_core.training.store import StoreError

if TYPE_CHECKING:
    from cnn_core.training.registry import Registry
    from cnn_core.training.run import Run

EVERY = 1.0  # seconds between two looks
CLEAN_EVERY = 30.0  # and between two looks at the disk
AWAY_PAUSE, AWAY_STOP = 15 * 60.0, 2 * 3600.0  # seconds without a look after which a run is paused, then stopped
RESTING = 60.0  # seconds after which the process of a run that is paused, or waits to go on, ends
MOST_RESTING = 4  # of them that may be there meanwhile, the latest
SILENCE = 60.0  # seconds after which a process that neither reads nor writes is ended
MOST_LOADED = 40  # ended runs in memory, the latest looked at; all of them are in the store
MOST_HELD = 256 << 20  # bytes of their histories; the latest one may be larger
MOST_DISK = 10 << 30  # bytes that all runs together may take


def beyond(runs: Sequence[Run]) -> list[Run]:
    """The ended runs that are more than may be in memory, or hold more: those looked at longest ago."""
    ended = sorted((run for run in runs if run.ended and run.kept), key=lambda run: run.seen, reverse=True)
    held = accumulate(run.size for run in ended)
    return [
        run
        for place, (run, size) in enumerate(zip(ended, held, strict=True))
        if place and (place >= MOST_LOADED or size > MOST_HELD)
    ]


class Keeper:
    """Looks after a registry's runs on a thread of its own, every EVERY seconds until it is closed."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._closing = threading.Event()
        self._clean_at, self._taken = 0.0, 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it; a look that is under way is finished."""
        self._closing.set()
        self._thread.join()

    def check(self, visitor: str | None) -> None:
        """Raise ValueError if a visitor has as many runs waiting as one may have, or if there is no room on the disk for
        another run, as of the last look at it."""
        turns.check_waiting(self._registry.runs, visitor)
        if words := self.full():
            raise ValueError(words)

    def full(self) -> str:
        """Why there is no room on the disk for another run that trains, as of the last look at it; empty: there is some."""
        if self._taken <= self._most():
            return ""
        return (
            f"all runs together (={self._taken / 2**30:.1f} GiB in {self._registry.store.folder}) must leave room for one "
            f"more below {MOST_DISK / 2**30:.1f} GiB: delete some on the Runs page"
        )

    def _watch(self) -> None:
        while not self._closing.wait(EVERY):
            try:
                self.look()
            except (StoreError, OSError):
                continue  # the disk may be full; the next look tries again
            except Exception:  # whatever it is, there has to be a next look: all runs depend on it
                traceback.print_exc()

    def look(self) -> None:
        """All of it, once."""
        self._away()
        for run in self._registry.with_process:
            run.listen(EVERY, SILENCE)
            run.keep()
        self._end_resting()
        self._registry.fill()
        self._registry.let_go()
        if time.monotonic() >= self._clean_at:
            self.clean()
            self._clean_at = time.monotonic() + CLEAN_EVERY

    def _away(self) -> None:
        """Runs that nobody looks at make room for those that wait; one that is paused is stopped in any case."""
        runs, now = self._registry.runs, time.monotonic()
        wanted = any(run.state == "queued" for run in runs)
        for run in runs:
            away = now - run.seen
            if away > AWAY_STOP and (wanted or run.state == "paused"):
                run.stop()
            elif away > AWAY_PAUSE and wanted:
                run.pause(f"paused, because nobody looked at it for {AWAY_PAUSE / 60:.0f} minutes")

    def _end_resting(self) -> None:
        resting = [(rest, run) for run in self._registry.runs if (rest := run.resting()) is not None]
        for place, (rest, run) in enumerate(sorted(resting, key=lambda one: one[0])):
            if rest > RESTING or place >= MOST_RESTING:
                run.end_process()

    def clean(self) -> None:
        """Let go of runs deleted long ago. Where all runs take too much room, ended ones lose their checkpoints between the ends,
        the oldest first, and after that deleted ones are let go of before their day is over."""
        store = self._registry.store
        store.purge()
        sizes, most = store.sizes(), self._most()
        total = sum(sizes.values())
        active = {run.id for run in self._registry.runs if not run.ended}
        for row in reversed(store.rows()):
            if total <= most:
                break
            if row.id not in active:
                total -= store.checkpoints(row.id).keep_ends()
        for row in reversed(self._registry.deleted()):
            if total <= most:
                break
            store.remove(row.id)
            total -= sizes.get(row.id, 0)
        self._taken = total

    def _most(self) -> int:
        """How much may be taken now: each run that trains, and one more, may come to what one run may take."""
        training = sum(run.state == "running" for run in self._registry.runs)
        return MOST_DISK - (training + 1) * checkpoint.MOST_BYTES
