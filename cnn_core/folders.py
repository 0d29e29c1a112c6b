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
    """
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser()
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "convscope"
