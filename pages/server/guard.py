"""Whose questions the server answers, and who may show its pages in a frame: a layer around the app.

A site can point a name of its own at this machine (DNS rebinding), and a visitor's browser then takes the app for a part of that
site. Such a question has that name in its Host header. An IP address as host cannot come about like that.
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
    return Middleware(Guard, names=own_names() | set(environment.hosts()), sites=environment.frames())


class Guard:
    """Refuses a Host that is neither an IP address nor one of the names; says which sites may frame the pages."""

    def __init__(self, app: ASGIApp, names: Iterable[str], sites: Iterable[str]) -> None:
        self.app, self.names = app, frozenset(names)
        self.policy = " ".join(["frame-ancestors 'self'", *sites]).encode()

    def knows(self, host: str) -> bool:
        """Is this host one that the server is reached by?"""
        try:
            return bool(ip_address(host))
        except ValueError:
            return host in self.names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one question, or hand it on."""
        hosts = [host_of(value.decode("latin-1")) for name, value in scope.get("headers", ()) if name == b"host"]
        if scope["type"] == "lifespan" or (len(hosts) == 1 and self.knows(hosts[0])):
            await self.app(scope, receive, self._framed(send) if scope["type"] == "http" else send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            words = f"This server is not known by that name: set {environment.HOSTS} to the names it has.\n".encode()
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(words)).encode())]
            await send({"type": "http.response.start", "status": 421, "headers": headers})
            await send({"type": "http.response.body", "body": words})

    def _framed(self, send: Send) -> Send:
        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", []), (b"content-security-policy", self.policy)]
                message = {**message, "headers": headers}
            await send(message)

        return with_policy
