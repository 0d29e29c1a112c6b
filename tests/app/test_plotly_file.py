"""Plotly's script, as the server hands it out."""

import asyncio
import gzip
import hashlib

import pytest
import streamlit as st
from starlette.applications import Starlette

from pages.animation import plotly_file


@pytest.fixture(autouse=True)
def forget():
    plotly_file.address.cache_clear()
    yield
    plotly_file.address.cache_clear()


def get(path, encoding):
    """The answer of a server that has nothing but this route: status, headers, body."""
    sent = []

    async def receive():
        await asyncio.Event().wait()  # the visitor neither says more nor goes away

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "root_path": ""}
    app = Starlette(routes=[plotly_file.route()])
    asyncio.run(app(scope | {"headers": [(b"accept-encoding", encoding)]}, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


def digest(content):
    """To compare by: pytest would look for the difference of five million bytes."""
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(("encoding", "unpack"), [(b"gzip, br", gzip.decompress), (b"", bytes)])
def test_it_is_the_packages_own_packed_if_the_browser_can_unpack_it(encoding, unpack):
    status, headers, body = get(plotly_file.address(), encoding)
    assert status == 200
    assert digest(unpack(body)) == digest(plotly_file.FILE.read_bytes())
    assert headers["content-type"].startswith("text/javascript")
    assert "immutable" in headers["cache-control"]
    assert headers["vary"].lower() == "accept-encoding"


def test_another_version_has_another_address(monkeypatch):
    now = plotly_file.address()
    assert now.startswith("/plotly-")
    plotly_file.address.cache_clear()
    monkeypatch.setattr(plotly_file, "version", lambda name: "99.0")
    assert plotly_file.address() == "/plotly-99.0.min.js" != now


@pytest.mark.parametrize("base", ["cnn", "/cnn/"])
def test_an_app_that_is_moved_below_a_path_has_it_there(monkeypatch, base):
    monkeypatch.setattr(st, "get_option", lambda name: base if name == "server.baseUrlPath" else None)
    assert plotly_file.address().startswith("/cnn/plotly-")
