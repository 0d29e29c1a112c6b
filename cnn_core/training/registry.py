"""The runs of one server: kept in a folder, found by id, as many training at once as there is room for."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from cnn_core.folders import data_folder
from cnn_core.machine.threads import available_cores
from cnn_core.solver import StepRecord
from cnn_core.training.checkpoint import Checkpoint
from cnn_core.training.config import TrainingConfig
from cnn_core.training.progress import ACTIVE
from cnn_core.training.run import Run
from cnn_core.training.stop import StopRules
from cnn_core.training.store import Change, Row, Store, StoreError

MOST_LOADED = 40  # ended runs that are kept in memory, the latest looked at; all of them are in the store
AWAY_PAUSE, AWAY_STOP = 15 * 60.0, 2 * 3600.0  # seconds without a look after which a run is paused, then stopped
INTERRUPTED = "the server ended while it trained"
REST = 0.2  # seconds in which a page is made and drawn
PACED = 0.25  # the part of a core that a run with a pace is counted as; without one it takes a whole core


class Registry:
    """All runs of this server by id. At most `slots` cores' worth of them trains at once (default: the cores there are).

    The others wait in turn. A run that nobody looks at for long is paused, and much later stopped, its weights kept.

    folder: where runs are kept; None is `runs` in `data_folder()`. Runs that were on their way when their server died
    are interrupted now: `Run.resume` continues them. If the folder cannot be used, runs live in a temporary one, and
    `message` says so and why.
    """

    def __init__(self, folder: Path | None = None, slots: float | None = None) -> None:
        self.slots = slots or available_cores()
        self._temporary: Path | None = None
        folder = folder or data_folder() / "runs"
        try:
            self.store = Store(folder)
            self.message = self.store.message
        except StoreError as error:
            self._temporary = Path(tempfile.mkdtemp(prefix="convscope-"))
            self.store = Store(self._temporary)
            self.message = f"{error}: the runs of this server are kept until it ends only"
        self._runs: dict[str, Run] = {}
        self._deleted: dict[str, Run] = {}  # those of them that were deleted since
        self._lock = threading.RLock()
        try:
            for row in self.store.rows():
                if row.state in ACTIVE:
                    self.store.set(row.id, state="interrupted", message=INTERRUPTED)
        except StoreError as error:
            self.message = str(error)

    def start(
        self,
        config: TrainingConfig,
        pace: float | None = None,
        *,
        advance: str | None = None,
        begin_with: Checkpoint | None = None,
    ) -> Run:
        """A new run, training now or queued. pace: steps a second; None is as fast as it goes.

        advance: "step" or "epoch": pause after it. begin_with: weights to start from, as after 0 steps.
        Raises StoreError or OSError if it cannot be kept.
        """
        with self._lock, self._new() as run_id:
            self._tidy()
            if begin_with is not None:
                replace(begin_with, given=True).write(self.store.checkpoints(run_id).path(0))
            self.store.add(run_id, config.as_dict(), pace)
            return self._begin(run_id, advance)

    def fork(
        self,
        parent: Run,
        iteration: int,
        *,
        num_epochs: int | None = None,
        stop: StopRules | None = None,
        pace: float | None = None,
        **live: float,
    ) -> Run:
        """A new run with the parent's past up to one of its checkpoints, and a future of its own.

        num_epochs, stop: other than the parent's. live: other values of `config.LIVE` from there on.
        Raises ValueError for values out of range, and where there is no such checkpoint.
        """
        if not parent.checkpoints.path(iteration).is_file():
            raise ValueError(f"iteration (={iteration}) must be that of a checkpoint of the run")
        config = replace(
            parent.config, num_epochs=num_epochs or parent.config.num_epochs, stop=stop or parent.config.stop
        )
        config.changed(**live)
        with self._lock, self._new() as run_id:
            self._tidy()
            files = self.store.checkpoints(run_id)
            files.folder.mkdir(parents=True, exist_ok=True)
            for earlier in [i for i in parent.checkpoints.iterations() if i <= iteration]:
                with suppress(FileNotFoundError):  # thinned out meanwhile
                    shutil.copyfile(parent.checkpoints.path(earlier), files.path(earlier))
            self.store.add_steps(run_id, [r for r in parent.records if r.iteration <= iteration])
            for seen in parent.statistics:
                if seen.iteration <= iteration:
                    self.store.add_statistics(run_id, seen.iteration, seen.layers)
            changes = [c for c in parent.changes if c.iteration <= iteration]
            self.store.add_changes(run_id, [*changes, *(Change(iteration, name, v) for name, v in live.items())])
            self.store.add(run_id, config.as_dict(), pace, (parent.id, iteration))  # last: now it is there
            return self._begin(run_id, None)

    def get(self, run_id: str) -> Run | None:
        """The run with this id, if it is kept; counts as a look at it.

        Raises StoreError if its data set is gone, or its settings are of another version.
        """
        if (run := self._runs.get(run_id)) is None:
            with self._lock:
                run = self._runs.get(run_id) or self._load(run_id)
        if run is not None:
            run.seen = time.monotonic()
        # Not at any price: a page asks several times a second, and must not wait while what was heard is written down.
        if (run is None or run.state == "queued") and self._lock.acquire(blocking=False):
            try:
                self._tidy()
                self._fill()
            finally:
                self._lock.release()
        return run

    def rows(self) -> list[Row]:
        """What is kept of every run, the newest first."""
        return self.store.rows()

    def results(self) -> dict[str, tuple[StepRecord, float | None]]:
        """By id: the last step of every run that has one, and its last validation accuracy."""
        return self.store.results()

    def describe(self, run_id: str, *, name: str | None = None, note: str | None = None) -> None:
        """Give a run a name (at most 60 letters), or a note (at most 2,000)."""
        for text, value, most in (("name", name, 60), ("note", note, 2000)):
            if value is not None:
                if len(value) > most:
                    raise ValueError(f"{text} (of {len(value)} letters) must have {most} or less")
                self.store.set(run_id, **{text: value})

    def delete(self, run_id: str) -> None:
        """Take a run off the list; it is stopped. For a day `undelete` brings it back."""
        with self._lock:
            self.store.set(run_id, deleted=time.time())
            if (run := self._runs.pop(run_id, None)) is not None and not run.ended:
                self._deleted[run_id] = run  # its worker has yet to end
                run.stop()

    def undelete(self, run_id: str) -> None:
        """Bring a deleted run back."""
        with self._lock:
            self.store.set(run_id, deleted=None)
            if (run := self._deleted.pop(run_id, None)) is not None:
                self._runs[run_id] = run

    def give_way(self) -> None:
        """Let all trainings rest for a moment. Where browser, server and trainings share a few cores, pages answer faster."""
        for run in list(self._runs.values()):
            run.rest(REST)

    def waiting_before(self, run: Run) -> int:
        """How many queued runs will train before this one."""
        queue = [r.id for r in list(self._runs.values()) if r.state == "queued"]
        return queue.index(run.id) if run.id in queue else 0

    def close(self) -> None:
        """End every worker process; nothing queued starts any more."""
        with self._lock:
            self.slots = 0
        for run in [*self._runs.values(), *self._deleted.values()]:
            run.abandon()
        self.store.close()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    @contextmanager
    def _new(self) -> Iterator[str]:
        """The id of a run in the making; if that fails, nothing is left of it."""
        run_id = secrets.token_urlsafe(9)
        try:
            yield run_id
        except BaseException:
            with suppress(StoreError):
                self.store.remove(run_id)
            raise

    def _begin(self, run_id: str, advance: str | None) -> Run:
        run = self._load(run_id, advance)
        assert run is not None
        self._fill()
        return run

    def _load(self, run_id: str, advance: str | None = None) -> Run | None:
        row = self.store.row(run_id)
        if row is None:
            return None
        if row.state in ("running", "paused"):  # of a server that died, and could not be marked
            row = replace(row, state="interrupted", message=INTERRUPTED)
        try:
            self._runs[run_id] = Run(row, self.store, self._lock, self._fill, advance)
        except ValueError as error:
            raise StoreError(f"the settings of this run are not those of any training here: {error}") from None
        return self._runs[run_id]

    def _fill(self) -> None:
        """Let queued runs train, in turn, as far as there is room."""
        with self._lock:
            running = [r for r in self._runs.values() if r.state == "running"]
            while self.slots and len(running) > 1 and sum(map(_share, running)) > self.slots:
                running.pop().hold()  # one was told to go faster
            for run in [r for r in self._runs.values() if r.state == "queued"]:
                taken = sum(_share(r) for r in self._runs.values() if r.state == "running")
                if taken + _share(run) > self.slots:
                    break
                run.go()

    def _tidy(self) -> None:
        """Pause, stop and let go what nobody needs; nothing runs in between, so this is called where room is wanted."""
        now = time.monotonic()
        for run in list(self._runs.values()):
            away = now - run.seen
            if away > AWAY_STOP:
                run.stop()
            elif away > AWAY_PAUSE:
                run.pause(f"paused, because nobody looked at it for {AWAY_PAUSE / 60:.0f} minutes")
        ended = sorted((r for r in self._runs.values() if r.ended), key=lambda r: r.seen)
        for old in ended[:-MOST_LOADED]:
            del self._runs[old.id]
        self._deleted = {i: r for i, r in self._deleted.items() if not r.ended}
        with suppress(StoreError):
            self.store.purge()


def _share(run: Run) -> float:
    return 1.0 if run.pace is None else PACED
