"""What other hands do to a run while it trains: its process is stopped, its folder changed; the server goes on."""

import os
import shutil
import signal

import pytest

from cnn_core.training import keeper
from tests.trainings import LONG
from tests.waiting import until


@pytest.fixture
def run(registry):
    run = registry.start(LONG, pace=50)
    until(lambda: run.done > 2 and run.latest)
    return run


@pytest.mark.skipif(os.name == "nt", reason="no such signal there")
def test_a_stopped_worker_of_a_deleted_run_is_ended_too(registry, run, monkeypatch):
    worker = run._process
    os.kill(worker._process.pid, signal.SIGSTOP)
    registry.delete(run.id)
    monkeypatch.setattr(keeper, "SILENCE", 0.5)
    until(lambda: worker._process.poll() is not None)
    until(lambda: not registry._deleted)
    registry.undelete(run.id)
    back = registry.get(run.id)
    assert back.state == "failed"
    assert back.can_go_on


@pytest.mark.parametrize("name", ["²", "٣", "3", "000000003", "notes"])
def test_a_file_of_another_name_in_its_folder_is_no_checkpoint(registry, run, name):
    run.stop()
    until(lambda: run.ended)
    for iteration in run.checkpoints.iterations():
        run.checkpoints.path(iteration).unlink()
    (run.checkpoints.folder / f"{name}.safetensors").write_bytes(b"")
    assert run.latest is None
    registry.resume(run)  # from the beginning: it looks for the last one that is whole
    until(lambda: run.state == "running")
    registry._keeper.clean()


def test_a_folder_that_is_removed_is_made_again(registry, run):
    run.pause()
    until(lambda: run.state == "paused")
    done = run.done
    shutil.rmtree(run.checkpoints.folder)
    registry.resume(run, "step")
    until(lambda: run.state == "paused" and run.done > done)
    assert run.latest == run.done


def test_whatever_goes_wrong_at_one_look_there_is_a_next_one(registry, run, monkeypatch, capsys):
    def broken():
        raise TypeError("a mistake")

    monkeypatch.setattr(registry._keeper, "clean", broken)
    registry._keeper._clean_at = 0.0
    until(lambda: "a mistake" in capsys.readouterr().err)
    monkeypatch.undo()
    looks = []
    monkeypatch.setattr(registry, "let_go", lambda: looks.append(1))
    until(lambda: looks)
