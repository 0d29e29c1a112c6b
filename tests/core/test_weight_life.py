"""The life of one weight: replayed from the checkpoint below, each step leads to the very bits that the training stored."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from cnn_core.explorer.update import LINES, SIGNS, written
from cnn_core.explorer.weight_life import followed, weight_life
from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.network.first_block import conv_gradient
from cnn_core.network.layers import Mode
from cnn_core.optim import MEMORY, RULES, hyper_parameters
from cnn_core.solver import StepRecord
from cnn_core.training import DataOptions, TrainingConfig, worker
from cnn_core.training.checkpoint import Checkpoint, Checkpoints
from cnn_core.training.control import Control
from cnn_core.training.history import History
from cnn_core.training.progress import Progress
from cnn_core.training.replay import replay
from cnn_core.training.store import Change, Row

KEPT = (0, 3, 10, 16, 24)  # the checkpoints that a replay may use, of 30 steps
PLAIN = DataOptions(num_train=300)
AUGMENTED = replace(PLAIN, shift=2, flip=True, noise=0.1, cutout=3, normalise="standard")
NOISY = replace(PLAIN, label_noise=0.3, normalise="none")
ONE, TWO = (ConvBlock(3),), (ConvBlock(3), ConvBlock(2, norm="batch", pool="avg"))
DROPPING = NetworkSpec(blocks=TWO, hidden=(5,), dropout=0.3)
NORMED = NetworkSpec(blocks=(ConvBlock(3, norm="batch"), ConvBlock(2, stride=2, padding=1, norm="group")), hidden=(5,))
CASES = {
    "sgd": {"network": NetworkSpec(blocks=ONE, hidden=(4,)), "data": AUGMENTED, "lr_decay": 0.5},
    "momentum": {"network": NORMED, "data": NOISY, "momentum": 0.7},
    "nesterov": {"network": NetworkSpec(blocks=(ConvBlock(3, activation="tanh"),), hidden=(4,)), "data": AUGMENTED},
    "rmsprop": {"network": DROPPING, "data": NOISY, "lr_decay": 0.9},
    "adam": {"network": DROPPING, "data": AUGMENTED, "lr_decay": 0.9},
    "adamw": {"network": NORMED, "data": PLAIN, "reg": 0.0},
    "range_test": {"network": DROPPING, "data": AUGMENTED, "update_rule": "adam", "range_test": True, "num_epochs": 8},
}
CHANGES = [(3, "learning_rate", 3e-3), (7, "reg", 0.2), (12, "dropout", 0.1), (12, "momentum", 0.4)]


def trained(folder, name, **settings):
    """A training by its worker's own code, in this process: what pages read of it, and the state after every step."""
    own = {"update_rule": name, "learning_rate": 2e-2, "reg": 1e-2, "batch_size": 20, "num_epochs": 2, **CASES[name]}
    config = TrainingConfig(**(own | settings))
    heard = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "say", lambda kind, **message: heard.append((kind, message)))
        patch.setattr(worker, "EARLY", set(range(1, 31)))  # every step is kept
        job = worker.Job(config.as_dict(), str(folder / "all"), None, CHANGES, [], Control())
        job.control.stopped = False
        job.train()
    records = [StepRecord(**record) for kind, message in heard if kind == "steps" for record in message["records"]]
    every, few = Checkpoints(folder / "all"), Checkpoints(folder / "few")
    few.folder.mkdir()
    for step in KEPT:
        few.path(step).write_bytes(every.path(step).read_bytes())
    return run_of(config, records[:30], few), {step: Checkpoint.read(every.path(step)) for step in range(31)}


def run_of(config, records, checkpoints):
    store = SimpleNamespace(
        steps=lambda _: History(records),
        outline=lambda _: None,
        changes=lambda _: [Change(*change) for change in CHANGES],
        statistics=lambda _: [],
        checkpoints=lambda _: checkpoints,
    )
    row = Row("run", 0.0, config.as_dict(), "finished", 30, None, 1.0, "", None, "", "", None, None, None)
    return Progress(row, store)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return {name: trained(tmp_path_factory.mktemp(name), name) for name in CASES}


def same(one, other):
    one, other = np.asarray(one), np.asarray(other)
    return one.dtype == other.dtype and one.tobytes() == other.tobytes()


def test_all_rules_are_tried():
    assert set(CASES) - {"range_test"} == set(RULES) == set(LINES)


@pytest.mark.parametrize("name", CASES)
def test_the_operations_lead_to_the_stored_value_to_the_bit(runs, name):
    run, states = runs[name]
    rng = np.random.default_rng(len(name))
    parameters = followed(run.config.model().layers)
    for step in rng.choice(np.arange(1, 31), 8, replace=False).tolist():
        for parameter, shape in parameters.items():
            index = tuple(int(rng.integers(size)) for size in shape)
            if parameter == min(parameters, key=lambda _: rng.random()):  # once in a while the one that moved most
                index = weight_life(run, step, parameter, index).moved_most
            life = weight_life(run, step, parameter, index, before=states[step - 1] if rng.random() < 0.7 else None)
            assert same(life.before, states[step - 1].params[parameter][index])
            assert same(life.after, states[step].params[parameter][index])
            assert same(life.operations[-1].value, life.after)
            assert life.stored is None if step not in KEPT else same(life.stored, life.after)
            assert life.total == pytest.approx(float(life.gradient), rel=1e-4, abs=1e-6)
            assert len(life.shares) == len(life.x) == len(life.labels) == len(life.indices) == 20


@pytest.mark.parametrize("name", CASES)
def test_a_replay_comes_to_the_next_checkpoint_and_to_every_step_between(runs, name):
    run, states = runs[name]
    for step in (2, 13, 24, 30):
        made = replay(run, step)
        for part in ("params", "buffers"):
            there = getattr(states[step], part)
            assert all(same(array, there[key]) for key, array in getattr(made, part).items())
        assert all(same(made.state[key][k], v) for key, m in states[step].state.items() for k, v in m.items())
    on = replay(run, 24, begin=replay(run, 20))
    assert all(same(array, states[24].params[key]) for key, array in on.params.items())


@pytest.mark.parametrize(("known", "wrong"), [(0, 5), (1, 8), (2, 13)])
def test_what_was_changed_on_the_way_counts(runs, known, wrong):
    """Else the tests above would say nothing of it. A learning rate is seen in the loss of the step after the next."""
    run, _ = runs["adam"]
    run = run_of(run.config, run.records, run.checkpoints)
    run.changes = run.changes[:known]
    with pytest.raises(ValueError, match=rf"step \(={wrong}\) does not come out to the bit, but with the loss"):
        replay(run, 15, begin=Checkpoint.read(run.checkpoints.path(3)))


@pytest.mark.parametrize("name", ["sgd", "nesterov"])
def test_a_share_is_what_the_picture_would_add_alone(runs, name):
    run, states = runs[name]
    for parameter, shape in followed(run.config.model().layers).items():
        index = tuple(size // 2 for size in shape)
        life = weight_life(run, 5, parameter, index)
        network = run.config.model()
        network.params, network.reg = states[4].params, 0.0
        alone = [
            network.loss_parts(life.x[[n]], life.labels[[n]]).grads[parameter][index] / 20 for n in range(len(life.x))
        ]
        np.testing.assert_allclose(life.shares, alone, rtol=1e-3, atol=1e-7)


def test_the_pictures_are_those_of_the_training(runs):
    run, _ = runs["momentum"]
    data = run.config.training_data()
    life = weight_life(run, 6, "conv1.weight", (0, 0, 1, 1))
    np.testing.assert_array_equal(life.x, data.train_part(300)[0][life.indices])
    np.testing.assert_array_equal(life.labels, data.labels[life.indices])
    assert (life.labels != data.true_labels[life.indices]).any()  # labels are noisy


def test_every_operation_is_right_by_itself(runs):
    for run, states in runs.values():
        life = weight_life(run, 9, "conv1.weight", (1, 0, 2, 0), before=states[8])
        known = {}
        for operation in life.operations:
            for name, value in operation.operands:
                assert name not in known or same(known[name], value), name
            if operation.operands:
                made = SIGNS[operation.sign](*(value for _, value in operation.operands))
                assert same(made, operation.value)
            known[operation.result] = operation.value
        parts = {operation.part for operation in life.operations}
        assert "gradient" in parts  # L2, also where only a change has brought it
        assert ("memory" in parts) == bool(MEMORY[run.config.update_rule])


@pytest.mark.parametrize("rule", RULES)
def test_a_first_step_without_l2_is_the_rules_own(rule):
    w, dw, state = np.array([0.3], np.float32), np.array([-1e-3], np.float32), {}
    hyper = {"learning_rate": 0.01, **hyper_parameters(rule)}
    memory = dict.fromkeys(MEMORY[rule], np.float32(0))
    found = written(rule, {**hyper, **memory, "t": 1, "weight": w[0].copy(), "gradient": dw[0]})
    RULES[rule](w, dw, state, **hyper)
    assert same(found[-1].value, w[0])
    assert all(operation.part != "gradient" for operation in found)


def test_what_arrives_at_the_first_convolution_is_what_the_layers_one_by_one_say():
    config = TrainingConfig(network=NetworkSpec(blocks=(ConvBlock(3),), hidden=(4,)))
    network, (x, _) = config.model(), config.training_data().train_part(6)
    block, mode, arrays = network._fast[0], Mode(True), network.params
    out, cache = block.forward(x, arrays, mode)
    dout = np.random.default_rng(0).standard_normal(out.shape, dtype=np.float32)
    caches, grads, arriving = [], {}, dout
    for layer in network.layers[:3]:
        x, found = layer.forward(x, arrays, mode)
        caches.append(found)
    for layer, found in zip(network.layers[2:0:-1], caches[2:0:-1], strict=True):
        arriving = layer.backward(arriving, found, grads)
    np.testing.assert_array_equal(conv_gradient(dout, cache), arriving)


@pytest.mark.parametrize(
    ("step", "name", "index", "message"),
    [
        (0, "conv1.weight", (0, 0, 0, 0), r"step \(=0\) must be 1 or more"),
        (31, "conv1.weight", (0, 0, 0, 0), r"step \(=31\) must be one that was trained: this run has 30 so far"),
        (2, "norm1.gamma", (0,), r"name \(=norm1.gamma\) must be one of conv1.weight, conv1.bias"),
        (2, "conv1.weight", (0, 0, 0), r"index \(=\(0, 0, 0\)\) must hold a number for each axis of conv1.weight, whose shape"),
        (2, "conv1.weight", (3, 0, 0, 0), "index"),
        (2, "conv1.weight", (0, 0, 0, -1), "index"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_said(runs, step, name, index, message):
    with pytest.raises(ValueError, match=message):
        weight_life(runs["sgd"][0], step, name, index)


def test_a_step_before_all_checkpoints_that_are_left_is_said(runs, tmp_path):
    run, states = runs["sgd"]
    left = Checkpoints(tmp_path)
    run = run_of(run.config, run.records, left)
    with pytest.raises(
        ValueError, match="no checkpoint of a step before it is there any more: none of this run can be"
    ):
        weight_life(run, 4, "conv1.bias", (0,))
    left.path(10).write_bytes(runs["sgd"][0].checkpoints.path(10).read_bytes())
    with pytest.raises(ValueError, match=r"step \(=4\) cannot be replayed, .*: take step 11 or a later one"):
        weight_life(run, 4, "conv1.bias", (0,))
    assert weight_life(run, 12, "conv1.bias", (0,)).step == 12
    with pytest.raises(ValueError, match=r"before \(after 10 steps\) must be the state after 4 steps"):
        weight_life(run, 5, "conv1.bias", (0,), before=states[10])
    left.path(10).write_bytes(b"damaged")
    with pytest.raises(ValueError, match="the checkpoint after 10 steps is damaged: "):
        weight_life(run, 12, "conv1.bias", (0,))
