"""What a training's worker is asked to do, between two of its steps."""

from __future__ import annotations

import os
import sys
import threading
import time

from cnn_core.messages import decode, say

REST_SHARE, MOST_REST = 0.5, 5.0  # the part of its time a training may have to rest; seconds of it that can be saved up


class Control:
    """What the commands ask for; written by the thread that reads them, read between two steps."""

    def __init__(self, pace: float | None = None, advance: str | None = None) -> None:
        self.changed = threading.Condition()
        self.paused = False
        self.stopped = False
        self.pace = pace  # steps a second; None is as fast as it goes
        self.advance = advance  # "step" or "epoch": pause after it
        self.values: dict[str, float] = {}  # settings to change
        self.rest_until = 0.0  # time.monotonic; a page is at work
        self._rest_left, self._rested = MOST_REST, time.monotonic()

    def listen(self) -> None:
        """Obey standard input until it closes, then end the process."""
        for line in sys.stdin:
            message = decode(line)
            if message["command"] == "ping":
                say("alive")
                continue
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
                    case "rest":
                        self.rest(message["seconds"])
                self.changed.notify_all()
        os._exit(0)

    def rest(self, seconds: float) -> None:
        """Take no step for so long from now on, as far as resting was not used up: many readers must not stop a training."""
        now = time.monotonic()
        self._rest_left = min(MOST_REST, self._rest_left + REST_SHARE * (now - self._rested))
        self._rested = now
        begin = max(now, self.rest_until)
        more = max(0.0, min(self._rest_left, now + seconds - begin))
        self._rest_left -= more
        self.rest_until = begin + more
