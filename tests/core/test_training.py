"""A training in its worker process: what defines it, what is said, the same numbers, pause, resume, stop and pace."""

import json
import math
import os
import subprocess
import sys
import time
from dataclasses import asdict

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.threads import ONE_THREAD
from cnn_core.training import Registry, TrainingConfig
from cnn_core.training import run as run_module
from cnn_core.training.messages import decode, encode
from tests.waiting import until

SMALL = {"num_filters": 2, "hidden_dim": 4, "batch_size": 200}  # 7 steps an epoch, hardly a millisecond each
SHORT, LONG = TrainingConfig(**SMALL, num_epochs=2), TrainingConfig(**SMALL, num_epochs=1000)


@pytest.fixture
def registry():
    registry = Registry(slots=2)
    yield registry
    registry.close()


def stays(value, seconds=0.3):
    """Whether `value()` is the same after some time in which it would have changed."""
    before = value()
    time.sleep(seconds)
    return value() == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset": "mnist"}, "dataset (='mnist') must be one of digits, fashion, colours"),
        ({"update_rule": "lbfgs"}, "update_rule (='lbfgs') must be one of sgd, momentum, nesterov"),
        ({"num_filters": 0}, "num_filters (=0) must be 1 or more"),
        ({"num_filters": 129}, "num_filters (=129) must be 128 or less"),
        ({"filter_size": 2.5}, "filter_size (=2.5) must be a whole number, 1 or more"),
        ({"filter_size": 16}, "filter_size (=16) must be 15 or less"),
        ({"hidden_dim": 1025}, "hidden_dim (=1025) must be 1024 or less"),
        ({"batch_size": "50"}, "batch_size (='50') must be a whole number, 1 or more"),
        ({"num_epochs": 1001}, "num_epochs (=1001) must be 1000 or less"),
        ({"seed": -1}, "seed (=-1) must be 0 or more"),
        ({"learning_rate": 0}, "learning_rate (=0) must be a finite number above 0"),
        ({"learning_rate": math.nan}, "learning_rate (=nan) must be a finite number above 0"),
        ({"lr_decay": -1.0}, "lr_decay (=-1.0) must be a finite number above 0"),
        ({"weight_scale": math.inf}, "weight_scale (=inf) must be a finite number 0 or more"),
        ({"reg": -0.1}, "reg (=-0.1) must be a finite number 0 or more"),
    ],
    ids=str,
)
def test_settings_out_of_range_are_named_with_value_and_remedy(settings, message):
    with pytest.raises(ValueError) as error:
        TrainingConfig(**settings)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("dataset", datasets.names())
def test_the_net_sees_pictures_less_the_mean_training_pixel(dataset):
    config, train = TrainingConfig(dataset), datasets.load(dataset).train.x
    centred = config.centred(train)
    np.testing.assert_allclose(centred.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_array_equal(config.solver().x_train, centred)
    np.testing.assert_array_equal(config.centred(train[:2]), centred[:2])


def test_settings_survive_the_journey():
    config = TrainingConfig("colours", learning_rate=0.1 + 0.2, reg=0, seed=7)
    assert TrainingConfig(**decode(encode(config.as_dict()))) == config


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
        np.array([np.nan, -0.0, np.inf, 5e-324]),
        np.arange(24).reshape(2, 3, 4)[:, ::2, ::-1],
        np.array(0.1),
        np.empty((0, 3), dtype=np.float32),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_arrays_arrive_to_the_bit(array):
    line = encode({"type": "x", "inside": [{"deeper": array}], "text": "a\nb"})
    assert "\n" not in line
    arrived = decode(line)["inside"][0]["deeper"]
    assert (arrived.dtype, arrived.shape, arrived.tobytes()) == (array.dtype, array.shape, array.tobytes())


def test_what_is_no_message_is_refused():
    for line in ("Traceback (most recent call last):", "[1]", ""):
        with pytest.raises(ValueError):
            decode(line)
    with pytest.raises(TypeError, match="set has no place in a message"):
        encode({"what": {1}})


def test_a_run_is_the_solvers_to_the_bit(registry):
    script = (
        "import json, sys; from dataclasses import asdict; from cnn_core.training import TrainingConfig;"
        "print(json.dumps([asdict(r) for r in TrainingConfig(**json.loads(sys.argv[1])).solver().steps()]))"
    )
    run = registry.start(SHORT)
    command = [sys.executable, "-c", script, json.dumps(SHORT.as_dict())]
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": str(run_module.ROOT)}  # as a worker's
    expected = json.loads(subprocess.check_output(command, env=environment, text=True))
    until(lambda: run.ended)
    assert (run.state, run.message, run.iterations) == ("finished", "", 14)
    assert [asdict(record) for record in run.records] == expected
    assert run.params_iteration == 14
    np.testing.assert_array_equal(run.filters, run.params["W1"])
    model, test = SHORT.model(), datasets.load("digits").test
    model.params = run.params
    assert run.test_accuracy == pytest.approx(model.accuracy(SHORT.centred(test.x), test.y), abs=0.005)


def test_pause_holds_resume_goes_on_and_stop_keeps_the_weights(registry):
    run = registry.start(LONG)
    until(lambda: run.records)
    run.pause()
    until(lambda: run.state == "paused")
    assert stays(lambda: len(run.records))
    assert run.params_iteration == len(run.records)
    run.resume()
    count = len(run.records)
    until(lambda: len(run.records) > count)
    assert run.state == "running"
    run.stop()
    until(lambda: run.ended)
    assert run.state == "stopped"
    assert stays(lambda: len(run.records))
    assert run.params_iteration == len(run.records) < run.iterations == 7000
    assert [record.iteration for record in run.records] == [*range(1, len(run.records) + 1)]
    np.testing.assert_array_equal(run.filters, run.params["W1"])
    assert run.test_accuracy is not None


def test_saying_a_command_twice_changes_nothing(registry):
    run = registry.start(LONG)
    for command, state in [("pause", "paused"), ("resume", "running"), ("pause", "paused"), ("stop", "stopped")]:
        for _ in range(3):
            getattr(run, command)()
        until(lambda state=state: run.state == state)
        assert stays(lambda: run.state, 0.1)
    for command in (run.pause, run.resume, run.stop, lambda: run.set_pace(1.0), run.kill, run.kill):
        command()
        assert run.state == "stopped"


@pytest.mark.parametrize("commands", ["resume pause", "pause resume pause", "resume resume pause pause"])
def test_the_last_of_some_quick_commands_counts(registry, commands):
    run = registry.start(LONG)
    run.pause()
    until(lambda: run.state == "paused")
    for command in commands.split():
        getattr(run, command)()
    until(lambda: run.state == "paused")
    assert stays(lambda: (run.state, len(run.records)))
    run.resume()
    count = len(run.records)
    until(lambda: len(run.records) > count)


def test_the_pace_limits_the_speed_and_can_be_changed(registry):
    begin = time.monotonic()
    run = registry.start(LONG, pace=5)
    until(lambda: len(run.records) >= 5)
    assert time.monotonic() - begin > 4 / 5
    run.set_pace(None)
    until(lambda: len(run.records) >= 200)  # at the old pace this would take 39 s, more than `until` waits
