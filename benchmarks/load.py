"""What a change costs the server, and how long a class waits for it: `python -m benchmarks.load`.

Visitors on the Convolution page each move one control a second, at a moment of their own: kernel size, stride, padding, or a
weight typed into the grid. They speak to the server as browsers do, so that no browser's work is measured. The yardstick, in
the same run, is the smallest app that Streamlit can make, moved in the same way: what no page can do without.
"""

from __future__ import annotations

import math
import os
import platform
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from benchmarks.reader import Reader
from tools.browser import served

SECONDS = 20
VISITORS = {25: 150, 50: 300}  # how many, and the milliseconds in which 95 of 100 answers must be there
MOST_WORK = 15  # ms of a core, for a change of one of the visitors
ONE_SLIDER = "benchmarks/one_slider.py"
SEED = 231


def type_a_weight(reader: Reader) -> None:
    """Type another number into the middle of the kernel's grid."""
    cells = reader.shown("kernel_grid")["rows"]
    middle = len(cells) // 2
    cells[middle][middle] = "7" if cells[middle][middle] != "7" else "5"
    reader.tell("kernel_grid", "cells", cells)


Move = Callable[[Reader], None]
MOVES: tuple[Move, ...] = (
    lambda reader: reader.move("kernel_size", 3, 5),
    lambda reader: reader.move("stride", 1, 2),
    type_a_weight,
    lambda reader: reader.move("padding", 1, 2),
)
MOVE: tuple[Move, ...] = (lambda reader: reader.move("number", 50, 70),)


@dataclass
class Measured:
    """What some visitors met. times: of each answer, in ms; work: of a core for each change, in ms; errors: in words."""

    times: list[float] = field(default_factory=list)
    work: float = 0.0
    errors: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{np.median(self.times):8.0f}, {np.quantile(self.times, 0.95):4.0f} ms {self.work:14.1f} ms of a core"


def worked(process: int) -> float:
    """Milliseconds of a core that a process has used (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def answer(reader: Reader, move: Move) -> float:
    """Milliseconds until the whole answer to a move is there. RuntimeError if it is an error, or says nothing new."""
    before = {said.hash for said in reader.heard}
    began = time.perf_counter()
    move(reader)
    took = 1000 * (time.perf_counter() - began)
    if reader.elements("exception"):
        raise RuntimeError(f"the page shows an error: {reader.elements('exception')[0].message}")
    if not any(said.WhichOneof("type") == "delta" and said.hash not in before for said in reader.heard):
        raise RuntimeError("nothing on the page has changed")
    return took


def visit(reader: Reader, moves: Iterator[Move], chance: random.Random, begin: float, found: Measured) -> None:
    """One move in each second, at a moment that chance names; a visitor waits for an answer before the next move."""
    for second in range(SECONDS):
        time.sleep(max(0.0, begin + second + chance.random() - time.monotonic()))
        try:
            found.times.append(answer(reader, next(moves)))
        except Exception as error:
            found.errors.append(repr(error))
            found.times.append(math.inf)


@contextmanager
def readers(
    address: str, page: str, moves: tuple[Move, ...], count: int
) -> Iterator[list[tuple[Reader, Iterator[Move]]]]:
    """So many visitors, each at another place of the moves; each has made one round."""
    with ExitStack() as until_closed:
        found: list[tuple[Reader, Iterator[Move]]] = []
        for number in range(count):
            reader = until_closed.enter_context(Reader(address))
            reader.enter(page)
            own = islice(cycle(moves), number % len(moves), None)
            for move in islice(own, len(moves)):
                answer(reader, move)
            found.append((reader, own))
        yield found


def measure(server: tuple[str, int], page: str, moves: tuple[Move, ...], count: int) -> Measured:
    """What so many visitors see."""
    found, (address, process) = Measured(), server
    with readers(address, page, moves, count) as all_of_them:
        begin, before = time.monotonic() + 0.5, worked(process)
        threads = [
            threading.Thread(target=visit, args=(reader, own, random.Random(SEED + number), begin, found))
            for number, (reader, own) in enumerate(all_of_them)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found.work = (worked(process) - before) / (SECONDS * count)
    return found


def main() -> int:
    """Print the figures; returns 1 if one misses what has to be reached."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; each visitor moves one control a second")
    print("visitors                  answered, p50, p95            a change costs the server")
    missed = False
    with served("app.py") as app, served(ONE_SLIDER) as smallest:
        for count, late in VISITORS.items():
            ours, yardstick = measure(app, "convolution", MOVES, count), measure(smallest, "", MOVE, count)
            missed |= bool(ours.errors) or ours.work > MOST_WORK or float(np.quantile(ours.times, 0.95)) > late
            print(f"{count:8d}  Convolution {ours}   at most {late}, {MOST_WORK}", flush=True)
            print(f"{'':10}one slider  {yardstick}", flush=True)
            for error in sorted(set(ours.errors + yardstick.errors)):
                print(f"{'':10}{error}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
