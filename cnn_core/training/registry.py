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
from cnn_core.training import turns
from cnn_core.training.checkpoint import Checkpoint
from cnn_core.training.config import TrainingConfig
from cnn_core.training.fork import keep_past
from cnn_core.training.keeper import Keeper, beyond
from cnn_core.training.progress import ACTIVE
from cnn_core.training.run import Run
from cnn_core.training.stop import StopRules
from cnn_core.training.store import Row, Store, StoreError
from cnn_core.training.writer import Writer

INTERRUPTED = "the server ended while it trained"
REST = 0.2  # seconds in which a page is made and drawn


class Registry:
    """All runs of this server by id. At most `slots` cores' worth of them trains at once (default: the cores there are).

    The others wait, and visitors take turns (turns.py): they are told apart by the word that `start`, `fork` and `resume` are
    given. Without one they count as the same visitor, of whom any number of runs may wait. `Keeper` looks after what nobody
    asks for. One lock guards what is in memory; nobody who holds it waits for a disk or a worker: commands are sent and notes
    are written by threads of their own, histories and checkpoints are read and copied without it.

    folder: where runs are kept; None is `runs` in `data_folder()`. Runs whose server died are interrupted now: `Run.resume`
    continues them. If it cannot be used, a temporary one is (`message` says why); raises StoreError or OSError if that fails.
    """

    def __init__(self, folder: Path | None = None, slots: float | None = None) -> None:
        self.slots = slots or available_cores()
        self._temporary: Path | None = None
        try:
            self.store = Store(folder or data_folder() / "runs")
            self.message = self.store.message
        except StoreError as error:
            self._temporary = Path(tempfile.mkdtemp(prefix="convscope-"))
            self.store = Store(self._temporary)
            self.message = f"{error}: the runs of this server are kept only until it ends"
        self._runs, self._deleted = dict[str, Run](), dict[str, Run]()  # those in memory, and those deleted since
        self._lock = threading.RLock()
        self._loading: dict[str, threading.Lock] = {}  # who wants a run that another one is reading waits for that
        self._writer = Writer()
        try:
            for row in self.store.rows():
                if row.state in ACTIVE:
                    self.store.set(row.id, state="interrupted", message=INTERRUPTED)
        except StoreError as error:
            self.message = str(error)
        self._keeper = Keeper(self)
        self.full = self._keeper.full

    @property
    def runs(self) -> list[Run]:
        """Those in memory."""
        return list(self._runs.values())

    @property
    def with_process(self) -> list[Run]:
        """Those that may have one: also of a run that was deleted, until it has ended."""
        return [*self.runs, *list(self._deleted.values())]

    def start(
        self,
        config: TrainingConfig,
        pace: float | None = None,
        *,
        advance: str | None = None,
        begin_with: Checkpoint | None = None,
        visitor: str | None = None,
    ) -> Run:
        """A new run, training now or queued. pace: steps a second; None is as fast as it goes.

        advance: "step" or "epoch": pause after it. begin_with: weights to start from, as after 0 steps. visitor: who wants it.
        Raises StoreError or OSError if it cannot be kept, ValueError if the visitor has too many runs waiting.
        """
        self._keeper.check(visitor)
        with self._new() as run_id:
            if begin_with is not None:
                replace(begin_with, given=True).write(self.store.checkpoints(run_id).path(0))
            self.store.add(run_id, config.as_dict(), pace)
            return self._load(run_id, advance, visitor)

    def fork(
        self,
        parent: Run,
        iteration: int,
        *,
        num_epochs: int | None = None,
        stop: StopRules | None = None,
        pace: float | None = None,
        visitor: str | None = None,
        **live: float,
    ) -> Run:
        """A new run with the parent's past up to one of its checkpoints, and a future of its own.

        num_epochs, stop: other than the parent's. live: other values of `config.LIVE` from there on. The checkpoints are shared
        with the parent where the disk can do that (a file with two names), else copied. Raises ValueError for values out of
        range, where there is no such checkpoint, and as `start`.
        """
        if not parent.checkpoints.path(iteration).is_file():
            raise ValueError(f"iteration (={iteration}) must be that of a checkpoint of the run")
        old = parent.config
        config = replace(old, num_epochs=num_epochs or old.num_epochs, stop=stop or old.stop)
        config.changed(**live)
        self._keeper.check(visitor)
        with self._new() as run_id:
            keep_past(self.store, run_id, parent, iteration, live)
            self.store.add(run_id, config.as_dict(), pace, (parent.id, iteration))  # last: now it is there
            return self._load(run_id, None, visitor)

    def resume(self, run: Run, advance: str | None = None, visitor: str | None = None) -> None:
        """`Run.resume`, where the visitor may let one more run wait. Raises ValueError where not."""
        if run.state == "paused" or run.can_go_on:
            self._keeper.check(visitor)
        run.resume(advance, visitor)

    def get(self, run_id: str) -> Run | None:
        """The run with this id, if it is kept; counts as a look at it.

        Raises StoreError if its data set is gone, or its settings are of another version.
        """
        try:
            run = self._runs.get(run_id) or self._load(run_id)
        except KeyError:
            return None
        run.seen = time.monotonic()
        return run

    def rows(self) -> list[Row]:
        """What is kept of every run, the newest first."""
        return self.store.rows()

    def deleted(self) -> list[Row]:
        """What was deleted and can be brought back, the latest first."""
        return sorted(self.store.rows(deleted=True), key=lambda row: -(row.deleted or 0))

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
        self.store.set(run_id, deleted=time.time())
        with self._lock:
            if (run := self._runs.pop(run_id, None)) is not None and not run.ended:
                self._deleted[run_id] = run  # its worker has yet to end
                run.stop()

    def undelete(self, run_id: str) -> None:
        """Bring a deleted run back. Raises ValueError if it is gone for good."""
        if not self.store.set(run_id, deleted=None):
            raise ValueError(f"run (={run_id[:20]}) is gone for good: it was deleted more than a day ago")
        with self._lock:
            if (run := self._deleted.pop(run_id, None)) is not None:
                self._runs[run_id] = run

    def give_way(self) -> None:
        """Let all trainings rest for a moment. Where browser, server and trainings share a few cores, pages answer faster."""
        for run in self.runs:
            run.rest(REST)

    def waiting_before(self, run: Run) -> int:
        """How many queued runs will train before this one, if nobody else comes."""
        waiting = turns.queue(self.runs)
        return waiting.index(run) if run in waiting else 0

    def fill(self) -> None:
        """Let queued runs train, in turn, as far as there is room, on the disk as well."""
        with self._lock:
            if self.slots and not self.full():
                turns.fill(self.runs, self.slots)

    def let_go(self) -> None:
        """Drop from memory the ended runs that are beyond the bounds; they are read again when somebody looks."""
        with self._lock:
            self._deleted = {i: run for i, run in self._deleted.items() if not run.ended}
            for run in beyond(self.runs):
                del self._runs[run.id]

    def close(self) -> None:
        """End every worker process; nothing queued starts any more. What was heard is written down."""
        self._keeper.close()
        with self._lock:
            self.slots = 0
        for run in self.with_process:
            run.abandon()
        self._writer.close()
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

    def _load(self, run_id: str, advance: str | None = None, visitor: str | None = None) -> Run:
        """Read a run. Those who want the same one meanwhile wait for it, nobody else does. Raises KeyError if it is not kept."""
        with self._lock:
            alone = self._loading.setdefault(run_id, threading.Lock())
        try:
            with alone:
                if (run := self._runs.get(run_id)) is not None:
                    return run
                if (row := self.store.row(run_id)) is None:
                    raise KeyError(run_id)
                if row.state in ("running", "paused"):  # of a server that died, and could not be marked
                    row = replace(row, state="interrupted", message=INTERRUPTED)
                run = Run(row, self.store, self._lock, self._writer, self.fill, advance, visitor)
                with self._lock:
                    turns.check_waiting(self.runs, visitor)  # once more: several may have come at the same time
                    self._runs[run_id] = run
                    self.fill()
        finally:
            self._loading.pop(run_id, None)
        self.let_go()
        return run
