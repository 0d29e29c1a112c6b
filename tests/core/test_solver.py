"""Training: what a record says, the same bits for a seed, the learning rate, divergence, the best weights."""

import math

import numpy as np
import pytest

from cnn_core.cs231n import ThreeLayerConvNet
from cnn_core.datasets import load
from cnn_core.network import ConvBlock, Network, NetworkSpec
from cnn_core.optim import RULES
from cnn_core.solver import Arrays, DivergedError, Solver, decayed


def make(rule="adam", images=30, seed=0, learning_rate=1e-2, **options):
    """A small solver on three classes of noisy 6x6 patterns, easy to tell apart."""
    rng = np.random.default_rng(7)
    y = np.arange(images + 12) % 3
    x = rng.standard_normal((3, 1, 6, 6))[y] + 0.3 * rng.standard_normal((len(y), 1, 6, 6))
    model = ThreeLayerConvNet((1, 6, 6), 4, 3, 8, 3, weight_scale=0.3, reg=options.pop("reg", 0.01), seed=seed)
    options = {"num_epochs": 3, "batch_size": 8, "optim_config": {"learning_rate": learning_rate}} | options
    return Solver(model, Arrays(x[:images], y[:images], x[images:], y[images:]), update_rule=rule, seed=seed, **options)


def test_digits_are_overfitted_within_fifteen_epochs():
    digits = load("digits")
    model = ThreeLayerConvNet(digits.image_shape, 16, 3, 64, weight_scale=0.1, seed=0)
    part = digits.train.x[:100], digits.train.y[:100]
    options = {"num_epochs": 15, "batch_size": 10, "optim_config": {"learning_rate": 1e-2}}
    solver = Solver(model, Arrays(*part, digits.val.x, digits.val.y), update_rule="adam", **options)
    records = list(solver.steps())
    assert records[-1].train_accuracy >= 0.98
    assert model.accuracy(*part) == records[-1].train_accuracy
    assert records[-1].val_accuracy > 0.8


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_lowers_the_loss(rule):
    rate = 0.1 if rule == "sgd" else 0.01
    losses = [record.loss for record in make(rule, learning_rate=rate, num_epochs=15).steps()]
    assert np.mean(losses[-4:]) < 0.5 * np.mean(losses[:4])


def test_one_seed_gives_the_same_bits_and_another_gives_others():
    first, again, other = make(), make(), make(seed=1)
    records = list(first.steps())
    assert records == list(again.steps())
    assert records != list(other.steps())
    for name, w in first.model.params.items():
        assert w.tobytes() == again.model.params[name].tobytes()
        assert w.tobytes() != other.model.params[name].tobytes()


def test_training_does_not_touch_numpys_global_state():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    list(make().steps())
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_records_count_steps_and_epochs_and_the_last_batch_may_be_smaller(monkeypatch):
    sizes, seen = [], []
    solver = make(num_epochs=2)
    loss_parts = solver.model.loss_parts

    def spy(x, y, **options):
        sizes.append(len(x))
        seen.extend(x[:, 0, 0, 0])
        return loss_parts(x, y, **options)

    monkeypatch.setattr(solver.model, "loss_parts", spy)
    records = list(solver.steps())
    assert solver.iterations_per_epoch == 4
    assert sizes == [8, 8, 8, 6] * 2
    assert sorted(seen[:30]) == sorted(seen[30:]) == sorted(solver.data.x_train[:, 0, 0, 0])
    assert seen[:30] != seen[30:]
    assert [record.iteration for record in records] == [*range(1, 9)]
    assert [record.epoch for record in records] == [1] * 4 + [2] * 4
    for record in records:
        at_the_end = record.iteration % 4 == 0
        assert (record.train_accuracy is not None, record.val_accuracy is not None) == (at_the_end, at_the_end)


def test_the_loss_is_data_plus_l2_of_the_weights_before_the_step():
    solver = make(reg=0.5)
    weights = [solver.model.params[name].astype(float) for name in ("W1", "W2", "W3")]
    for record in solver.steps():
        assert record.loss == record.data_loss + record.reg_loss
        assert record.data_loss > 0
        assert record.reg_loss == pytest.approx(0.25 * sum(np.sum(w**2) for w in weights), rel=1e-5)
        weights = [solver.model.params[name].astype(float) for name in ("W1", "W2", "W3")]
    assert {record.reg_loss for record in make(reg=0.0).steps()} == {0.0}


def test_the_learning_rate_decays_after_each_epoch():
    rates = [record.learning_rate for record in make(lr_decay=0.5, learning_rate=0.02).steps()]
    assert rates == [0.02] * 4 + [0.01] * 4 + [0.005] * 4


def test_the_default_learning_rate_is_a_thousandth():
    assert next(make(optim_config=None).steps()).learning_rate == 1e-3


@pytest.mark.parametrize("rule", ["sgd", "momentum"])
def test_a_huge_learning_rate_ends_with_a_message_that_names_it(rule):
    solver = make(rule, learning_rate=1e6, num_epochs=20)
    records = []
    with pytest.raises(DivergedError) as error:
        records.extend(solver.steps())
    assert all(math.isfinite(record.loss) for record in records)
    assert f"step {len(records) + 1} " in str(error.value)
    assert "learning_rate (=1e+06) is probably too large, try a tenth of it" in str(error.value)


def test_accuracies_are_taken_on_num_train_samples_and_on_all_validation_images(monkeypatch):
    solver = make(num_epochs=1, num_train_samples=7)
    seen = []
    monkeypatch.setattr(solver.model, "accuracy", lambda x, y: seen.append((x, y)) or len(x) / 100)
    *_, last = solver.steps()
    assert (last.train_accuracy, last.val_accuracy) == (0.07, 0.12)
    given = solver.data.x_train[:7], solver.data.y_train[:7], *solver.data.val
    for array, expected in zip(seen[0] + seen[1], given, strict=True):
        np.testing.assert_array_equal(array, expected)


def test_a_run_may_stop_between_any_two_steps():
    solver, whole_run = make(), make()
    steps = solver.steps()
    records = [next(steps) for _ in range(5)]
    assert records == list(whole_run.steps())[:5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "foo"}, "rule (='foo') must be one of sgd, momentum"),
        ({"learning_rate": 0}, "learning_rate (=0) must be a finite number above 0"),
        ({"lr_decay": 0}, "lr_decay (=0) must be a finite number above 0"),
        ({"num_epochs": 0}, "num_epochs (=0) must be 1 or more"),
        ({"batch_size": 0}, "batch_size (=0) must be 1 or more"),
        ({"batch_size": 31}, "batch_size (=31) must be at most the number of training images 30"),
        ({"num_train_samples": 1.5}, "num_train_samples (=1.5) must be a whole number"),
        ({"images": 0}, "x_train (shape (0, 1, 6, 6)) must hold one image or more"),
    ],
)
def test_misfits_are_named(options, message):
    with pytest.raises(ValueError) as error:
        make(**options)
    assert message in str(error.value)


def test_labels_must_be_as_many_as_images():
    x, y = np.zeros((4, 1, 6, 6)), np.zeros(4, int)
    with pytest.raises(ValueError, match=r"y_val \(shape \(3,\)\) must hold one label for each example: shape \(4,\)"):
        Arrays(x, y, x, y[:3])


def test_labels_must_be_labels():
    x, y = np.zeros((4, 1, 6, 6)), [0, 1, 0, 1]
    assert Arrays(x, y, x, y).batch(np.array([1, 3]), np.random.default_rng())[1].tolist() == [1, 1]
    for wrong in ([[0], [1], [0], [1]], [0.0, 1, 0, 1], [0, -1, 0, 1], ["0", "1", "0", "1"]):
        with pytest.raises(ValueError, match=r"^y_train .* must"):
            Arrays(x, wrong, x, y)
        with pytest.raises(ValueError, match=r"^y_val .* must"):
            Arrays(x, y, x, wrong)


def test_a_training_goes_on_from_any_step_to_the_same_bits():
    whole_run, first, second = make(num_epochs=2), make(num_epochs=2), make(num_epochs=2)
    expected = list(whole_run.steps())
    steps = first.steps()
    begun = [next(steps) for _ in range(5)]
    second.model.params = {name: w.copy() for name, w in first.model.params.items()}
    second.optimizer.state = first.optimizer.state
    assert begun + list(second.steps(done=5)) == expected
    for name, w in whole_run.model.params.items():
        assert w.tobytes() == second.model.params[name].tobytes()


@pytest.mark.parametrize(("rate", "decay"), [(1e-3, 0.1), (5e-324, 0.5), (1e300, 1e10)])
def test_a_learning_rate_that_has_decayed_to_nothing_stands_still(rate, decay):
    rates = [rate]
    for _ in range(1000):
        rates.append(decayed(rates[-1], decay))
    assert all(0 < r < math.inf for r in rates)
    assert rates[-1] == rates[-2]
    assert decayed(0.02, 0.5) == 0.01


def test_a_training_of_a_thousand_epochs_ends_with_all_its_records():
    solver = make("sgd", images=8, num_epochs=1000, lr_decay=0.1)
    records = list(solver.steps())
    assert len(records) == 1000
    assert records[-1].learning_rate == solver.optimizer.learning_rate > 0


@pytest.mark.parametrize(("images", "size", "fits"), [(9, 8, False), (8, 8, True), (8, 1, False), (17, 3, True)])
def test_no_batch_of_one_for_a_batch_norm_of_one_cell(images, size, fits):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((images, 1, 2, 2)), np.arange(images) % 3
    spec = NetworkSpec((ConvBlock(2), ConvBlock(4, norm="batch", pool="none")), ())
    network, data = Network(spec, (1, 2, 2), 3), Arrays(x, y, x, y)
    if fits:
        assert len(list(Solver(network, data, num_epochs=1, batch_size=size).steps())) == -(-images // size)
        return
    with pytest.raises(ValueError, match=rf"batch_size \(={size}\) must leave no batch of a single image"):
        Solver(network, data, batch_size=size)


def test_data_that_do_not_fit_are_refused_before_the_first_step():
    x, y = np.zeros((4, 1, 6, 6)), [0, 1, 2, 0]
    network = Network(NetworkSpec((ConvBlock(2),), (3,)), (1, 6, 6), 3)
    assert Solver(network, Arrays(x.tolist(), y, x.tolist(), y), batch_size=2).step(1).iteration == 1
    for data, words in (
        (Arrays(x, y, x[:, :, :4], y), r"x_val \(shape \(4, 1, 4, 6\)\) must hold images of shape \(1, 6, 6\)"),
        (Arrays(x[:, :, :4], y, x, y), r"x_train \(shape \(4, 1, 4, 6\)\) must hold images of shape"),
        (Arrays(x, y, x, [0, 1, 2, 3]), r"y_val \(=3\) must hold labels from 0 to 2: there are 3 classes"),
        (Arrays(x, [0, 1, 2, 3], x, y), r"y_train \(=3\) must hold labels from 0 to 2: there are 3 classes"),
    ):
        with pytest.raises(ValueError, match=words):
            Solver(network, data, batch_size=2)
    for wrong in (None, 3, "a", np.ma.array(x), x.astype(complex), []):
        with pytest.raises(ValueError, match=r"^x_train \("):
            Arrays(wrong, y, x, y)
