"""A double click on a button that makes a run makes one run; two presses make two."""

import io

import pytest
import streamlit as st

from cnn_core.training.export import weights_file
from pages.controls import segments
from pages.server import runs
from tests.app.lesson import calm, open_lesson
from tests.app.training import press, view
from tests.trainings import small
from tests.waiting import until

WITHIN, LATER = 1000.0, 0.0  # what counts as a double click, in seconds: two presses of a test are one, or two


@pytest.fixture
def run(registry):
    run = registry.start(small(num_epochs=2), advance="epoch")
    until(lambda: run.state == "paused")
    return run


@pytest.fixture
def brought(run, monkeypatch):
    """The run's weights lie in the uploader, and the page of runs stays where it leads away."""
    file = io.BytesIO(weights_file(run, 7))
    file.name = "weights.safetensors"
    monkeypatch.setattr(st, "file_uploader", lambda *a, **k: [file])
    monkeypatch.setattr(st, "switch_page", lambda page, query_params: None)


def made_by_two_presses(registry, page, key, **settings):
    """How many runs two presses on a button make, one right after the other."""
    before = len(registry.rows())
    app = open_lesson(page, **settings)
    for _ in range(2):
        if "view" in settings:
            view(app, settings["view"])
        press(app, key)
        assert calm(app)
    for run in list(registry._runs.values()):
        run.stop()
    return len(registry.rows()) - before


@pytest.mark.parametrize(("seconds", "count"), [(WITHIN, 1), (LATER, 2)])
@pytest.mark.parametrize("key", ["start", "find_rate"])
def test_a_double_click_starts_one_run(registry, monkeypatch, key, seconds, count):
    monkeypatch.setattr(runs, "DOUBLE_CLICK", seconds)
    assert made_by_two_presses(registry, "train", key) == count


@pytest.mark.parametrize(("seconds", "count"), [(WITHIN, 1), (LATER, 2)])
def test_a_double_click_forks_once(registry, run, monkeypatch, seconds, count):
    monkeypatch.setattr(runs, "DOUBLE_CLICK", seconds)
    monkeypatch.setattr("pages.sections.film_view.runs.remember", lambda made: None)  # the fork's parent stays in view
    monkeypatch.setattr(segments, "LATE", 0.0)  # the test goes back to the film strip at once
    forks = made_by_two_presses(registry, "train", "fork", run=run.id, view="film_strip")
    assert forks == count


@pytest.mark.parametrize(("seconds", "count"), [(WITHIN, 1), (LATER, 2)])
def test_a_double_click_brings_weights_back_once(registry, brought, monkeypatch, seconds, count):
    monkeypatch.setattr(runs, "DOUBLE_CLICK", seconds)
    assert made_by_two_presses(registry, "runs", "start_from") == count


def test_another_command_is_another_press(registry, monkeypatch):
    monkeypatch.setattr(runs, "DOUBLE_CLICK", WITHIN)
    app = open_lesson("train")
    press(app, "start")
    app.slider(key="seed").set_value(5).run()
    press(app, "start")
    assert len(registry.rows()) == 2
