"""Commands on their way to a worker, merged while it does not read: whoever gives one never waits for it."""

from __future__ import annotations

import threading
from typing import Any

Command = dict[str, Any]

# In which slot a command waits, and the order in which the slots are sent: what is set counts from the next step on, so it
# goes before the word that lets that step be taken.
SLOTS = {
    "change": "change",
    "pace": "pace",
    "pause": "order",
    "resume": "order",
    "advance": "order",
    "stop": "stop",
    "rest": "rest",
    "ping": "ping",
}
IN_ORDER = tuple(dict.fromkeys(SLOTS.values()))


class Outbox:
    """At most one command in each slot: the newest one, or what it comes to together with the one before.

    Changed values are merged by name, rests become the longest of them. A stop is not taken back.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Command] = {}
        self._news = threading.Condition()
        self._closed = False

    def put(self, command: Command) -> None:
        """Add a command; returns at once, whatever the worker does."""
        slot = SLOTS[command["command"]]
        with self._news:
            before = self._waiting.get(slot)
            if before is not None and slot == "change":
                command = command | {"values": before["values"] | command["values"]}
            elif before is not None and slot == "rest":
                command = command | {"seconds": max(before["seconds"], command["seconds"])}
            self._waiting[slot] = command
            self._news.notify()

    def take(self) -> list[Command] | None:
        """Wait for commands, and take all there are, in the order in which they are to be sent; None: it was closed."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            taken, self._waiting = self._waiting, {}
        return [taken[slot] for slot in IN_ORDER if slot in taken]

    def close(self) -> None:
        """Let `take` end: nothing is sent any more."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    def __len__(self) -> int:
        """How many commands wait."""
        with self._news:
            return len(self._waiting)
