"""What the environment may hold, each variable read and checked here. An empty one counts as one that is not set.

CONVSCOPE_THREADS: on how many threads a layer is computed (`machine.threads`); 1 without it, and in the trainings of a
server, which share the cores among them.
CONVSCOPE_MEMORY_GIB: how much memory a training may take (`network.check_memory`), in GiB; 2 without it.
CONVSCOPE_HOSTS: by which names a server answers besides its own, with commas or spaces between.
CONVSCOPE_FRAMES: which sites besides its own may show its pages in a frame, likewise.

(CONVSCOPE_DATA, checked here too, and CONVSCOPE_DATA_SETS name folders: `folders.py`, `datasets/found.py`.)
"""

from __future__ import annotations

import math
import os
import re

from cnn_core.folders import data_folder

THREADS, MEMORY_GIB = "CONVSCOPE_THREADS", "CONVSCOPE_MEMORY_GIB"
HOSTS, FRAMES = "CONVSCOPE_HOSTS", "CONVSCOPE_FRAMES"
HOST = r"[a-z0-9_-]+(\.[a-z0-9_-]+)*"
PORT = r":([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])"
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


def hosts() -> list[str]:
    """Names of the server, in small letters. Raises ValueError for one that no host can have."""
    return _listed(HOSTS, HOST, "names such as convscope.school.example")


def frames() -> list[str]:
    """Sites that may frame its pages, in small letters. Raises ValueError for what is no http or https site."""
    return _listed(FRAMES, f"https?://{HOST}({PORT})?", "sites such as https://moodle.school.example")


def _listed(variable: str, pattern: str, such: str) -> list[str]:
    found = re.split(r"[,\s]+", os.environ.get(variable, "").lower())
    for text in filter(None, found):
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{variable} (={text[:40]!r}) must hold {such}, with commas between")
    return [text for text in found if text]


def check() -> None:
    """Raise the ValueError of the first variable that cannot be used: for a server, before it begins."""
    for read in (threads, memory_limit, hosts, frames, data_folder):
        read()
