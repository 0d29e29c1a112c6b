"""Plotly's script for the browser: the very file that comes with the Python package, handed out by our server."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.metadata import version
from pathlib import Path

import plotly
import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

FILE = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}  # another version has another address


@cache
def address() -> str:
    """Where the server has it, below the path that the whole app may be moved to (server.baseUrlPath)."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{base and '/'}{base}/plotly-{version('plotly')}.min.js"


@cache
def _packed() -> bytes:
    """Packed once for all visitors: a third of the bytes, and no work for the second one."""
    return gzip.compress(FILE.read_bytes(), 6)


async def _answer(request: Request) -> Response:
    headers = FOREVER | {"Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return FileResponse(FILE, media_type="text/javascript", headers=headers)
    packed = await run_in_threadpool(_packed)
    return Response(packed, media_type="text/javascript", headers=headers | {"Content-Encoding": "gzip"})


def route() -> Route:
    """For `st.App`."""
    return Route(address(), _answer)
