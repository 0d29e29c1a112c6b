"""The three-layer net: its loss at the start, all six gradients, its shapes and dtypes, what it refuses."""

import numpy as np
import pytest

from cnn_core.cs231n import ThreeLayerConvNet
from cnn_core.cs231n.classifiers import cnn
from cnn_core.gradient_check import numeric_gradient, overall_error, projection_error, relative_error

NAMES = ("W1", "b1", "W2", "b2", "W3", "b3")


def make(input_dim=(2, 6, 6), images=3, **options):
    options = {"num_filters": 3, "filter_size": 3, "hidden_dim": 5, "num_classes": 4, "weight_scale": 0.3} | options
    model = ThreeLayerConvNet(input_dim, **({"dtype": np.float64, "seed": 0} | options))
    rng = np.random.default_rng(1)
    for name in ("b1", "b2", "b3"):  # biases that are not 0 can go wrong
        model.params[name] += 0.1 * rng.standard_normal(model.params[name].shape).astype(model.dtype)
    return model, rng.standard_normal((images, *input_dim)), rng.integers(model.params["b3"].size, size=images)


def test_the_first_loss_is_that_of_guessing_and_l2_adds_half_reg_times_the_squares():
    rng = np.random.default_rng(0)
    model, x, y = ThreeLayerConvNet(seed=0), rng.standard_normal((50, 3, 32, 32)), rng.integers(10, size=50)
    loss, _ = model.loss(x, y)
    assert loss == pytest.approx(np.log(10), abs=1e-4)
    model.reg = 0.5
    loss, _ = model.loss(x, y)
    # 824,904 weights of variance 1e-6 add 0.2062, with a standard deviation of 0.0003 over the seeds.
    weights = [model.params[name] for name in ("W1", "W2", "W3")]
    count = sum(w.size for w in weights)
    assert loss == pytest.approx(np.log(10) + 0.25 * count * 1e-6, abs=1.3e-3)
    assert loss == pytest.approx(np.log(10) + 0.25 * sum(np.sum(w.astype(float) ** 2) for w in weights), abs=1e-4)


def test_the_courses_draw_gives_the_courses_first_loss():
    np.random.seed(231)
    model, x, y = ThreeLayerConvNet(), np.random.randn(50, 3, 32, 32), np.random.randint(10, size=50)
    assert model.loss(x, y)[0] == pytest.approx(2.302585, abs=5e-5)
    model.reg = 0.5
    assert model.loss(x, y)[0] == pytest.approx(2.5083, abs=5e-4)


def test_the_courses_gradient_check_is_as_good_as_the_course_says():
    published = {"W1": 1.38e-4, "W2": 1.82e-2, "W3": 3.06e-4, "b1": 3.48e-5, "b2": 2.52e-3, "b3": 7.95e-10}
    np.random.seed(231)
    x, y = np.random.randn(2, 3, 16, 16), np.random.randint(10, size=2)
    model = ThreeLayerConvNet((3, 16, 16), 3, 3, 7, dtype=np.float64)
    _, grads = model.loss(x, y)
    for name, error in published.items():
        numeric = numeric_gradient(lambda _: model.loss(x, y)[0], model.params[name], h=1e-6)
        assert relative_error(numeric, grads[name]) < 1.5 * error, name  # rounding, so not the same everywhere


@pytest.mark.parametrize("reg", [0.0, 0.3])
def test_all_six_gradients_agree_with_differences(reg):
    model, x, y = make(reg=reg)
    _, grads = model.loss(x, y)
    assert set(grads) == set(NAMES)
    for name in NAMES:
        numeric = numeric_gradient(lambda _: model.loss(x, y)[0], model.params[name], h=1e-6)
        assert overall_error(grads[name], numeric) < 1e-8, name


def test_a_known_wrong_l2_gradient_is_caught():
    model, x, y = make(reg=0.3)
    _, grads = model.loss(x, y)
    _, without = make(reg=0.0)[0].loss(x, y)
    for name in ("W1", "W2", "W3"):
        w = model.params[name]
        numeric = numeric_gradient(lambda _: model.loss(x, y)[0], w, h=1e-6)
        wrong = without[name] + 0.3 * np.sum(w)
        assert overall_error(wrong, numeric) > 0.1
        np.testing.assert_allclose(grads[name], without[name] + 0.3 * w, atol=1e-12)


@pytest.mark.parametrize(
    ("input_dim", "options"),
    [
        ((1, 7, 5), {}),
        ((3, 4, 9), {"filter_size": 5}),
        ((1, 2, 3), {"filter_size": 1}),
        ((2, 6, 6), {"filter_size": 4}),
        ((2, 5, 6), {"num_filters": 1, "hidden_dim": 1, "num_classes": 1}),
    ],
)
def test_other_sizes_work(input_dim, options):
    model, x, y = make(input_dim, reg=0.1, **options)
    _, height, width = input_dim
    assert model.params["W2"].shape[0] == len(model.params["W1"]) * (height // 2) * (width // 2)
    assert model.loss(x).shape == (3, len(model.params["b3"]))
    inputs = [model.params[name] for name in NAMES]
    _, grads = model.loss(x, y)

    def f(*moved):
        model.params = dict(zip(NAMES, moved, strict=True))
        return model.loss(x, y)[0]

    assert projection_error(f, inputs, [grads[name] for name in NAMES], h=1e-6) < 1e-7


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_from_parameters_to_gradients(dtype):
    model, x, y = make(dtype=dtype, reg=0.1)
    parts = model.loss_parts(x, y)
    arrays = [*model.params.values(), *parts.grads.values(), model.loss(x)]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}
    assert model.loss(x, y)[0] == pytest.approx(parts.data_loss + parts.reg_loss)


def test_weights_come_from_the_seed_or_from_numpys_global_state():
    def weights(seed=None):
        return ThreeLayerConvNet((1, 4, 4), 2, 3, seed=seed).params["W1"]

    np.testing.assert_array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))
    drawn = []
    for _ in range(2):
        np.random.seed(5)
        drawn.append(weights())
    np.testing.assert_array_equal(*drawn)
    model = ThreeLayerConvNet((3, 16, 16), weight_scale=0.02, seed=0)
    assert np.std(model.params["W2"]) == pytest.approx(0.02, rel=0.02)
    assert not any(model.params[name].any() for name in ("b1", "b2", "b3"))


def test_scores_and_accuracy_are_the_networks():
    model, x, _ = make(images=7)
    scores = model.loss(x)
    np.testing.assert_array_equal(scores, model.network.scores(x))
    assert model.loss(x[:0]).shape == (0, 4)
    assert model.accuracy(x, scores.argmax(axis=1)) == 1
    assert model.accuracy(x, (scores.argmax(axis=1) + (np.arange(7) < 2)) % 4) == pytest.approx(5 / 7)


def test_new_arrays_and_another_reg_count_at_once():
    model, x, y = make(reg=0.3)
    before = model.loss(x)
    model.params = {name: 2 * w for name, w in model.params.items()}
    model.params["b3"] = model.params["b3"] + 1  # as the course's Solver does
    assert not np.allclose(model.loss(x), before)
    loss = model.loss(x, y)[0]
    l2 = 0.15 * sum(np.sum(model.params[name] ** 2) for name in ("W1", "W2", "W3"))
    model.reg = 0.0
    assert loss - model.loss(x, y)[0] == pytest.approx(l2)
    assert all(model.network.params[its] is model.params[name] for name, its in cnn.NAMES.items())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_dim": (3, 0, 8)}, "input_dim (=0) must be 1 or more"),
        ({"input_dim": (1, 1, 8)}, "pool_size (=2) must be at most the 1×8 map it gets"),
        ({"num_filters": 0}, "num_filters (=0) must be 1 or more"),
        ({"filter_size": 32}, "filter_size (=32) must be 31 or less"),
        ({"filter_size": 2.5}, "filter_size (=2.5) must be a whole number"),
        ({"hidden_dim": -1}, "hidden_dim (=-1) must be 1 or more"),
        ({"num_classes": "ten"}, "num_classes (='ten') must be a whole number"),
        ({"weight_scale": float("nan")}, "weight_scale (=nan) must be a finite number, 0 or more"),
        ({"reg": -0.1}, "reg (=-0.1) must be a finite number, 0 or more"),
        ({"dtype": np.int64}, "dtype (=int64) must be float32 or float64"),
    ],
)
def test_misfits_are_named(options, message):
    with pytest.raises(ValueError) as error:
        ThreeLayerConvNet(**options)
    assert message in str(error.value)


@pytest.mark.parametrize("shape", [(3, 1, 6, 6), (2, 6, 6), (3, 2, 6, 7)])
def test_images_of_another_shape_are_refused(shape):
    model, _, y = make()
    for call in (lambda x: model.loss(x, y), model.loss, lambda x: model.accuracy(x, y)):
        with pytest.raises(ValueError, match=r"must hold images of shape \(2, 6, 6\)"):
            call(np.zeros(shape))


def test_lists_are_taken_and_what_means_nothing_is_refused():
    model, x, y = make()
    np.testing.assert_array_equal(model.loss(x.tolist()), model.loss(x))
    assert model.loss(x.tolist(), y.tolist())[0] == model.loss(x, y)[0]
    for images, message in (
        (1j * x, "x (dtype complex128) must be an array of real numbers"),
        ("cat", "x (=cat) must"),
    ):
        with pytest.raises(ValueError) as error:
            model.loss(images)
        assert message in str(error.value)


@pytest.mark.parametrize("call", ["loss", "accuracy"])
def test_labels_in_a_column_are_refused(call):  # compared with (N,) they would broadcast
    model, x, y = make()
    with pytest.raises(ValueError, match=r"y \(shape \(3, 1\)\) must hold one label for each example"):
        getattr(model, call)(x, y[:, None])
