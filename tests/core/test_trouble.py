"""A full disk, too many open files, a worker in two minds: what was learned stays, and no run is left in between."""

import errno

import pytest

from cnn_core.training import Registry, StoreError
from cnn_core.training import run as run_module
from cnn_core.training import store as store_module
from cnn_core.training.checkpoint import Checkpoint
from tests.trainings import LONG, SHORT, small
from tests.waiting import until


def stopped(registry):
    run = registry.start(LONG)
    until(lambda: len(run.records) > 3)
    run.stop()
    until(lambda: run.ended)
    return run


def test_files_that_cannot_be_read_just_now_are_kept(registry, monkeypatch):
    run = stopped(registry)
    kept, records = run.checkpoints.iterations(), run.records

    def busy(path):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(run_module.Checkpoint, "read", busy)
    run.resume()
    until(lambda: run.state == "failed")
    assert "Too many open files" in run.message
    assert (run.checkpoints.iterations(), run.records) == (kept, records)
    monkeypatch.undo()
    run.resume()
    until(lambda: len(run.records) > len(records))


def test_a_run_that_cannot_be_made_leaves_nothing(registry, monkeypatch, tmp_path):
    run = stopped(registry)
    folders = set(tmp_path.iterdir())

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Checkpoint, "write", full)
    monkeypatch.setattr("shutil.copyfile", full)
    monkeypatch.setattr("os.link", full)
    with pytest.raises(OSError):
        registry.start(SHORT, begin_with=Checkpoint(0, {}))
    with pytest.raises(OSError):
        registry.fork(run, run.latest)
    assert [row.id for row in registry.rows()] == [run.id]
    assert set(tmp_path.iterdir()) == folders


def test_a_run_that_waits_to_go_on_keeps_its_place_while_its_settings_change(registry):
    first, second = registry.start(LONG), registry.start(LONG)
    first.pause()
    until(lambda: second.records)
    first.resume()
    assert first.state == "queued"
    first.change(learning_rate=0.001)
    until(lambda: first.changes)
    first.set_pace(1000.0)
    assert first.state == "queued"
    count = len(first.records)
    second.stop()
    until(lambda: len(first.records) > count)


def test_a_run_told_to_go_faster_than_there_is_room_waits(registry):
    runs = [registry.start(LONG, pace=20.0) for _ in range(3)]
    until(lambda: all(run.records for run in runs))
    runs[0].set_pace(None)
    states = sorted(run.state for run in runs)
    assert states == ["queued", "queued", "running"]
    next(run for run in runs if run.state == "running").stop()
    until(lambda: sorted(run.state for run in runs) == ["running", "running", "stopped"] or runs[0].pace is None)
    until(lambda: any(run.state == "running" for run in runs))


def test_what_could_not_be_written_is_written_later(registry, monkeypatch):
    run = registry.start(LONG, advance="epoch")
    until(lambda: run.state == "paused" and len(registry.store.steps(run.id)) == 7)  # a thread of its own writes
    add_steps = registry.store.add_steps

    def full(*_):
        raise StoreError("is the disk full?")

    monkeypatch.setattr(registry.store, "add_steps", full)
    run.resume("epoch")
    until(lambda: len(run.records) == 14 and run.state == "paused" and run.warning)
    assert run.warning == "is the disk full?"
    assert len(registry.store.steps(run.id)) == 7
    monkeypatch.setattr(registry.store, "add_steps", add_steps)
    run.resume("step")
    until(lambda: len(run.records) == 15 and run.state == "paused" and not run.warning)
    until(lambda: registry.store.steps(run.id) == run.records)


def test_what_could_not_be_written_at_the_end_is_written_once_there_is_room(registry, monkeypatch):
    def full(*_):
        raise StoreError("is the disk full?")

    with monkeypatch.context() as patch:
        patch.setattr(registry.store, "add_steps", full)
        run = registry.start(SHORT)
        until(lambda: run.ended and run.warning)
        assert registry.store.steps(run.id) == []
    until(lambda: run.kept)
    assert run.warning == ""
    assert registry.store.steps(run.id) == run.records
    assert registry.store.row(run.id).state == "finished"


def test_a_server_that_may_only_read_its_history_still_shows_it(registry, monkeypatch, tmp_path):
    run = registry.start(LONG)
    until(lambda: run.records)
    registry.close()

    def full(*_, **__):
        raise StoreError("is the disk full?")

    monkeypatch.setattr(store_module.Store, "set", full)
    monkeypatch.setattr(store_module.Store, "remove", full)
    again = Registry(tmp_path)
    assert again.message == "is the disk full?"
    assert again.get(run.id).state == "interrupted"
    again.close()


def test_only_the_latest_look_inside_keeps_its_histograms(registry):
    run = registry.start(small(num_epochs=1000))
    until(lambda: len(run.statistics) > 2)
    run.stop()
    until(lambda: run.ended)
    *before, last = run.statistics
    assert "weights" in last.layers[0]
    assert all(set(look.layers[0]) == set(last.layers[0]) - {"weights", "gradients", "activations"} for look in before)
    assert registry.store.statistics(run.id)[-2][1] == before[-1].layers
