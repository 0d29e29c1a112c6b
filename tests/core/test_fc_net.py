"""The course's fully connected networks and hinge loss: figures as published, gradients, conventions, refusals."""

import numpy as np
import pytest

from cnn_core import cs231n
from cnn_core.gradient_check import numeric_gradient, overall_error, relative_error

NAMES = {None: {"W", "b"}, "batchnorm": {"W", "b", "gamma", "beta"}, "layernorm": {"W", "b", "gamma", "beta"}}


def course_batch():
    """Two examples of fifteen numbers, as the notebooks draw them."""
    np.random.seed(231)
    return np.random.randn(2, 15), np.random.randint(10, size=2)


def course_net(**options):
    return cs231n.FullyConnectedNet([20, 30], 15, 10, weight_scale=5e-2, dtype=np.float64, **options)


def worst(model, x, y, names="W", h=1e-5):
    """The largest relative error of the gradients whose names begin so."""
    _, grads = model.loss(x, y)
    return max(
        relative_error(numeric_gradient(lambda _: model.loss(x, y)[0], model.params[name], h=h), gradient)
        for name, gradient in grads.items()
        if name.startswith(tuple(names.split()))
    )


@pytest.mark.parametrize(
    ("normalization", "published"),
    [(None, (2.3004790897684924, 7.052114776533016)), ("batchnorm", (2.2611955101340957, 6.996533220108303))],
)
def test_the_first_losses_are_as_published(normalization, published):
    x, y = course_batch()
    for reg, loss in zip((0, 3.14), published, strict=True):
        model = course_net(reg=reg, normalization=normalization)
        assert model.loss(x, y)[0] == pytest.approx(loss, rel=1e-13)
    if normalization is None:
        assert worst(model, x, y) < 1e-6  # the notebook: 1e-7 or so
    else:
        assert worst(model, x, y, "gamma beta") < 1e-8


@pytest.mark.parametrize("argument", ["dropout", "dropout_keep_ratio"])
def test_the_first_losses_with_dropout_are_as_published(argument):
    x, y = course_batch()
    for keep, loss in ((1, 2.3004790897684924), (0.75, 2.302371489704412), (0.5, 2.3042759220785896)):
        model = course_net(**{argument: keep}, seed=123)
        assert model.loss(x, y)[0] == pytest.approx(loss, rel=1e-13)
        assert worst(model, x, y) < 1e-4


def test_the_two_layer_nets_figures_are_as_published():
    np.random.seed(231)
    model = cs231n.TwoLayerNet(5, 50, 7, weight_scale=1e-3)
    assert [model.params[name].std() for name in ("W1", "W2")] == pytest.approx([1e-3, 1e-3], rel=0.1)
    assert {name: w.shape for name, w in model.params.items()} == {
        "W1": (5, 50), "b1": (50,), "W2": (50, 7), "b2": (7,),
    }  # fmt: skip
    assert not model.params["b1"].any()
    for name, low, high in (("W1", -0.7, 0.3), ("b1", -0.1, 0.9), ("W2", -0.3, 0.4), ("b2", -0.9, 0.1)):
        w = model.params[name]
        model.params[name] = np.linspace(low, high, w.size).reshape(w.shape)
    x, y = np.linspace(-5.5, 4.5, 15).reshape(5, 3).T, np.array([0, 5, 1])
    np.testing.assert_allclose(model.loss(x)[0, [0, 6]], [11.53165108, 16.09215096], atol=1e-8)
    np.testing.assert_allclose(model.loss(x)[2, [0, 6]], [12.58373087, 16.2846319], atol=1e-8)
    assert model.loss(x, y)[0] == pytest.approx(3.4702243556, abs=1e-10)
    model.reg = 1.0
    assert model.loss(x, y)[0] == pytest.approx(26.5948426952, abs=1e-10)
    assert worst(model, x, y, "W b") < 1e-6


def test_the_losses_of_small_scores_are_as_published():
    np.random.seed(231)
    x, y = 0.001 * np.random.randn(50, 10), np.random.randint(10, size=50)
    loss, dx = cs231n.svm_loss(x, y)
    assert loss == pytest.approx(8.999602749096233, rel=1e-13)
    numeric = numeric_gradient(lambda x: cs231n.svm_loss(x, y)[0], x)
    assert relative_error(numeric, dx) < 1e-8
    assert cs231n.softmax_loss(x, y)[0] == pytest.approx(2.3025458445007376, rel=1e-13)


def test_dropout_keeps_the_numbers_that_the_course_keeps():
    np.random.seed(231)
    x = np.random.randn(500, 500) + 10
    published = {
        0.25: (10.014059116977283, 0.749784),
        0.4: (9.977917658761159, 0.600796),
        0.7: (9.987811912159426, 0.30074),
    }
    for p, (mean, dropped) in published.items():
        out, _ = cs231n.dropout_forward(x, {"mode": "train", "p": p})
        assert (out.mean(), np.mean(out == 0)) == (pytest.approx(mean, rel=1e-14), dropped)


def test_a_seed_of_dropout_sets_numpys_state_as_the_course_does():
    param, masks, after = {"mode": "train", "p": 0.5, "seed": 7}, [], []
    for _ in range(2):
        masks.append(cs231n.dropout_forward(np.ones((5, 5)), param)[0])
        after.append(np.random.rand())
    np.random.seed(7)
    np.testing.assert_array_equal(masks[0], 2.0 * (np.random.rand(5, 5) < 0.5))
    assert after == [np.random.rand()] * 2
    np.testing.assert_array_equal(*masks)


def test_what_dropout_drops_is_gone_even_where_it_is_not_finite():  # selected, not multiplied by 0
    x = np.full((40, 5), np.inf)
    out, cache = cs231n.dropout_forward(x, {"mode": "train", "p": 0.5, "seed": 0})
    assert set(out.ravel()) == {0.0, np.inf}
    dx = cs231n.dropout_backward(np.full((40, 5), np.nan), cache)
    np.testing.assert_array_equal(np.isnan(dx), out == np.inf)
    assert not dx[out == 0].any()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, bool])
@pytest.mark.parametrize("mode", ["train", "test"])
def test_dropouts_dtypes(mode, dtype):
    x = np.ones((3, 4), dtype)
    out, cache = cs231n.dropout_forward(x, {"mode": mode, "p": 0.5, "seed": 0})
    expected = dtype if np.issubdtype(dtype, np.floating) else np.float64
    assert out.dtype == cs231n.dropout_backward(out, cache).dtype == expected
    out[...] = 5
    assert x.all()
    assert np.all(x == 1)


@pytest.mark.parametrize("reg", [0.0, 0.3])
@pytest.mark.parametrize("keep", [1, 0.6])
@pytest.mark.parametrize("normalization", NAMES)
def test_all_gradients_agree_with_differences(normalization, keep, reg):
    np.random.seed(0)
    options = {"dropout": keep, "normalization": normalization, "reg": reg, "weight_scale": 0.5, "seed": 5}
    model = cs231n.FullyConnectedNet([6, 5], 8, 4, dtype=np.float64, **options)
    for name, w in model.params.items():
        if not name.startswith("W"):
            w += 0.3 * np.random.standard_normal(w.shape)  # what starts as 0 or 1 can go wrong
    x, y = np.random.standard_normal((7, 2, 2, 2)), np.random.randint(4, size=7)
    _, grads = model.loss(x, y)
    assert grads.keys() == model.params.keys()
    assert {name.rstrip("123") for name in grads} == NAMES[normalization]
    for name, gradient in grads.items():
        numeric = numeric_gradient(lambda _: model.loss(x, y)[0], model.params[name], h=1e-6)
        if normalization == "batchnorm" and name in ("b1", "b2"):
            np.testing.assert_allclose(gradient, 0, atol=1e-12)  # the norm takes them away again
        else:
            assert overall_error(gradient, numeric) < 1e-7, name


def test_in_use_batch_norm_takes_what_it_learned_and_dropout_does_nothing():
    np.random.seed(1)
    model = cs231n.FullyConnectedNet([6], 8, 4, 0.5, "batchnorm", weight_scale=0.5, dtype=np.float64)
    x, y = 3 + np.random.standard_normal((50, 8)), np.arange(50) % 4
    for _ in range(60):
        model.loss(x, y)
    scores = model.loss(x)
    np.testing.assert_array_equal(model.loss(x[:1])[0], scores[0])  # alone as among the others, and without luck
    plain = x @ model.params["W1"]
    normal = (plain - plain.mean(axis=0)) / np.sqrt(plain.var(axis=0) + 1e-5)
    np.testing.assert_allclose(scores, np.maximum(normal, 0) @ model.params["W2"], atol=0.01)


def test_former_names_and_no_dropout():
    np.random.seed(2)
    former = cs231n.FullyConnectedNet([6], 8, 4, dropout=0, use_batchnorm=True)
    assert (former.normalization, former.use_dropout, former.num_layers) == ("batchnorm", False, 2)
    assert set(former.params) == {"W1", "b1", "gamma1", "beta1", "W2", "b2"}
    assert set(cs231n.FullyConnectedNet([], 8, 4).params) == {"W1", "b1"}  # softmax regression
    assert {w.dtype for w in cs231n.FullyConnectedNet([5], 8, 4).params.values()} == {np.dtype(np.float32)}


def test_scores_and_gradients_keep_the_dtype():
    model = cs231n.FullyConnectedNet([5, 4], 8, 3, 0.5, "layernorm", reg=0.1)
    loss, grads = model.loss([[1, 2, 3, 4, 5, 6, 7, 8]] * 2, [0, 2])
    assert isinstance(loss, float)
    assert {array.dtype for array in (model.loss(np.ones((2, 8), np.float16)), *grads.values())} == {np.dtype("f4")}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_dim": 0}, "input_dim (=0) must be 1 or more"),
        ({"hidden_dims": [5, 0]}, "hidden_dims (=0) must be 1 or more"),
        ({"hidden_dims": [2.5]}, "hidden_dims (=2.5) must be a whole number"),
        ({"num_classes": -1}, "num_classes (=-1) must be 1 or more"),
        ({"dropout": 1.5}, "dropout (=1.5) must be from 0 to 1: it is the probability to keep a number"),
        ({"dropout_keep_ratio": -1}, "dropout_keep_ratio (=-1) must be from 0 to 1"),
        ({"dropout": float("nan")}, "dropout (=nan) must be from 0 to 1"),
        ({"normalization": True}, 'normalization (=True) must be None, "batchnorm" or "layernorm"'),
        ({"normalization": "batch"}, "normalization (='batch') must be None"),
        ({"reg": float("inf")}, "reg (=inf) must be a finite number, 0 or more"),
        ({"weight_scale": -1}, "weight_scale (=-1) must be a finite number, 0 or more"),
        ({"dtype": np.int64}, "dtype (=int64) must be float32 or float64"),
    ],
)
def test_misfits_are_named(options, message):
    with pytest.raises(ValueError) as error:
        cs231n.FullyConnectedNet(**{"hidden_dims": [3], "input_dim": 4, **options})
    assert message in str(error.value)


@pytest.mark.parametrize("loss", [cs231n.svm_loss, cs231n.softmax_loss, lambda x, y: net(x).loss(x, y)])
@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros((3, 1), int), r"y \(shape \(3, 1\)\) must hold one label for each"),  # would broadcast
        (np.eye(3, 4), r"y \(shape \(3, 4\)\) must hold one label for each"),
        ([0, 1], r"y \(shape \(2,\)\) must hold one label for each"),
        ([0, 1, 4], r"y \(=4\) must hold labels"),
        ([0, -1, 2], r"y \(=-1\) must hold labels"),
        ([0.0, 1.0, 2.0], "must hold whole numbers"),
        (["a", "b", "c"], r"y \(dtype <U1\) must"),
    ],
)
def test_labels_that_cannot_be_are_refused(loss, y, message):
    with pytest.raises(ValueError, match=message):
        loss(np.zeros((3, 4)), y)


def net(x):
    return cs231n.FullyConnectedNet([3], x.shape[1], 4)


@pytest.mark.parametrize("x", [np.zeros(4), np.zeros((0, 4)), np.zeros((2, 3, 4))])
def test_scores_of_other_shapes_are_refused(x):
    with pytest.raises(ValueError, match=r"x \(shape .*\) must have 2 axes, \(N, C\), and one row or more"):
        cs231n.svm_loss(x, np.zeros(len(x), int))


def test_the_hinge_loss_takes_lists_and_whole_numbers():
    loss, dx = cs231n.svm_loss([[1, 3, 2], [5, 0, 4]], [0, 0])
    assert loss == (3 + 2 + 0 + 0) / 2
    np.testing.assert_array_equal(dx, [[-1, 0.5, 0.5], [0, 0, 0]])
    with pytest.raises(ValueError, match=r"x \(dtype complex128\) must be an array of real numbers"):
        cs231n.svm_loss(np.ones((1, 2), complex), [0])
