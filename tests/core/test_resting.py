"""A paused run keeps no process for long, and goes on as if it had never been paused: to the same bits."""

import random

import pytest

from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.training import DataOptions, Registry, StopRules, keeper
from cnn_core.training.checkpoint import Checkpoint
from tests.trainings import LONG, SHORT, small
from tests.waiting import until

# Everything that a process holds besides weights: running means, dropout, augmentation, Adam's memory, a decaying rate, an
# order of each epoch, and how many epochs went by without a better accuracy.
CONFIG = small(
    network=NetworkSpec(blocks=(ConvBlock(num_filters=4, norm="batch"),), hidden=(8,), dropout=0.3),
    data=DataOptions(shift=1, noise=0.1),
    lr_decay=0.9,
    batch_size=100,
    num_epochs=40,
    stop=StopRules(patience=3),
)


@pytest.fixture
def soon(monkeypatch, quickly_kept):
    """Processes that have nothing to do end at once."""
    monkeypatch.setattr(keeper, "RESTING", 0.0)


@pytest.fixture
def registry(tmp_path, soon):
    registry = Registry(tmp_path, slots=1)
    yield registry
    registry.close()


def asleep(run):
    """Wait until it is paused and its process is gone."""
    until(lambda: run.state == "paused" and run._process is None)


def same_end(one, other):
    """Both ended alike, to the bit."""
    assert one.records == other.records
    assert (one.state, one.message, one.test_accuracy) == (other.state, other.message, other.test_accuracy)
    mine, theirs = (Checkpoint.read(run.checkpoints.path(run.done)) for run in (one, other))
    assert mine.live == theirs.live
    for part in ("params", "buffers"):
        for name, array in getattr(theirs, part).items():
            assert array.tobytes() == getattr(mine, part)[name].tobytes(), name
    for name, memory in theirs.state.items():
        for key, value in memory.items():
            ours = mine.state[name][key]
            assert ours == value if isinstance(value, int) else ours.tobytes() == value.tobytes(), (name, key)


@pytest.mark.parametrize("rule", ["adam", "nesterov"])
def test_a_run_whose_process_ended_in_its_pauses_ends_as_one_never_paused(registry, rule):
    config = small(**{**vars(CONFIG), "update_rule": rule})
    whole = registry.start(config)
    until(lambda: whole.ended)
    assert whole.state == "finished"
    assert "without a better validation accuracy" in whole.message
    chance, run = random.Random(rule), registry.start(config, pace=300.0, advance="step")
    pauses = 0
    while True:
        until(lambda: run.ended or (run.state == "paused" and run._process is None))
        if run.ended or pauses == 6:
            break
        pauses += 1
        run.resume(chance.choice(["step", "epoch", None]))
        if run._advance is None:
            done = run.done
            until(lambda done=done: run.ended or run.done >= done + chance.randint(1, 40))
            run.pause()
    run.set_pace(None)
    run.resume()
    until(lambda: run.ended)
    assert pauses == 6
    same_end(run, whole)


def test_what_is_changed_while_no_process_is_there_counts_as_if_there_were_one(tmp_path, monkeypatch, quickly_kept):
    def ended(rest):
        monkeypatch.setattr(keeper, "RESTING", rest)
        registry = Registry(tmp_path / str(rest), slots=1)
        run = registry.start(CONFIG, advance="epoch")
        until(lambda: run.state == "paused" and (rest or run._process is None))
        for rate in (0.001, 0.02, 0.01):
            run.change(learning_rate=rate, dropout=0.1)
        until(lambda: run.live["learning_rate"] == 0.01)
        run.resume("step")
        until(lambda: run.state == "paused" and len(run.records) == 14)
        run.change(reg=0.1)
        run.resume()
        until(lambda: run.ended and run.kept)
        registry.close()
        return run

    without, with_process = ended(0.0), ended(3600.0)
    same_end(without, with_process)
    assert without.records[13].learning_rate == 0.01


def test_many_paused_runs_keep_few_processes(tmp_path, quickly_kept):
    registry = Registry(tmp_path, slots=1)
    runs = []
    for _ in range(8):
        run = registry.start(LONG)
        until(lambda run=run: run.records)
        run.pause()
        until(lambda run=run: run.state == "paused")
        runs.append(run)
    until(lambda: sum(run._process is not None for run in runs) == keeper.MOST_RESTING)
    assert all(run._process is not None for run in runs[-keeper.MOST_RESTING :])  # the latest
    assert {run.state for run in runs} == {"paused"}
    registry.close()


def test_a_run_without_a_process_obeys_every_command(registry):
    run = registry.start(LONG, advance="step")
    asleep(run)
    run.pause()
    assert run.state == "paused"
    run.resume("step")
    asleep(run)
    assert run.done == 2
    run.set_pace(1000.0)
    run.resume("epoch")
    asleep(run)
    assert (run.done, run.pace) == (7, 1000.0)
    other = registry.start(LONG)
    run.resume()
    assert run.state == "queued"
    run.pause()
    assert run.state == "paused"
    other.stop()
    run.stop()
    assert run.state == "stopped"
    run.resume()
    until(lambda: run.done > 7)


def test_one_that_waits_to_go_on_needs_no_process_either(registry):
    first, second = registry.start(LONG), registry.start(LONG)
    first.pause()
    until(lambda: second.records)
    first.resume()
    until(lambda: first._process is None)
    assert first.state == "queued"
    done = first.done
    second.stop()
    until(lambda: first.done > done)


def test_a_process_whose_last_step_could_not_be_kept_stays(registry, monkeypatch):
    run = registry.start(LONG)
    until(lambda: run.records)
    monkeypatch.setattr(keeper, "RESTING", 3600.0)
    run.pause()
    until(lambda: run.state == "paused")
    run.checkpoints.path(run.done).unlink()
    monkeypatch.setattr(keeper, "RESTING", 0.0)
    registry._keeper.look()
    assert run._process is not None
    done = run.done
    run.resume()
    until(lambda: run.done > done)


def test_a_run_that_trains_or_is_told_something_keeps_its_process(registry):
    run = registry.start(SHORT)
    while not run.ended:
        run.end_process()
        registry._keeper._end_resting()
    assert run.state == "finished"
