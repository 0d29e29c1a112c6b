"""Gradient checks to look at: the cases, the error map, the curve over h, and where kinks are."""

import numpy as np
import pytest

import cnn_core as cc
from cnn_core.gradient_check import numeric_gradient, relative_error, relative_errors
from cnn_core.gradients import CASES, STEPS, case, check_entry, curve, error_map, expected, projected

TENSORS = [(name, tensor) for name in CASES for tensor in case(name).values]


@pytest.mark.parametrize(("name", "tensor"), TENSORS)
def test_the_map_is_that_of_numeric_gradient_and_right_but_for_planted_kinks(name, tensor):
    made = case(name)
    values = made.taken()
    found = error_map(made, tensor)
    numeric = numeric_gradient(lambda _: made.forward(values).f, values[tensor])
    np.testing.assert_array_equal(found.numeric, numeric)
    np.testing.assert_array_equal(found.analytic, made.gradients(values)[tensor])
    np.testing.assert_array_equal(found.relative, relative_errors(found.numeric, found.analytic))
    assert found.calls == 2 * numeric.size
    assert found.relative[~found.kinks].max() < 1e-6
    planted = tensor == "x" and made.planted is not None
    assert found.kinks.any() == planted
    if planted:
        assert found.kinks[made.planted]
        assert found.relative[made.planted] > 1e-2


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
@pytest.mark.parametrize("h", [1e-2, 1e-1, 1.0])
def test_a_kink_of_a_relu_is_found_where_its_corner_is_within_h_and_nowhere_else(name, h):
    made = case(name)
    x = made.values["x"]
    np.testing.assert_array_equal(error_map(made, "x", h=h).kinks, (x + h > 0) != (x - h > 0))


@pytest.mark.parametrize("h", [1e-5, 0.03, 0.2])
def test_a_kink_of_a_max_is_found_where_another_number_wins_within_h_and_nowhere_else(h):
    made = case("max_pool2d")
    x = made.values["x"].copy()
    found = error_map(made, "x", h=h).kinks
    for index in np.ndindex(*x.shape):
        n, c, row, column = index
        window = x[n, c, row // 2 * 2 : row // 2 * 2 + 2, column // 2 * 2 : column // 2 * 2 + 2]
        winners, before = set(), x[index]
        for value in (before - h, before, before + h):
            x[index] = value
            winners.add(int(window.argmax()))
        x[index] = before
        assert found[index] == (len(winners) > 1), index


def test_a_kink_deep_in_a_network_is_found_and_named():
    made = case("network")
    checked = check_entry(made, "conv.weight", (4, 1, 1, 1), h=1.0)
    assert {kink.kind for kink in checked.kinks} == {"relu", "max_pool"}
    assert all(kink.changed > 0 for kink in checked.kinks)
    assert check_entry(made, "conv.weight", (4, 1, 1, 1)).kinks == ()
    assert check_entry(made, "linear.bias", (0,), h=1.0).kinks == ()  # no ReLU comes after it


def test_the_network_is_the_cores():
    """Its loss and gradients, but for what is kept in one piece there, are those of cnn_core.Network."""
    made = case("network", seed=3)
    block = cc.ConvBlock(8, 3, padding=1)
    network = cc.Network(cc.NetworkSpec((block,), ()), (3, 4, 4), 5, reg=made.reg, dtype=np.float64)
    for name in network.params:
        network.params[name][...] = made.values[name.replace("1.", ".")]
    parts = network.loss_parts(made.values["x"], made.labels)
    values = made.taken()
    assert parts.data_loss + parts.reg_loss == pytest.approx(float(made.forward(values).f), rel=1e-12)
    gradients = made.gradients(values)
    for name, gradient in parts.grads.items():
        np.testing.assert_allclose(gradients[name.replace("1.", ".")], gradient, rtol=1e-9, atol=1e-12)


def test_reg_times_the_sum_of_w_is_found_in_the_weights_only():
    wrong = case("network", l2="reg_sum_w")
    assert error_map(wrong, "conv.weight").relative.min() > 1e-4
    assert error_map(wrong, "conv.bias").relative.max() < 1e-6
    weight = wrong.values["conv.weight"]
    off = wrong.gradients(wrong.taken())["conv.weight"] - case("network").gradients(wrong.taken())["conv.weight"]
    np.testing.assert_allclose(off, wrong.reg * (weight.sum() - weight))


def test_one_entry_in_all_its_numbers():
    made = case("network")
    for dtype in ("float64", "float32"):
        checked = check_entry(made, "linear.weight", (3, 2), h=1e-3, dtype=dtype)
        n = checked.nudge
        assert (n.right.dtype, n.step.dtype) == (np.dtype(dtype), np.dtype(np.float64))
        assert checked.numeric == (float(n.above) - float(n.below)) / float(n.step)
        assert checked.relative == relative_error(checked.numeric, checked.analytic)
        assert np.float32(n.above) == n.above or dtype == "float64"


def test_the_curve_falls_with_h_squared_and_rises_with_one_over_h():
    made, at = case("tanh"), (2, 5)
    found, theory = curve(made, "x", at, "float64"), expected(made, "x", at)
    slope = 1 - np.tanh(made.values["x"][at]) ** 2
    third = abs(made.dout[at]) * abs(slope * (6 * np.tanh(made.values["x"][at]) ** 2 - 2))
    assert theory.third == pytest.approx(third, rel=1e-2)
    for k, h in enumerate(STEPS):
        if 1e-3 <= h <= 1e-2:
            assert found.errors[k] == pytest.approx(theory.truncation(h), rel=0.05)
        assert h > 0.1 or found.errors[k] < 1.05 * theory.truncation(h) + 4 * theory.rounding(h, "float64")
    assert 1e-6 < theory.best("float64") < 1e-3 < theory.best("float32") < 1
    assert np.nanargmin(found.errors) in range(3, 7)
    single = curve(made, "x", at, "float32")
    assert np.nanmin(single.errors) > 100 * np.nanmin(found.errors)


def test_a_step_that_rounding_swallows_is_a_gap_in_the_curve():
    single = curve(case("network"), "conv.weight", (4, 1, 1, 1), "float32")
    assert np.isnan(single.numeric[-1])
    assert np.isnan(single.relative[-1])
    assert np.isfinite(single.numeric[:8]).all()


def test_the_size_of_a_sum_is_that_of_its_terms_and_bounds_its_rounding():
    made = case("batch_norm")
    assert abs(float(made.forward(made.taken()).f)) < 0.1 * expected(made, "gamma", (0,)).size
    for name in CASES:
        made = case(name)
        found, theory = error_map(made, "x", h=1e-8), expected(made, "x", (0,) * made.values["x"].ndim)
        assert np.abs(found.numeric - found.analytic)[~found.kinks].max() < 4 * theory.rounding(1e-8, "float64"), name


def test_a_linear_layer_has_no_truncation_and_a_kink_nearby_leaves_it_unknown():
    linear = expected(case("conv2d"), "weight", (0, 0, 1, 1))
    assert (linear.third, linear.truncation(0.1), linear.best("float64")) == (0, 0, None)
    corner = expected(case("relu"), "x", case("relu").planted)
    assert (corner.third, corner.truncation(0.1), corner.best("float64")) == (None, None, None)


def test_a_random_direction_takes_two_calls_and_sees_that_something_is_wrong():
    assert projected(case("network")).calls == 2
    assert projected(case("network")).relative < 1e-8
    assert projected(case("network", l2="reg_sum_w")).relative > 1e-4


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: case("conv"), r"case \(='conv'\) must be one of network, conv2d"),
        (lambda: case("network", l2="w"), r"l2 \(='w'\) must be one of reg_w, reg_sum_w"),
        (lambda: case("network", seed=-1), r"seed \(=-1\) must be 0 or more"),
        (lambda: error_map(case("linear"), "gamma"), r"name \(='gamma'\) must be one of x, weight, bias"),
        (lambda: error_map(case("linear"), "x", h=0), r"h \(=0\) must be a finite number above 0"),
        (lambda: error_map(case("linear"), "x", dtype="f2"), r"dtype \(=float16\) must be float32 or float64"),
        (lambda: check_entry(case("linear"), "bias", (8,)), r"index \(=\(8,\)\) must name an entry of bias, of shape"),
        (
            lambda: check_entry(case("linear"), "bias", (0,), h=1e-300),
            r"h \(=1e-300\) must be large enough to move bias",
        ),
        (lambda: curve(case("linear"), "bias", (8,), "float32"), r"index \(=\(8,\)\) must name an entry of bias"),
        (lambda: expected(case("linear"), "bias", ()), r"index \(=\(\)\) must name an entry of bias"),
    ],
)
def test_bad_arguments_are_named_with_the_remedy(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_huge_step_gives_numbers_and_no_error():
    found = error_map(case("network"), "conv.bias", h=1e10)
    assert found.numeric.shape == (8,)
    assert check_entry(case("softmax_cross_entropy"), "x", (0, 0), h=1e10).relative > 1e-2


def test_values_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="read-only"):
        case("linear").values["x"][0] = 1
