"""One training in a process of its own: `python -m cnn_core.training.worker`.

The first line on standard input says what to train (`Job`), every further one is a command: pause, resume, stop, advance
(a step or to the end of the epoch, then pause), pace, change, rest (take no step for some seconds: a page is at work), ping
(say that you are there). Commands say what is wanted, so saying one twice changes nothing, and the last word counts. What
happens goes to standard output, a message a line:

    steps        the records since the last message, the first layer's filters after them, seconds of training so far
    statistics   what one step looked like from inside, layer by layer
    state        running or paused, and why
    changed      a setting, from which iteration on; nothing is said of one that has the value already
    alive        the answer to a ping, also in the middle of a long step
    finished / stopped / diverged / failed     the last message

When standard input closes, the one who watched is gone, and the process ends.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cnn_core.messages import decode, say
from cnn_core.network import Network, layer_statistics
from cnn_core.solver import DivergedError, Solver, StepRecord
from cnn_core.training.checkpoint import Checkpoint, Checkpoints, live_values, set_live
from cnn_core.training.config import TrainingConfig
from cnn_core.training.control import Control
from cnn_core.training.data import TrainingData
from cnn_core.training.range_test import STEPS, range_test_steps

REPORT_EVERY = 0.1  # seconds: fast enough to look live, rare enough to cost the training nothing
WATCH_EVERY = 1.0  # seconds between two steps that are looked at from inside
LEISURE = 25  # times what it costs, at least, between two checkpoints, and between two watched steps
# Steps after which much has changed: the pages show them, whatever they cost.
EARLY = {2**k for k in range(8)}


class Job:
    """One training on its way. folder: for its checkpoints. done: steps that the checkpoint to begin from has behind it,
    None for the very start. changes: (iteration, name, value) that were made or are to be made again. accuracies: the
    validation accuracies of the epochs behind it."""

    def __init__(
        self,
        config: dict[str, Any],
        folder: str,
        done: int | None,
        changes: list[tuple[int, str, float]],
        accuracies: list[float],
        control: Control,
    ) -> None:
        self.config = TrainingConfig.from_dict(config)
        self.control = control
        self.checkpoints = Checkpoints(Path(folder))
        self.solver: Solver = self.config.solver()
        assert isinstance(self.solver.model, Network)
        assert isinstance(self.solver.data, TrainingData)
        self.model, self.data = self.solver.model, self.solver.data
        self.done, self.seconds = done or 0, 0.0
        self.changes, self.accuracies = changes, accuracies
        self._records: list[StepRecord] = []
        self._saved: int | None = done  # the iteration of the latest checkpoint
        self._next_save = 0.0
        self._size = 0  # of a checkpoint, once one was written
        if done is not None:
            checkpoint = Checkpoint.read(self.checkpoints.path(done))
            checkpoint.restore(self.solver, self.model)
            self.seconds = checkpoint.seconds

    @property
    def iterations(self) -> int:
        """Steps of the whole training."""
        return STEPS if self.config.range_test else self.solver.iterations

    def train(self) -> tuple[str, str]:
        """Run all steps, reporting and obeying; returns how it ended, finished or stopped, and why."""
        self._save()
        next_report = next_step = next_watch = time.monotonic()
        reason = ""
        try:
            if self._obey():
                return "stopped", ""
            self._watch_next()
            for record in self._steps():
                now = time.monotonic()
                self.done = record.iteration
                self._records.append(record)
                if record.val_accuracy is not None:
                    self.accuracies.append(record.val_accuracy)
                if self.solver.watched is not None:
                    next_watch = now + max(WATCH_EVERY, LEISURE * self._tell_statistics(now))
                if self.done in EARLY or (record.val_accuracy is not None and now >= self._next_save):
                    self._save()
                if now >= next_report:
                    self._report()
                    next_report = now + REPORT_EVERY
                self._pause_if_advanced()
                if reason := self.config.stop.reason(self.accuracies, self.seconds):
                    break
                with self.control.changed:
                    if pace := self.control.pace:
                        next_step = max(now, next_step + 1 / pace)
                    self._wait(next_step if pace else now)
                if self._obey():
                    return "stopped", ""
                self._watch_next(due=now >= next_watch)
            self._save()
        finally:
            self._report()  # also the steps that led to a divergence
        return "finished", reason

    def _steps(self) -> Iterator[StepRecord]:
        steps = range_test_steps(self.solver, self.done) if self.config.range_test else self.solver.steps(self.done)
        while True:
            began = time.perf_counter()
            record = next(steps, None)
            self.seconds += time.perf_counter() - began
            if record is None:
                return
            yield record

    def _wait(self, until: float) -> None:
        """For the time of the next step, and while a page is at work; commands come first."""
        control = self.control
        while not (control.paused or control.stopped or control.values):
            if (left := max(until, control.rest_until) - time.monotonic()) <= 0:
                return
            control.changed.wait(left)

    def _watch_next(self, due: bool = False) -> None:
        """See the next step from inside if that is due, if it was asked for alone, or is one that everybody wants to see."""
        coming = self.done + 1
        asked_for = self.control.advance == "step"
        self.solver.watch = due or asked_for or coming in EARLY or coming == self.iterations

    def _pause_if_advanced(self) -> None:
        """After the step, or the last step of the epoch, that was asked for: pause."""
        at_end = self.done % self.solver.iterations_per_epoch == 0
        with self.control.changed:
            if self.control.advance == "step" or (self.control.advance == "epoch" and at_end):
                self.control.paused, self.control.advance = True, None

    def _obey(self) -> bool:
        """Do what the commands ask for; waits while paused. Returns whether to stop."""
        control = self.control
        with control.changed:
            self._change()
            if control.paused and not control.stopped:
                self._save()
                self._hold()
            if control.stopped:
                self._save()
            return control.stopped

    def _hold(self, message: str = "") -> None:
        """Wait until the pause is over."""
        while self.control.paused and not self.control.stopped:
            say("state", state="paused", message=message)  # again after every command that leaves the pause as it is
            self.control.changed.wait()
            self._change()
        if not self.control.stopped:
            say("state", state="running")

    def _change(self) -> None:
        """Set what was asked to change, and what had been changed at this step before."""
        for iteration, name, value in self.changes:
            if iteration == self.done:
                set_live(self.solver, self.model, name, value)
        wanted, self.control.values = self.control.values, {}
        live = live_values(self.solver, self.model)
        for name, value in wanted.items():
            if live.get(name) in (None, value):  # a rule may have no momentum
                continue
            set_live(self.solver, self.model, name, value)
            self.changes.append((self.done, name, value))
            say("changed", iteration=self.done, name=name, value=value)

    def _report(self) -> None:
        if self._records:
            filters = next(iter(self.model.params.values()))
            records = [asdict(r) for r in self._records]
            say("steps", records=records, filters=filters, seconds=self.seconds)
            self._records.clear()

    def _tell_statistics(self, began: float) -> float:
        """Say what the watched step showed; returns how long that took, in seconds."""
        watched, self.solver.watched = self.solver.watched, None
        assert watched is not None
        layers = layer_statistics(self.model, watched.outputs, watched.grads, watched.before)
        say("statistics", iteration=self.done, layers=[layer.as_dict() for layer in layers])
        return time.monotonic() - began

    def _save(self) -> None:
        """Write a checkpoint. Where that fails, hold the training, so that nothing is lost, until room was made."""
        self._report()
        while self._saved != self.done:
            began = time.monotonic()
            try:
                self.checkpoints.thin(self._size)
                checkpoint = Checkpoint.of(self.solver, self.model, self.done, self.seconds)
                self._size = checkpoint.write(self.checkpoints.path(self.done))
                self.checkpoints.thin()
            except OSError as error:
                with self.control.changed:
                    if self.control.stopped:
                        return
                    self.control.paused = True
                    self._hold(
                        f"paused, because a checkpoint could not be written ({error.strerror or error}): make room in "
                        f"{self.checkpoints.folder}, or allow writing there, then resume"
                    )
                continue
            self._saved = self.done
            self._next_save = time.monotonic() + LEISURE * (time.monotonic() - began)


def main() -> None:
    """Read what to train, train, say how it ended."""
    settings = decode(sys.stdin.readline())
    control = Control(settings.pop("pace", None), settings.pop("advance", None))
    threading.Thread(target=control.listen, daemon=True).start()
    try:
        job = Job(**settings, control=control)
        say("state", state="running", iterations=job.iterations)
        end, message = job.train()
        test = None if job.config.range_test else job.model.accuracy(*job.data.test)
        say(end, message=message, test_accuracy=test)
    except DivergedError as error:
        say("diverged", message=str(error))
    except (ValueError, TypeError, OSError, MemoryError) as error:
        say("failed", message=str(error) or type(error).__name__)


if __name__ == "__main__":
    main()
