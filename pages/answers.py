"""How the server's answers travel: what one run of a page's script sends arrives together.

Streamlit sends what a script has drawn so far every few milliseconds, and the browser goes through the whole page and paints
it at each arrival, while the rest is still on its way. Held back until the script is through, it does so once: a change of
a setting is on screen sooner, and costs both sides less. A script that takes longer than LONGEST is shown as it comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

LONGEST = 0.1  # seconds: what takes no longer seems immediate

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Send], Awaitable[None]]


class WholeAnswers:
    """ASGI middleware that does so for every connection of a page; anything else passes as it is."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
        """Serve one connection."""
        answer = Answer(send)
        try:
            await self.app(scope, receive, answer.send if scope["type"] == "websocket" else send)
        finally:
            answer.close()


class Answer:
    """One connection's way out: between the first and the last message of a run, messages wait for each other."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[Message] = []
        self._order = asyncio.Lock()  # whoever empties the list finishes before the next message goes
        self._deadline: asyncio.Task[None] | None = None

    async def send(self, message: Message) -> None:
        """Send it, or keep it for a moment."""
        kind = _kind(message)
        if kind == "new_session" and self._deadline is None:
            self._deadline = asyncio.create_task(self._late())
        self._held.append(message)
        if self._deadline is None or kind in ("script_finished", None):
            self.close()
            await self._flush()

    async def _late(self) -> None:
        await asyncio.sleep(LONGEST)
        self._deadline = None
        with suppress(OSError, RuntimeError):  # the socket is gone: whoever sends next is told
            await self._flush()

    async def _flush(self) -> None:
        async with self._order:
            while self._held:
                await self._send(self._held.pop(0))

    def close(self) -> None:
        """Wait no longer."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _kind(message: Message) -> str | None:
    """What a message of Streamlit's is about; None if it is not one."""
    try:
        return ForwardMsg.FromString(message["bytes"]).WhichOneof("type") if message.get("bytes") else None
    except DecodeError:
        return None
