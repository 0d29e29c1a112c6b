"""The course's update rules and Solver: its bookkeeping, its random numbers, its checkpoints."""

import pickle

import numpy as np
import pytest

from cnn_core import cs231n, optim


@pytest.mark.parametrize("rule", ["sgd", "sgd_momentum", "rmsprop", "adam"])
def test_update_rules_take_the_cores_steps_and_leave_the_callers_arrays_alone(rule):
    core = {"sgd_momentum": "momentum"}.get(rule, rule)
    w, dw = np.linspace(-0.4, 0.6, 20).reshape(4, 5), np.linspace(-0.6, 0.4, 20).reshape(4, 5)
    expected, state, config = w.copy(), {}, {"learning_rate": 0.1}
    for _ in range(3):
        optim.RULES[core](expected, dw, state, learning_rate=0.1)
        held = [(a, a.copy()) for a in (w, *config.values()) if isinstance(a, np.ndarray)]
        w, same = getattr(cs231n, rule)(w, dw, config)
        assert same is config
        for array, before in held:
            np.testing.assert_array_equal(array, before)
    np.testing.assert_array_equal(w, expected)
    assert set(config) == {"learning_rate", *optim.hyper_parameters(core), *state}
    assert getattr(cs231n, rule)(w, dw)[1]["learning_rate"] == (1e-3 if rule == "adam" else 1e-2)


def tiny_data():
    rng, y = np.random.default_rng(0), np.arange(60) % 3
    x = rng.standard_normal((3, 1, 6, 6))[y] + rng.standard_normal((60, 1, 6, 6))
    return {"X_train": x[:50], "y_train": y[:50], "X_val": x[50:], "y_val": y[50:]}


def solve(**options):
    np.random.seed(231)
    model = cs231n.ThreeLayerConvNet((1, 6, 6), 8, 3, 32, 3, weight_scale=0.1)
    options = {"num_epochs": 20, "batch_size": 10, "optim_config": {"learning_rate": 1e-2}, "verbose": False} | options
    solver = cs231n.Solver(model, tiny_data(), update_rule="adam", **options)
    solver.train()
    return solver


def test_the_solver_overfits_fifty_tiny_images_and_is_reproducible(capsys):
    solver, again = solve(print_every=25, verbose=True), solve()
    data = tiny_data()
    printed = capsys.readouterr().out
    assert "(Iteration 26 / 100) loss: " in printed
    assert "(Epoch 20 / 20) train acc: 1.000000; val_acc: " in printed
    assert len(solver.loss_history) == 100
    assert len(solver.train_acc_history) == len(solver.val_acc_history) == 21
    assert solver.epoch == 20
    assert solver.train_acc_history[-1] == 1
    assert solver.best_val_acc == max(solver.val_acc_history)
    assert solver.model.params is solver.best_params
    assert solver.check_accuracy(data["X_val"], data["y_val"], batch_size=3) == solver.best_val_acc
    assert solver.loss_history == again.loss_history


def test_checkpoints_have_the_courses_names_and_the_first_of_the_best_is_kept(tmp_path):
    solver = solve(num_epochs=6, checkpoint_name=tmp_path / "net")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"net_epoch_{n}.pkl" for n in range(7)]
    assert solver.val_acc_history.count(solver.best_val_acc) > 1
    best = solver.val_acc_history.index(solver.best_val_acc)
    assert best > 0
    stored = pickle.loads((tmp_path / f"net_epoch_{best}.pkl").read_bytes())
    assert stored["epoch"] == best
    assert stored["val_acc_history"] == solver.val_acc_history[: best + 1]
    for name, w in solver.best_params.items():
        np.testing.assert_array_equal(stored["model"].params[name], w)


def test_the_learning_rate_decays_after_each_epoch():
    solver = solve(num_epochs=2, lr_decay=0.5)
    assert {config["learning_rate"] for config in solver.optim_configs.values()} == {0.01 / 4}
    assert solver.optim_config == {"learning_rate": 0.01}


def test_a_rate_that_decays_to_nothing_stands_still():
    solver = solve(num_epochs=330, lr_decay=0.1, batch_size=50)
    assert len(solver.loss_history) == 330
    (rate,) = {config["learning_rate"] for config in solver.optim_configs.values()}
    assert 0 < rate < 1e-300

    grown = solve(num_epochs=1, lr_decay=1e308, optim_config={"learning_rate": 2.0})
    assert {config["learning_rate"] for config in grown.optim_configs.values()} == {2.0}


@pytest.mark.parametrize("rule", ["sgd", "sgd_momentum", "rmsprop", "adam"])
def test_a_step_that_is_refused_leaves_config_as_it_was(rule):
    config = {"learning_rate": 0.1}
    for w, dw, changed in (([1.0], [1.0, 2.0], {}), (["a"], [1.0], {}), ([1.0], [1.0], {"learning_rate": -1})):
        before = config | changed
        given = dict(before)
        with pytest.raises(ValueError):
            getattr(cs231n, rule)(w, dw, given)
        assert given == before
    w, config = getattr(cs231n, rule)([1, 2], [1, 0], config)
    assert w.dtype == np.float64
    assert w[0] < 1
    assert w[1] == 2


def test_a_velocity_of_whole_numbers_is_taken():
    w, config = cs231n.sgd_momentum(np.zeros(2), np.zeros(2), {"learning_rate": 1, "velocity": [1, 3]})
    np.testing.assert_allclose(w, [0.9, 2.7])
    np.testing.assert_allclose(config["velocity"], [0.9, 2.7])


def test_a_step_that_is_refused_changes_no_parameter(monkeypatch):
    solver, true = solve(num_epochs=1), cs231n.ThreeLayerConvNet.loss
    before = {name: w.copy() for name, w in solver.model.params.items()}
    kept = {name: dict(config) for name, config in solver.optim_configs.items()}

    def loss_without_one(model, x, y=None):
        loss, grads = true(model, x, y)
        return loss, grads | {"b3": grads["b3"][:1]}  # the last of them does not fit

    monkeypatch.setattr(cs231n.ThreeLayerConvNet, "loss", loss_without_one)
    steps = len(solver.loss_history)
    with pytest.raises(ValueError, match=r"\(1,\)"):
        solver._step()
    assert len(solver.loss_history) == steps
    for name, w in solver.model.params.items():
        np.testing.assert_array_equal(w, before[name])
        for key, value in solver.optim_configs[name].items():
            np.testing.assert_array_equal(value, kept[name][key])


def test_accuracy_of_labels_in_a_column_is_refused():
    solver, data = solve(num_epochs=1), tiny_data()
    with pytest.raises(ValueError, match=r"y \(shape \(10, 1\)\) must hold one label .* y.ravel\(\) makes it so"):
        solver.check_accuracy(data["X_val"], data["y_val"][:, None])


def test_accuracy_may_be_taken_on_a_random_sample():
    solver, data = solve(num_epochs=1), tiny_data()
    x, y = data["X_train"], data["y_train"]
    np.random.seed(3)
    accuracy = solver.check_accuracy(x, y, num_samples=7)
    np.random.seed(3)
    sample = np.random.choice(50, 7)
    assert accuracy == solver.model.accuracy(x[sample], y[sample]) != solver.check_accuracy(x, y, num_samples=50)


def test_labels_are_checked_where_they_enter():
    solver, data = solve(num_epochs=1), tiny_data()
    x = data["X_val"]
    right = solver.model.loss(x).argmax(axis=1)
    assert solver.check_accuracy(x, right.tolist()) == 1
    assert solver.check_accuracy(x, right.tolist(), num_samples=5) == 1
    for num_samples in (None, 5):
        with pytest.raises(ValueError, match=r"^y \(shape \(10, 1\)\) must hold one label .* y\.ravel\(\)"):
            solver.check_accuracy(x, right[:, None], num_samples=num_samples)
    for part in ("y_train", "y_val"):
        cs231n.Solver(solver.model, data | {part: data[part].tolist()})._step()
        with pytest.raises(ValueError, match=rf"^{part} \(shape \(\d+, 1\)\) must hold one label"):
            cs231n.Solver(solver.model, data | {part: data[part][:, None]})


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ({}, {"update_rule": "foo"}, "update_rule (='foo') must be one of sgd, sgd_momentum, rmsprop, adam"),
        ({}, {"num_epochs": 0}, "num_epochs (=0) must be 1 or more"),
        ({}, {"batch_size": 2.5}, "batch_size (=2.5) must be a whole number"),
        ({"y_val": np.ones(3, int)}, {}, "y_val (shape (3,)) must hold one label for each example: shape (10,)"),
        ({"y_train": np.ones((50, 1), int)}, {}, "y_train (shape (50, 1)) must hold one label"),  # not half right
        ({"y_train": np.ones(50)}, {}, "y_train (dtype float64) must hold whole numbers"),
        ({"X_train": []}, {}, "X_train (shape (0,)) must hold one image or more"),
        ({}, {"lr_decay": 0}, "lr_decay (=0) must be a finite number above 0"),
    ],
)
def test_misfits_are_named(data, options, message):
    with pytest.raises(ValueError) as error:
        cs231n.Solver(cs231n.ThreeLayerConvNet((1, 6, 6), 1, 3, 1), tiny_data() | data, **options)
    assert message in str(error.value)


def test_an_unknown_option_and_a_rate_that_cannot_be_are_named():
    with pytest.raises(TypeError, match="learning_rate"):
        solve(learning_rate=1)
    with pytest.raises(ValueError, match=r"learning_rate \(=-1\) must be a finite number above 0"):
        solve(optim_config={"learning_rate": -1})
