"""A training in its worker process: what defines it, what is said, the same numbers, and every command it takes."""

import json
import math
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.machine.threads import ONE_THREAD
from cnn_core.messages import decode, encode
from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.training import DataOptions, Registry, StopRules, TrainingConfig
from cnn_core.training import process as process_module
from cnn_core.training.checkpoint import load_weights
from tests.trainings import LONG, SHORT, small, weights_of
from tests.waiting import until


@pytest.fixture
def registry(tmp_path):
    registry = Registry(tmp_path, slots=2)
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
        ({"dataset": "nothing"}, "dataset (='nothing') must be one of digits, fashion, colours"),
        ({"update_rule": "lbfgs"}, "update_rule (='lbfgs') must be one of sgd, momentum, nesterov"),
        ({"batch_size": "50"}, "batch_size (='50') must be a whole number, 1 or more"),
        ({"num_epochs": 1001}, "num_epochs (=1001) must be 1000 or less"),
        ({"seed": -1}, "seed (=-1) must be 0 or more"),
        ({"learning_rate": 0}, "learning_rate (=0) must be a finite number above 0"),
        ({"learning_rate": math.nan}, "learning_rate (=nan) must be a finite number above 0"),
        ({"learning_rate": "fast"}, "learning_rate (=fast) must be a finite number above 0"),
        ({"momentum": 1.0}, "momentum (=1.0) must be at least 0 and below 1"),
        ({"lr_decay": -1.0}, "lr_decay (=-1.0) must be a finite number above 0"),
        ({"reg": -0.1}, "reg (=-0.1) must be a finite number 0 or more"),
        ({"range_test": "no"}, "range_test (='no') must be true or false"),
    ],
    ids=str,
)
def test_settings_out_of_range_are_named_with_value_and_remedy(settings, message):
    with pytest.raises(ValueError) as error:
        TrainingConfig(**settings)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"hidden_dim": 3}, "hidden_dim is not a setting of a training: it takes dataset, data, network"),
        ({"data": {"nothing": 1}}, "nothing"),
        ({"network": {"blocks": 7}}, "blocks"),
        ({"stop": {"never": 1}}, "must hold val_accuracy, patience, seconds"),
        ([1, 2], "configuration (=[1, 2]) must be a JSON object of settings"),
    ],
)
def test_a_configuration_from_elsewhere_is_checked(values, message):
    with pytest.raises(ValueError) as error:
        TrainingConfig.from_dict(values)
    assert message in str(error.value)


def test_settings_survive_the_journey():
    config = small(
        dataset="colours", learning_rate=0.1 + 0.2, data=DataOptions(num_train=100), stop=StopRules(patience=3)
    )
    assert TrainingConfig.from_dict(decode(encode(config.as_dict()))) == config


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
        "print(json.dumps([asdict(r) for r in TrainingConfig.from_dict(json.loads(sys.argv[1])).solver().steps()]))"
    )
    run = registry.start(SHORT)
    command = [sys.executable, "-c", script, json.dumps(SHORT.as_dict())]
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": str(process_module.ROOT)}  # as a worker's
    expected = json.loads(subprocess.check_output(command, env=environment, text=True))
    until(lambda: run.ended)
    assert (run.state, run.message, run.iterations) == ("finished", "", 14)
    assert [asdict(record) for record in run.records] == expected
    assert run.latest == 14
    network = run.network_at()
    np.testing.assert_array_equal(run.filters, network.params["conv1.weight"])
    data = SHORT.training_data()
    assert run.test_accuracy == pytest.approx(network.accuracy(*data.test), abs=0.005)
    assert len(data.test[1]) == len(datasets.load("digits").test.y)


def test_pause_holds_resume_goes_on_and_stop_keeps_the_weights(registry):
    run = registry.start(LONG)
    until(lambda: run.records)
    run.pause()
    until(lambda: run.state == "paused")
    assert stays(lambda: len(run.records))
    assert run.latest == len(run.records)
    run.resume()
    count = len(run.records)
    until(lambda: len(run.records) > count)
    assert run.state == "running"
    run.stop()
    until(lambda: run.ended)
    assert run.state == "stopped"
    assert stays(lambda: len(run.records))
    assert run.latest == len(run.records) < run.iterations == 7000
    assert [record.iteration for record in run.records] == [*range(1, len(run.records) + 1)]
    np.testing.assert_array_equal(run.filters, run.network_at().params["conv1.weight"])
    assert run.test_accuracy is not None


def test_saying_a_command_twice_changes_nothing(registry):
    run = registry.start(LONG)
    for command, state in [("pause", "paused"), ("resume", "running"), ("pause", "paused"), ("stop", "stopped")]:
        for _ in range(3):
            getattr(run, command)()
        until(lambda state=state: run.state == state)
        assert stays(lambda: run.state, 0.1)
    for command in (run.pause, run.stop, lambda: run.set_pace(1.0)):
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


def test_one_step_and_one_epoch(registry):
    run = registry.start(LONG, advance="step")
    until(lambda: run.state == "paused")
    assert len(run.records) == 1
    for unit, expected in [("step", 2), ("epoch", 7), ("epoch", 14), ("step", 15)]:
        run.resume(advance=unit)
        until(lambda expected=expected: run.state == "paused" and len(run.records) == expected)
        assert run.latest == expected


def test_settings_change_while_it_trains_and_are_marked(registry):
    run = registry.start(LONG, advance="step")
    until(lambda: run.state == "paused")
    run.change(learning_rate=0.001, reg=0.5)
    until(lambda: len(run.changes) == 2)
    run.resume(advance="step")
    until(lambda: len(run.records) == 2 and run.state == "paused")
    assert [(c.iteration, c.name, c.value) for c in run.changes] == [(1, "learning_rate", 0.001), (1, "reg", 0.5)]
    assert [r.learning_rate for r in run.records] == [0.004, 0.001]
    assert run.records[1].reg_loss > 100 * run.records[0].reg_loss
    assert run.live == {"learning_rate": 0.001, "momentum": 0.9, "reg": 0.5, "dropout": 0.0}
    run.change(learning_rate=0.001)  # as it is: nothing to mark
    for values, message in [
        ({"reg": -1}, "reg (=-1)"),
        ({"seed": 3}, "seed must be one of"),
        ({"dropout": 1}, "dropout"),
    ]:
        with pytest.raises(ValueError) as error:
            run.change(**values)
        assert message in str(error.value)
    assert stays(lambda: len(run.changes), 0.1)


def test_a_stopped_run_goes_on_to_the_same_weights_with_its_changes(registry):
    whole_run, cut = registry.start(SHORT, advance="epoch"), registry.start(SHORT, advance="epoch")
    for run in (whole_run, cut):
        until(lambda run=run: run.state == "paused")
        run.change(learning_rate=0.01)
        until(lambda run=run: run.changes)
    cut.stop()
    until(lambda: cut.state == "stopped")
    assert cut.test_accuracy is not None
    cut.resume()
    assert cut.test_accuracy is None  # it is measured at the end, and that was none
    whole_run.resume()
    for run in (whole_run, cut):
        until(lambda run=run: run.state == "finished")
    assert cut.records == whole_run.records
    assert cut.records[-1].learning_rate == 0.01
    for name, w in whole_run.network_at().params.items():
        assert w.tobytes() == cut.network_at().params[name].tobytes()


def test_a_fork_shares_the_past_and_has_a_future_of_its_own(registry):
    parent = registry.start(SHORT, advance="epoch")
    until(lambda: parent.state == "paused")  # which leaves a checkpoint
    parent.resume()
    until(lambda: parent.ended)
    same, other = registry.fork(parent, 7), registry.fork(parent, 7, learning_rate=0.02, num_epochs=3)
    until(lambda: same.ended and other.ended)
    assert same.records == parent.records
    assert (other.records[:7], len(other.records)) == (parent.records[:7], 21)
    assert other.records[7].learning_rate == 0.02
    assert other.parent == (parent.id, 7)
    assert other.checkpoints.iterations()[0] == 0
    for values, message in [({"iteration": 3}, "iteration (=3)"), ({"iteration": 7, "reg": -1}, "reg (=-1)")]:
        with pytest.raises(ValueError) as error:
            registry.fork(parent, **values)
        assert message in str(error.value)


@pytest.mark.parametrize(
    ("stop", "message"),
    [
        (StopRules(val_accuracy=0.01), "has reached 1.0%"),
        (StopRules(patience=1), "1 epochs without a better validation accuracy"),
        (StopRules(seconds=0.02), "0.02 seconds of computing are over"),
    ],
)
def test_a_stop_rule_ends_the_training_and_says_why(registry, stop, message):
    run = registry.start(small(num_epochs=1000, learning_rate=1e-9, stop=stop))
    until(lambda: run.ended)
    assert run.state == "finished"
    assert message in run.message
    assert len(run.records) < run.iterations


def test_the_range_test_goes_from_tiny_to_huge_rates(registry):
    run = registry.start(small(range_test=True))
    until(lambda: run.ended)
    assert run.state == "finished"
    rates = [record.learning_rate for record in run.records]
    assert rates[0] == 1e-5
    np.testing.assert_allclose(np.diff(np.log(rates)), np.log(1e6) / 119)


def test_statistics_of_a_step_are_told_by_layer(registry):
    run = registry.start(small(num_epochs=300))
    until(lambda: run.statistics)
    run.stop()
    first = run.statistics[0]
    assert first.layers[0]["name"] == "conv1"
    assert all(layer["grad_norm"] >= 0 for layer in first.layers)


def test_early_steps_the_last_one_and_steps_asked_for_alone_are_seen_from_inside(registry):
    run = registry.start(SHORT, advance="epoch")
    until(lambda: run.state == "paused")
    for step in (8, 9, 10, 11):
        run.resume("step")
        until(lambda step=step: run.done == step and run.state == "paused")
    run.resume()
    until(lambda: run.ended)
    seen = [statistics.iteration for statistics in run.statistics]
    assert seen == sorted(seen)
    assert {1, 2, 4, 8, 9, 10, 11, 14} <= set(seen)  # and others, where all this takes over a second


def test_weights_may_be_given_to_begin_with(registry):
    first = registry.start(SHORT)
    until(lambda: first.ended)
    weights = weights_of(first)
    run = registry.start(SHORT, begin_with=weights, advance="step")
    until(lambda: run.state == "paused")
    np.testing.assert_array_equal(run.network_at(0).params["linear2.weight"], weights.params["linear2.weight"])
    solver = SHORT.solver()
    load_weights(solver.model, weights.params)
    assert run.records[0].data_loss == pytest.approx(solver.step(1).data_loss, rel=1e-6)


def test_a_network_that_needs_too_much_memory_is_refused(registry):
    config = small(dataset="fashion", network=NetworkSpec(hidden=(100_000, 100_000)), batch_size=50)
    with pytest.raises(ValueError, match="memory"):
        config.model()


def test_a_batch_norm_that_would_meet_a_single_number_is_refused_before_the_training():
    to_one_cell = (ConvBlock(2), ConvBlock(2), ConvBlock(2), ConvBlock(4, norm="batch", pool="none"))
    config = TrainingConfig("digits", network=NetworkSpec(to_one_cell))
    number = config.training_data().num_train
    with pytest.raises(ValueError, match=r"batch_size \(=1\) must leave no batch of a single image"):
        replace(config, batch_size=1).check()
    fitting = next(size for size in range(2, 1000) if number % size != 1)
    replace(config, batch_size=fitting).check()
    left_over = [size for size in range(2, 1000) if number % size == 1]
    for size in left_over:
        with pytest.raises(ValueError, match="single image"):
            replace(config, batch_size=size).check()
    assert left_over or number == 2
