"""Whose questions the server answers, over raw HTTP and a raw websocket, and who may frame its pages."""

import socket
import tomllib
from urllib.parse import urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed

from cnn_core.environment import FRAMES, HOSTS
from pages.server.guard import MOST_MESSAGE, guard, host_of
from tools.browser import ROOT, serve
from tools.visitor import Visitor

SITES = "https://moodle.school.example, http://wiki.school.example:8080"
OWN = ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "192.168.7.9", socket.gethostname(), "lab.school.example"]
FOREIGN = [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example:80",
    "",
    "[::1].evil.example",
]


@pytest.fixture(scope="module")
def server():
    with serve(**{HOSTS: "lab.school.example", FRAMES: SITES}) as address:
        yield urlsplit(address)


def ask(server, path, host, *more):
    """The head of the answer to one question with this Host header (None: with none)."""
    lines = [f"GET {path} HTTP/1.1", *([] if host is None else [f"Host: {host}"]), *more, "", ""]
    with socket.create_connection((server.hostname, server.port), timeout=10) as line:
        line.sendall("\r\n".join(lines).encode())
        head = b""
        while b"\r\n\r\n" not in head and (part := line.recv(4096)):
            head += part
    return head.decode("latin-1").lower()


def shake_hands(server, host, origin=None):
    origin = origin or f"http://{host}"
    more = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Origin: {origin}"]
    return ask(server, "/_stcore/stream", host, *more, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")


@pytest.mark.parametrize("host", OWN)
def test_the_server_answers_to_its_own_names(server, host):
    named = f"{host}:{server.port}"
    assert " 200 " in ask(server, "/", named).splitlines()[0]
    assert " 101 " in shake_hands(server, named).splitlines()[0]


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/", "/train", "/_stcore/health", "/_stcore/host-config"])
def test_a_foreign_host_is_refused(server, host, path):
    assert ask(server, path, host).splitlines()[0].split()[1] in ("400", "421")


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_gets_no_websocket(server, host):
    assert shake_hands(server, host).splitlines()[0].split()[1] in ("400", "403", "421")


@pytest.mark.parametrize("path", ["/", "/train", "/_stcore/health"])
def test_only_the_named_sites_may_frame_a_page(server, path):
    policy = (
        "content-security-policy: frame-ancestors 'self' https://moodle.school.example http://wiki.school.example:8080"
    )
    assert policy in ask(server, path, "localhost").splitlines()


def test_without_named_sites_it_is_the_own_one_only(monkeypatch):
    monkeypatch.setenv(FRAMES, "")
    monkeypatch.setenv(HOSTS, " A.example,  b.example ,")
    assert guard().kwargs["sites"] == []
    assert guard().kwargs["given"] == ["a.example", "b.example"]


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("a.example:80", "a.example"),
        ("A.example.", "a.example"),
        ("[::1]:8501", "::1"),
        ("a:b:c", ""),
        ("[::1]x", ""),
        ("", ""),
    ],
)
def test_the_host_of_a_header(header, host):
    assert host_of(header) == host


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://6.6.6.6", "evil.example", "http://["]
)
def test_a_page_of_another_site_is_refused(server, origin):
    host = f"127.0.0.1:{server.port}"
    for path in ("/", "/_stcore/health"):
        assert " 403 " in ask(server, path, host, f"Origin: {origin}").splitlines()[0]
    assert shake_hands(server, host, origin).splitlines()[0].split()[1] == "403"


@pytest.mark.parametrize("origin", ["http://127.0.0.1:{}", "http://LAB.school.example", "https://lab.school.example"])
def test_a_page_of_its_own_is_answered_also_behind_a_proxy(server, origin):
    host = f"127.0.0.1:{server.port}"
    assert " 101 " in shake_hands(server, host, origin.format(server.port)).splitlines()[0]


def test_nobody_waits_until_it_is_known_what_the_world_calls_this_machine():
    with socket.create_server(("127.0.0.1", 0)) as proxy:  # takes every call to the world, and never answers
        world = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        with serve(HTTP_PROXY=world, HTTPS_PROXY=world, NO_PROXY="", **{HOSTS: "lab.school.example"}) as address:
            server = urlsplit(address)
            for site in ("evil.example", "lab.school.example"):  # the second is how a browser sends an upload
                ask(server, "/_stcore/health", "lab.school.example", f"Origin: http://{site}")
                shake_hands(server, "lab.school.example", f"http://{site}")
        proxy.settimeout(0)
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_of_a_message_that_is_far_too_long_not_even_all_is_taken_in():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert MOST_MESSAGE < config["server"]["maxMessageSize"] * 10**6 <= 20 * MOST_MESSAGE


def test_a_message_that_is_too_long_ends_the_tab_that_sends_it_and_nothing_else(server):
    message = BackMsg()
    for number in range(100_000):
        message.rerun_script.widget_states.widgets.add(id=f"x{number}", bool_value=True)
    with Visitor(server.geturl()) as visitor:
        visitor.send(message)
        with pytest.raises(ConnectionClosed):
            visitor.hear()
    with Visitor(server.geturl()) as visitor:
        assert visitor.open("im2col")
