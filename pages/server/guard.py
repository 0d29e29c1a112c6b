"""Whose questions the server answers, and who may show its pages in a frame: a layer around the app.

A site can point a name of its own at this machine (DNS rebinding), and a visitor's browser then takes the app for a part of that
site. Such a question has that name in its Host header. An IP address as host cannot come about like that.

A question that a page of another site asks has that site as its Origin. Streamlit would look up by what address the world knows
this machine, to compare the two, and all visitors would wait for that: for seconds where there is no network. So Origins
are judged here, and Streamlit sees none.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from ipaddress import ip_address

import streamlit as st
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnn_core import environment

MOST_MESSAGE = 1 << 20  # bytes that a browser may say at once over its websocket; uploads come by another way
FOREIGN_HOST = f"This server is not known by that name: set {environment.HOSTS} to the names it has.\n"
FOREIGN_ORIGIN = f"No other site steers this server: if that is a name of its own, add it to {environment.HOSTS}.\n"


def own_names() -> set[str]:
    """What this machine is called where it stands, and the name that the server was started with, if any."""
    name, started = socket.gethostname().lower(), str(st.get_option("server.address") or "").lower()
    return {"localhost", name, f"{name.split('.')[0]}.local", started} - {""}


def host_of(header: str) -> str:
    """The host in a Host header, without its port."""
    found = re.fullmatch(r"\[([0-9a-f:.]+)\](:\d*)?|([^:\[\]]*)(:\d*)?", header.strip(), re.IGNORECASE)
    return (found[1] or found[3] or "").lower().rstrip(".") if found else ""


def guard() -> Middleware:
    """The layer, as the environment says. Raises ValueError for a variable that cannot be used."""
    return Middleware(Guard, own=own_names(), given=environment.hosts(), sites=environment.frames())


class Guard:
    """Refuses a Host that is neither an IP address nor one of the names, and an Origin that is another site; says which sites
    may frame the pages. own, given: names that the machine has, and those that the environment gives it."""

    def __init__(self, app: ASGIApp, own: Iterable[str], given: Iterable[str], sites: Iterable[str]) -> None:
        self.app, self.given = app, frozenset(given)
        self.names = self.given | frozenset(own)
        self.policy = " ".join(["frame-ancestors 'self'", *sites]).encode()

    def knows(self, host: str) -> bool:
        """Is this host one that the server is reached by?"""
        try:
            return bool(ip_address(host))
        except ValueError:
            return host in self.names

    def same_site(self, origin: str, host: str) -> bool:
        """Is this Origin the site that has this Host header, or, behind a proxy that says another, one of the given names?"""
        site = origin.lower().partition("://")[2]
        return site == host.lower() or host_of(site) in self.given

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one question, or hand it on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        hosts, origins = _said(scope, b"host"), _said(scope, b"origin")
        if len(hosts) != 1 or not self.knows(host_of(hosts[0])):
            await _refuse(scope, send, 421, FOREIGN_HOST)
        elif not all(self.same_site(origin, hosts[0]) for origin in origins):
            await _refuse(scope, send, 403, FOREIGN_ORIGIN)
        else:
            scope = {**scope, "headers": [header for header in scope["headers"] if header[0] != b"origin"]}
            http = scope["type"] == "http"
            await self.app(scope, receive if http else _bounded(receive), self._framed(send) if http else send)

    def _framed(self, send: Send) -> Send:
        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", []), (b"content-security-policy", self.policy)]
                message = {**message, "headers": headers}
            await send(message)

        return with_policy


def _said(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for header, value in scope.get("headers", ()) if header == name]


async def _refuse(scope: Scope, send: Send, status: int, words: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(words)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})


def _bounded(receive: Receive) -> Receive:
    """A websocket on which too much is said at once counts as closed: to understand a hundred thousand forged values would
    take seconds, and hundreds of MB for as long as the tab stays."""

    async def bounded() -> Message:
        message = await receive()
        if len(message.get("bytes") or message.get("text") or b"") > MOST_MESSAGE:
            return {"type": "websocket.disconnect", "code": 1009}
        return message

    return bounded
