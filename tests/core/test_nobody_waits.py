"""Neither a page nor another run waits for a worker, for the disk or for somebody's large run."""

import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from cnn_core.solver import StepRecord
from cnn_core.training import Registry, keeper
from cnn_core.training import store as store_module
from cnn_core.training.checkpoint import Checkpoint
from cnn_core.training.control import Control
from cnn_core.training.export import history_csv
from cnn_core.training.history import NAMES, History
from cnn_core.training.history_writer import history_file
from cnn_core.training.store import Store
from tests.trainings import LONG, SHORT
from tests.waiting import until

AT_ONCE = 5.0  # seconds: what waits for a stopped worker or a blocked disk waits for ever


@pytest.fixture
def two(tmp_path, quickly_kept):
    """Room for two trainings."""
    registry = Registry(tmp_path, slots=2)
    yield registry
    registry.close()


def at_once(work):
    """Do it on a thread of its own, as a page does; it must come back."""
    found, trouble = [], []

    def do():
        try:
            found.append(work())
        except BaseException as error:
            trouble.append(error)

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    thread.join(AT_ONCE)
    assert not thread.is_alive(), "somebody waits"
    if trouble:
        raise trouble[0]
    return found[0]


@pytest.fixture
def stopped(two):
    """A run whose worker is stopped in the middle of its work: it neither reads nor writes."""
    run = two.start(LONG)
    until(lambda: run.records)
    worker = run._process._process
    os.kill(worker.pid, signal.SIGSTOP)
    yield run
    if worker.poll() is None:
        os.kill(worker.pid, signal.SIGCONT)


@pytest.mark.skipif(os.name == "nt", reason="no such signal there")
def test_a_worker_that_does_not_read_keeps_nobody_waiting(two, stopped):
    for _ in range(6000):  # page runs: what is written for each would fill a pipe
        at_once(two.give_way) if _ % 500 == 0 else two.give_way()
    for command in (
        stopped.pause,
        stopped.resume,
        lambda: stopped.change(learning_rate=0.001),
        lambda: stopped.set_pace(10.0),
        lambda: [stopped.change(reg=0.001 * k) for k in range(3000)],
        stopped.stop,
    ):
        at_once(command)
    other = at_once(lambda: two.start(SHORT))
    until(lambda: other.state == "finished", seconds=20)
    assert at_once(lambda: two.get(stopped.id)) is stopped
    at_once(two.rows)


@pytest.mark.skipif(os.name == "nt", reason="no such signal there")
def test_a_worker_that_neither_reads_nor_writes_is_ended_and_said_so(two, stopped, monkeypatch):
    worker = stopped._process
    with monkeypatch.context() as patch:  # only here: on a busy machine a healthy one is silent for a second, too
        patch.setattr(keeper, "SILENCE", 1.0)
        until(lambda: stopped.state == "failed")
    assert stopped.message == (
        "its process neither read nor wrote anything for 1 seconds, and was ended: go on from the last checkpoint"
    )
    worker.wait()
    assert worker._process.returncode == -signal.SIGKILL
    done = stopped.done
    stopped.resume()
    until(lambda: stopped.done > done)


@pytest.mark.parametrize("paused", [False, True])
def test_a_worker_that_only_takes_long_is_not_ended(two, monkeypatch, paused):
    run = two.start(LONG, pace=None if paused else 0.2)  # a step every five seconds: silent in between
    until(lambda: run.records)
    if paused:
        run.pause()
        until(lambda: run.state == "paused")
    monkeypatch.setattr(keeper, "SILENCE", 1.0)
    time.sleep(3.0)
    assert run.state == ("paused" if paused else "running")


@pytest.mark.parametrize("paused", [False, True])
def test_a_value_that_is_taken_back_within_a_step_is_taken_back(two, paused):
    run = two.start(LONG, pace=4.0)
    until(lambda: run.records)
    if paused:
        run.pause()
        until(lambda: run.state == "paused")
    usual = run.live["learning_rate"]
    for rate in (0.002, 0.003, usual):
        run.change(learning_rate=rate)
    done = run.done
    if paused:
        run.resume()
    until(lambda: run.done >= done + 3)
    assert run.records[-1].learning_rate == usual
    assert run.live["learning_rate"] == usual


def test_a_value_that_it_has_is_not_noted_as_a_change(two):
    run = two.start(LONG, advance="step")
    until(lambda: run.state == "paused")
    run.change(**run.live)
    run.change(reg=0.25)
    until(lambda: run.changes)
    run.resume("step")
    until(lambda: run.done == 2)
    assert [(c.iteration, c.name, c.value) for c in run.changes] == [(1, "reg", 0.25)]


class Door:
    """Work that waits until the door is opened; told apart by what it is done for."""

    def __init__(self, work, held):
        self.work, self.held = work, held
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self, *args, **options):
        if self.held(*args):
            self.reached.set()
            assert self.open.wait(30)
        return self.work(*args, **options)


def others_go_on(registry):
    """Everything that another visitor does."""
    run = at_once(lambda: registry.start(SHORT))
    until(lambda: run.state == "finished", seconds=20)
    second = at_once(lambda: registry.start(LONG))
    until(lambda: second.records)
    at_once(second.pause)
    until(lambda: second.state == "paused")
    at_once(second.resume)
    assert at_once(lambda: registry.get(run.id)) is run
    at_once(registry.rows)
    at_once(registry.results)
    at_once(registry.give_way)
    at_once(lambda: registry.delete(run.id))
    at_once(lambda: registry.undelete(run.id))
    at_once(second.stop)
    until(lambda: second.ended)


def kept_run(registry):
    """A run that is kept, and not in memory."""
    run = registry.start(SHORT)
    until(lambda: run.state == "finished" and run.kept)
    registry._runs.clear()
    return run


def test_nobody_waits_while_a_history_is_read(two, monkeypatch):
    large = kept_run(two)
    door = Door(store_module.parts, lambda db, what, table, run: run == large.id)
    monkeypatch.setattr(store_module, "parts", door)
    found = []
    reader = threading.Thread(target=lambda: found.append(two.get(large.id)), daemon=True)
    reader.start()
    assert door.reached.wait(10)
    others_go_on(two)
    door.open.set()
    reader.join(10)
    assert found[0].records == large.records


def test_who_wants_the_same_run_gets_the_same_one(two, monkeypatch):
    large = kept_run(two)
    door = Door(store_module.parts, lambda db, what, table, run: run == large.id)
    monkeypatch.setattr(store_module, "parts", door)
    found = []
    readers = [threading.Thread(target=lambda: found.append(two.get(large.id)), daemon=True) for _ in range(5)]
    for reader in readers:
        reader.start()
    assert door.reached.wait(10)
    door.open.set()
    for reader in readers:
        reader.join(10)
    assert len(found) == 5
    assert len(set(map(id, found))) == 1


@pytest.mark.parametrize("links", [True, False])
def test_nobody_waits_while_a_fork_is_made(two, monkeypatch, links):
    parent = two.start(SHORT)
    until(lambda: parent.state == "finished")
    if not links:

        def none(*_):
            raise OSError("this disk has no links")

        monkeypatch.setattr(os, "link", none)
    module, name = (os, "link") if links else (shutil, "copyfile")
    door = Door(getattr(module, name), lambda *_: True)
    monkeypatch.setattr(module, name, door)
    made = []
    forking = threading.Thread(target=lambda: made.append(two.fork(parent, 14, num_epochs=3)), daemon=True)
    forking.start()
    assert door.reached.wait(10)
    others_go_on(two)
    door.open.set()
    forking.join(20)
    until(lambda: made[0].state == "finished")
    assert made[0].records[:14] == parent.records
    assert len(made[0].records) == 21


def test_nobody_waits_while_a_checkpoint_is_read_to_go_on(two, monkeypatch):
    large = two.start(LONG, advance="epoch")
    until(lambda: large.state == "paused")
    large.stop()
    until(lambda: large.ended)
    door = Door(Checkpoint.read, lambda path: large.id in str(path))
    monkeypatch.setattr(Checkpoint, "read", staticmethod(door))
    at_once(large.resume)
    assert door.reached.wait(10)
    others_go_on(two)
    door.open.set()
    until(lambda: large.done > 7)


def test_nobody_waits_for_a_disk_that_takes_no_notes(two, monkeypatch):
    run = two.start(LONG)
    until(lambda: run.records)
    door = Door(Store.add_steps, lambda store, of, records: of == run.id)
    monkeypatch.setattr(Store, "add_steps", lambda *args: door(*args))
    assert door.reached.wait(10)
    second = at_once(lambda: two.start(SHORT))
    until(lambda: second.state == "finished")
    at_once(run.pause)
    until(lambda: run.state == "paused")
    at_once(two.rows)
    assert at_once(lambda: two.get(second.id)) is second
    door.open.set()
    until(lambda: run.kept and second.kept)
    assert two.store.steps(run.id) == run.records
    assert two.store.steps(second.id) == second.records


def test_nothing_that_may_take_long_is_done_under_the_lock(two, monkeypatch, tmp_path):
    """Whatever a visitor may do, no file, process or database is touched by a thread that holds the registry's lock."""
    broken = []

    def watched(owner, name):
        work = getattr(owner, name)

        def do(*args, **options):
            if two._lock._is_owned():
                broken.append(name)
            return work(*args, **options)

        monkeypatch.setattr(owner, name, do)

    class Database:
        """A connection that is watched."""

        def __init__(self, connection):
            self._connection = connection

        def __getattr__(self, name):
            if two._lock._is_owned():
                broken.append(f"database {name}")
            return getattr(self._connection, name)

        def __enter__(self):
            return self._connection.__enter__()

        def __exit__(self, *error):
            return self._connection.__exit__(*error)

    for owner, name in (
        (subprocess, "Popen"),
        (os, "link"),
        (shutil, "copyfile"),
        (shutil, "rmtree"),
        (time, "sleep"),
        *((Path, name) for name in ("open", "read_bytes", "write_bytes", "glob", "stat", "unlink", "mkdir", "replace")),
        (store_module, "parts"),
        (store_module, "outline"),
    ):
        watched(owner, name)
    two.store._connection, two.store._reading = Database(two.store._connection), Database(two.store._reading)
    monkeypatch.setattr(keeper, "RESTING", 0.2)
    run = two.start(SHORT, advance="epoch", visitor="a")
    until(lambda: run.state == "paused")
    until(lambda: run._process is None)  # its process has ended meanwhile
    run.change(reg=0.1)
    two.resume(run, None, "b")
    until(lambda: run.state == "finished" and run.kept)
    fork = two.fork(run, 7, learning_rate=0.1)
    waiting = [two.start(LONG, visitor="c") for _ in range(3)]
    fork.set_pace(5.0)
    fork.stop()
    two.describe(run.id, name="a name")
    two.delete(run.id)
    two.undelete(run.id)
    for other in waiting:
        other.stop()
    until(lambda: all(other.ended and other.kept for other in waiting))
    two._runs.clear()
    assert two.get(run.id).records == run.records
    two._keeper.look()
    two._keeper.clean()
    assert not broken


def test_a_fork_shares_its_files_and_neither_loses_what_the_other_deletes(two):
    parent = two.start(SHORT)
    until(lambda: parent.state == "finished" and parent.kept)
    size = parent.checkpoints.size()
    fork = two.fork(parent, 14)
    shared = fork.checkpoints.iterations()
    assert parent.checkpoints.size() + fork.checkpoints.size() <= size + 10  # rounded down, file by file
    two.store.remove(parent.id)
    for iteration in shared:
        assert Checkpoint.read(fork.checkpoints.path(iteration)).iteration == iteration


def test_a_million_steps_are_read_in_parts_and_take_few_bytes(two):
    """The first look at such a run: 977 blocks; others get at the database after each few of them."""
    steps = np.arange(1, 1_000_001, dtype=float)
    rows = np.full((len(steps), len(NAMES)), 0.5)
    rows[:, 0], rows[:, 1], rows[:, -2:] = steps, steps // 1000 + 1, np.nan
    two.store.add("large", LONG.as_dict(), None)
    two.store.set("large", state="finished")
    two.store.add_steps("large", History(rows))
    run = two.get("large")
    assert len(run.records) == 1_000_000
    assert run.records[-1] == StepRecord(1_000_000, 1001, 0.5, 0.5, 0.5)
    assert run.size < 60e6
    assert two.results()["large"][0].iteration == 1_000_000


def test_a_rest_that_comes_while_others_wait_is_one_rest():
    control = Control()
    control.rest(0.2)
    assert control.rest_until <= time.monotonic() + 0.2


def cost(work):
    """What it gives, and for how many seconds of this thread; others have to wait for those."""
    began = time.thread_time()
    return work(), time.thread_time() - began


def test_a_long_history_is_written_elsewhere():
    steps = 200_000
    rows = np.random.default_rng(0).random((steps, len(NAMES)))
    rows[:, 0], rows[:, 1], rows[::2, 5:] = np.arange(1, steps + 1), 1, np.nan
    history = History(rows)
    text, here = cost(lambda: history_csv(history))
    data, elsewhere = cost(lambda: history_file(history))
    assert data.decode() == text
    assert elsewhere < here / 4


def test_a_history_that_cannot_be_written_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setattr("cnn_core.training.history_writer.sys.executable", shutil.which("false"))
    with pytest.raises(OSError, match=r"ended without it \(exit code 1\): try again"):
        history_file(History(np.ones((20_000, len(NAMES)))))
