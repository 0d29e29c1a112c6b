"""The thread of a server that writes down what is to be kept: neither a page nor a training waits for the disk."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from queue import SimpleQueue


class Writer:
    """Does what it is given, one after the other. What that raises goes to the server's log."""

    def __init__(self) -> None:
        self._given: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def do(self, work: Callable[[], None]) -> None:
        """Have it done soon; returns at once."""
        self._given.put(work)

    def close(self) -> None:
        """Wait until all of it is done; nothing more is taken."""
        self._given.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (work := self._given.get()) is not None:
            try:
                work()
            except Exception:  # a mistake in one note must not keep all others from being written
                traceback.print_exc()
