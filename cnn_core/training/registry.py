"""The runs of one server: finds them by id, trains as many at once as there is room for, forgets what is long gone."""

from __future__ import annotations

import os
import threading
import time

from cnn_core.training.config import TrainingConfig
from cnn_core.training.run import Run

MOST_ENDED = 40  # ended runs that are kept, the latest: each holds its records and weights, some MB
AWAY_PAUSE, AWAY_STOP = 15 * 60.0, 2 * 3600.0  # seconds without a look after which a run is paused, then stopped
PACED = 0.25  # the part of a core that a run with a pace is counted as; without one it takes a whole core


class Registry:
    """All runs of this server by id. At most `slots` cores' worth of them trains at once (default: the cores there are).

    The others wait in turn. A run that nobody looks at for long is paused, and much later stopped, its weights kept.
    """

    def __init__(self, slots: float | None = None) -> None:
        self.slots = slots or os.cpu_count() or 1
        self._runs: dict[str, Run] = {}
        self._lock = threading.RLock()

    def start(self, config: TrainingConfig, pace: float | None = None) -> Run:
        """A new run, training now or queued. pace: steps a second; None is as fast as it goes."""
        with self._lock:
            self._tidy()
            run = Run(config, pace, self._lock, self._fill)
            self._runs[run.id] = run
            self._fill()
        return run

    def get(self, run_id: str) -> Run | None:
        """The run with this id, if the server still knows it; counts as a look at it."""
        run = self._runs.get(run_id)
        if run is not None:
            run.seen = time.monotonic()
        if run is None or run.state == "queued":
            with self._lock:
                self._tidy()
        return run

    def waiting_before(self, run: Run) -> int:
        """How many queued runs will train before this one."""
        queue = [r.id for r in list(self._runs.values()) if r.state == "queued"]
        return queue.index(run.id) if run.id in queue else 0

    def close(self) -> None:
        """End every worker process; nothing queued starts any more."""
        with self._lock:
            self.slots = 0
        for run in list(self._runs.values()):
            run.kill()

    def _fill(self) -> None:
        """Let queued runs train, in turn, as far as there is room."""
        with self._lock:
            for run in [r for r in self._runs.values() if r.state == "queued"]:
                taken = sum(_share(r) for r in self._runs.values() if r.state == "running")
                if taken + _share(run) > self.slots:
                    break
                run.go()

    def _tidy(self) -> None:
        """Pause, stop and forget what nobody needs; nothing runs in between, so this is called where room is wanted."""
        now = time.monotonic()
        for run in list(self._runs.values()):
            away = now - run.seen
            if away > AWAY_STOP:
                run.stop()
            elif away > AWAY_PAUSE:
                run.pause(f"paused, because nobody looked at it for {AWAY_PAUSE / 60:.0f} minutes")
        for old in [r.id for r in self._runs.values() if r.ended][:-MOST_ENDED]:
            del self._runs[old]


def _share(run: Run) -> float:
    return 1.0 if run.pace is None else PACED
