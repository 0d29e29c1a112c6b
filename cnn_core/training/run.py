"""One training as the server knows it: what it said so far, what is kept of it, and the commands it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cnn_core.checks import Array
from cnn_core.network import Network
from cnn_core.solver import StepRecord
from cnn_core.training.checkpoint import Checkpoint, load_weights
from cnn_core.training.config import TrainingConfig
from cnn_core.training.process import WorkerProcess
from cnn_core.training.stop import val_accuracies
from cnn_core.training.store import Change, Row, Store, StoreError

ACTIVE = ("queued", "running", "paused")
ENDED = ("finished", "stopped", "diverged", "failed", "interrupted")
CAN_GO_ON = ("stopped", "interrupted", "failed")


@dataclass(frozen=True)
class Statistics:
    """One step seen from inside: `network.LayerStatistics` by layer, as a dict each."""

    iteration: int
    layers: list[dict[str, Any]]


class Run:
    """One training. Fields are replaced or appended to, never changed inside: safe to read at any time.

    state: queued (for its start, or to go on), running, paused, or one of ENDED; interrupted: its server died. records:
    one per step so far. filters: the latest first layer's weights (F, C, HH, WW). seconds: of training so far. message:
    what went wrong, or why it is paused or ended. warning: what could not be kept, and why. seen: when somebody last
    looked (time.monotonic). parent: the run and iteration that it was forked from.

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
        self.id, self.created = row.id, row.created
        self.config = TrainingConfig.from_dict(row.config)
        self.parent = None if row.parent is None else (row.parent, row.parent_iteration or 0)
        self.pace, self.state, self.iterations = row.pace, row.state, row.iterations
        self.seconds, self.message, self.test_accuracy = row.seconds, row.message, row.test_accuracy
        self.records = store.steps(row.id)
        self.changes = store.changes(row.id)
        self.statistics = [Statistics(*found) for found in store.statistics(row.id)]
        self.checkpoints = store.checkpoints(row.id)
        self.filters: Array | None = None
        self.warning = ""
        self.seen = time.monotonic()
        self._store = store
        self._lock = lock
        self._on_room = on_room
        self._process: WorkerProcess | None = None
        self._advance = advance
        self._rate: list[tuple[int, float]] = []

    @property
    def ended(self) -> bool:
        """Whether no further step will come by itself."""
        return self.state in ENDED

    @property
    def can_go_on(self) -> bool:
        """Whether it has ended before its end, so that `resume` continues it."""
        return self.state in CAN_GO_ON

    @property
    def live(self) -> dict[str, float]:
        """The values now of what may be changed while it trains (the learning rate: before its decay)."""
        values = self.config.live()
        for change in self.changes:
            values[change.name] = change.value
        return values

    @property
    def steps_per_second(self) -> float | None:
        """How fast it trained lately; None: not known."""
        if len(self._rate) < 2 or self.state != "running":
            return None
        (first, began), (last, now) = self._rate[0], self._rate[-1]
        return (last - first) / (now - began) if now > began else None

    @property
    def latest(self) -> int | None:
        """The iteration of the last checkpoint that is not ahead of the records; None: there is none yet."""
        return self.checkpoints.latest(self.records[-1].iteration if self.records else 0)

    def network_at(self, iteration: int | None = None) -> Network:
        """The network as it was after so many steps, a checkpoint's; None: the latest, untrained if there is none.

        Raises ValueError or OSError for a file that is damaged or gone.
        """
        network = self.config.model()
        if (iteration := self.latest if iteration is None else iteration) is not None:
            checkpoint = Checkpoint.read(self.checkpoints.path(iteration))
            load_weights(network, {**checkpoint.params, **checkpoint.buffers})
        return network

    def go(self) -> None:
        """Train now: start the worker, or let it go on. For the registry, when it has room."""
        with self._lock:
            if self.state != "queued":
                return
            self._set(state="running", message="")
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
                done = self.records[-1].iteration if self.records else 0
                self._note_changes([Change(done, name, value) for name, value in values.items()])

    def set_pace(self, pace: float | None) -> None:
        """Steps a second; None is as fast as it goes."""
        with self._lock:
            if pace != self.pace:
                self._set(pace=pace)
                self._send({"command": "pace", "pace": pace})
                self._on_room()

    def kill(self) -> None:
        """End the worker process without another word."""
        if self._process is not None:
            self._process.kill()

    def _rewind(self) -> int | None:
        """Go back to the last checkpoint that is whole; returns its iteration, None for a start from the beginning."""
        while (done := self.latest) is not None:
            try:
                Checkpoint.read(self.checkpoints.path(done))
                break
            except (ValueError, OSError):
                self.checkpoints.path(done).unlink(missing_ok=True)
        self.checkpoints.forget_after(done or 0)
        self.records = [r for r in self.records if r.iteration <= (done or 0)]
        self.statistics = [s for s in self.statistics if s.iteration <= (done or 0)]
        self._keep(lambda: self._store.forget_after(self.id, done or 0))
        return done

    def _send(self, message: dict[str, Any]) -> None:
        if self._process is not None:
            self._process.send(message)

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
                self._rate = [*self._rate[-20:], (records[-1].iteration, time.monotonic())]
                self._keep(lambda: self._store.add_steps(self.id, records))
            case "statistics":
                self.statistics.append(Statistics(message["iteration"], message["layers"]))
                self._keep(lambda: self._store.add_statistics(self.id, message["iteration"], message["layers"]))
            case "changed":
                self._note_changes([Change(message["iteration"], message["name"], message["value"])])
            case "state":
                self.iterations = message.get("iterations", self.iterations)
                reason = message.get("message") or self.message
                self._set(state=message["state"], iterations=self.iterations, message=reason, seconds=self.seconds)
                if self.state == "paused":
                    self._rate = []
                    self._on_room()
            case "finished" | "stopped" | "diverged" | "failed":
                self.test_accuracy = message.get("test_accuracy")
                self._end(kind, message.get("message", ""))

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
        """Write to the store; where that fails the training goes on, and the page says what is not kept."""
        try:
            write()
        except StoreError as error:
            self.warning = str(error)
