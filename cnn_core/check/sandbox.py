"""Somebody else's code in a process of its own: asked over pipes, with limits on time, memory and output.

Whatever it does, `ask` comes back in time: with the answer, or with a `Trouble` that says in words what happened. What comes
back is JSON and the bytes of arrays; nothing is ever unpickled. `close` ends the process with its whole group and removes its
folder, where its temporary files are, too. What it has started in a session of its own is ended where /proc shows the
environment of processes (Linux), and only if that was left to it as it is.
"""

from __future__ import annotations

import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from cnn_core.check.worker import NO_MEMORY
from cnn_core.checks import real
from cnn_core.machine.threads import ONE_THREAD
from cnn_core.messages import decode, encode

ROOT = Path(__file__).resolve().parents[2]
MOST_REPLY = 16 << 20  # bytes of one answer
MOST_CPU = 600  # seconds of processor time in all
MOST = 10_000  # of each limit
MARK = "CONVSCOPE_CHECK"  # in its environment, which it hands on to all that it starts
ROUNDS = 100  # in which what starts others while it is being ended is ended
STARTING = 60.0  # seconds that a machine with other work may take to start a process


@dataclass(frozen=True)
class Limits:
    """seconds: for one call. memory: GiB of addresses. output: MB that may be printed. Loading may take `loading` seconds.

    Raises ValueError for what is not a finite number above 0, and at most MOST.
    """

    seconds: float = 5.0
    memory: float = 2.0
    output: float = 1.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            real(name, value, lambda number: 0 < number <= MOST, f"above 0 and at most {MOST:,}")

    @property
    def loading(self) -> float:
        """Seconds in which the file must have been run, what it imports included."""
        return 4 * self.seconds


class Trouble(Exception):  # noqa: N818  (it is what the code did, not what went wrong here)
    """The process is gone, and why: a phrase without its subject, such as `does not end within 5 s`."""


class Sandbox:
    """One process after the other: after a Trouble, the next question is put to a new one, which has loaded the file anew.

    load: the message that loads the file.
    """

    def __init__(self, load: dict[str, Any], limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._load, self._process = load, None
        self._folder = tempfile.mkdtemp(prefix="convscope-check-")

    _process: _Process | None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def load(self) -> dict[str, Any]:
        """What loading the file gives. Raises Trouble."""
        self._end()
        self._process = _Process(self._folder, self.limits)
        self._ask({"memory": int(self.limits.memory * 2**30), "cpu": MOST_CPU}, STARTING)
        return self._ask(self._load, self.limits.loading)

    def ask(self, message: dict[str, Any], seconds: float = 0) -> dict[str, Any]:
        """The answer to a message, within `seconds` (0: the limit of one call). Raises Trouble."""
        if self._process is None:
            self.load()
        return self._ask(message, seconds or self.limits.seconds)

    def close(self) -> None:
        """End it, and leave nothing behind."""
        self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _ask(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        assert self._process is not None
        try:
            return self._process.ask(message, seconds)
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end()
            end_marked(self._folder)


def end_marked(folder: str) -> None:
    """End what has this folder's mark: processes that have left the group of the one that started them (Linux)."""
    mark = f"{MARK}={folder}".encode()
    for _ in range(ROUNDS):
        found = False
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended, or is somebody else's
                if mark in (place / "environ").read_bytes().split(b"\0"):
                    found = True
                    os.kill(int(place.name), signal.SIGKILL)
        if not found:
            return
        time.sleep(0.01)


class _Process:
    def __init__(self, folder: str, limits: Limits) -> None:
        self.limits = limits
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-m", "cnn_core.check.worker"],
            cwd=folder,
            env=os.environ
            | ONE_THREAD
            | {"PYTHONPATH": path, "MPLBACKEND": "agg", "MPLCONFIGDIR": folder, "TMPDIR": folder, MARK: folder},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.replies: queue.Queue[bytes] = queue.Queue()
        self.flooded = False
        assert self.process.stdout is not None and self.process.stderr is not None
        for work, pipe in ((self._hear, self.process.stdout), (self._count, self.process.stderr)):
            threading.Thread(target=work, args=(pipe,), daemon=True).start()

    def ask(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        number = secrets.token_hex(8)
        self._say(message | {"number": number})
        try:
            line = self.replies.get(timeout=seconds)
        except queue.Empty:
            raise Trouble(self._flood() or f"does not end within {seconds:g} s, the limit") from None
        if not line:
            raise Trouble(self._flood() or f"ends the process ({self._how()})")
        try:
            reply = decode(line.decode())
        except (ValueError, TypeError, KeyError, RecursionError):
            raise Trouble("gives back more than can be read") from None
        if reply.pop("number", "") != number:
            raise Trouble("writes where only the answers of the check belong")
        return reply

    def end(self) -> None:
        """All processes of the group, those too that it has started itself."""
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _say(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        with suppress(OSError):  # it has ended, as the answer will say
            self.process.stdin.write(encode(message).encode() + b"\n")
            self.process.stdin.flush()

    def _flood(self) -> str:
        return f"prints more than {self.limits.output:g} MB, the limit" if self.flooded else ""

    def _how(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            code = self.process.wait(1)
            if code == NO_MEMORY:
                return "it needs more memory than it may have, see --memory"
            return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return "it answers no more"

    def _hear(self, pipe: IO[bytes]) -> None:
        with suppress(OSError, ValueError):
            while line := pipe.readline(MOST_REPLY):
                self.replies.put(line)
        self.replies.put(b"")

    def _count(self, pipe: IO[bytes]) -> None:
        left = self.limits.output * 1e6
        with suppress(OSError, ValueError):
            while some := os.read(pipe.fileno(), 1 << 16):
                left -= len(some)
                if left < 0 and not self.flooded:
                    self.flooded = True
                    self.process.kill()
