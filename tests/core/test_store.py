"""What is kept of runs: it comes back, one server owns the folder, and damage or a folder it cannot use lose nothing."""

import json
import math
import sqlite3
import subprocess
import sys
import time

import pytest

from cnn_core.solver import StepRecord
from cnn_core.training import blocks
from cnn_core.training import store as store_module
from cnn_core.training.database import SCHEMA
from cnn_core.training.history import NAMES
from cnn_core.training.store import Change, Store, StoreError


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "runs")
    yield store
    store.close()


def record(iteration, val_accuracy=None):
    return StepRecord(iteration, 1, 0.1 + 0.2, 1e-9, 0.004, None, val_accuracy)


def test_runs_and_their_history_come_back(store):
    store.add("one", {"seed": 1}, None)
    store.add("two", {"seed": 2}, 50.0, ("one", 10))
    store.set("two", state="paused", message="why", seconds=1.5, iterations=70)
    store.add_steps("two", [record(1), record(2, 0.5)])
    store.add_changes("two", [Change(2, "reg", 0.1), Change(1, "reg", 0.2)])
    store.add_statistics("two", 1, [{"name": "conv1", "dead": None}])
    folder = store.folder
    store.close()
    again = Store(folder)
    assert [row.id for row in again.rows()] == ["two", "one"]
    row = again.row("two")
    assert (row.config, row.state, row.message, row.seconds) == ({"seed": 2}, "paused", "why", 1.5)
    assert (row.iterations, row.pace, row.parent, row.parent_iteration) == (70, 50.0, "one", 10)
    assert again.steps("two") == [record(1), record(2, 0.5)]
    assert again.changes("two") == [Change(2, "reg", 0.1), Change(1, "reg", 0.2)]  # as they were made
    assert again.statistics("two") == [(1, [{"name": "conv1", "dead": None}])]
    assert again.steps("one") == []
    assert again.row("three") is None
    again.close()


def test_later_steps_are_forgotten(store):
    store.add("one", {}, None)
    store.add_steps("one", [record(i) for i in range(1, 6)])
    store.add_statistics("one", 2, [])
    store.add_statistics("one", 4, [])
    store.forget_after("one", 3)
    assert [r.iteration for r in store.steps("one")] == [1, 2, 3]
    assert [i for i, _ in store.statistics("one")] == [2]


def test_a_deleted_run_can_be_brought_back_for_a_day(store, monkeypatch):
    for name in ("one", "two"):
        store.add(name, {}, None)
        store.add_steps(name, [record(1)])
        store.checkpoints(name).folder.mkdir()
    store.set("one", deleted=time.time() - 25 * 3600)
    store.set("two", deleted=time.time() - 23 * 3600)
    assert store.rows() == []
    assert store.row("two") is None
    folder = store.folder
    store.close()
    again = Store(folder)
    assert [row.id for row in again.rows(deleted=True)] == ["two"]
    assert (again.steps("one"), len(again.steps("two"))) == ([], 1)
    assert not (folder / "one").exists()
    assert (folder / "two").exists()
    again.set("two", deleted=None)
    assert again.row("two").id == "two"
    again.close()


def test_one_server_owns_the_folder(store):
    script = "import sys, pathlib; from cnn_core.training.store import Store; Store(pathlib.Path(sys.argv[1]))"
    other = subprocess.run([sys.executable, "-c", script, str(store.folder)], capture_output=True, text=True)
    assert "is in use by another ConvScope" in other.stderr


@pytest.mark.parametrize("damage", ["no database at all " * 100, "in the middle"])
def test_a_damaged_database_is_put_aside_and_a_new_one_begun(tmp_path, damage):
    store = Store(tmp_path)
    for i in range(200):
        store.add(f"run{i}", {"text": "x" * 500}, None)
    store.close()
    path = tmp_path / store_module.DATABASE
    data = bytearray(path.read_bytes())
    if damage == "in the middle":
        data[4096:12288] = b"\xff" * 8192
    else:
        data = damage.encode()
    path.write_bytes(data)
    again = Store(tmp_path)
    assert "the list of runs was damaged" in again.message
    assert again.rows() == []
    (aside,) = [p for p in tmp_path.glob("runs.db.damaged-*") if not p.name.endswith(("-wal", "-shm"))]
    assert aside.name in again.message
    assert aside.read_bytes() == data
    again.close()


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file cannot be written"):
        Store(tmp_path / "file")


def test_what_cannot_be_written_or_read_is_told(store):
    store.add("one", {}, None)
    blocker = sqlite3.connect(store.folder / store_module.DATABASE)
    store._connection.execute("PRAGMA busy_timeout = 50")
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"the history could not be written to .*locked"):
        store.add_steps("one", [record(1)])
    blocker.rollback()
    blocker.close()
    store.add_steps("one", [record(1)])
    store._connection.execute("DROP TABLE steps")
    with pytest.raises(StoreError, match="the history could not be read"):
        store.steps("one")


def test_how_far_each_run_came_is_answered_at_once(store):
    for run in ("new", "young", "old", "gone"):
        store.add(run, {}, None)
    store.add_steps("young", [record(1), record(2)])
    store.add_steps("old", [record(1), record(2, 0.5), record(3)])
    store.add_steps("gone", [record(1)])
    store.set("gone", deleted=1.0)
    assert store.results() == {"young": (record(2), None), "old": (record(3), 0.5)}


def test_a_history_is_cut_in_the_middle_of_a_block(store):
    store.add("one", {}, None)
    store.add_steps("one", [record(i, 0.5 if i % 4 == 0 else None) for i in range(1, 11)])
    store.add_steps("one", [record(i) for i in range(11, 21)])
    store.forget_after("one", 6)
    assert [r.iteration for r in store.steps("one")] == [1, 2, 3, 4, 5, 6]
    assert store.results() == {"one": (record(6), 0.5)}
    store.forget_after("one", 3)
    assert store.results() == {"one": (record(3), None)}
    store.add_steps("one", [record(4), record(5)])
    store.add_steps("one", [record(5, 0.25), record(6)])  # what was there is replaced
    assert store.steps("one") == [record(1), record(2), record(3), record(4), record(5, 0.25), record(6)]
    store.forget_after("one", 0)
    assert store.steps("one") == []
    assert store.results() == {}


@pytest.mark.parametrize("count", [blocks.BLOCK - 1, blocks.BLOCK, blocks.BLOCK + 1, 3 * blocks.BLOCK + 7])
def test_a_long_history_is_kept_in_blocks_and_read_in_parts(store, monkeypatch, count):
    monkeypatch.setattr(blocks, "PART", 2)
    store.add("one", {}, None)
    history = [record(i, 0.5 if i % 100 == 0 else None) for i in range(1, count + 1)]
    store.add_steps("one", history)
    assert store.steps("one") == history
    assert len(store._read("SELECT iteration FROM steps WHERE run = 'one'")) == -(-count // blocks.BLOCK)
    assert store.results()["one"] == (history[-1], 0.5)


def old_database(folder):
    """As the versions before wrote it: a row for each step, as JSON."""
    folder.mkdir()
    db = sqlite3.connect(folder / store_module.DATABASE)
    tables = [table for table in SCHEMA.split(";") if "TABLE IF NOT EXISTS ends" not in table]
    db.executescript(";".join(tables))
    db.execute("INSERT INTO runs (id, created, config, state) VALUES ('old', 1.0, '{}', 'finished')")
    rows = [record(i, 0.125 * i if i in (2, 4) else None) for i in range(1, 7)]
    for row in rows:
        values = [getattr(row, name) for name in NAMES]
        db.execute("INSERT INTO steps VALUES ('old', ?, ?)", (row.iteration, json.dumps(values)))
    db.execute("INSERT INTO statistics VALUES ('old', 3, ?)", (json.dumps([{"name": "conv1", "grad_norm": math.nan}]),))
    db.commit()
    db.close()
    return rows


def test_what_an_older_version_kept_is_read_and_goes_on(tmp_path):
    rows = old_database(tmp_path / "runs")
    for _ in range(2):  # it is made new once
        store = Store(tmp_path / "runs")
        assert store.message == ""
        assert store.steps("old") == rows
        assert store.results() == {"old": (rows[-1], 0.5)}
        assert math.isnan(store.statistics("old")[0][1][0]["grad_norm"])
        store.close()
    store = Store(tmp_path / "runs")
    store.forget_after("old", 5)
    store.add_steps("old", [record(6, 0.75), record(7)])
    assert store.steps("old") == [*rows[:5], record(6, 0.75), record(7)]
    assert store.results() == {"old": (record(7), 0.75)}
    store.forget_after("old", 3)
    assert store.results() == {"old": (rows[2], 0.25)}
    store.close()


def test_who_reads_waits_for_nobody_who_writes(store):
    store.add("one", {}, None)
    store.add_steps("one", [record(1)])
    writer = sqlite3.connect(store.folder / store_module.DATABASE)
    writer.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with store._lock:  # one of this server's threads is at it as well
        assert store.rows()[0].id == "one"
        assert store.steps("one") == [record(1)]
        assert store.results() == {"one": (record(1), None)}
    assert time.monotonic() - began < 2
    writer.rollback()
    writer.close()
