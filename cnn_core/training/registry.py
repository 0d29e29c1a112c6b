"""The runs of one server: starts their workers, hears them, keeps what they said, and queues those beyond the cores."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnn_core.checks import Array
from cnn_core.solver import StepRecord
from cnn_core.training.config import TrainingConfig
from cnn_core.training.messages import decode, encode

ROOT = Path(__file__).resolve().parents[2]
ENDED = ("finished", "stopped", "diverged", "failed")
MOST_RUNS = 200  # the oldest ended runs beyond this are forgotten


class Run:
    """One training as the server knows it. Fields are replaced or appended to, never changed inside: safe to read.

    state: queued, running, paused, or one of ENDED. records: one per step so far. filters: the latest W1 (F, C, HH, WW).
    params: all weights as of params_iteration, the last checkpoint. message: what went wrong, if anything.
    """

    def __init__(self, config: TrainingConfig, pace: float | None, on_idle: Callable[[], None]) -> None:
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
        self._on_idle = on_idle
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    @property
    def ended(self) -> bool:
        """Whether no further step will come."""
        return self.state in ENDED

    def launch(self) -> None:
        """Start the worker process and a thread that hears it."""
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self.state = "running"
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cnn_core.training.worker"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            self.message = f"the training process could not start ({error})"
            self._end("failed")
            return
        self._send({**self.config.as_dict(), "pace": self.pace})
        threading.Thread(target=self._hear, args=(self._process,), daemon=True).start()

    def pause(self) -> None:
        """Hold the training after the step it is at; a run that is not running stays as it is."""
        if self.state == "running":
            self._send({"command": "pause"})

    def resume(self) -> None:
        """Go on from where it was paused."""
        if self.state in ("running", "paused"):
            self.state = "running"  # at once, so that a page that looks now goes on looking
            self._send({"command": "resume"})

    def stop(self) -> None:
        """End the training and keep what it learned; a queued run ends at once."""
        if self.state == "queued":
            self._end("stopped")
        elif not self.ended:
            self._send({"command": "stop"})

    def set_pace(self, pace: float | None) -> None:
        """Steps a second; None is as fast as it goes."""
        if pace != self.pace:
            self.pace = pace
            if self._process is not None and not self.ended:
                self._send({"command": "pace", "pace": pace})

    def kill(self) -> None:
        """End the worker process without another word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _send(self, message: dict[str, Any]) -> None:
        with self._lock:
            if self._process is None or self._process.stdin is None:
                return
            try:
                self._process.stdin.write(encode(message) + "\n")
                self._process.stdin.flush()
            except (BrokenPipeError, OSError):
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
            self._note(message)
        process.wait()
        if not self.ended:
            self.message = f"the training process ended unexpectedly ({noise or f'exit code {process.returncode}'})"
            self._end("failed")

    def _note(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "steps":
            self.records += [StepRecord(**record) for record in message["records"]]
            self.filters = message["filters"]
        elif kind == "checkpoint":
            self.params, self.params_iteration = message["params"], len(self.records)
        elif kind == "state":
            self.state = message["state"]
            self.iterations = message.get("iterations", self.iterations)
            if self.state == "paused":
                self._on_idle()
        elif kind in ENDED:
            self.message = message.get("message", "")
            self.test_accuracy = message.get("test_accuracy")
            self._end(kind)

    def _end(self, state: str) -> None:
        self.state = state
        self._on_idle()


class Registry:
    """All runs of this server by id. At most `slots` train at once (default: one per core); the rest wait in turn."""

    def __init__(self, slots: int | None = None) -> None:
        self.slots = slots or os.cpu_count() or 1
        self._runs: dict[str, Run] = {}
        self._lock = threading.RLock()

    def start(self, config: TrainingConfig, pace: float | None = None) -> Run:
        """A new run, training now or queued."""
        with self._lock:
            run = Run(config, pace, self._launch_next)
            self._runs[run.id] = run
            for old in [r.id for r in self._runs.values() if r.ended][: max(0, len(self._runs) - MOST_RUNS)]:
                del self._runs[old]
            self._launch_next()
        return run

    def get(self, run_id: str) -> Run | None:
        """The run with this id, if the server still knows it."""
        return self._runs.get(run_id)

    def waiting_before(self, run: Run) -> int:
        """How many queued runs will start before this one."""
        queue = [r.id for r in list(self._runs.values()) if r.state == "queued"]
        return queue.index(run.id) if run.id in queue else 0

    def close(self) -> None:
        """End every worker process; nothing queued starts any more."""
        with self._lock:
            self.slots = 0
        for run in list(self._runs.values()):
            run.kill()

    def _launch_next(self) -> None:
        with self._lock:
            runs = list(self._runs.values())
            free = self.slots - sum(r.state == "running" for r in runs)
            for run in [r for r in runs if r.state == "queued"][: max(0, free)]:
                run.launch()
