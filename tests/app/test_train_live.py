"""A training while it runs: pause, resume, stop, start anew, waiting in the queue, and when the page looks again."""

import pytest

from cnn_core.training import TrainingConfig
from tests.app.lesson import calm, open_lesson, texts
from tests.app.training import FAST, LONG, SLOW, SMALL, buttons, press, progress, start
from tests.waiting import until


def test_pause_resume_and_stop(registry):
    app, run = start(registry, **LONG, pace=SLOW)
    assert buttons(app) == {"start": True, "pause": True, "stop": True}
    press(app, "pause")
    until(lambda: run.state == "paused")
    app.run()
    assert progress(app).startswith(f"paused: step {len(run.records)} of 350, epoch ")
    assert buttons(app) == {"start": True, "resume": True, "stop": True}
    press(app, "resume")
    until(lambda: run.state == "running")
    press(app, "stop")
    until(lambda: run.ended)
    app.run()
    assert calm(app)
    assert progress(app).startswith(f"stopped at step {len(run.records)} of 350, epoch ")
    assert buttons(app) == {"start": True, "pause": False, "stop": False}


@pytest.mark.parametrize("state", ["running", "paused", "finished"])
def test_the_page_looks_again_by_itself_only_while_something_happens(registry, monkeypatch, state):
    looks = []
    monkeypatch.setattr("streamlit.fragment", lambda function, run_every: looks.append(run_every) or function)
    app, run = start(registry, **(SMALL if state == "finished" else LONG), pace=FAST if state == "finished" else SLOW)
    if state == "paused":
        press(app, "pause")
    until(lambda: run.state == state)
    app.run()
    assert looks[-1] == {"running": 0.5, "paused": 2.0, "finished": None}[state]  # another tab may resume a paused one
    if state == "paused":
        press(app, "resume")
        assert looks[-1] == 0.5


def test_changed_settings_are_noted_and_used_by_the_next_start(registry):
    app, first = start(registry, **LONG, pace=SLOW)
    note = "The settings were changed since this training started: **Start anew** uses them."
    assert note not in texts(app.info)
    app.slider(key="num_filters").set_value(3).run()
    assert note in texts(app.info)
    press(app, "start")
    second = registry.get(app.query_params["run"])
    assert second.config.num_filters == 3
    until(lambda: first.state == "stopped")
    app.run()
    assert note not in texts(app.info)
    assert calm(app)


def test_a_run_that_waits_says_how_many_are_before_it(registry):
    registry.slots = 0.25  # room for one training with a pace
    start(registry, **LONG, pace=SLOW)
    start(registry, **LONG, pace=SLOW)
    app, run = start(registry, **LONG, pace=SLOW)
    assert calm(app)
    assert progress(app) == "waiting: all cores are training; 1 before this one"
    press(app, "stop")
    assert run.state == "stopped"
    assert progress(app) == "stopped before the first step"


def test_a_training_that_diverges_is_told_with_the_remedy(registry):
    run = registry.start(TrainingConfig(update_rule="sgd", learning_rate=1e6, num_filters=2, hidden_dim=4))
    until(lambda: run.ended)
    app = open_lesson("train", run=run.id)
    (error,) = texts(app.error)
    assert error.startswith("diverged: the loss became ")
    assert error.endswith("learning_rate (=1e+06) is probably too large, try a tenth of it")
    assert not app.exception
    assert buttons(app)["start"]


def test_the_page_runs_anew_when_its_fragment_finds_that_the_training_ended(registry, monkeypatch):
    app, run = start(registry, **LONG, pace=SLOW)
    looks = []

    def fragment(show, run_every):
        def end_before_showing():
            run.stop()
            until(lambda: run.ended)
            show()

        looks.append(run_every)
        return end_before_showing

    monkeypatch.setattr("streamlit.fragment", fragment)
    app.run()
    assert looks == [0.5, None]
    assert calm(app)
