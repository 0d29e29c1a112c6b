"""Work beside the pages that visitors share: who waits for whom, what gives way, what is kept."""

import threading

import pytest

from cnn_core.training.aside import Aside
from pages.server import asides
from pages.server.asides import MOST, UNWATCHED, Asides
from tests.waiting import until


class Pretended(Aside):
    """Work that runs until it is told to end."""

    def __init__(self, key):
        super().__init__("none", 1)

    def start(self):
        self.state = "running"

    def cancel(self):
        self.state = ""


@pytest.fixture
def clock(monkeypatch):
    """The time, to be set."""
    now = [1000.0]
    monkeypatch.setattr(asides.time, "monotonic", lambda: now[0])
    return now


def test_one_waits_for_another_until_that_ends_or_nobody_watches_it(clock):
    work = Asides(Pretended)
    work.start("one")
    assert work.ahead("one") is None
    assert work.ahead("two") is work.of("one")
    work.start("two")
    assert work.of("two").state == ""
    clock[0] += UNWATCHED + 1
    assert work.ahead("two") is None
    assert work.of("one").state == "running"  # nobody needs its place
    clock[0] += UNWATCHED + 1
    work.start("two")
    assert [work.of(key).state for key in ("one", "two")] == ["", "running"]


def test_of_two_at_once_the_one_that_is_furthest_is_waited_for(clock):
    work = Asides(Pretended, at_once=2)
    for key, share in (("one", 0.2), ("two", 0.7)):
        assert work.ahead(key) is None
        work.start(key)
        work.of(key).share = share
    assert work.ahead("three") is work.of("two")
    clock[0] += UNWATCHED + 1
    work.of("one")
    work.start("three")
    assert [work.of(key).state for key in ("one", "two", "three")] == ["running", "", "running"]


def test_the_last_few_are_kept_and_those_on_their_way(clock):
    work = Asides(Pretended)
    running = work.of("runs")
    work.start("runs")
    first = work.of(0)
    for key in range(1, MOST):
        work.of(key)
    assert work.of(0) is first
    for key in range(MOST, 3 * MOST):
        work.of(key)
    assert work.of("runs") is running
    assert work.of(0) is not first
    assert len(work._kept) == len(work._seen) == MOST + 1
    work.close()
    assert running.state == ""


def test_nobody_waits_while_the_work_of_another_is_made():
    begun, go_on = threading.Event(), threading.Event()

    def make(key):
        if key == "slow":
            begun.set()
            assert go_on.wait(20)
        return Pretended(key)

    work = Asides(make)
    slow = threading.Thread(target=work.of, args=["slow"])
    slow.start()
    assert begun.wait(30)
    quick = threading.Thread(target=work.of, args=["quick"])
    quick.start()
    until(lambda: not quick.is_alive(), seconds=5)
    go_on.set()
    slow.join()


def test_what_cannot_be_made_is_said_each_time():
    def make(key):
        raise ValueError(key)

    work = Asides(make)
    for _ in range(2):
        with pytest.raises(ValueError, match="gone"):
            work.of("gone")
