"""Where ConvScope keeps what must outlive it: trainings, and data sets that do not ship with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "CONVSCOPE_DATA"


def data_folder() -> Path:
    """The folder for everything that is kept; it may not exist yet.

    The environment variable CONVSCOPE_DATA names it; else it is `convscope` in the user's data directory, where the
    system keeps such things (XDG base directory specification; Application Support on macOS; LOCALAPPDATA on Windows).
    Raises ValueError where that lies in somebody's home, and nobody knows where that is.
    """
    named = os.environ.get(VARIABLE, "")
    try:
        return Path(named).expanduser() if named else _users_own() / "convscope"
    except RuntimeError:
        raise ValueError(f"{VARIABLE} (={named[:40]!r}) must be a folder in no unknown user's home") from None


def _users_own() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
