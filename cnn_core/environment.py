"""The numbers that the environment may hold, each read and checked here. An empty variable counts as one that is not set.

CONVSCOPE_THREADS: on how many threads a layer is computed (`machine.threads`); 1 without it, and in the trainings of a
server, which share the cores among them.
CONVSCOPE_MEMORY_GIB: how much memory a training may take (`network.check_memory`), in GiB; 2 without it.

(CONVSCOPE_DATA and CONVSCOPE_DATA_SETS name folders: `folders.py`, `datasets/found.py`.)
"""

from __future__ import annotations

import math
import os

THREADS, MEMORY_GIB = "CONVSCOPE_THREADS", "CONVSCOPE_MEMORY_GIB"
MOST_THREADS = 1024
MEMORY_LIMIT = 2 << 30  # bytes, where the environment says nothing else


def threads() -> int:
    """How many threads share the work of a layer. Raises ValueError for what is no whole number from 1 to MOST_THREADS."""
    text = os.environ.get(THREADS) or "1"
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 0 < int(text) <= MOST_THREADS):
        raise ValueError(f"{THREADS} (={text[:40]!r}) must be a whole number, 1 or more, at most {MOST_THREADS}")
    return int(text)


def memory_limit() -> int:
    """How many bytes a training may take. Raises ValueError for what is no finite number above 0."""
    text = os.environ.get(MEMORY_GIB)
    if not text:
        return MEMORY_LIMIT
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number * 2**30) and number > 0):
        raise ValueError(f"{MEMORY_GIB} (={text[:40]!r}) must be a finite number above 0, such as 2 or 0.5 (GiB)")
    return int(number * 2**30)


def check() -> None:
    """Raise the ValueError of the first variable that cannot be used: for a server, before it begins."""
    threads()
    memory_limit()
