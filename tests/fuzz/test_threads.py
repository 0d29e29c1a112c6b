"""One thread, two, and a child forked from a process that has used its threads: all give the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnn_core.machine.threads import OURS

ROOT = Path(__file__).parents[2]


def digests(threads, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.digests", *arguments],
        cwd=ROOT,
        env=os.environ | {OURS: str(threads)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_threads_and_a_forked_child_agree():
    one = digests(1)
    assert len(one) > 100
    assert digests(2) == one
    assert digests(2, "fork") == one
