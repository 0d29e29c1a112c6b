"""One training in a process of its own: `python -m cnn_core.training.worker`.

The first line on standard input is the configuration, every further one a command: pause, resume, stop, pace. Commands
say what is wanted, so saying one twice changes nothing. What happens goes to standard output, a message a line:

    steps        the records since the last message, and the first layer's filters after them
    state        running or paused
    checkpoint   all weights: after each epoch, when paused, and at the end
    finished / stopped / diverged / failed     the last message

When standard input closes, the one who watched is gone, and the process ends.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import asdict
from typing import Any

from cnn_core import datasets
from cnn_core.solver import DivergedError, Solver, StepRecord
from cnn_core.training.config import TrainingConfig
from cnn_core.training.messages import decode, encode

REPORT_EVERY = 0.1  # seconds: fast enough to look live, rare enough to cost the training nothing


class Control:
    """What the commands ask for; written by the thread that reads them, read between two steps."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.paused = False
        self.stopped = False
        self.pace: float | None = None  # steps a second; None is as fast as it goes

    def listen(self) -> None:
        """Obey standard input until it closes, then end the process."""
        for line in sys.stdin:
            message = decode(line)
            with self.changed:
                match message["command"]:
                    case "pause":
                        self.paused = True
                    case "resume":
                        self.paused = False
                    case "stop":
                        self.stopped = True
                    case "pace":
                        self.pace = message["pace"]
                self.changed.notify_all()
        os._exit(0)


def say(kind: str, **content: Any) -> None:
    """Send one message."""
    print(encode({"type": kind, **content}), flush=True)


def train(solver: Solver, control: Control) -> str:
    """Run all steps, reporting and obeying; returns how it ended: finished or stopped."""
    records: list[StepRecord] = []
    next_report = next_step = time.monotonic()

    def report() -> None:
        if records:
            say("steps", records=[asdict(r) for r in records], filters=solver.model.params["W1"])
            records.clear()

    def checkpoint() -> None:
        report()
        say("checkpoint", params=solver.model.params)

    try:
        for record in solver.steps():
            records.append(record)
            now = time.monotonic()
            if record.val_accuracy is not None:
                checkpoint()
            if now >= next_report:
                report()
                next_report = now + REPORT_EVERY
            with control.changed:
                if control.pace and not control.stopped:
                    next_step = max(now, next_step + 1 / control.pace)
                    control.changed.wait_for(lambda: control.paused or control.stopped, timeout=next_step - now)
                if control.paused and not control.stopped:
                    checkpoint()
                    while control.paused and not control.stopped:
                        say("state", state="paused")  # again after every command, should it leave the pause as it is
                        control.changed.wait()
                    if not control.stopped:
                        say("state", state="running")
                    next_step = time.monotonic()
                if control.stopped:
                    checkpoint()
                    return "stopped"
    finally:
        report()  # also the steps that led to a divergence
    return "finished"


def main() -> None:
    """Read the configuration, train, say how it ended."""
    if hasattr(os, "nice"):
        os.nice(10)  # the pages come first
    settings = decode(sys.stdin.readline())
    control = Control()
    control.pace = settings.pop("pace", None)
    threading.Thread(target=control.listen, daemon=True).start()
    try:
        config = TrainingConfig(**settings)
        solver = config.solver()
        say("state", state="running", iterations=solver.iterations_per_epoch * solver.num_epochs)
        end = train(solver, control)
        test = datasets.load(config.dataset).test
        say(end, test_accuracy=solver.model.accuracy(config.centred(test.x), test.y))
    except DivergedError as error:
        say("diverged", message=str(error))
    except (ValueError, TypeError, MemoryError) as error:
        say("failed", message=str(error) or type(error).__name__)


if __name__ == "__main__":
    main()
