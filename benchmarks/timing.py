"""Timing in processes of their own, in turns: each has its number of threads, and none its neighbour's memory.

A process is asked for one round at a time, so that what else the machine does meets all of those who are compared.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys
import time

from benchmarks.cases import KINDS
from cnn_core.machine.threads import ONE_THREAD, OURS
from tools.browser import ROOT

ROUNDS = 5
SECONDS = 0.25  # of a round


def has_torch() -> bool:
    """Is PyTorch there to be compared with?"""
    return importlib.util.find_spec("torch") is not None


class Timer:
    """A process that does a case over and over when asked. kind, name: of benchmarks.cases; who: who does it."""

    def __init__(self, kind: str, name: str, who: str, dtype: str, threads: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.timing", kind, name, who, dtype],
            cwd=ROOT,
            env=os.environ
            | (dict.fromkeys(ONE_THREAD, str(threads)) if who == "torch" else ONE_THREAD | {OURS: str(threads)}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def round(self) -> list[float]:
        """Seconds of each run of one round."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return [float(seconds) for seconds in self.process.stdout.readline().split()]

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def medians(kind: str, name: str, whos: list[str], dtype: str, threads: int) -> dict[str, float]:
    """The median seconds of a case for each of `whos`, of alternating rounds; the first round warms up."""
    timers = {who: Timer(kind, name, who, dtype, threads) for who in whos}
    times: dict[str, list[float]] = {who: [] for who in whos}
    for number in range(ROUNDS + 1):
        for who, timer in timers.items():
            found = timer.round()
            if number:
                times[who] += found
    for timer in timers.values():
        timer.close()
    return {who: statistics.median(found) for who, found in times.items()}


def main() -> None:
    """The process itself: a round for each line."""
    kind, name, who, dtype = sys.argv[1:]
    if who == "torch":
        import torch

        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    call = KINDS[kind](name, who, dtype)
    for _ in sys.stdin:
        found: list[float] = []
        until = time.perf_counter() + SECONDS
        while len(found) < 3 or time.perf_counter() < until:
            began = time.perf_counter()
            call()
            found.append(time.perf_counter() - began)
        print(*found, flush=True)


if __name__ == "__main__":
    main()
