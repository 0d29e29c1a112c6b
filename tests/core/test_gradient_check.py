"""The judge itself: it passes right gradients and fails wrong ones."""

import numpy as np
import pytest

from cnn_core.gradient_check import (
    agreement,
    nudge,
    numeric_gradient,
    overall_error,
    projection_error,
    relative_error,
    relative_errors,
)

RNG = np.random.default_rng(0)
A = RNG.standard_normal((3, 4))
X = RNG.standard_normal(4)
DOUT = RNG.standard_normal(3)


def f(a, x):
    return np.tanh(a @ x)


def gradients():
    slope = DOUT * (1 - np.tanh(A @ X) ** 2)
    return [np.outer(slope, X), A.T @ slope]


def test_numeric_gradient_finds_the_gradient_and_leaves_x_alone():
    before = X.copy()
    assert relative_error(numeric_gradient(lambda x: f(A, x), X, DOUT), gradients()[1]) < 1e-8
    np.testing.assert_array_equal(X, before)


def test_projection_passes_the_right_gradient():
    assert projection_error(f, [A, X], gradients(), DOUT) < 1e-8


def test_projection_fails_each_single_wrong_entry():
    for which, gradient in enumerate(gradients()):
        for index in np.ndindex(*gradient.shape):
            wrong = gradients()
            wrong[which][index] += 0.1
            assert projection_error(f, [A, X], wrong, DOUT) > 1e-4


def test_relative_error():
    assert relative_error(np.ones(3), np.ones(3)) == 0
    assert relative_error(1.0, -1.0) == 1
    assert relative_error(np.zeros(0), np.zeros(0)) == 0
    assert np.isclose(relative_error(np.array([1.0, 2.0]), np.array([1.0, 2.2])), 0.2 / 4.2)


def test_overall_error_forgives_rounding_at_zero_but_not_a_wrong_entry():
    a = np.array([0.0, 2.0])
    assert overall_error(a, a + 1e-9) < 1e-9 < relative_error(a, a + 1e-9)
    assert overall_error(a, np.array([0.1, 2.0])) == 0.025
    assert overall_error(a * 0, a * 0) == 0


def squares(x):
    return np.sum(x**2)


@pytest.mark.parametrize("dtype", ["i8", "u1", "?"])
def test_whole_numbers_cannot_be_moved_and_are_refused(dtype):
    with pytest.raises(ValueError, match=r"x \(dtype .*\) must be a floating array: it is changed in place"):
        numeric_gradient(squares, np.array([1, 2, 3]).astype(dtype))
    with pytest.raises(ValueError, match=r"x \(list\) must be a floating array"):
        numeric_gradient(squares, [1.0, 2.0])
    np.testing.assert_allclose(numeric_gradient(squares, np.array([1.0, 2, 3])), [2, 4, 6])


@pytest.mark.parametrize(("dtype", "tolerance"), [("f2", 2e-2), ("f4", 2e-3), ("f8", 1e-8), ("g", 1e-8)])
def test_each_floating_dtype_has_a_step_that_it_can_take(dtype, tolerance):
    x = np.array([1, 2, 3], dtype)
    gradient = numeric_gradient(squares, x)
    assert gradient.dtype == dtype
    np.testing.assert_allclose(gradient.astype(np.float64), [2, 4, 6], rtol=tolerance)
    np.testing.assert_array_equal(x, np.array([1, 2, 3], dtype))


def test_a_step_that_rounding_swallows_is_refused():
    with pytest.raises(ValueError, match=r"h \(=1e-05\) must be large enough to move x\[0\] \(=1000.0, float16\)"):
        numeric_gradient(np.sum, np.array([1000], np.float16), h=1e-5)


def test_a_function_that_fails_finds_its_input_unchanged():
    x = np.array([1.0, 2.0])

    def fails(x):
        raise KeyError

    with pytest.raises(KeyError):
        numeric_gradient(fails, x)
    np.testing.assert_array_equal(x, [1, 2])
    x.flags.writeable = False
    with pytest.raises(ValueError, match=r"x \(a read-only array\)"):
        numeric_gradient(squares, x)


def test_outputs_of_whole_numbers_do_not_wrap_around():
    step = lambda x: (x > 0.5).astype(np.uint8)  # noqa: E731
    np.testing.assert_allclose(numeric_gradient(lambda x: 1 - step(x), np.array([0.5]), h=0.5), [-1])


def test_a_function_may_return_the_same_array_again():
    out = np.zeros(2)

    def again(x):
        out[:] = x**2
        return out

    np.testing.assert_allclose(numeric_gradient(again, np.array([1.0, 2.0])), [2, 4])
    assert projection_error(again, [np.array([1.0, 2.0])], [np.array([2.0, 4.0])]) < 1e-8


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (np.array([1], np.uint8), np.array([2], np.uint8), 1 / 3),
        (np.array([100], np.int8), np.array([90], np.int8), 10 / 190),
        (np.array([True, False]), np.array([True, True]), 1),
        (np.array([True, False]), np.array([True, False]), 0),
        (np.array([60000], np.float16), np.array([50000], np.float16), 10016 / 109984),
        ([1, 2], [1, 2], 0),
        (np.inf, np.inf, 0),
        (1, -1, 1),
    ],
)
def test_errors_are_taken_in_float64(a, b, expected):
    assert relative_error(a, b) == pytest.approx(expected)
    if np.size(a) == 1:
        assert overall_error(a, b) == pytest.approx(expected)


def test_an_error_of_what_is_not_a_number_is_none_either():
    for function in (relative_error, overall_error):
        assert not function(np.array([np.nan, 1]), np.array([1.0, 1])) < 1
        assert not function(np.array([np.inf]), np.array([1.0])) < 1


@pytest.mark.parametrize("function", [relative_error, overall_error])
@pytest.mark.parametrize("b", [[[1], [2], [3]], 1.0, [1, 2], [[1, 2, 3]], []])
def test_shapes_that_differ_are_refused(function, b):
    with pytest.raises(ValueError, match=r"a \(shape \(3,\)\) must have the shape of b"):
        function([1, 2, 3], b)


@pytest.mark.parametrize("wrong", [1j, "1", None, np.ma.array([1.0], mask=[True])])
def test_what_has_no_meaning_is_refused(wrong):
    for function in (relative_error, overall_error):
        with pytest.raises(ValueError, match="b "):
            function(1.0, wrong)
    with pytest.raises(ValueError, match=r"f\(x\) "):
        numeric_gradient(lambda x: wrong, np.ones(1))
    with pytest.raises(ValueError, match=r"gradients\[0\] "):
        projection_error(squares, [np.ones(1)], [wrong])


def test_a_dout_or_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"dout \(shape \(3, 1\)\) must be a number, or shaped as f\(x\): \(3,\)"):
        numeric_gradient(lambda x: x, np.ones(3), np.ones((3, 1)))
    with pytest.raises(ValueError, match=r"dout \(shape \(3, 1\)\)"):
        projection_error(lambda x: x, [np.ones(3)], [np.ones(3)], np.ones((3, 1)))
    with pytest.raises(ValueError, match=r"gradients \(shapes \[\(3, 1\)\]\) must be shaped as the inputs: \[\(3,\)\]"):
        projection_error(squares, [np.ones(3)], [np.ones((3, 1))])
    with pytest.raises(ValueError, match=r"gradients \(shapes \[\]\)"):
        projection_error(squares, [np.ones(3)], [])


def test_a_projection_of_whole_numbers_and_float16_is_taken_in_float64():
    assert projection_error(squares, [np.array([1, 2, 3])], [np.array([2, 4, 6])]) < 1e-8
    assert projection_error(squares, [np.array([1, 2], np.float16)], [np.array([2, 4], np.float16)]) < 1e-8


def test_an_output_whose_shape_depends_on_x_is_refused_as_it_would_broadcast():
    def f(x):
        return np.ones(3 if x[0] > 1 else 1)

    with pytest.raises(ValueError, match=r"^f\(x\) \(shapes \(3,\) and \(1,\)\) must have one shape"):
        numeric_gradient(f, np.ones(1))
    with pytest.raises(ValueError, match=r"^f\(x\) \(shapes .* must have one shape"):
        projection_error(f, [np.ones(1)], [np.ones(1)])


def test_a_nudge_keeps_both_sides_and_its_quotient_is_the_numeric_gradients():
    x = X.copy()
    numeric = numeric_gradient(lambda x: f(A, x), x, DOUT)
    for i in range(4):
        found = nudge(lambda x: f(A, x), x, (i,))
        assert found.quotient(DOUT) == numeric[i]
        assert (found.right, found.left, found.step) == (X[i] + 1e-5, X[i] - 1e-5, found.right - found.left)
        moved = X.copy()
        moved[i] = found.right
        np.testing.assert_array_equal(found.above, f(A, moved))
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize("index", [(), (4,), (0, 0), (-1,), (1.0,), ("1",)])
def test_an_entry_that_there_is_not_is_named(index):
    with pytest.raises(ValueError, match=r"index \(=.*must"):
        nudge(squares, X.copy(), index)


@pytest.mark.parametrize("h", [0, -1e-5, float("nan"), float("inf"), "1e-5", True, 1e-300])
def test_a_step_that_is_none_is_named(h):
    with pytest.raises(ValueError, match=r"h \(=.*must be"):
        nudge(squares, X.copy(), (0,), h=h)
    with pytest.raises(ValueError, match=r"h \(=.*must be"):
        numeric_gradient(squares, X.copy(), h=h)


def test_a_large_step_is_a_bad_one_but_no_mistake():
    assert nudge(squares, np.ones(1, np.float32), (0,), h=1e10).quotient() == pytest.approx(0, abs=2)
    with np.errstate(over="ignore"):
        assert not np.isfinite(nudge(np.exp, np.ones(1), (0,), h=1e10).quotient())


def test_the_usual_tests_of_agreement():
    n = np.array([0.0, 1.0, -2.0])
    assert agreement(n, n) == (True, True, True, 0, 0)
    assert agreement(n + 1e-9, n)[:3] == (False, True, True)
    assert agreement(n + 1e-6, n)[:3] == (False, False, True)
    assert agreement(n + 1e-2, n)[:3] == (False, False, False)
    assert agreement(n + 1e-2, n).largest == pytest.approx(1e-2)
    assert agreement(n + 1e-2, n).relative == 1  # 0.01 beside 0
    assert agreement(np.array([np.nan]), np.zeros(1))[:3] == (False, False, False)
    with pytest.raises(ValueError, match=r"a \(shape \(3,\)\) must have the shape of b"):
        agreement(n, n[:2])


def test_the_tests_of_agreement_are_pytorchs():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(300):
        n = rng.normal(size=5) * 10.0 ** rng.integers(-6, 3)
        a = n + rng.normal(size=5) * 10.0 ** rng.integers(-12, 0)
        found, pair = agreement(a, n), (torch.tensor(a), torch.tensor(n))
        assert found.approximate == torch.allclose(*pair)
        assert found.gradcheck == torch.allclose(*pair, atol=1e-5, rtol=1e-3)
        seen.add(found[:3])
    assert len(seen) == 3


def test_relative_errors_are_those_of_the_entries():
    a, b = np.array([1.0, 2.0, np.inf]), np.array([1.0, 2.2, np.inf])
    np.testing.assert_allclose(relative_errors(a, b), [0, 0.2 / 4.2, 0])
