"""Files that a reader chooses: Streamlit's uploader, and a word on a file that the server does not keep any longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from cnn_core.datasets.naming import shown
from pages.address import messages
from pages.server.uploads import MOST_FILES, MOST_OF_ALL, MOST_OF_VISITOR


@dataclass(frozen=True)
class Chosen:
    """A file: its name as it can be shown, and what is in it."""

    name: str
    data: bytes


def chosen_files(
    label: str, endings: Sequence[str], *, key: str, most: int, several: bool = False, help: str | None = None
) -> list[Chosen]:
    """An uploader for files with these endings, of at most so many MB; what it holds, one file unless `several`."""
    if several:
        files = st.file_uploader(
            label, list(endings), accept_multiple_files=True, key=key, help=help, max_upload_size=most
        )
    else:
        file = st.file_uploader(label, list(endings), key=key, help=help, max_upload_size=most)
        files = [] if file is None else [file]
    asked = st.session_state.get(key)
    if len(asked if isinstance(asked, list) else [asked] * (asked is not None)) > len(files):
        messages.warning(
            f"A file that you chose is not kept any longer: choose it again. The server keeps at most {MOST_OF_VISITOR >> 20} MB "
            f"in {MOST_FILES} files for one visitor, and {MOST_OF_ALL >> 20} MB for all; the oldest go first."
        )
    return [Chosen(shown(file.name), file.getvalue()) for file in files]
