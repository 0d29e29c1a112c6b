"""Pages are made one after the other; one that takes long holds up the next for a moment only."""

import threading
import time

import pytest

from pages.server.one_by_one import Line, line
from tests.app.lesson import calm, open_lesson

FOREVER = 30.0  # seconds, on a machine that does much else


def started(line, action):
    """A thread that stands in the line: it has taken its place when this returns."""
    before = line._last

    def run():
        with line.turn():
            action()

    thread = threading.Thread(target=run)
    thread.start()
    until = time.monotonic() + FOREVER
    while line._last is before:
        assert time.monotonic() < until
        time.sleep(0.001)
    return thread


def test_each_waits_for_the_one_before_it():
    line, told, begun, go = Line(FOREVER), [], threading.Event(), threading.Event()
    threads = [started(line, lambda: (told.append("begins"), begun.set(), go.wait(FOREVER), told.append("ends")))]
    threads += [started(line, lambda n=n: told.extend([f"{n} begins", f"{n} ends"])) for n in range(20)]
    assert begun.wait(FOREVER)
    assert told == ["begins"]
    go.set()
    for thread in threads:
        thread.join(FOREVER)
    assert told == ["begins", "ends", *(f"{n} {what}" for n in range(20) for what in ("begins", "ends"))]


def test_one_that_takes_long_is_waited_for_once_and_not_to_its_end():
    line, go, there = Line(0.05), threading.Event(), threading.Semaphore(0)
    slow = started(line, lambda: go.wait(FOREVER))
    began = time.monotonic()
    others = [started(line, there.release) for _ in range(3)]
    for _ in others:
        assert there.acquire(timeout=FOREVER)
    assert time.monotonic() - began >= 0.05
    assert slow.is_alive()
    go.set()
    for thread in [slow, *others]:
        thread.join(FOREVER)


def test_an_error_ends_a_turn():
    line = Line(FOREVER)
    with pytest.raises(KeyError), line.turn():
        raise KeyError
    began = time.monotonic()
    with line.turn():
        assert time.monotonic() - began < FOREVER / 2


def test_each_run_of_a_page_takes_one_turn(monkeypatch):
    taken, turn = [], line.turn

    def counted():
        taken.append(line)
        return turn()

    monkeypatch.setattr(line, "turn", counted)
    app = open_lesson("pooling")
    assert calm(app)
    before = len(taken)
    assert before
    assert calm(app.run())
    assert len(taken) == before + 1
