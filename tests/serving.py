"""A server on this computer that gives files as badly as servers can: each word of a path is a way to answer."""

import hashlib
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cnn_core.datasets.fetch import CHUNK, RemoteFile
from cnn_core.datasets.web import Policy

LOCAL = Policy(schemes=("http",), private=("127.0.0.1",), timeout=2)
IMPATIENT = replace(LOCAL, timeout=0.5)
CONTENT = bytes(range(256)) * 1000  # four chunks


class Server(ThreadingHTTPServer):
    """What is offered, how (a word in the path), and what was asked for."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked, self.go_on = {"file": CONTENT}, [], threading.Event()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        _, how, name = self.path.split("/", 2)
        self.server.asked.append((how, name, self.headers.get("Range")))
        self.close_connection = True
        content = self.server.files.get(name, b"")
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        with suppress(OSError):  # the other side has had enough
            getattr(self, f"answer_{how}")(content, start)

    def head(self, status, **headers):
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header.replace("_", "-"), str(value))
        self.end_headers()

    def part(self, content, start):
        if start:
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.head(206, Content_Length=len(content) - start, Content_Range=span)
        else:
            self.head(200, Content_Length=len(content))

    def answer_well(self, content, start):
        self.part(content, start)
        self.wfile.write(content[start:])

    def answer_whole(self, content, start):
        self.head(200, Content_Length=len(content))
        self.wfile.write(content)

    def answer_cut(self, content, start):
        self.part(content, start)
        self.wfile.write(content[start : start + 2 * CHUNK])

    def answer_waiting(self, content, start):
        self.part(content, start)
        self.wfile.write(content[start : start + CHUNK])
        self.server.go_on.wait(10)
        self.wfile.write(content[start + CHUNK :])

    def answer_silent(self, content, start):
        self.server.go_on.wait(10)

    def answer_endless(self, content, start):
        self.head(200, Transfer_Encoding="chunked")
        while True:
            self.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    def answer_wrong(self, content, start):
        self.answer_well(bytes(len(content)), start)

    def answer_longer(self, content, start):
        self.answer_well(content + b"x", 0)

    def answer_packed(self, content, start):
        self.head(200, Content_Length=len(content), Content_Encoding="gzip")

    def answer_elsewhere(self, content, start):
        self.head(206, Content_Length=len(content) - 1, Content_Range=f"bytes 1-{len(content) - 1}/{len(content)}")

    def answer_missing(self, content, start):
        self.head(404, Content_Length=0)

    def answer_moved(self, content, start):
        self.head(302, Location="/well/file", Content_Length=0)

    def answer_round(self, content, start):
        self.head(302, Location="/round/file", Content_Length=0)

    def answer_to(self, content, start):
        self.head(302, Location=self.server.target, Content_Length=0)


@contextmanager
def serving():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()


def remote(server, *ways, name="file", content=None):
    content = server.files[name] if content is None else content
    addresses = tuple(f"{server.address}/{how}/{name}" for how in ways)
    return RemoteFile(name, len(content), hashlib.sha256(content).hexdigest(), addresses)
