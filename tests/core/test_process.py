"""The worker process: whatever it says, and however it ends, the end is told."""

import os

import pytest

from cnn_core.machine.threads import ONE_THREAD, OURS
from cnn_core.training import process
from cnn_core.training.process import WorkerProcess
from tests.waiting import until


@pytest.mark.parametrize(
    ("said", "heard", "why"),
    [
        (b"\xff\xfe noise\n{}\n", [{}], "\ufffd\ufffd noise"),
        (b'{"base64": 1}\n', [], "TypeError"),
        (b'{"base64": ""}\n', [], "KeyError"),
    ],
)
def test_whatever_a_worker_says_its_end_is_told(said, heard, why, tmp_path, monkeypatch):
    folder = tmp_path / "cnn_core" / "training"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").touch()
    (folder / "worker.py").write_text(f"import sys; sys.stdin.readline(); sys.stdout.buffer.write({said!r})")
    monkeypatch.setattr(process, "ROOT", tmp_path)
    messages, ends = [], []
    WorkerProcess(dict, lambda _, message: messages.append(message), lambda _, reason: ends.append(reason))
    until(lambda: ends, seconds=10)
    assert messages == heard
    assert why in ends[0]


def test_a_training_computes_on_one_thread_whatever_the_environment_says(tmp_path, monkeypatch):
    folder = tmp_path / "cnn_core" / "training"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").touch()
    (folder / "worker.py").write_text(
        "import os, sys; sys.exit(':'.join(os.environ[n] for n in sys.stdin.readline().split()))"
    )
    monkeypatch.setattr(process, "ROOT", tmp_path)
    for name in ONE_THREAD:
        monkeypatch.setenv(name, "3")
    said, _ = process.start().communicate(" ".join(ONE_THREAD))
    assert said.strip() == ":".join("1" * len(ONE_THREAD))
    assert OURS in ONE_THREAD


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="Windows has other priorities")
def test_a_process_lets_the_pages_come_first_from_its_first_moment_on():
    with process.launch("cnn_core.training.worker") as worker:
        priority = os.getpriority(os.PRIO_PROCESS, worker.pid)
        worker.kill()
    assert priority == os.getpriority(os.PRIO_PROCESS, 0) + process.NICER
