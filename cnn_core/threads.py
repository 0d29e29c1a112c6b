"""How many threads NumPy's matrix products use: set here, before NumPy is imported, and nowhere else.

One. Two gain a third on a training step with large maps and nobody else about, but lose up to seven times as soon as the
second core has other work (docs/performance.md): a second run, or the thread that answers the visitors. As many runs
train at once as there are cores; that is how the others are used.
"""

from __future__ import annotations

import os

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def use_one_thread() -> None:
    """Let matrix products of this process run on one thread, unless the environment says otherwise already."""
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)
