"""What is kept is bounded as the documents say: in memory, on the disk for a run, on the disk for all of them."""

import time

import numpy as np
import pytest

from cnn_core.training import checkpoint as checkpoint_module
from cnn_core.training import keeper
from cnn_core.training.checkpoint import MOST_BYTES, MOST_FILES, Checkpoint, Checkpoints
from tests.trainings import LONG, SHORT, small, weights_of
from tests.waiting import until

MIB = 1 << 20


def kept(registry, count, **values):
    """Rows of runs that have ended."""
    names = [f"run{k}" for k in range(count)]
    for name in names:
        registry.store.add(name, LONG.as_dict(), None)
        registry.store.set(name, state="finished", **values)
    return names


def test_of_many_ended_runs_that_are_looked_at_the_latest_are_in_memory(registry):
    names = kept(registry, 200)
    for name in names:
        assert registry.get(name).id == name
        assert len(registry.runs) <= keeper.MOST_LOADED
    assert [run.id for run in registry.runs] == names[-keeper.MOST_LOADED :]


def test_what_their_histories_take_is_bounded_too(registry, monkeypatch):
    names = kept(registry, 6)
    monkeypatch.setattr(type(registry.get(names[0])), "size", keeper.MOST_HELD // 3)
    registry._runs.clear()
    for name in names:
        registry.get(name)
    assert [run.id for run in registry.runs] == names[-3:]
    monkeypatch.setattr(type(registry.get(names[0])), "size", keeper.MOST_HELD + 1)
    registry.get(names[1])
    assert [run.id for run in registry.runs] == [names[1]]  # the latest stays, however large


def test_runs_that_go_on_stay_in_memory_whatever_is_looked_at(registry, monkeypatch):
    monkeypatch.setattr(keeper, "MOST_LOADED", 1)
    running, waiting = registry.start(LONG), registry.start(LONG)
    for name in kept(registry, 5):
        registry.get(name)
    assert {running.id, waiting.id} <= {run.id for run in registry.runs}
    assert len(registry.runs) == 3


def files(folder, sizes):
    """Checkpoints of so many MiB each, by iteration; they take no room on the disk."""
    found = Checkpoints(folder)
    for iteration, size in sizes.items():
        with found.path(iteration).open("wb") as file:
            file.truncate(size * MIB)
        found.thin()
    return found


@pytest.mark.parametrize(
    ("size", "left"),
    [
        (4, MOST_FILES),  # 240 MiB: the number bounds it
        (5, 51),
        (85, 3),
        (86, 2),  # 256 MiB hold two: the last two, so that one of them is never ahead of what the server knows
        (128, 2),
        (129, 1),
        (168, 1),
        (300, 1),  # a last one that is too large by itself is kept all the same
    ],
)
def test_the_checkpoints_of_a_run_take_no_more_than_they_may(tmp_path, size, left):
    found = files(tmp_path, dict.fromkeys(range(0, 700, 7), size))
    there = found.iterations()
    assert len(there) == left
    assert found.size() <= max(MOST_BYTES, size * MIB)
    assert there[-1] == 693
    if left > 1:
        assert there[-2:] == [686, 693]
    if left > 2:
        assert there[0] == 0


def test_while_one_is_written_there_is_room_for_it(tmp_path):
    found = files(tmp_path, {0: 80, 10: 80, 20: 80})
    found.thin(80 * MIB)
    assert found.iterations() == [0, 20]
    found.thin(200 * MIB)
    assert found.iterations() == [20]


def test_weights_that_were_brought_are_not_thinned_out(tmp_path):
    found = Checkpoints(tmp_path)
    Checkpoint(0, {"w": np.zeros(3, np.float32)}, given=True).write(found.path(0))
    assert files(tmp_path, {10: 130, 20: 130}).iterations() == [0, 20]
    Checkpoint(0, {"w": np.zeros(3, np.float32)}, given=False).write(found.path(0))
    assert files(tmp_path, {20: 130, 30: 130}).iterations() == [30]


def test_a_training_keeps_its_bound_all_the_time(registry, monkeypatch):
    run = registry.start(small(num_epochs=1), advance="step")
    until(lambda: run.state == "paused")
    one = run.checkpoints.path(1).stat().st_size
    assert one == run.checkpoints._size(1)[0]
    monkeypatch.setattr(checkpoint_module, "MOST_BYTES", int(3.5 * one))
    run.checkpoints.thin()
    for path in range(2, 40):
        run.checkpoints.path(path).write_bytes(bytes(one))
        run.checkpoints.thin()
        assert run.checkpoints.size() <= 3.5 * one
    run.stop()


@pytest.fixture
def several(registry):
    """Three runs that have ended, the first one deleted."""
    runs = [registry.start(SHORT) for _ in range(3)]
    until(lambda: all(run.ended and run.kept for run in runs))
    registry.delete(runs[0].id)
    return runs


def total(registry):
    return sum(registry.store.sizes().values())


def test_all_runs_together_take_no_more_than_they_may(registry, several, monkeypatch):
    deleted, old, new = several
    monkeypatch.setattr(checkpoint_module, "MOST_BYTES", 0)
    whole, counts = total(registry), [len(run.checkpoints.iterations()) for run in several]
    monkeypatch.setattr(keeper, "MOST_DISK", whole)
    registry._keeper.clean()
    registry._keeper.check(None)
    assert [len(run.checkpoints.iterations()) for run in several] == counts  # at the edge nothing is lost
    monkeypatch.setattr(keeper, "MOST_DISK", whole - 1)
    registry._keeper.clean()  # the film strip of the oldest goes
    assert old.checkpoints.iterations() == [0, 8, 14]
    assert len(new.checkpoints.iterations()) == counts[2]
    assert total(registry) <= keeper.MOST_DISK
    monkeypatch.setattr(keeper, "MOST_DISK", total(registry) - new.checkpoints.size() // 2)
    registry._keeper.clean()  # the other's as well
    assert new.checkpoints.iterations() == [0, 8, 14]
    assert deleted.id in [row.id for row in registry.deleted()]
    monkeypatch.setattr(keeper, "MOST_DISK", total(registry) - 1)
    registry._keeper.clean()  # what was deleted is let go of before its day is over
    assert registry.deleted() == []
    assert not deleted.checkpoints.folder.exists()
    assert total(registry) <= keeper.MOST_DISK
    registry._keeper.check(None)
    monkeypatch.setattr(keeper, "MOST_DISK", total(registry) - 1)
    registry._keeper.clean()
    before = len(registry.rows())
    for another in (lambda: registry.start(SHORT), lambda: registry.fork(new, 8)):
        with pytest.raises(
            ValueError, match=r"all runs together \(=0\.0 GiB in .*\) must leave room for one more below"
        ):
            another()
    assert len(registry.rows()) == before
    for run in (old, new):
        assert run.checkpoints.iterations() == [0, 8, 14]  # no weights at the end are ever lost
    registry.delete(old.id)
    registry._keeper.clean()
    registry._keeper.check(None)
    assert registry.start(SHORT).state in ("running", "finished")


def test_a_run_that_waits_begins_only_once_there_is_room_for_it(registry, monkeypatch):
    first, second = registry.start(LONG), registry.start(LONG)  # there was room for both
    monkeypatch.setattr(keeper, "MOST_DISK", 0)
    registry._keeper.clean()
    first.stop()
    until(lambda: first.ended)
    registry.fill()
    assert second.state == "queued"
    assert "must leave room for one more" in registry.full()
    monkeypatch.undo()
    registry._keeper.clean()
    until(lambda: second.state == "running")
    assert registry.full() == ""


def test_what_trains_may_come_to_what_one_run_may_take(registry, monkeypatch):
    monkeypatch.setattr(keeper, "MOST_DISK", 10 * MOST_BYTES)
    assert registry._keeper._most() == 9 * MOST_BYTES
    run = registry.start(LONG)
    assert registry._keeper._most() == 8 * MOST_BYTES
    run.stop()


def test_a_run_that_trains_keeps_its_film_strip(registry, monkeypatch):
    run = registry.start(LONG)
    until(lambda: len(run.checkpoints.iterations()) > 4)
    monkeypatch.setattr(keeper, "MOST_DISK", 0)
    monkeypatch.setattr(Checkpoints, "keep_ends", lambda _: 1 / 0)
    registry._keeper.clean()


def test_the_database_counts_and_what_is_free_in_it_does_not(registry):
    empty = registry.store.sizes()[""]
    run = registry.start(small(num_epochs=200))
    until(lambda: run.ended and run.kept)
    full = registry.store.sizes()[""]
    assert full > empty + 60 * 1400
    registry.store.remove(run.id)
    assert registry.store.sizes()[""] < full - 60 * 1400


def test_a_deleted_run_comes_back_within_its_day_and_not_after_it(registry, several, monkeypatch):
    deleted = several[0]
    registry.undelete(deleted.id)
    assert registry.get(deleted.id).records == deleted.records
    registry.delete(deleted.id)
    registry.store.set(deleted.id, deleted=time.time() - 24 * 3600 - 1)
    registry._keeper.clean()
    with pytest.raises(ValueError, match=r"run \(=.*\) is gone for good: it was deleted more than a day ago"):
        registry.undelete(deleted.id)
    assert registry.get(deleted.id) is None


def test_weights_that_are_brought_count_as_the_first_checkpoint(registry, several):
    run = registry.start(SHORT, begin_with=weights_of(several[1]))
    assert Checkpoint.given_in(run.checkpoints.path(0)) is True
    run.stop()
