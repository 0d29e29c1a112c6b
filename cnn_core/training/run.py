"""One training of the server: its worker process, what that says, and the commands it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from cnn_core.solver import StepRecord
from cnn_core.training.checkpoint import Checkpoint
from cnn_core.training.history import epoch_ends
from cnn_core.training.noted import Noted
from cnn_core.training.process import WorkerProcess
from cnn_core.training.progress import Statistics
from cnn_core.training.stop import val_accuracies
from cnn_core.training.store import Change, Row, Store
from cnn_core.training.writer import Writer

SILENT = "its process neither read nor wrote anything for {:.0f} seconds, and was ended: go on from the last checkpoint"


class Run(Noted):
    """A training that can be told what to do. Commands say what is wanted: saying one twice changes nothing.

    lock: held at every change of state, one for all runs of a server, and never while anybody waits for a disk or a worker.
    on_room: called when this run frees or wants room. advance: "step" or "epoch": pause after it, once it trains. visitor:
    who wants it to train; None: nobody in particular.
    """

    def __init__(
        self,
        row: Row,
        store: Store,
        lock: threading.RLock,
        writer: Writer,
        on_room: Callable[[], None],
        advance: str | None = None,
        visitor: str | None = None,
    ) -> None:
        super().__init__(row, store, writer)
        self._lock = lock
        self._on_room = on_room
        self._process: WorkerProcess | None = None
        self._advance = advance
        self._resting: float | None = None  # since when its process has nothing to do
        self.visitor = visitor

    def go(self) -> None:
        """Train now: start the worker, or let it go on. For the registry, when it has room."""
        with self._lock:
            if self.state != "queued":
                return
            self._set(state="running", message="", test_accuracy=None)
            if self._process is not None:
                self._send({"command": "advance", "unit": self._advance} if self._advance else {"command": "resume"})
            else:
                self._process = WorkerProcess(partial(self._job, self._advance), self._heard, self._gone)

    def pause(self, reason: str = "") -> None:
        """Hold the training after the step it is at; one that has not started keeps its place in the queue."""
        with self._lock:
            if self.state == "running":
                self.message = reason
                self._send({"command": "pause"})
            elif self.state == "queued" and (self._process is not None or self.done):
                self._set(state="paused")

    def resume(self, advance: str | None = None, visitor: str | None = None) -> None:
        """Go on as soon as there is room: from a pause, or from the last checkpoint if it stopped or was interrupted.

        advance: "step" or "epoch": pause again after it. visitor: who wants it; None: who wanted it before.
        """
        with self._lock:
            self._advance, self.visitor = advance, visitor or self.visitor
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
            if self._process is not None:
                # It knows what it has: what is known here may be older than what is on its way.
                self._send({"command": "change", "values": values})
            else:
                new = {name: value for name, value in values.items() if self.live[name] != value}
                self._note_changes([Change(self.done, name, value) for name, value in new.items()])

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

    def resting(self) -> float | None:
        """How many seconds its process has had nothing to do, so that it might as well end; None: it has, or there is none.

        Its last step must be kept (this looks for a file), and it must have answered all that it was told.
        """
        process, since = self._process, self._resting
        if since is None or process is None or not process.answered or not self.checkpoints.path(self.done).is_file():
            return None
        return time.monotonic() - since

    def end_process(self) -> None:
        """End a process that has nothing to do: its run goes on from the checkpoint, to the same bits."""
        with self._lock:
            process, at_rest = self._process, self._resting is not None and self.state in ("paused", "queued")
            if process is None or not at_rest or not process.answered:
                return
            self._process = self._resting = None
        process.kill()

    def listen(self, seconds: float, at_most: float) -> None:
        """For the registry, every so many seconds: a process that says nothing is asked whether it is there, and ended where
        it has neither read nor written anything for `at_most` seconds."""
        with self._lock:
            if (process := self._process) is None or not process.started:
                return
            process.quiet += seconds
            if process.quiet <= at_most / 2:
                return
            if process.quiet <= at_most:
                process.send({"command": "ping"})
                return
            self._end("failed", SILENT.format(at_most))
        process.kill()

    def abandon(self) -> None:
        """End the worker process without another word; what is kept says that it was on its way."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def _job(self, advance: str | None) -> dict[str, Any]:
        """What the worker is to do; reads checkpoints, so this is called on the process's own thread."""
        done = self._rewind()
        return {
            "config": self.config.as_dict(),
            "folder": str(self.checkpoints.folder),
            "done": done,
            "changes": [(c.iteration, c.name, c.value) for c in self.changes if c.iteration >= (done or 0)],
            "accuracies": val_accuracies(epoch_ends(self.records)),
            "pace": self.pace,
            "advance": advance,
        }

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
        records = self.records.up_to(done or 0)  # may have to be read
        with self._lock:
            self.records = records
            self.statistics = [s for s in self.statistics if s.iteration <= (done or 0)]
            self._keep(lambda: self._store.forget_after(self.id, done or 0))
        return done

    def _send(self, message: dict[str, Any]) -> None:
        if (process := self._process) is not None:
            process.send(message)
            if message["command"] in ("resume", "advance", "stop"):
                self._resting = None

    def _heard(self, process: WorkerProcess, message: dict[str, Any]) -> None:
        with self._lock:
            if process is self._process:  # one that was told to end may still have something to say
                self._note(message)

    def _gone(self, process: WorkerProcess, why: str) -> None:
        with self._lock:
            if process is self._process:
                self._end("failed", why)

    def _note(self, message: dict[str, Any]) -> None:
        match kind := message["type"]:
            case "steps":
                self.filters, self.seconds = message["filters"], message["seconds"]
                self._note_steps([StepRecord(**record) for record in message["records"]])
            case "statistics":
                self._note_statistics(Statistics(message["iteration"], message["layers"]))
            case "changed":
                self._note_changes([Change(message["iteration"], message["name"], message["value"])])
            case "state":
                self.iterations = message.get("iterations", self.iterations)
                self._resting = time.monotonic() if message["state"] == "paused" else None
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

    def _end(self, state: str, message: str = "") -> None:
        self._process = self._resting = None
        self._set(state=state, message=message, test_accuracy=self.test_accuracy, seconds=self.seconds)
        self._on_room()
