"""The worker process of one training: started, spoken to, heard, ended; nobody but its own threads waits for it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnn_core.machine.threads import ONE_THREAD
from cnn_core.messages import decode, encode
from cnn_core.training.outbox import Outbox

ROOT = Path(__file__).resolve().parents[2]
NICER = 10  # than the server
NOT_STARTED = "the training process could not start ({})"
UNEXPECTED = "the training process ended unexpectedly ({})"


class WorkerProcess:
    """`python -m cnn_core.training.worker`. It has a thread that makes its job, starts it, hears it and sees its end, and
    another one that speaks to it: a worker that does not read keeps that thread waiting, and nobody else.

    prepare() makes the job, a message. hear(process, message) is called for each message, end(process, why) once when it is
    over; all three on the first thread. why: a sentence, with the last thing it said that was no message (of a traceback,
    the line that counts), or its exit code.

    quiet: seconds in which nothing was heard of it, as far as somebody counts them up.
    """

    def __init__(
        self,
        prepare: Callable[[], dict[str, Any]],
        hear: Callable[[WorkerProcess, dict[str, Any]], None],
        end: Callable[[WorkerProcess, str], None],
    ) -> None:
        self._prepare, self._hear, self._end = prepare, hear, end
        self._process: subprocess.Popen[str] | None = None
        self._ending = threading.Lock()  # between the start and an end that comes before it
        self._killed = False
        self._outbox = Outbox()
        self._spoken = self._heard = 0.0
        self.quiet = 0.0
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def send(self, message: dict[str, Any]) -> None:
        """Say something, once it is there. Nothing happens if the process has ended: `end` says so."""
        self._spoken = time.monotonic()
        self._outbox.put(message)

    @property
    def started(self) -> bool:
        """Is the process there?"""
        return self._process is not None

    @property
    def answered(self) -> bool:
        """Has it said something since it was last told something?"""
        return not len(self._outbox) and self._heard > self._spoken

    def kill(self) -> None:
        """End the process without another word, or see to it that it does not start."""
        with self._ending:
            self._killed = True
            if self._process is not None:
                self._process.kill()

    def wait(self) -> None:
        """Wait until it has ended and `end` was called."""
        self._thread.join()

    def _live(self) -> None:
        why = ""
        try:
            job = self._prepare()
            with self._ending:
                process = self._process = None if self._killed else start()
            if process is not None:
                why = UNEXPECTED.format(self._talk(process, job))
        except Exception as error:  # whatever it is, a run that nobody hears must not keep its room
            words = NOT_STARTED if self._process is None else UNEXPECTED
            why = words.format(str(error) or type(error).__name__)
        finally:
            self._end(self, why)

    def _talk(self, process: subprocess.Popen[str], job: dict[str, Any]) -> str:
        """Give it its job, hear it until its end, and say why that came."""
        speaking = threading.Thread(target=self._speak, args=(process, job), daemon=True)
        speaking.start()
        assert process.stdout is not None
        noise = ""
        try:
            for line in process.stdout:
                self._heard, self.quiet = time.monotonic(), 0.0
                try:
                    message = decode(line)
                except ValueError:
                    noise = line.strip() or noise
                    continue
                self._hear(self, message)
        except Exception as error:
            noise = f"{type(error).__name__}: {error}"
        finally:
            process.kill()
            process.wait()
            self._outbox.close()
            speaking.join()
            process.stdout.close()
        return noise or f"exit code {process.returncode}"

    def _speak(self, process: subprocess.Popen[str], job: dict[str, Any]) -> None:
        assert process.stdin is not None
        words: list[dict[str, Any]] | None = [job]
        with suppress(OSError, ValueError), process.stdin as pipe:  # it has ended
            while words is not None:
                pipe.writelines(encode(word) + "\n" for word in words)
                pipe.flush()
                words = self._outbox.take()


def launch(module: str, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
    """A module in a process of its own that lets the pages come first. options: those of Popen.

    From its first moment on: to import what it needs keeps a core busy for as long as a dozen pages take.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,  # wherever this one was started
        env=os.environ | ONE_THREAD | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **options,
    )
    if hasattr(os, "setpriority"):  # not on Windows
        with suppress(OSError):  # it has ended
            os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICER)
    return process


def start() -> subprocess.Popen[str]:
    """A worker waiting for its job."""
    return launch(
        "cnn_core.training.worker",
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",  # what a library prints may be in any encoding
    )
