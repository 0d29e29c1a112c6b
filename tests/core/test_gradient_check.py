"""The judge itself: it passes right gradients and fails wrong ones."""

import numpy as np

from cnn_core.gradient_check import numeric_gradient, overall_error, projection_error, relative_error

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
