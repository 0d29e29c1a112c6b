"""Ask an address of the web for a file: only https to public addresses, redirects included.

So a mirror cannot send a server to look at its own network, and nobody can give a file on the way a new address.
"""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import partial
from typing import IO, Any
from urllib.parse import urlsplit


class DownloadError(Exception):
    """The file did not come; says why, and that the next attempt goes on where this one ended, if it does."""


@dataclass(frozen=True)
class Policy:
    """Which addresses may be asked, and for how many seconds an answer is waited for. Tests allow more, and wait less."""

    schemes: tuple[str, ...] = ("https",)
    private: tuple[str, ...] = ()  # addresses of this computer or the local network that may be asked all the same
    timeout: float = 20.0

    def check(self, address: str) -> None:
        """Raise DownloadError for an address of another scheme, or one that names a private host."""
        parts = urlsplit(address)
        if parts.scheme not in self.schemes:
            raise DownloadError(f"leads to {address[:80]}, which must be an address with {' or '.join(self.schemes)}")
        if parts.hostname == "localhost":
            self.check_host("127.0.0.1")
        self.check_host(parts.hostname or "")

    def check_host(self, host: str) -> None:
        """Raise DownloadError for a private address. Names pass: what they stand for is checked once connected."""
        try:
            ip = ipaddress.ip_address(host.split("%")[0])
        except ValueError:
            return
        ip = getattr(ip, "ipv4_mapped", None) or ip
        if not (ip.is_global or host in self.private):
            raise DownloadError(f"leads to {host}, which is inside a private network")


def ask(address: str, start: int, policy: Policy) -> http.client.HTTPResponse:
    """Ask for what an address offers, from byte `start` on. Raises DownloadError where there is no answer."""
    headers = {"User-Agent": "ConvScope", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    opener = urllib.request.OpenerDirector()  # not build_opener, which would also take file: and ftp: addresses
    for handler in (
        urllib.request.ProxyHandler(),
        _Http(policy),
        _Https(policy),
        _Redirects(policy),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    try:
        answer: http.client.HTTPResponse = opener.open(
            urllib.request.Request(address, headers=headers), timeout=policy.timeout
        )
    except urllib.error.HTTPError as error:
        error.close()
        raise DownloadError(f"answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(in_words(error)) from None
    return answer


def in_words(error: Exception) -> str:
    """What went wrong, as the end of a sentence that begins with the server's name."""
    reason = getattr(error, "reason", error)  # urllib wraps what happened
    if isinstance(reason, DownloadError):
        return str(reason)
    if isinstance(reason, TimeoutError):
        return "does not answer in time"
    if isinstance(reason, ssl.SSLError):
        return f"has no valid certificate or does not speak https ({getattr(reason, 'verify_message', '') or reason})"
    if isinstance(reason, http.client.HTTPException):
        return f"broke the answer off ({type(reason).__name__})"
    return f"cannot be reached ({getattr(reason, 'strerror', None) or reason}): is there a connection to the internet?"


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = 5

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        self.policy.check(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _HttpConnection(http.client.HTTPConnection):
    """Once connected, before anything is asked, the peer is checked. Behind a proxy, which the reader has chosen, it is that."""

    def __init__(self, *args: Any, policy: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy = policy

    def connect(self) -> None:
        super().connect()
        if not getattr(self, "_tunnel_host", None):
            self.policy.check_host(self.sock.getpeername()[0])


class _HttpsConnection(_HttpConnection, http.client.HTTPSConnection):
    """The same over TLS: by the order of the two, the certificate is checked before the peer."""


class _Http(urllib.request.HTTPHandler):
    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self.policy = policy

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_HttpConnection, policy=self.policy), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, policy: Policy) -> None:
        self.policy, self.context = policy, ssl.create_default_context()
        super().__init__(context=self.context)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_HttpsConnection, policy=self.policy), req, context=self.context)
