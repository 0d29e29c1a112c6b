"""The training page: useful before the first click; the address sets it; a run is followed and found again by its id."""

import numpy as np
import pytest

from cnn_core.training import TrainingConfig
from tests.app.lesson import calm, figure, open_lesson, texts
from tests.app.training import LONG, SLOW, SMALL, buttons, progress, start
from tests.waiting import until


def test_before_the_start_the_page_shows_network_data_and_filters(registry):
    app = open_lesson("train")
    assert calm(app)
    assert buttons(app) == {"start": True, "pause": False, "stop": False}
    layers = TrainingConfig().model().layers
    assert list(app.dataframe[0].value["layer"]) == [layer.name for layer in layers]
    assert list(app.dataframe[0].value["numbers to learn"]) == [layer.parameters for layer in layers]
    (sheet,), _ = figure(app, "first_filters")
    assert sheet["z"][1][1] == pytest.approx(TrainingConfig().model().params["W1"][0, 0, 0, 0], rel=1e-3)
    assert "1,237 to learn from" in app.image[0].captions[0]
    assert not registry._runs


def test_the_defaults_are_the_cores(registry):
    _, run = start(registry)
    assert run.config == TrainingConfig()


def test_the_address_sets_every_control(registry):
    settings = {"num_filters": "3", "filter_size": "5", "hidden_dim": "7", "batch_size": "111", "num_epochs": "2"}
    texts_of = {"update_rule": "momentum", "learning_rate": "0.01", "reg": "0.1", "seed": "9", "dataset": "digits"}
    _, run = start(registry, **settings, **texts_of)
    numbers = {name: int(text) for name, text in settings.items()}
    assert run.config == TrainingConfig(**numbers, update_rule="momentum", learning_rate=0.01, reg=0.1, seed=9)


def test_a_run_is_followed_to_its_end(registry):
    app, run = start(registry, **SMALL)
    assert calm(app)
    assert app.query_params["run"] == run.id
    until(lambda: run.ended)
    app.run()
    assert calm(app)
    assert progress(app) == "finished after 7 steps"
    (loss, l2), _ = figure(app, "loss_curve")
    assert loss["y"] == [round(record.loss, 4) for record in run.records]
    assert l2["x"] == [1, 2, 3, 4, 5, 6, 7]
    (sheet,), _ = figure(app, "filter_sheet")
    np.testing.assert_allclose(sheet["z"][1][1:4], run.params["W1"][0, 0, 0], rtol=1e-3)
    assert app.metric[3].value == f"{run.test_accuracy:.1%}"
    assert buttons(app) == {"start": True, "pause": False, "stop": False}
    assert app.get("page_link")[0].proto.label == "See what they make of a picture"


def test_a_page_that_is_loaded_anew_finds_its_run_by_the_address(registry):
    _, run = start(registry, **SMALL)
    until(lambda: run.ended)
    again = open_lesson("train", run=run.id)
    assert calm(again)
    assert progress(again) == "finished after 7 steps"


def test_a_run_this_server_does_not_know_is_told(registry):
    app = open_lesson("train", run="nobody" * 10)
    (warning,) = texts(app.warning)
    assert warning.startswith("run (=nobodynobodynobodyno) in the link is not known to this server")
    assert warning.endswith("Start a training on the Train page.")
    assert not app.exception
    assert "run" not in app.query_params
    assert buttons(app)["start"]


@pytest.mark.parametrize(
    ("parameter", "value", "remedy"),
    [
        ("num_filters", "0", "must be 1 to 32"),
        ("learning_rate", "0.003", "must be one of 0.0001, 0.0002"),
        ("update_rule", "lbfgs", "must be one of sgd, momentum"),
        ("dataset", "mnist", "must be one of digits, fashion, colours"),
        ("seed", "x", "must be a whole number from 0 to 99"),
    ],
)
def test_a_bad_parameter_is_named_with_its_remedy_and_harms_no_run(registry, parameter, value, remedy):
    _, run = start(registry, **LONG, pace=SLOW)
    app = open_lesson("train", run=run.id, **{parameter: value})
    (warning,) = texts(app.warning)
    assert warning.startswith(f"{parameter} (={value}) in the link {remedy}")
    assert not app.exception
    assert not app.error
    assert run.state == "running"


@pytest.mark.parametrize("dataset", ["fashion", "colours"])
def test_every_data_set_has_its_pictures_and_filters(registry, dataset):
    app = open_lesson("train", dataset=dataset)
    assert calm(app)
    (sheet,), _ = figure(app, "first_filters")
    assert sheet["type"] == ("image" if dataset == "colours" else "heatmap")
