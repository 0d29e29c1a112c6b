"""A visitor without a browser: speaks to the app's server as Streamlit's own pages do, over its websocket."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Self
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

MOST_BYTES = 64 << 20  # of one message; a page with pictures sends some hundred kB
PATIENCE = 60.0  # seconds for an answer


def cookie(token: bytes) -> str:
    """A browser's cookie, with a new mask each time, as Streamlit sets it."""
    mask = os.urandom(4)
    masked = bytes(b ^ mask[k % 4] for k, b in enumerate(token))
    return f"_streamlit_xsrf=2|{mask.hex()}|{masked.hex()}|{int(time.time())}"


class Visitor:
    """One tab. address: of the server, as `tools.browser.serve` gives it. browser: the token of a browser, the same in all its
    tabs; None: one of its own. heard: every message of the last answer."""

    def __init__(self, address: str, browser: bytes | None = None) -> None:
        stream = address.replace("http", "ws", 1) + "/_stcore/stream"
        self.address, self.heard = address, list[ForwardMsg]()
        self._until_closed = ExitStack()
        self._socket = self._until_closed.enter_context(
            connect(
                stream,
                origin=Origin(address),
                subprotocols=[Subprotocol("streamlit")],
                additional_headers={"Cookie": cookie(browser or os.urandom(16))},
                max_size=MOST_BYTES,
                max_queue=None,  # what comes is taken in, whether somebody hears it now or later
            )
        )
        self._page = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._until_closed.close()

    def open(self, page: str, **query: Any) -> list[ForwardMsg]:
        """Open a page by its path, such as train; returns all that the server sends until its script has ended."""
        self.go(page, **query)
        return self.hear()

    def go(self, page: str, **query: Any) -> None:
        """Open a page without hearing its answer."""
        self._page = page
        self.request(query)

    def ask(
        self,
        query: Mapping[str, Any] | None = None,
        clicks: tuple[str, ...] = (),
        files: Mapping[str, FileUploaderState] | None = None,
    ) -> list[ForwardMsg]:
        """Let the page's script run once more, and hear its answer. Arguments as those of `request`."""
        self.request(query, clicks, files)
        return self.hear()

    def request(
        self,
        query: Mapping[str, Any] | None = None,
        clicks: tuple[str, ...] = (),
        files: Mapping[str, FileUploaderState] | None = None,
    ) -> None:
        """Let the page's script run once more. clicks: the ids of buttons that were pressed; files: by id of an uploader."""
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_name = urlencode(query or {}), self._page
        for widget in clicks:
            run.widget_states.widgets.add(id=widget, trigger_value=True)
        for widget, state in (files or {}).items():
            run.widget_states.widgets.add(id=widget, file_uploader_state_value=state)
        self.send(message)

    def send(self, message: BackMsg) -> None:
        """Any message that a front end can send."""
        self._socket.send(message.SerializeToString())

    def hear(self) -> list[ForwardMsg]:
        """All that the server sends until the script has ended."""
        self.heard = []
        while True:
            said = ForwardMsg()
            said.ParseFromString(self._socket.recv(timeout=PATIENCE, decode=False))
            self.heard.append(said)
            if said.WhichOneof("type") == "script_finished" and said.script_finished != said.FINISHED_EARLY_FOR_RERUN:
                return self.heard

    def buttons(self) -> list[tuple[str, str]]:
        """The buttons in the last answer that can be pressed: of each its label, without what makes it bold, and its id."""
        return [(button.label.strip("*"), button.id) for button in self.elements("button") if not button.disabled]

    def elements(self, kind: str) -> list[Any]:
        """The elements of a kind in the last answer, such as button."""
        said = [message.delta.new_element for message in self.heard if message.WhichOneof("type") == "delta"]
        return [getattr(element, kind) for element in said if element.WhichOneof("type") == kind]
