"""Memory for passing results that is used again: fresh pages from the system cost more than the arithmetic on them.

Each thread has its own buffers, so nothing is shared; a buffer is valid until its name is asked for again. Results that
are handed out never live here.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

from cnn_core.checks import Array

LIMIT = 1 << 26  # bytes (64 MiB) that a thread keeps in all; what does not fit is allocated afresh
ALIGNED = 64  # bytes: a buffer begins at a multiple of this


class _Buffers(threading.local):
    def __init__(self) -> None:
        self.by_name: dict[str, Array] = {}


_buffers = _Buffers()


def scratch(name: str, shape: tuple[int, ...], dtype: Any) -> Array:
    """An array of this shape with anything in it; the next call with the same name in this thread may overwrite it."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    buffers = _buffers.by_name
    if size > buffers.get(name, _NOTHING).size:
        if size + sum(buffer.size for other, buffer in buffers.items() if other != name) > LIMIT:
            return np.empty(shape, dtype)
        buffers[name] = _aligned(size)
    found: Array = buffers.get(name, _NOTHING)[:size].view(dtype).reshape(shape)
    return found


def _aligned(size: int) -> Array:
    """Bytes that begin where a line of the cache does: to load what lies across two takes the processor twice as long."""
    found: Array = np.empty(size + ALIGNED, np.uint8)
    first = -found.ctypes.data % ALIGNED
    return found[first : first + size]


def kept() -> int:
    """Bytes that this thread keeps."""
    return sum(buffer.size for buffer in _buffers.by_name.values())


_NOTHING: Array = np.empty(0, np.uint8)
# Made, never touched and dropped: from then on glibc keeps what arrays of less than 32 MiB leave free (64 MiB at the most),
# where it would give it back and fetch it anew at each call: half the time of some convolutions. Elsewhere it does nothing.
np.empty((1 << 25) - (1 << 16), np.uint8)
