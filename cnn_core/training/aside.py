"""Work beside the pages: a process of its own that tells how far it is and what it found, started once, ended at any time.

The process is a module: `python -m MODULE ARGUMENTS`. It calls `end_with_the_server`, then says (messages.py) "progress" with
a share from 0 to 1 now and then, and "found" for each thing it has found. It ends when its standard input is closed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

from cnn_core.messages import decode
from cnn_core.training.process import launch


class Aside:
    """One such process; what is known of it may be read at any time, from any thread.

    module: its name. expected: how many things it is to find. arguments: of its command line, taken anew at each start.

    state: "" (not begun, or cancelled), running, done or failed. share: how much is done, 0 to 1. results: messages, one for
    each thing that was found. message: why it failed.
    """

    def __init__(self, module: str, expected: int, *arguments: str) -> None:
        self.state, self.share, self.message = "", 0.0, ""
        self.results: tuple[dict[str, Any], ...] = ()
        self.arguments = arguments
        self._module, self._expected = module, expected
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None  # that may say how far it is; one that was cancelled may not
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin, unless it has begun or is done; begin anew where it failed. Nobody waits for the process."""
        with self._lock:
            if self.state in ("running", "done"):
                return
            self.state, self.share, self.results, self.message = "running", 0.0, (), ""
            self._thread = threading.Thread(target=self._hear, daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """End it, if it runs, as if it had never begun: what it has found so far is gone."""
        with self._lock:
            if self.state == "running":
                self.state, self.share, self.results, self._thread = "", 0.0, (), None
                self.close()

    def wait(self) -> None:
        """Wait until it has ended."""
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()

    def _hear(self) -> None:
        noise = ""
        try:
            process = launch(self._module, *self.arguments, stderr=subprocess.STDOUT, text=True)
            with process:
                if not self._tell(_process=process):
                    process.kill()  # cancelled before it was there
                assert process.stdout is not None
                for line in process.stdout:
                    try:
                        message = decode(line)
                    except ValueError:
                        noise = line.strip() or noise
                        continue
                    if message.pop("type") == "found":
                        self._tell(results=(*self.results, message))
                    else:
                        self._tell(share=message["share"])
            noise = noise or f"exit code {process.returncode}"
        except OSError as error:
            noise = str(error)
        if len(self.results) == self._expected:
            self._tell(state="done", share=1.0)
        else:
            self._tell(state="failed", message=f"the process that trains ended early ({noise}): start it again")

    def _tell(self, **known: object) -> bool:
        """Take this over, unless the thread that says it was cancelled. Was it taken?"""
        with self._lock:
            if self._thread is not threading.current_thread():
                return False
            vars(self).update(known)
            return True


def end_with_the_server() -> None:
    """For the process itself: end when the server that has started it ends."""
    threading.Thread(target=_wait_for_its_end, daemon=True).start()


def _wait_for_its_end() -> None:
    sys.stdin.read()
    os._exit(0)
