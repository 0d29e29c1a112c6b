"""What is kept of a long history beside it: it tells of all that a curve shows, and is as true as the history itself."""

import numpy as np
import pytest

from cnn_core.training import TrainingConfig, outline
from cnn_core.training.blocks import SPAN
from cnn_core.training.database import DATABASE, reading
from cnn_core.training.history import NAMES, History, column, epoch_ends
from cnn_core.training.outline import EACH, LINES, LONG
from cnn_core.training.progress import Progress
from cnn_core.training.store import Store
from pages.figures.curves import accuracy_curve, loss_curve

STEPS = LONG + 2 * SPAN + 1234
PEAK, PIT = 70_007, 130_500


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "runs")
    yield store
    store.close()


def long(steps=STEPS, seed=0):
    rows = np.full((STEPS, len(NAMES)), np.nan)
    rows[:, 0] = np.arange(1, STEPS + 1)
    rows[:, 1] = (rows[:, 0] - 1) // 1000 + 1
    rows[:, 2] = 0.1 + 1000 / (1000 + rows[:, 0]) + 0.05 * np.random.default_rng(seed).random(STEPS)
    rows[:, 3], rows[:, 4] = 0.01, 0.004
    rows[PEAK - 1, 2], rows[PIT - 1, 2] = 9.5, 0.001
    rows[999::1000, 5:] = 0.9
    return History(rows[:steps])


def keep(store, history, run="long", state="finished"):
    if store.row(run) is None:
        store.add(run, TrainingConfig().as_dict(), None)
        store.set(run, state=state)
    store.add_steps(run, history)
    return history


def test_an_outline_has_the_ends_every_peak_and_every_epoch_and_is_short(store):
    history = keep(store, long())
    found = store.outline("long")
    assert len(found) < 4 * EACH * STEPS / SPAN
    assert found[0] == history[0] and found[-1] == history[-1]
    assert epoch_ends(found) == epoch_ends(history)
    spans = -(-STEPS // SPAN)
    where = (column(found, "iteration").astype(int) - 1) // SPAN
    *whole, rest = np.bincount(where)
    assert rest < max(whole) / 2, "the steps after the last whole span are drawn as densely as the others"
    for line in LINES:
        of_all, told = column(history, line), column(found, line)
        for k in range(spans):
            part = of_all[k * SPAN : (k + 1) * SPAN]
            assert told[where == k].min() == part.min() and told[where == k].max() == part.max(), (line, k)


def test_the_curves_of_an_outline_show_what_those_of_all_steps_show(store):
    history = keep(store, long())
    found = store.outline("long")
    assert accuracy_curve(found) == accuracy_curve(history)
    few, many = loss_curve(found), loss_curve(history)
    assert few["layout"] == many["layout"]
    for drawn, full in zip(few["data"], many["data"], strict=True):
        assert drawn["name"] == full["name"] and len(drawn["x"]) > len(full["x"]) / 2
        assert (min(drawn["y"]), max(drawn["y"])) == (min(full["y"]), max(full["y"]))
        ends = [[(each["x"][k], each["y"][k]) for k in (0, -1)] for each in (drawn, full)]
        assert ends[0] == ends[1]
        widest = np.diff(drawn["x"]).max()
        assert widest < 4 * STEPS / 300, "some part is drawn with fewer points than the others"


@pytest.mark.parametrize("steps", [LONG + 1, LONG + SPAN - 1, LONG + SPAN, LONG + SPAN + 1])
def test_it_ends_with_the_last_step_wherever_a_span_ends(store, steps):
    history = keep(store, long(steps))
    assert store.outline("long")[-1] == history[-1]


def test_a_short_history_has_none(store):
    keep(store, long(LONG - SPAN))
    assert store.outline("long") is None


def test_it_is_the_same_however_the_steps_came(store):
    history = long()
    keep(store, history, "at once")
    for start in range(0, STEPS, 3001):
        keep(store, history[start : start + 3001], "bit by bit")
    assert store.outline("bit by bit") == store.outline("at once")


@pytest.mark.parametrize("back", [LONG + 10, LONG, PEAK - 1, 1])
def test_steps_that_are_made_again_replace_it(store, back):
    keep(store, long())
    again = long(seed=1)
    store.forget_after("long", back)
    keep(store, again[back:])
    keep(store, History(np.concatenate([long().rows[:back], again.rows[back:]])), "fresh")
    assert store.outline("long") == store.outline("fresh")


def test_a_removed_run_leaves_none(store):
    keep(store, long())
    store.remove("long")
    assert store._read("SELECT count(*) FROM outlines") == [(0,)]


@pytest.mark.parametrize("version", [1, 2])
def test_what_an_older_version_kept_gets_one_and_until_then_is_read_as_a_whole(store, version):
    history = keep(store, long())
    with store._writing() as db:
        db.execute("DELETE FROM outlines")
        db.execute(f"PRAGMA user_version = {version}")
    store.close()
    again = Store(store.folder)
    assert (again.outline("long") is None) == (version == 2)
    run = Progress(again.row("long"), again)
    assert (run.done, run.outline[-1]) == (STEPS, history[-1])
    again.add_steps("long", [history[-1]])  # whatever comes next brings it
    keep(again, history, "fresh")
    assert again.outline("long") == again.outline("fresh")
    again.close()


def test_only_whole_spans_are_looked_at_as_steps_come(store, monkeypatch):
    read = []
    steps = outline._steps
    monkeypatch.setattr(outline, "_steps", lambda db, run, first: read.append(first) or steps(db, run, first))
    history = long(2 * SPAN)
    for start in range(0, len(history), 100):
        keep(store, history[start : start + 100])
    assert read == [1, SPAN + 1]


def test_a_look_at_a_long_run_reads_its_outline_and_the_rest_when_asked_for(store, monkeypatch):
    history = keep(store, long())
    asked = []
    steps = Store.steps
    monkeypatch.setattr(Store, "steps", lambda store, run: asked.append(run) or steps(store, run))
    run = Progress(store.row("long"), store)
    assert (run.done, run.outline[0], run.outline[-1]) == (STEPS, history[0], history[-1])
    assert run.size < 1e6 and not asked
    assert run.records == history and run.records is run.records
    assert asked == ["long"]
    assert run.size > history.rows.nbytes
    run.records = run.records.up_to(5)
    assert run.outline is run.records, "who goes on from an earlier step draws what is new"


def test_a_run_that_goes_on_has_all_its_steps_at_hand(store):
    keep(store, long(), state="queued")
    run = Progress(store.row("long"), store)
    assert run.outline is run.records


def test_reading_an_outline_reads_little_of_the_database(store):
    keep(store, long())
    db = reading(store.folder / DATABASE)
    seen = []
    db.set_trace_callback(seen.append)
    found = outline.outline(db, "long")
    db.close()
    assert found is not None and sum("FROM steps" in query and "record" in query for query in seen) == 1
