"""Whether anybody waits for anybody: `python -m benchmarks.waiting`.

One visitor changes the stride on the Convolution page, over and over, on a server of its own: in turns while nothing else goes
on, and while a worker is stopped (it neither reads nor writes), others look for the first time at runs of a million steps,
and a run with 1 GiB of checkpoints is forked. What comes in between must be answered as without all that, and a training
that is started then must train. Visitors speak to the server as browsers do, each of them in a process of its own. The others
have machines of their own where they are: here they take in what the server sends, and make something of it once all is measured.
"""

from __future__ import annotations

import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np

from cnn_core.folders import VARIABLE
from cnn_core.training import Registry, TrainingConfig
from cnn_core.training.history import NAMES, History
from tools.browser import serve
from tools.visitor import Visitor

ROUNDS, CHANGES = 6, 30
STEPS, BYTES = 1_000_000, 1 << 30
BOUND = 1.2  # times the answer of a server that does nothing else, 95 % of them
SMALL = {"batch_size": 200, "hidden_1": 4, "num_epochs": 50}
FOREVER = 30.0  # seconds
LEAST = 19  # the priority of the other visitors, whose work is not the server's


def million() -> History:
    """A long run's history: a loss that falls, with noise."""
    rows = np.full((STEPS, len(NAMES)), np.nan)
    rows[:, 0] = np.arange(1, STEPS + 1)
    rows[:, 1] = rows[:, 0] // 1000 + 1
    rows[:, 2] = 0.1 + 1000 / (1000 + rows[:, 0]) + 0.05 * np.random.default_rng(0).random(STEPS)
    rows[:, 3:5] = 0.01
    rows[999::1000, 5:] = 0.9
    return History(rows)


def prepare(folder: Path) -> str:
    """Keep one run of a million steps for each round, and one that is heavy to fork; returns the id of that."""
    registry = Registry(folder)
    heavy = registry.start(TrainingConfig(num_epochs=1))
    while not (heavy.ended and heavy.kept):
        time.sleep(0.05)
    history = million()
    for number in range(ROUNDS):
        registry.store.add(f"million{number}", TrainingConfig().as_dict(), None)
        registry.store.set(f"million{number}", state="finished", iterations=STEPS)
        registry.store.add_steps(f"million{number}", history)
    registry.close()
    for path in heavy.checkpoints.iterations()[:4]:
        heavy.checkpoints.path(path).write_bytes(os.urandom(1 << 20) * (BYTES >> 22))
    return heavy.id


def button(visitor: Visitor, label: str) -> str:
    """The id of the button whose label begins so."""
    found, *_ = (button for name, button in visitor.buttons() if name.startswith(label))
    return found


def started(address: str) -> float:
    """Seconds from Start until the run's first steps are seen."""
    with Visitor(address) as visitor:
        visitor.open("train", **SMALL)
        began = time.monotonic()
        visitor.ask(SMALL, (button(visitor, "Start"),))
        while not any("running: step" in bar.text.replace("\\", "") for bar in visitor.elements("progress")):
            if time.monotonic() > began + FOREVER:
                return FOREVER
            time.sleep(0.1)
            visitor.ask(SMALL)
        took = time.monotonic() - began
        visitor.ask(SMALL, (button(visitor, "Stop"),))
        return took


def workers(folder: Path) -> set[int]:
    """The processes of the trainings whose server keeps its runs here (Linux)."""
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            mine = f"{VARIABLE}={folder}".encode() in (place / "environ").read_bytes().split(b"\0")
            if mine and b"cnn_core.training.worker" in (place / "cmdline").read_bytes():
                found.add(int(place.name))
        except OSError:  # it has ended, or is somebody else's
            continue
    return found


def answers(visitor: Visitor, count: int) -> list[float]:
    """Milliseconds until the whole answer to each change is there; a breath between two."""
    times = []
    for number in range(count):
        began = time.perf_counter()
        visitor.ask({"stride": 1 + number % 2})
        times.append(1000 * (time.perf_counter() - began))
        time.sleep(0.02)
    return times


def look(address: str, run: str, ready: Barrier, measured: Barrier) -> None:
    """The first look at a run of a million steps, its curves drawn."""
    os.nice(LEAST)
    with Visitor(address) as visitor:
        ready.wait()
        visitor.go("train", run=run)
        measured.wait()
        visitor.hear()
        assert any("1000000" in bar.text for bar in visitor.elements("progress")), "the long run is not shown"


def fork(address: str, run: str, ready: Barrier, measured: Barrier) -> None:
    """Fork the heavy run from its last step."""
    query = {"run": run, "view": "Film strip"}
    os.nice(LEAST)
    with Visitor(address) as visitor:
        visitor.open("train", **query)
        pressed = button(visitor, "Fork from step")
        ready.wait()
        visitor.request(query, (pressed,))
        measured.wait()
        visitor.hear()


@contextmanager
def others(address: str, long: str, heavy: str) -> Iterator[None]:
    """What the others do meanwhile begins with the block; they look at their answers after it."""
    apart = get_context("spawn")
    ready, measured = apart.Barrier(3), apart.Barrier(3)
    doing = [
        apart.Process(target=what, args=(address, run, ready, measured), daemon=True)
        for what, run in ((look, long), (fork, heavy))
    ]
    for process in doing:
        process.start()
    ready.wait()
    yield
    measured.wait()
    for process in doing:
        process.join()
        assert process.exitcode == 0, "a look or a fork failed: see above"


def measure(folder: Path, heavy: str) -> tuple[list[float], list[float], list[float]]:
    """Answers while nothing else goes on, answers while all of it does, and how long each Start took meanwhile."""
    quiet: list[float] = []
    busy: list[float] = []
    starts: list[float] = []
    with serve(CONVSCOPE_DATA=str(folder)) as address, Visitor(address) as visitor:
        visitor.open("convolution")
        answers(visitor, CHANGES)
        for number in range(ROUNDS):
            quiet += answers(visitor, CHANGES)
            with Visitor(address) as other:
                other.open("train", **SMALL)
                other.ask(SMALL, (button(other, "Start"),))
                time.sleep(1.0)
                stopped = workers(folder)
                for worker in stopped:
                    os.kill(worker, signal.SIGSTOP)
                with others(address, f"million{number}", heavy):
                    busy += answers(visitor, CHANGES)
                starts.append(started(address))
                for worker in stopped & workers(folder):
                    os.kill(worker, signal.SIGCONT)
                other.ask(SMALL, (button(other, "Stop"),))
                time.sleep(0.5)
    return quiet, busy, starts


def main() -> int:
    """Print the figures; returns 1 if one misses what has to be reached."""
    with tempfile.TemporaryDirectory() as folder:
        heavy = prepare(Path(folder, "runs"))
        quiet, busy, starts = measure(Path(folder), heavy)
        registry = Registry(Path(folder, "runs"))
        forks = sum(row.parent == heavy for row in registry.rows())
        registry.close()
    assert forks == ROUNDS, "not every fork was made"
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores; a change on Convolution, {len(quiet)} of each kind"
    )
    for what, times in (("nothing else goes on", quiet), ("stopped worker, million steps, fork of 1 GiB", busy)):
        print(f"{what:50s}{np.median(times):6.0f} ms, p95 {np.quantile(times, 0.95):6.0f} ms")
    ratio = float(np.quantile(busy, 0.95) / np.quantile(quiet, 0.95))
    print(f"{'ratio of the p95':50s}{ratio:9.2f}   at most {BOUND}")
    print(f"{'a training started meanwhile: first steps seen':50s}{max(starts):7.1f} s   at most {FOREVER:.0f}")
    return int(ratio > BOUND or max(starts) >= FOREVER)


if __name__ == "__main__":
    sys.exit(main())
