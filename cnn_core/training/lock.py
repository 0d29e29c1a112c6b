"""A lock on a file, which ends with its process, however that ends."""

from __future__ import annotations

import os
from typing import IO


def lock_file(file: IO[str]) -> None:
    """Take the lock of an open file, or raise OSError if another process has it."""
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
