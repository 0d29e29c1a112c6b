"""Work beside the pages, for all visitors: each thing is done once, a few at a time, and kept for who asks for it next."""

from __future__ import annotations

import atexit
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cnn_core.training.aside import Aside

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made", bound=Aside)

MOST = 8  # that are kept, besides those on their way; those that were asked for longest ago go first
UNWATCHED = 30.0  # seconds after which work that nobody looks at any more gives way to others


class Asides(Generic[Key, Made]):
    """One kind of work, by what it is about. make: the work of a key, not begun. at_once: how many may be on their way."""

    def __init__(self, make: Callable[[Key], Made], at_once: int = 1) -> None:
        self._make, self._at_once = make, at_once
        self._kept: OrderedDict[Key, Made] = OrderedDict()
        self._seen: dict[Key, float] = {}  # when each was last asked for
        self._lock = threading.Lock()
        atexit.register(self.close)

    def of(self, key: Key) -> Made:
        """The work of this key, begun or not; who asks watches it. Raises what making it raises."""
        with self._lock:
            kept = self._kept.get(key)
        made = kept or self._make(key)  # may load a data set: others need not wait for that
        with self._lock:
            made = self._kept.setdefault(key, made)
            self._kept.move_to_end(key)
            self._seen[key] = time.monotonic()
            idle = [other for other, one in self._kept.items() if one.state != "running"]
            for oldest in idle[:-MOST]:
                del self._kept[oldest], self._seen[oldest]
        return made

    def ahead(self, key: Key) -> Made | None:
        """What must end before the work of this key can begin, the one that is furthest; None: it can begin."""
        with self._lock:
            watched = [one for other, one in self._running(key) if self._seen[other] > time.monotonic() - UNWATCHED]
        return max(watched, key=lambda one: one.share) if len(watched) >= self._at_once else None

    def start(self, key: Key) -> None:
        """Begin, unless something is ahead. What nobody watches gives way."""
        work = self.of(key)
        if self.ahead(key) is not None:
            return
        with self._lock:
            running = sorted(self._running(key), key=lambda pair: self._seen[pair[0]])
            for _, one in running[: max(0, len(running) - self._at_once + 1)]:
                one.cancel()
            work.start()

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            for one in self._kept.values():
                one.cancel()
            self._kept.clear()

    def _running(self, key: Key) -> list[tuple[Key, Made]]:
        """Those of other keys that are on their way."""
        return [(other, one) for other, one in self._kept.items() if other != key and one.state == "running"]
