"""A run's history as a file, a long one by a process of its own: `python -m cnn_core.training.history_writer`.

A million steps are seconds of work in Python, and the pages of a server, which share one interpreter, would go slowly meanwhile.
The process takes `History.as_bytes` from its standard input and gives the text.
"""

from __future__ import annotations

import sys
import threading

from cnn_core.training.export import history_csv
from cnn_core.training.history import History
from cnn_core.training.process import launch

SHORT = 10_000  # steps that are written faster than a process starts
_turn = threading.Lock()  # one process at a time: each holds its history twice


def history_file(records: History) -> bytes:
    """What `history_csv` makes of the history, in UTF-8. Raises OSError if the process that writes it ends without."""
    if len(records) <= SHORT:
        return history_csv(records).encode()
    with _turn, launch(__name__) as process:
        text: bytes = process.communicate(records.as_bytes())[0]
    if process.returncode:
        raise OSError(
            f"the process that writes the history ended without it (exit code {process.returncode}): try again"
        )
    return text


def main() -> None:
    """Write one."""
    text = history_csv(History.from_bytes(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(text.encode())


if __name__ == "__main__":
    main()
