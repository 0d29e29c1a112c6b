"""What a training's worker is asked to do, between two of its steps."""

from __future__ import annotations

import os
import sys
import threading

from cnn_core.training.messages import decode


class Control:
    """What the commands ask for; written by the thread that reads them, read between two steps."""

    def __init__(self, pace: float | None = None, advance: str | None = None) -> None:
        self.changed = threading.Condition()
        self.paused = False
        self.stopped = False
        self.pace = pace  # steps a second; None is as fast as it goes
        self.advance = advance  # "step" or "epoch": pause after it
        self.values: dict[str, float] = {}  # settings to change

    def listen(self) -> None:
        """Obey standard input until it closes, then end the process."""
        for line in sys.stdin:
            message = decode(line)
            with self.changed:
                match message["command"]:
                    case "pause":
                        self.paused, self.advance = True, None
                    case "resume":
                        self.paused, self.advance = False, None
                    case "advance":
                        self.paused, self.advance = False, message["unit"]
                    case "stop":
                        self.stopped = True
                    case "pace":
                        self.pace = message["pace"]
                    case "change":
                        self.values |= message["values"]
                self.changed.notify_all()
        os._exit(0)
