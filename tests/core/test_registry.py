"""Many trainings on one server: the queue, and what becomes of a run whose worker or whose settings fail."""

import subprocess
import sys
import threading
import time

import pytest

from cnn_core.messages import decode, encode
from cnn_core.training import DataOptions, Registry, StoreError, keeper
from cnn_core.training import process as process_module
from cnn_core.training import run as run_module
from tests.trainings import LONG, SHORT, small
from tests.waiting import until


def test_runs_are_found_by_their_ids(registry):
    runs = [registry.start(SHORT) for _ in range(3)]
    assert len({run.id for run in runs}) == 3
    assert [registry.get(run.id) for run in runs] == runs
    assert registry.get("nobody") is None


def test_a_look_at_a_run_does_not_wait_while_another_is_written_down(registry):
    runs = [registry.start(LONG), registry.start(LONG)]
    assert [run.state for run in runs] == ["running", "queued"]
    found = []
    with registry._lock:
        looking = threading.Thread(target=lambda: found.extend(registry.get(run.id) for run in runs), daemon=True)
        looking.start()
        looking.join(timeout=10)
        assert found == runs


def test_runs_wait_in_turn_and_start_when_one_ends(registry):
    first, second, third = registry.start(LONG), registry.start(SHORT), registry.start(SHORT)
    assert [run.state for run in (first, second, third)] == ["running", "queued", "queued"]
    assert [registry.waiting_before(run) for run in (first, second, third)] == [0, 0, 1]
    until(lambda: first.records)
    assert not second.records
    first.stop()
    until(lambda: second.state == "finished")
    until(lambda: third.state == "finished")
    assert len(second.records) == len(third.records) == 14


def test_a_paused_run_makes_room_for_the_next(registry):
    first, second = registry.start(LONG), registry.start(SHORT)
    first.pause()
    until(lambda: second.state == "finished")
    assert first.state == "paused"
    count = len(first.records)
    first.resume()
    until(lambda: len(first.records) > count)


def test_a_queued_run_can_be_stopped_and_never_starts(registry):
    first, second, third = registry.start(LONG), registry.start(LONG), registry.start(SHORT)
    second.pause()
    second.resume()
    assert second.state == "queued"
    second.stop()
    assert second.state == "stopped"
    assert registry.waiting_before(third) == 0
    first.stop()
    until(lambda: third.state == "finished")
    assert (second.state, second.records, second.latest) == ("stopped", [], None)


def test_more_slots_train_at_once(tmp_path):
    registry = Registry(tmp_path, slots=2)
    runs = [registry.start(LONG) for _ in range(3)]
    until(lambda: runs[0].records and runs[1].records)
    assert [run.state for run in runs] == ["running", "running", "queued"]
    registry.close()


def test_closing_ends_every_worker_and_starts_no_more(tmp_path):
    registry = Registry(tmp_path, slots=1)
    running, queued = registry.start(LONG), registry.start(LONG)
    until(lambda: running.records)
    until(lambda: running._process.started)
    worker = running._process._process
    registry.close()
    assert worker.wait(timeout=10) is not None
    again = Registry(tmp_path)
    assert again.get(running.id).state == again.get(queued.id).state == "interrupted"
    again.close()
    assert (queued.state, queued._process) == ("queued", None)


def test_the_oldest_ended_runs_leave_the_memory_but_are_found(registry, monkeypatch):
    monkeypatch.setattr(keeper, "MOST_LOADED", 2)
    running = registry.start(LONG)
    ended = [registry.start(LONG) for _ in range(4)]
    for run in ended:
        run.stop()
    registry.start(LONG).stop()
    until(lambda: ended[0].id not in registry._runs)
    assert running.id in registry._runs
    assert registry.get(ended[0].id).state == "stopped"


def test_a_resumed_run_waits_for_room_too(registry):
    first, second = registry.start(LONG), registry.start(LONG)
    first.pause()
    until(lambda: second.records)
    first.resume()
    assert (first.state, second.state) == ("queued", "running")
    count = len(first.records)
    second.stop()
    until(lambda: len(first.records) > count)
    assert first.state == "running"


def test_a_run_waiting_to_go_on_can_be_held_again_or_stopped(registry):
    first, second = registry.start(LONG), registry.start(LONG)
    first.pause()
    until(lambda: second.records)
    first.resume()
    first.pause()
    assert first.state == "paused"
    first.resume()
    first.stop()
    until(lambda: first.state == "stopped")
    assert first.latest == len(first.records)


def test_paced_runs_take_a_part_of_a_core(registry):
    runs = [registry.start(LONG, pace=5.0) for _ in range(5)]
    assert [run.state for run in runs] == ["running"] * 4 + ["queued"]


def test_a_stop_right_after_the_start_is_obeyed(registry, monkeypatch):
    popen = subprocess.Popen

    def slow(*args, **options):
        time.sleep(0.3)
        return popen(*args, **options)

    monkeypatch.setattr(subprocess, "Popen", slow)
    starting = threading.Thread(target=registry.start, args=(LONG,))
    starting.start()
    until(lambda: registry._runs)
    (run,) = registry._runs.values()
    run.stop()
    starting.join()
    until(lambda: run.state == "stopped")


def test_what_nobody_looks_at_is_paused_and_later_stopped(registry, monkeypatch):
    left, waiting = registry.start(LONG), registry.start(SHORT)
    until(lambda: left.records)
    monkeypatch.setattr(keeper, "AWAY_PAUSE", 0.0)
    until(lambda: registry.get(waiting.id) is waiting and left.state == "paused")
    assert left.message.startswith("paused, because nobody looked at it")
    monkeypatch.setattr(keeper, "AWAY_STOP", 0.0)
    registry.start(SHORT)
    until(lambda: left.state == "stopped")
    assert left.latest == len(left.records)


def test_a_message_that_cannot_be_understood_fails_the_run_and_frees_its_room(registry, monkeypatch):
    monkeypatch.setattr(run_module, "StepRecord", lambda **_: 1 / 0)
    broken = registry.start(LONG)
    process = broken._process
    until(lambda: broken.state == "failed")
    assert "ZeroDivisionError" in broken.message
    process.wait()
    assert process._process.poll() is not None
    monkeypatch.undo()
    assert registry.start(LONG).state == "running"


def test_a_start_that_fails_does_not_start_another_twice(registry, monkeypatch):
    running = registry.start(LONG)
    queued = [registry.start(LONG, pace=1.0) for _ in range(3)]
    until(lambda: running.records)
    started, popen = [], subprocess.Popen

    def failing_once(*args, **options):
        started.append(args)
        if len(started) == 1:
            raise OSError("no room")
        return popen(*args, **options)

    monkeypatch.setattr(subprocess, "Popen", failing_once)
    running.stop()
    until(lambda: len(started) == 3 and sorted(run.state for run in queued) == ["failed", "running", "running"])
    until(lambda: sum(bool(run.records) for run in queued) == 2)


def test_a_worker_that_is_killed_fails_its_run_only_and_makes_room(registry):
    victim, next_one = registry.start(LONG), registry.start(SHORT)
    until(lambda: victim.records)
    victim._process.kill()
    until(lambda: victim.ended)
    assert victim.state == "failed"
    assert victim.message.startswith("the training process ended unexpectedly (exit code ")
    assert victim.records
    until(lambda: next_one.state == "finished")
    count = len(victim.records)
    victim.resume()
    until(lambda: len(victim.records) > count)


def test_a_worker_that_breaks_says_what_happened(registry, monkeypatch, tmp_path):
    monkeypatch.setattr(process_module, "ROOT", tmp_path)  # where there is no cnn_core
    run = registry.start(SHORT)
    until(lambda: run.ended)
    assert run.state == "failed"
    assert "No module named 'cnn_core'" in run.message


def test_a_worker_that_cannot_start_is_told(registry, monkeypatch):
    monkeypatch.setattr(sys, "executable", "no-such-python")
    run = registry.start(SHORT)
    until(lambda: run.state == "failed")
    assert run.message.startswith("the training process could not start (")


def test_settings_that_fail_in_the_worker_only_are_told(registry):
    config = small(batch_size=1000, data=DataOptions(num_train=100))
    run = registry.start(config)
    until(lambda: run.ended)
    assert run.state == "failed"
    assert run.message == "batch_size (=1000) must be at most the number of training images 100"


@pytest.mark.parametrize("rule", ["sgd", "momentum"])
def test_a_training_that_diverges_says_so_and_keeps_its_records(registry, rule):
    run = registry.start(small(update_rule=rule, learning_rate=1e6))
    until(lambda: run.ended)
    assert run.state == "diverged"
    assert f"at step {len(run.records) + 1} (epoch 1)" in run.message
    assert run.message.endswith("learning_rate (=1e+06) is probably too large, try a tenth of it")


@pytest.mark.parametrize("paused", [False, True])
def test_a_worker_ends_when_nobody_listens_any_more(tmp_path, paused):
    job = {
        "config": LONG.as_dict(),
        "folder": str(tmp_path),
        "done": None,
        "changes": [],
        "accuracies": [],
        "pace": 50.0,
    }
    with process_module.start() as process:
        process.stdin.write(encode(job) + "\n")
        process.stdin.flush()
        assert decode(process.stdout.readline()) == {"type": "state", "state": "running", "iterations": 7000}
        if paused:
            process.stdin.write(encode({"command": "pause"}) + "\n")
            process.stdin.flush()
            until(lambda: decode(process.stdout.readline()).get("state") == "paused")
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_a_run_whose_data_set_is_gone_is_told(registry):
    registry.store.add("old", {**SHORT.as_dict(), "dataset": "pictures-00000000"}, None)
    assert registry.rows()[0].id == "old"
    with pytest.raises(StoreError, match="no longer there: add pictures-00000000 again, or choose another"):
        registry.get("old")


def test_names_notes_and_deleting_with_undo(registry):
    run = registry.start(LONG)
    until(lambda: run.records)
    registry.describe(run.id, name="first", note="slow")
    assert (registry.rows()[0].name, registry.rows()[0].note) == ("first", "slow")
    with pytest.raises(ValueError, match=r"name \(of 61 letters\) must have 60 or less"):
        registry.describe(run.id, name="x" * 61)
    registry.delete(run.id)
    assert registry.rows() == []
    assert registry.get(run.id) is None
    until(lambda: run.state == "stopped")
    registry.undelete(run.id)
    again = registry.get(run.id)
    assert (again.state, again.records) == ("stopped", run.records)
