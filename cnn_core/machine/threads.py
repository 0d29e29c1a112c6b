"""How many threads the core uses: set here and nowhere else.

NumPy's matrix products: one, set before NumPy is imported. Their own threads wait for each other in a loop, and lose up to
seven times as soon as the second core has other work (docs/performance.md): a second run, or the thread that answers the
visitors. As many runs train at once as there are cores; that is how the others are used.

Who has idle cores for a single training, in a script or a notebook, sets CONVSCOPE_THREADS: then the training step is split
here (`share`), the passes between the products included, which BLAS cannot split. A training of the server computes on one
thread, whatever the environment says: another number of threads adds up in another order, and a run that is kept must go
on to the same bits, however its server is started the next time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import cache
from itertools import pairwise
from typing import TypeVar

from cnn_core import environment

OURS = environment.THREADS
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", OURS), "1")
Result = TypeVar("Result")


def use_one_thread() -> None:
    """Let this process compute on one thread, unless the environment says otherwise already."""
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def threads() -> int:
    """How many `share` uses: CONVSCOPE_THREADS, 1 without it. Raises ValueError for anything else."""
    return environment.threads()


def share(work: Callable[[slice], Result], length: int, least: int) -> list[Result]:
    """Cut range(length) into a part for each thread, call work(part) there, and give the results in the parts' order.

    Parts are at least `least` long, so that small work stays where it is. Where the cuts are depends on nothing else, so
    sums over parts are reproducible for a number of threads. `work` must not share in its turn.
    """
    parts = max(1, min(threads(), length // max(1, least)))
    if parts == 1:
        return [work(slice(0, length))]
    cuts = [length * number // parts for number in range(parts + 1)]
    slices = [slice(start, stop) for start, stop in pairwise(cuts)]
    others = [
        _pool(os.getpid()).submit(copy_context().run, work, part) for part in slices[1:]
    ]  # NumPy's errstate goes along
    try:
        first = work(slices[0])
    finally:
        wait(others)  # they write into the caller's arrays
    return [first, *(other.result() for other in others)]


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The other threads of this process: a forked child has none of its parent's, so it makes its own."""
    return ThreadPoolExecutor(threads() - 1, thread_name_prefix="convscope")
