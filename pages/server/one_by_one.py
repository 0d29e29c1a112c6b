"""Pages are made one after the other, in the order in which they were asked for.

The interpreter makes one at a time anyway. Left to itself it makes a bit of each in turns, and all of a class wait for the last
one, as does the thread that sends what is ready.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

LONGEST = 0.1  # seconds for which a page keeps the next one waiting; a usual one takes a tenth of it


@dataclass
class _Turn:
    begun: Event = field(default_factory=Event)
    done: Event = field(default_factory=Event)


class Line:
    """A line in which each waits for the one before it, until that is done or has had its `longest` seconds."""

    def __init__(self, longest: float = LONGEST) -> None:
        self.longest = longest
        self._lock = threading.Lock()
        self._last: _Turn | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn, and end it with what is done in it."""
        mine = _Turn()
        with self._lock:
            before, self._last = self._last, mine
        try:
            if before is not None:
                before.begun.wait()
                before.done.wait(self.longest)
            mine.begun.set()
            yield
        finally:  # whatever ends it: nobody waits for one that is gone
            mine.begun.set()
            mine.done.set()


line = Line()  # of this server
