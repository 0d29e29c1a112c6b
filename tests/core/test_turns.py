"""Visitors take turns: nobody waits behind all the runs of another, and nobody fills the queue."""

from itertools import count

import pytest

from cnn_core.training import keeper, turns
from tests.trainings import LONG, SHORT
from tests.waiting import until

order = count()


class Waiting:
    """A run as far as turns look at it."""

    def __init__(self, visitor, state="queued", pace=None, since=0.0):
        self.visitor, self.state, self.pace, self.since = visitor, state, pace, since
        self.turn = next(order)
        self.went = self.turn if state in ("running", "stopped") else -1

    def __repr__(self):
        return f"{self.visitor}{self.turn}"


def of(text):
    return [Waiting(visitor) for visitor in text.split()]


@pytest.mark.parametrize(
    ("running", "waiting", "in_turn"),
    [
        ("", "a a a", "a a a"),
        ("", "a a a b", "a b a a"),
        ("", "a a a b b c", "a b c a b a"),
        ("a", "a a b b", "b a b a"),  # a has one that trains: it is b's turn first
        ("a a b", "a b c", "c b a"),
        ("a b", "", ""),
    ],
)
def test_visitors_take_turns(running, waiting, in_turn):
    runs = [*(Waiting(visitor, "running") for visitor in running.split()), *of(waiting)]
    assert [run.visitor for run in turns.queue(runs)] == in_turn.split()


def test_of_one_visitor_who_waits_longest_is_next():
    runs = of("a b a a b")
    assert [run.turn for run in turns.queue(runs) if run.visitor == "a"] == sorted(
        r.turn for r in runs if r.visitor == "a"
    )


@pytest.mark.parametrize(
    ("training", "new", "slots", "rooms"),
    [
        ("", "b", 1, 0),
        ("a", "b", 2, 0),
        ("a", "b", 1, None),  # the only one that a has
        ("a a", "b", 2, 1),
        ("a a", "a", 2, None),
        ("a a b", "b", 3, None),  # a would keep one, b would have two
        ("a a a b", "b", 4, 1),
        ("a a a a", "b", 4, 1),
    ],
)
def test_who_has_more_than_another_would_get_makes_room(training, new, slots, rooms):
    running = [Waiting(visitor, "running", since=k) for k, visitor in enumerate(training.split())]
    out = turns.make_room(Waiting(new), running, slots, 10.0)
    assert out == (None if rooms is None else [r for r in running if r.visitor == "a"][::-1][:rooms])


def test_paced_runs_count_as_a_part_of_a_core():
    running = [Waiting("a", "running", 50.0, since=k) for k in range(4)]
    assert turns.make_room(Waiting("b", pace=50.0), running, 1, 10.0) == running[:-2:-1]
    assert turns.make_room(Waiting("b"), running, 1, 10.0) is None  # a whole core is more than a would keep
    assert turns.make_room(Waiting("b"), running, 2, 10.0) == []


def test_who_has_trained_for_a_turn_makes_room_for_a_visitor_of_whom_none_trains():
    running = [Waiting("a", "running", since=100.0)]
    late = 100.0 + turns.TURN
    assert turns.make_room(Waiting("b"), running, 1, late) is None
    assert turns.make_room(Waiting("b"), running, 1, late + 1) == running
    assert turns.make_room(Waiting("a"), running, 1, late + 1) is None


def test_who_has_just_had_a_turn_lets_the_other_go_first():
    stopped, first, second = Waiting("a", "stopped"), Waiting("a"), Waiting("b")
    assert turns.queue([stopped, first, second]) == [second, first]
    assert turns.queue([first, second]) == [first, second]


def test_nobody_in_particular_waits_in_the_order_of_coming():
    runs = of("x x x")
    for run in runs:
        run.visitor = None
    assert turns.queue(runs) == runs


def test_a_visitor_who_starts_many_runs_does_not_keep_another_waiting(registry):
    """H5: of 30 long runs the first trains; another visitor's run is the next one, not the last."""
    greedy = [registry.start(LONG, visitor="greedy") for _ in range(1 + turns.MOST_WAITING)]
    other = registry.start(SHORT, visitor="other")
    assert other.state == "queued"
    assert registry.waiting_before(other) == 0
    assert registry.waiting_before(greedy[1]) == 1
    greedy[0].stop()
    until(lambda: other.state == "finished")


def test_a_long_run_goes_on_after_the_turn_of_another(registry, monkeypatch):
    monkeypatch.setattr(turns, "TURN", 0.5)
    first = registry.start(LONG, visitor="a")
    until(lambda: first.records)
    second = registry.start(SHORT, visitor="b")
    until(lambda: second.state == "finished")
    done = first.done
    until(lambda: first.done > done)
    assert first.state == "running"


def test_runs_that_wait_are_bounded_for_each_visitor(registry):
    running = registry.start(LONG, visitor="a")
    waiting = [registry.start(LONG, visitor="a") for _ in range(turns.MOST_WAITING)]
    before = len(registry.rows())
    for another in (
        lambda: registry.start(LONG, visitor="a"),
        lambda: registry.fork(running, 0, visitor="a"),
    ):
        until(running.checkpoints.path(0).is_file)
        with pytest.raises(ValueError) as error:
            another()
        assert str(error.value) == (
            f"your runs that wait (={turns.MOST_WAITING}) must not become more than {turns.MOST_WAITING}: stop one of them, "
            f"or wait until one has its turn"
        )
    assert len(registry.rows()) == before
    registry.start(LONG, visitor="b")
    registry.start(LONG)
    waiting[-1].stop()
    registry.start(LONG, visitor="a")


def test_going_on_counts_as_waiting_too(registry):
    stopped = registry.start(LONG, visitor="a", advance="step")
    until(lambda: stopped.state == "paused")
    registry.start(LONG, visitor="b")
    for _ in range(turns.MOST_WAITING):
        registry.start(LONG, visitor="a")
    waiting = sum(run.state == "queued" and run.visitor == "a" for run in registry.runs)
    assert waiting == turns.MOST_WAITING
    with pytest.raises(ValueError, match="your runs that wait"):
        registry.resume(stopped, None, "a")
    assert stopped.state == "paused"
    registry.resume(stopped, None, "c")
    assert (stopped.state, stopped.visitor) == ("queued", "c")


def test_the_bound_holds_when_many_come_at_the_same_time(registry, monkeypatch):
    """All have been let in before any of them is made: the last look counts."""
    monkeypatch.setattr(keeper.Keeper, "check", lambda *_: None)
    registry.start(LONG, visitor="a")
    for _ in range(turns.MOST_WAITING):
        registry.start(LONG, visitor="a")
    before = len(registry.rows())
    with pytest.raises(ValueError, match="your runs that wait"):
        registry.start(LONG, visitor="a")
    assert len(registry.rows()) == before
