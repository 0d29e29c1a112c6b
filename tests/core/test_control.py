"""What a worker is asked to do: here, to rest while a page is at work."""

import time

import pytest

from cnn_core.training import control as control_module
from cnn_core.training import registry as registry_module
from cnn_core.training.control import MOST_REST, REST_SHARE, Control
from tests.trainings import LONG, SHORT
from tests.waiting import until


@pytest.fixture
def clock(monkeypatch):
    """A time that passes when the test says so."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(control_module, "time", made)
    return made


def test_a_rest_is_as_long_as_asked_for_and_asking_again_prolongs_it(clock):
    control = Control()
    control.rest(0.2)
    assert control.rest_until == pytest.approx(100.2)
    control.rest(0.2)
    assert control.rest_until == pytest.approx(100.2)
    clock.now = 100.1
    control.rest(0.2)
    assert control.rest_until == pytest.approx(100.3)


def test_many_readers_do_not_stop_a_training(clock):
    control, rested, asked = Control(), 0.0, 2000
    for _ in range(asked):  # 20 a second, each for a fifth of one
        control.rest(0.2)
        rested += max(0.0, min(control.rest_until, clock.now + 0.05) - clock.now)
        clock.now += 0.05
    assert rested == pytest.approx(MOST_REST + REST_SHARE * 0.05 * asked, abs=0.1)


def test_a_training_left_alone_saves_up_no_more_than_the_most(clock):
    control = Control()
    clock.now += 3600
    control.rest(3600)
    assert control.rest_until == pytest.approx(clock.now + MOST_REST)


def test_a_training_that_gives_way_ends_as_one_that_does_not(registry):
    alone, run = registry.start(SHORT), registry.start(SHORT)
    while not run.ended:
        run.rest(0.01)
        time.sleep(0.01)
    until(lambda: alone.state == run.state == "finished")
    assert [r.loss for r in run.records] == [r.loss for r in alone.records]


def test_no_step_is_taken_while_trainings_give_way_and_a_stop_comes_first(registry, monkeypatch):
    monkeypatch.setattr(registry_module, "REST", MOST_REST)
    run = registry.start(LONG)
    until(lambda: run.records)

    def still():
        done = run.done
        time.sleep(0.3)  # some 200 steps, three reports
        return run.done == done

    assert not still()
    registry.give_way()
    until(still, seconds=2)
    run.stop()
    until(lambda: run.state == "stopped", seconds=2)
