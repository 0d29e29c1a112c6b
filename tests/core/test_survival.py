"""A server killed in mid-training: the run is interrupted, goes on, and ends with the very same weights."""

import random
import signal
import subprocess
import sys
import time
from itertools import pairwise

import pytest

from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.training import DataOptions, Registry, tensors, worker
from cnn_core.training import checkpoint as checkpoint_module
from cnn_core.training.checkpoint import Checkpoint
from tests.trainings import small
from tests.waiting import until

SERVER = """
import sys, pathlib, time
from cnn_core.training import Registry
registry = Registry(pathlib.Path(sys.argv[1]), slots=2)
run = registry.get(sys.argv[2])
run.resume()
told = None
while not run.ended:
    if told != (told := len(run.records)):
        print(told, flush=True)
    time.sleep(0.01)
"""

# Everything that a resumed training could get wrong: running means, dropout, augmentation, Adam's memory, a decaying rate.
CONFIG = small(
    network=NetworkSpec(blocks=(ConvBlock(num_filters=4, norm="batch"),), hidden=(8,), dropout=0.3),
    data=DataOptions(shift=1, noise=0.1),
    lr_decay=0.98,
    batch_size=100,
    num_epochs=60,
)


def test_ten_kills_at_random_moments_change_no_bit_of_the_result(tmp_path):
    registry = Registry(tmp_path, slots=2)
    whole_run, victim = registry.start(CONFIG), registry.start(CONFIG, advance="step")
    until(lambda: whole_run.ended and victim.state == "paused")
    victim.change(learning_rate=0.002)
    until(lambda: victim.changes)
    whole = whole_run.records
    registry.close()
    changed = Registry(tmp_path, slots=2)
    expected = changed.start(CONFIG, advance="step")
    until(lambda: expected.state == "paused")
    expected.change(learning_rate=0.002)
    until(lambda: expected.changes)
    expected.resume()
    until(lambda: expected.ended)
    changed.close()

    chance = random.Random(1)
    moments = []
    for _ in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", SERVER, str(tmp_path), victim.id], stdout=subprocess.PIPE
        ) as server:
            steps = map(int, server.stdout)  # these count, not seconds, however busy the machine is
            goal = next(steps, 0) + chance.randrange(12)
            next((step for step in steps if step >= goal), None)
            time.sleep(chance.uniform(0, 0.05))
            server.send_signal(signal.SIGKILL)
        time.sleep(0.05)  # the worker sees that its server is gone
        for path in (tmp_path / victim.id).glob("*.safetensors"):
            Checkpoint.read(path)  # never half a file
        with_it = Registry(tmp_path)
        run = with_it.get(victim.id)
        moments.append(len(run.records))
        assert run.state in ("interrupted", "finished")
        with_it.close()
    assert len(set(moments)) > 5

    last = Registry(tmp_path)
    run = last.get(victim.id)
    run.resume()
    until(lambda: run.state == "finished")
    assert whole != expected.records  # the change counts
    assert run.records == expected.records
    mine, theirs = (Checkpoint.read(r.checkpoints.path(r.iterations)) for r in (run, expected))
    for name, w in theirs.params.items():
        assert w.tobytes() == mine.params[name].tobytes(), name
    for name, w in theirs.buffers.items():
        assert w.tobytes() == mine.buffers[name].tobytes(), name
    assert mine.state.keys() == theirs.state.keys()
    last.close()


@pytest.fixture
def registry(tmp_path):
    registry = Registry(tmp_path / "runs", slots=2)
    yield registry
    registry.close()


def test_a_damaged_checkpoint_is_passed_over(registry):
    run = registry.start(small(num_epochs=3), advance="epoch")
    until(lambda: run.state == "paused")
    run.stop()
    until(lambda: run.ended)
    path = run.checkpoints.path(7)
    path.write_bytes(path.read_bytes()[:-5])
    run.resume()
    until(lambda: run.state == "finished")
    assert [r.iteration for r in run.records] == [*range(1, 22)]


def test_a_folder_that_cannot_be_written_to_holds_the_training_until_it_is_mended(registry):
    run = registry.start(small(num_epochs=1000), advance="step")
    until(lambda: run.state == "paused")
    folder = run.checkpoints.folder
    aside = folder.rename(folder.with_name("aside"))
    folder.touch()  # a file in its place: not even the superuser can write into it
    run.resume()
    until(lambda: run.state == "paused" and run.message)
    assert "could not be written" in run.message
    folder.unlink()
    aside.rename(folder)
    run.resume()
    until(lambda: run.state == "running")


def test_a_checkpoint_that_cannot_be_written_holds_the_training(registry, monkeypatch, tmp_path):
    control = worker.Control(advance=None)
    said = []
    monkeypatch.setattr(worker, "say", lambda kind, **content: said.append((kind, content)))
    job = worker.Job(small(num_epochs=1).as_dict(), str(tmp_path / "run"), None, [], [], control)
    write, failures = tensors.write, [OSError(28, "No space left on device")] * 2

    def full(*args):
        if failures:
            raise failures.pop()
        return write(*args)

    monkeypatch.setattr(checkpoint_module.tensors, "write", full)
    wait = control.changed.wait

    def resume():
        control.paused = False

    monkeypatch.setattr(control.changed, "wait", lambda *_: resume())
    assert job.train() == ("finished", "")
    monkeypatch.setattr(control.changed, "wait", wait)
    messages = [content["message"] for kind, content in said if kind == "state" and content["state"] == "paused"]
    assert len(messages) == 2
    assert "No space left on device" in messages[0]
    assert "make room" in messages[0]
    assert job.checkpoints.latest() == 7


def test_old_checkpoints_are_thinned_out_but_not_the_first_and_last(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint_module, "MOST_FILES", 10)
    files = checkpoint_module.Checkpoints(tmp_path)
    for iteration in [0, 1, 2, 4, 8, 16, *range(25, 1000, 25)]:
        files.path(iteration).write_bytes(b"x")
        files.thin()
    left = files.iterations()
    assert len(left) == 10
    assert (left[0], left[-2:]) == (0, [950, 975])
    gaps = [b - a for a, b in pairwise(left)]
    assert max(gaps) < 300
    assert gaps[0] < gaps[-3]


def test_a_folder_in_use_or_unusable_leaves_a_server_that_works(registry, tmp_path):
    other = Registry(tmp_path / "runs")
    assert "is in use by another ConvScope: the runs of this server are kept only until it ends" in other.message
    run = other.start(small(num_epochs=1))
    until(lambda: run.state == "finished")
    other.close()
    assert not other.store.folder.exists()
