"""One training of the server: its worker process, what that says, and the commands it takes."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from cnn_core.solver import StepRecord
from cnn_core.training.checkpoint import Checkpoint
from cnn_core.training.process import WorkerProcess
from cnn_core.training.progress import Progress, Statistics
from cnn_core.training.stop import val_accuracies
from cnn_core.training.store import Change, Row, Store, StoreError


class Run(Progress):
    """A training that can be told what to do. Commands say what is wanted: saying one twice changes nothing.

    lock: held at every change of state, one for all runs of a server. on_room: called when this run frees or wants room.
    advance: "step" or "epoch": pause after it, once it trains.
    """

    def __init__(
        self,
        row: Row,
        store: Store,
        lock: threading.RLock,
        on_room: Callable[[], None],
        advance: str | None = None,
    ) -> None:
        super().__init__(row, store)
        self._store = store
        self._lock = lock
        self._on_room = on_room
        self._process: WorkerProcess | None = None
        self._advance = advance
        self._unkept: deque[Callable[[], None]] = deque()  # writes that are still to be made

    def go(self) -> None:
        """Train now: start the worker, or let it go on. For the registry, when it has room."""
        with self._lock:
            if self.state != "queued":
                return
            self._set(state="running", message="", test_accuracy=None)
            if self._process is not None:
                self._send({"command": "advance", "unit": self._advance} if self._advance else {"command": "resume"})
                return
            try:
                done = self._rewind()
                changes = [(c.iteration, c.name, c.value) for c in self.changes if c.iteration >= (done or 0)]
                job = {
                    "config": self.config.as_dict(),
                    "folder": str(self.checkpoints.folder),
                    "done": done,
                    "changes": changes,
                    "accuracies": val_accuracies(self.records),
                    "pace": self.pace,
                    "advance": self._advance,
                }
                self._process = WorkerProcess(job, self._heard, self._gone)
            except (OSError, StoreError) as error:
                self._end("failed", f"the training process could not start ({error})")

    def pause(self, reason: str = "") -> None:
        """Hold the training after the step it is at; one that has not started keeps its place in the queue."""
        with self._lock:
            if self.state == "running":
                self.message = reason
                self._send({"command": "pause"})
            elif self.state == "queued" and self._process is not None:
                self._set(state="paused")

    def resume(self, advance: str | None = None) -> None:
        """Go on as soon as there is room: from a pause, or from the last checkpoint if it stopped or was interrupted.

        advance: "step" or "epoch": pause again after it.
        """
        with self._lock:
            self._advance = advance
            if self.state == "running":  # a pause may be on its way
                self._send({"command": "advance", "unit": advance} if advance else {"command": "resume"})
            elif self.state == "paused" or self.can_go_on:
                self._set(state="queued")
                self._on_room()

    def stop(self) -> None:
        """End the training and keep what it learned; one that has not started ends at once."""
        with self._lock:
            if self._process is None and not self.ended:
                self._end("stopped")
            elif not self.ended:
                self._send({"command": "stop"})

    def change(self, **values: float) -> None:
        """Set some of `config.LIVE` from the next step on. Raises ValueError for values out of range."""
        self.config.changed(**values)
        with self._lock:
            values = {name: v for name, v in values.items() if self.live[name] != v}
            if self._process is not None:
                if values:
                    self._send({"command": "change", "values": values})
            else:
                self._note_changes([Change(self.done, name, value) for name, value in values.items()])

    def set_pace(self, pace: float | None) -> None:
        """Steps a second; None is as fast as it goes."""
        with self._lock:
            if pace != self.pace:
                self._set(pace=pace)
                self._send({"command": "pace", "pace": pace})
                self._on_room()

    def hold(self) -> None:
        """Give up its room and wait for some: for the registry, when more is taken than there is."""
        with self._lock:
            if self.state == "running":
                self._send({"command": "pause"})
                self._set(state="queued")

    def rest(self, seconds: float) -> None:
        """Take no step for so long, as far as `Control.rest` allows: what a reader has just asked for comes first."""
        if self.state == "running":
            self._send({"command": "rest", "seconds": seconds})

    def abandon(self) -> None:
        """End the worker process without another word; what is kept says that it was on its way."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()

    def _rewind(self) -> int | None:
        """Go back to the last checkpoint that is whole; returns its iteration, None for a start from the beginning.

        Raises OSError where a file cannot be read.
        """
        while (done := self.latest) is not None:
            try:
                Checkpoint.read(self.checkpoints.path(done))
                break
            except FileNotFoundError:
                continue
            except ValueError:  # damaged; what cannot be read just now may be whole, and is left
                self.checkpoints.path(done).unlink(missing_ok=True)
        self.checkpoints.forget_after(done or 0)
        self.records = [r for r in self.records if r.iteration <= (done or 0)]
        self.statistics = [s for s in self.statistics if s.iteration <= (done or 0)]
        self._keep(lambda: self._store.forget_after(self.id, done or 0))
        return done

    def _send(self, message: dict[str, Any]) -> None:
        if (process := self._process) is not None:
            process.send(message)

    def _heard(self, process: WorkerProcess, message: dict[str, Any]) -> None:
        with self._lock:
            if process is self._process:  # one that was told to end may still have something to say
                self._note(message)

    def _gone(self, process: WorkerProcess, why: str) -> None:
        with self._lock:
            if process is self._process:
                self._end("failed", f"the training process ended unexpectedly ({why})")

    def _note(self, message: dict[str, Any]) -> None:
        match kind := message["type"]:
            case "steps":
                records = [StepRecord(**record) for record in message["records"]]
                self.records += records
                self.filters, self.seconds = message["filters"], message["seconds"]
                self.rate = [*self.rate[-20:], (records[-1].iteration, time.monotonic())]
                self._keep(lambda: self._store.add_steps(self.id, records))
            case "statistics":
                self._note_statistics(Statistics(message["iteration"], message["layers"]))
            case "changed":
                self._note_changes([Change(message["iteration"], message["name"], message["value"])])
            case "state":
                self.iterations = message.get("iterations", self.iterations)
                if self.state == "queued" and message["state"] == "paused":
                    return  # it waits for room to go on
                reason = message.get("message") or self.message
                self._set(state=message["state"], iterations=self.iterations, message=reason, seconds=self.seconds)
                if self.state == "paused":
                    self.rate = []
                    self._on_room()
            case "finished" | "stopped" | "diverged" | "failed":
                self.test_accuracy = message.get("test_accuracy")
                self._end(kind, message.get("message", ""))

    def _note_statistics(self, new: Statistics) -> None:
        """The latest with its histograms, which are large; of the others what is drawn over time."""
        before = [s.slim() for s in self.statistics[-1:]]
        self.statistics = [*self.statistics[:-1], *before, new]
        for seen in [*before, new]:
            self._keep(lambda seen=seen: self._store.add_statistics(self.id, seen.iteration, seen.layers))  # type: ignore[misc]

    def _note_changes(self, changes: list[Change]) -> None:
        self.changes = self.changes + changes
        self._keep(lambda: self._store.add_changes(self.id, changes))

    def _end(self, state: str, message: str = "") -> None:
        self._process = None
        self._set(state=state, message=message, test_accuracy=self.test_accuracy, seconds=self.seconds)
        self._on_room()

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        self._keep(lambda: self._store.set(self.id, **values))

    def _keep(self, write: Callable[[], None]) -> None:
        """Write to the store. Where that fails the training goes on, the page says so, and the next write catches up."""
        self._unkept.append(write)
        try:
            while self._unkept:
                self._unkept[0]()
                self._unkept.popleft()
            self.warning = ""
        except StoreError as error:
            self.warning = str(error)
