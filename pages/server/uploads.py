"""What visitors have uploaded, within bounds: Streamlit keeps every file of a tab in memory until the tab is closed.

Where there is too much, the oldest file of whoever keeps most is let go, and a page that needs it asks for it again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from streamlit.runtime import get_instance

from cnn_core.datasets.naming import shown

MOST_OF_VISITOR, MOST_OF_ALL = 100 << 20, 500 << 20  # bytes in one tab, and on the server
MOST_FILES = 50  # in one tab
MOST_NAME = 200  # characters


class File(Protocol):
    """A file as Streamlit keeps it."""

    file_id: str
    name: str
    data: bytes


class Keeper(Protocol):
    """What Streamlit keeps files in, by tab and by file, oldest first."""

    file_storage: Mapping[str, Mapping[str, File]]

    def add_file(self, session_id: str, file: Any) -> None:
        """Keep one more."""

    def remove_file(self, session_id: str, file_id: str) -> None:
        """Let one go."""


def keep_within_bounds(keeper: Keeper) -> None:
    """From now on let old files go as new ones come, and keep names that can be shown."""
    add = keeper.add_file

    def add_file(session_id: str, file: Any) -> None:
        add(session_id, file._replace(name=shown(file.name, MOST_NAME), type=file.type[:MOST_NAME]))
        while (files := _files(keeper, session_id)) and (_size(files) > MOST_OF_VISITOR or len(files) > MOST_FILES):
            keeper.remove_file(session_id, files[0].file_id)
        while (kept := {tab: _files(keeper, tab) for tab in list(keeper.file_storage)}) and (
            sum(map(_size, kept.values())) > MOST_OF_ALL
        ):
            most = max(kept, key=lambda tab: _size(kept[tab]))
            keeper.remove_file(most, kept[most][0].file_id)

    keeper.add_file = add_file  # type: ignore[method-assign]


@asynccontextmanager
async def bounded_uploads(_app: object) -> AsyncIterator[None]:
    """For `st.App`: as long as the server runs, uploads are kept within bounds."""
    keep_within_bounds(get_instance().uploaded_file_mgr)  # type: ignore[arg-type]
    yield


def _files(keeper: Keeper, tab: str) -> list[File]:
    return list(keeper.file_storage.get(tab, {}).values())


def _size(files: list[File]) -> int:
    return sum(len(file.data) + len(file.name) for file in files)
