"""The one rule for arrays and labels; that each layer keeps it is tested with the layer."""

import math
from typing import NamedTuple

import numpy as np
import pytest

import cnn_core as cc
import cnn_core.cs231n as cs
from cnn_core.checks import HalfCache, computed_in, float_dtype, labels, numbers, takes_arrays, takes_dout


class Cache(NamedTuple):
    x: np.ndarray


@takes_arrays("x", "weight", also=("bias",))
def forward(x, weight, bias=None, *, stride=1):
    out = x * weight * stride
    return (out if bias is None else out + bias), Cache(x)


@takes_dout
def backward(dout, cache, *, twice=False):
    return dout * cache.x * (2 if twice else 1), None


REFUSED = {
    "complex": (np.ones(2, complex), r"x \(dtype complex128\) must be an array of real numbers"),
    "one complex number": (1j, r"x \(=1j\) must be an array of real numbers"),
    "text": (np.array(["1"]), r"x \(dtype <U1\) must be"),
    "bytes": (b"12", "must be an array of real numbers"),
    "objects": (np.array([1, None]), r"x \(dtype object\) must be"),
    "nothing": (None, r"x \(=None\) must be"),
    "dates": (np.array(["2020-01-01"], "M8[D]"), r"x \(dtype datetime64\[D\]\) must be"),
    "records": (np.zeros(2, [("a", float)]), "must be an array of real numbers"),
    "beyond 64 bits": ([10**30], r"x \(dtype object\) must be"),
    "unequal rows": ([[1], [1, 2]], r"x \(list\) must be an array of real numbers"),
    "masked": (
        np.ma.array([1.0, 2.0], mask=[True, False]),
        r"x \(a masked array\) must be a plain array: .* x\.filled",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_meaning_is_refused_in_words(case):
    value, words = REFUSED[case]
    with pytest.raises(ValueError, match=words):
        numbers("x", value)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", "i1", "u1", "i8", "u8", "?", ">f4", ">i2"])
def test_an_array_of_real_numbers_is_taken_as_it_is(dtype):
    array = np.ones((2, 3), dtype)
    assert np.shares_memory(numbers("x", array), array)


@pytest.mark.parametrize("value", [[1, 2], (1.0, 2.0), [True, False], [[1], [2]], 3, np.float32(2), []])
def test_lists_and_numbers_are_taken(value):
    np.testing.assert_array_equal(numbers("x", value), np.array(value))


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_matrix_is_taken_as_a_plain_array():
    assert type(numbers("x", np.matrix([[1.0]]))) is np.ndarray


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (["u1", "u1"], "f8"), (["?", "i8"], "f8"), (["f4", "f4"], "f4"), (["f2", "f2"], "f2"), (["f2", "f4"], "f4"),
        (["u1", "f4"], "f4"), (["i8", "f4"], "f8"), ([">f4", ">f4"], "f4"), (["f4", "f8"], "f8"),
    ],
)  # fmt: skip
def test_the_dtype_of_a_result(dtypes, expected):
    found = float_dtype(*(np.ones(1, dtype) for dtype in dtypes))
    assert found == np.dtype(expected)
    assert found.isnative


def test_float16_is_computed_in_float32_and_all_else_in_itself():
    assert [computed_in(np.dtype(d)) for d in ("f2", "f4", "f8")] == [np.dtype(d) for d in ("f4", "f4", "f8")]


def test_small_whole_numbers_do_not_wrap_around():
    out, _ = forward(np.array([200], np.uint8), np.array([200], np.uint8), np.array([100], np.int8))
    assert out == 40100
    assert out.dtype == np.float64


def test_float16_comes_back_as_float16_and_its_cache_remembers():
    x = np.array([300, 1000], np.float16)
    out, cache = forward(x, x / 1000)
    assert (out.dtype, isinstance(cache, HalfCache), cache.cache.x.dtype) == (np.float16, True, np.float32)
    dx, nothing = backward(np.ones(2, np.float16), cache, twice=True)
    assert (dx.dtype, nothing) == (np.float16, None)
    np.testing.assert_array_equal(dx, 2 * x)


def test_what_float16_cannot_hold_becomes_infinite_without_a_warning():
    assert forward(np.array([300], np.float16), np.array([300], np.float16))[0] == np.inf


def test_the_bias_does_not_decide_the_dtype():
    ones = np.ones(2, np.float32)
    assert forward(ones, ones, np.ones(2))[0].dtype == np.float32
    assert forward(ones, ones, bias=[1, 2], stride=3)[0].dtype == np.float32


def test_arrays_that_fit_are_not_copied():
    x = np.ones(2, np.float32)
    assert forward(x, x)[1].x is x


def test_a_call_that_python_refuses_is_refused_by_python():
    for arguments in ([], [1], [1, 2, 3, 4]):
        with pytest.raises(TypeError, match=r"forward\(\)"):
            forward(*arguments)
    with pytest.raises(TypeError, match="unexpected keyword"):
        forward(1, 2, strides=3)


def test_the_gradient_from_above_is_checked_too():
    with pytest.raises(ValueError, match="dout"):
        backward(np.ones(2, complex), Cache(np.ones(2)))
    assert backward([1, 2], Cache(np.ones(2)))[0].tolist() == [1, 2]


@pytest.mark.parametrize("y", [[0, 2], (0, 2), np.array([0, 2], np.uint8), np.array([0, 2])])
def test_labels_are_taken(y):
    assert labels("y", y, 2, 3).tolist() == [0, 2]


def test_no_labels_for_no_examples():
    assert labels("y", [], 0, 3).dtype.kind == "i"  # numpy gives an empty list floats


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([[0], [2]], r"y \(shape \(2, 1\)\) must hold one label for each example: shape \(2,\); y\.ravel\(\)"),
        ([[0, 2]], r"y\.ravel\(\)"),
        (np.eye(3)[:2], r"y\.argmax\(axis=1\) does that for one-hot rows"),
        ([0, 1, 2], r"shape \(3,\)"),
        (1, "must hold one label for each example"),
        ([0.0, 2.0], r"y \(dtype float64\) must hold whole numbers: .* y\.astype\(int\)"),
        ([True, False], r"must hold whole numbers"),
        ([0, 3], r"y \(=3\) must hold labels from 0 to 2: there are 3 classes"),
        ([-1, 0], r"y \(=-1\) must hold labels from 0 to 2"),
        (["cat", "dog"], r"y \(dtype <U3\) must be an array of real numbers"),
    ],
)
def test_labels_are_checked_where_they_enter(y, words):
    with pytest.raises(ValueError, match=words):
        labels("y", y, 2, 3)


X, ONES, ZEROS = np.arange(6.0).reshape(2, 3), np.ones(3), np.zeros(3)
SETTINGS = {
    "dropout": lambda value: cc.dropout_forward(X, p=value),
    "dropout in loops": lambda value: cc.dropout_forward_naive(X, p=value),
    "eps": lambda value: cc.layer_norm_forward(X, ONES, ZEROS, eps=value),
    "eps in loops": lambda value: cc.instance_norm_forward_naive(np.ones((1, 3, 1, 2)), ONES, ZEROS, eps=value),
    "momentum": lambda value: cc.batch_norm_forward(X, ONES, ZEROS, np.zeros(3), np.ones(3), momentum=value),
    "the course's momentum": lambda value: cs.batchnorm_forward(X, ONES, ZEROS, {"mode": "train", "momentum": value}),
    "the course's dropout": lambda value: cs.dropout_forward(X, {"mode": "train", "p": value}),
    "the course's dropout of a network": lambda value: cs.FullyConnectedNet([3], dropout=value),
    "reg of the course's network": lambda value: cs.FullyConnectedNet([3], reg=value),
    "learning rate": lambda value: cc.sgd(np.ones(2), np.ones(2), {}, learning_rate=value),
    "reg": lambda value: cc.Network(cc.NetworkSpec(), (1, 8, 8), 2, reg=value),
    "decay": lambda value: cc.Solver(None, cc.Arrays(X, [0, 1], X, [0, 1]), lr_decay=value),
    "step": lambda value: cc.numeric_gradient(np.sum, X.copy(), h=value),
    "step of a projection": lambda value: cc.projection_error(np.sum, [X], [np.ones_like(X)], h=value),
}


@pytest.mark.parametrize("value", ["0.5", [0.5], 1j, True, math.nan, math.inf, -1, 10**400, {}])
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_that_is_no_number_or_out_of_range_is_refused_in_words(setting, value):
    with pytest.raises(ValueError, match=r" \(=.*\) must be "):
        SETTINGS[setting](value)


@pytest.mark.parametrize("value", [np.float32(0.5), np.array(0.5), np.float64(0.5), 0.5])
@pytest.mark.parametrize("setting", [name for name in SETTINGS if name != "decay"])
def test_a_number_of_numpy_is_a_setting(setting, value):
    SETTINGS[setting](value)


@pytest.mark.parametrize("value", ["no", 0, None])
def test_training_is_true_or_false(value):
    for call in (
        lambda: cc.dropout_forward(X, training=value),
        lambda: cc.dropout_forward_naive(X, training=value),
        lambda: cc.batch_norm_forward(X, ONES, ZEROS, np.zeros(3), np.ones(3), training=value),
        lambda: cc.batch_norm_forward_naive(X, ONES, ZEROS, np.zeros(3), np.ones(3), training=value),
    ):
        with pytest.raises(ValueError, match=r"training \(=.*\) must be true or false"):
            call()


@pytest.mark.parametrize("value", ["seed", 1.5, -1])
def test_a_seed_is_a_whole_number(value):
    for call in (
        lambda: cc.dropout_forward(X, rng=value),
        lambda: cc.dropout_forward_naive(X, rng=value),
        lambda: cc.projection_error(np.sum, [X], [np.ones_like(X)], seed=value),
        lambda: cc.Solver(None, cc.Arrays(X, [0, 1], X, [0, 1]), batch_size=1, seed=value),
    ):
        with pytest.raises(ValueError, match=r"(rng|seed) \(=.*\) must be "):
            call()


def test_labels_beyond_what_an_index_can_be_do_not_wrap_around():
    with pytest.raises(ValueError, match=r"^y \(=9223372036854775808\) must hold labels"):
        labels("y", np.array([2**63], np.uint64), 1)
