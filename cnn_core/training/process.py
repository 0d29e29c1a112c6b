"""The worker process of one training: started, spoken to, heard, ended."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnn_core.machine.threads import ONE_THREAD
from cnn_core.training.messages import decode, encode

ROOT = Path(__file__).resolve().parents[2]


class WorkerProcess:
    """`python -m cnn_core.training.worker`, told its job. Raises OSError if it cannot start.

    hear(process, message) is called for each message, end(process, why) once when it is gone, both on a thread of its own.
    why is the last thing it said that was no message (of a traceback, the line that counts), or its exit code.
    """

    def __init__(
        self,
        job: dict[str, Any],
        hear: Callable[[WorkerProcess, dict[str, Any]], None],
        end: Callable[[WorkerProcess, str], None],
    ) -> None:
        self._process = start()
        self._hear, self._end = hear, end
        self._speaking = threading.Lock()
        self.send(job)
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, message: dict[str, Any]) -> None:
        """Say something. Nothing happens if the process has ended: `end` says so."""
        assert self._process.stdin is not None
        with self._speaking, suppress(OSError, ValueError):  # ValueError: closed
            self._process.stdin.write(encode(message) + "\n")
            self._process.stdin.flush()

    def kill(self) -> None:
        """End the process without another word."""
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        noise = ""
        try:
            for line in self._process.stdout:
                try:
                    message = decode(line)
                except ValueError:
                    noise = line.strip() or noise
                    continue
                self._hear(self, message)
        except Exception as error:  # whatever it is, a run that nobody hears must not keep its room
            noise = f"{type(error).__name__}: {error}"
            self._process.kill()
        finally:
            self._process.wait()
            self._end(self, noise or f"exit code {self._process.returncode}")


def start() -> subprocess.Popen[str]:
    """A worker waiting for its job."""
    return subprocess.Popen(
        [sys.executable, "-m", "cnn_core.training.worker"],
        cwd=ROOT,
        env=os.environ | ONE_THREAD | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",  # what a library prints may be in any encoding
    )
