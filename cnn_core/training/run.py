"""One training as the server knows it: its worker process, what it said so far, and the commands it takes."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnn_core.checks import Array
from cnn_core.solver import StepRecord
from cnn_core.threads import ONE_THREAD
from cnn_core.training.config import TrainingConfig
from cnn_core.training.messages import decode, encode

ROOT = Path(__file__).resolve().parents[2]
ENDED = ("finished", "stopped", "diverged", "failed")


class Run:
    """One training. Fields are replaced or appended to, never changed inside: safe to read at any time.

    state: queued (for its start, or to go on after a pause), running, paused, or one of ENDED. records: one per step so
    far. filters: the latest W1 (F, C, HH, WW). params: all weights as of params_iteration, the last checkpoint.
    message: what went wrong, or why it is paused. seen: when somebody last looked (time.monotonic).

    lock: held at every change of state, one for all runs of a server. on_room: called when this run frees or wants room.
    """

    def __init__(
        self, config: TrainingConfig, pace: float | None, lock: threading.RLock, on_room: Callable[[], None]
    ) -> None:
        self.id = secrets.token_urlsafe(9)
        self.config = config
        self.pace = pace
        self.state = "queued"
        self.iterations = 0
        self.records: list[StepRecord] = []
        self.filters: Array | None = None
        self.params: dict[str, Array] = {}
        self.params_iteration = 0
        self.test_accuracy: float | None = None
        self.message = ""
        self.seen = time.monotonic()
        self._lock = lock
        self._on_room = on_room
        self._process: subprocess.Popen[str] | None = None

    @property
    def ended(self) -> bool:
        """Whether no further step will come."""
        return self.state in ENDED

    def go(self) -> None:
        """Train now: start the worker, or let it go on. For the registry, when it has room."""
        with self._lock:
            if self.state != "queued":
                return
            self.state, self.message = "running", ""
            if self._process is not None:
                self._send({"command": "resume"})
                return
            try:
                self._process = self._worker()
            except OSError as error:
                self._end("failed", f"the training process could not start ({error})")
                return
            self._send({**self.config.as_dict(), "pace": self.pace})
            threading.Thread(target=self._hear, args=(self._process,), daemon=True).start()

    def pause(self, reason: str = "") -> None:
        """Hold the training after the step it is at; one that has not started keeps its place in the queue."""
        with self._lock:
            if self.state == "running":
                self.message = reason
                self._send({"command": "pause"})
            elif self.state == "queued" and self._process is not None:
                self.state = "paused"

    def resume(self) -> None:
        """Go on from where it was paused, as soon as there is room."""
        with self._lock:
            if self.state == "running":
                self._send({"command": "resume"})  # a pause may be on its way
            elif self.state == "paused":
                self.state = "queued"
                self._on_room()

    def stop(self) -> None:
        """End the training and keep what it learned; one that has not started ends at once."""
        with self._lock:
            if self._process is None and not self.ended:
                self._end("stopped")
            elif not self.ended:
                self._send({"command": "stop"})

    def set_pace(self, pace: float | None) -> None:
        """Steps a second; None is as fast as it goes."""
        with self._lock:
            if pace != self.pace:
                self.pace = pace
                self._send({"command": "pace", "pace": pace})
                self._on_room()

    def kill(self) -> None:
        """End the worker process without another word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _worker(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "cnn_core.training.worker"],
            cwd=ROOT,
            env=os.environ | ONE_THREAD | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def _send(self, message: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(encode(message) + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # the worker has ended; the hearing thread says how

    def _hear(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        noise = ""
        for line in process.stdout:
            try:
                message = decode(line)
            except ValueError:
                noise = line.strip() or noise  # a traceback's last line says what happened
                continue
            try:
                with self._lock:
                    self._note(message)
            except Exception as error:  # whatever it is, a run that nobody hears must not keep its room
                noise = f"{type(error).__name__}: {error}"
                process.kill()
                break
        process.wait()
        with self._lock:
            if not self.ended:
                why = noise or f"exit code {process.returncode}"
                self._end("failed", f"the training process ended unexpectedly ({why})")

    def _note(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if self.ended:
            return
        if kind == "steps":
            self.records += [StepRecord(**record) for record in message["records"]]
            self.filters = message["filters"]
        elif kind == "checkpoint":
            self.params, self.params_iteration = message["params"], len(self.records)
        elif kind == "state":
            self.state = message["state"]
            self.iterations = message.get("iterations", self.iterations)
            if self.state == "paused":
                self._on_room()
        elif kind in ENDED:
            self.test_accuracy = message.get("test_accuracy")
            self._end(kind, message.get("message", ""))

    def _end(self, state: str, message: str = "") -> None:
        self.state, self.message = state, message
        self._on_room()
