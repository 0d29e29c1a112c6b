"""What the server makes once and keeps for all its visitors: until it ends, or as long as it is asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Once(Generic[Kept]):
    """A function whose first result is kept, and given to all who call it later.

    For what must not be lost: `st.cache_resource` is emptied for everybody by a message that any browser can send.
    """

    def __init__(self, make: Callable[[], Kept]) -> None:
        self.__doc__ = make.__doc__
        self._make, self._lock = make, threading.Lock()
        self._kept: list[Kept] = []

    def __call__(self) -> Kept:
        """What was made, by this call or by an earlier one. Raises what making it raises; then the next call tries again."""
        with self._lock:
            if not self._kept:
                self._kept.append(self._make())
            return self._kept[0]

    def there(self) -> list[Kept]:
        """The result in a list, which is empty as long as nobody has called; it is not made for that."""
        return list(self._kept)

    def clear(self) -> None:
        """Forget it: for tests, where one process is many servers, one after the other."""
        with self._lock:
            self._kept.clear()


class Lately(Generic[Kept]):
    """The last results that were asked for, by key. Unlike `st.cache_data` it copies nothing, so nobody may write to them."""

    def __init__(self, most: int) -> None:
        self._most, self._kept, self._lock = most, OrderedDict[str, Kept](), threading.Lock()

    def get(self, key: str, make: Callable[[], Kept]) -> Kept:
        """What this key had before, else what `make` gives; two that ask at once may both make it."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made
