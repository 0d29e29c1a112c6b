"""Softmax and cross-entropy: both versions against answers by hand, each other, differences and PyTorch."""

import math

import numpy as np
import pytest

from cnn_core import loss
from cnn_core.gradient_check import numeric_gradient, projection_error, relative_error

SOFTMAX = {"naive": loss.softmax_naive, "fast": loss.softmax}
LOSS = {"naive": loss.softmax_cross_entropy_naive, "fast": loss.softmax_cross_entropy}
SHAPES = [(1, 1), (1, 5), (4, 2), (6, 10)]


def make(shape, dtype=np.float64):
    rng = np.random.default_rng(0)
    return (3 * rng.standard_normal(shape)).astype(dtype), rng.integers(0, shape[1], shape[0])


@pytest.mark.parametrize("version", LOSS)
def test_answers_by_hand(version):
    scores = np.log([[1.0, 3.0], [1.0, 1.0]])
    np.testing.assert_allclose(SOFTMAX[version](scores), [[0.25, 0.75], [0.5, 0.5]])
    value, dscores = LOSS[version](scores, np.array([1, 0]))
    assert type(value) is float
    assert value == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)
    np.testing.assert_allclose(dscores, [[0.125, -0.125], [-0.25, 0.25]])


@pytest.mark.parametrize("version", LOSS)
@pytest.mark.parametrize("classes", [1, 2, 10])
def test_equal_scores_lose_log_k(version, classes):
    value, _ = LOSS[version](np.full((3, classes), 7.0), np.zeros(3, int))
    assert value == pytest.approx(math.log(classes))


@pytest.mark.parametrize("version", LOSS)
def test_huge_scores_stay_finite(version):
    scores = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4]])
    value, dscores = LOSS[version](scores, np.array([2, 0]))
    assert value == pytest.approx((2e4 + math.log(3)) / 2)
    np.testing.assert_allclose(dscores, np.array([[1, 0, -1], [-2 / 3, 1 / 3, 1 / 3]]) / 2)
    np.testing.assert_allclose(SOFTMAX[version](scores), [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_fast_agrees_with_naive_and_keeps_the_dtype(shape, dtype):
    scores, y = make(shape, dtype)
    before = scores.copy()
    tolerance = 1e-5 if dtype == np.float32 else 1e-13
    (slow, slow_dscores), (fast, fast_dscores) = (LOSS[version](scores, y) for version in ("naive", "fast"))
    assert fast == pytest.approx(slow, abs=tolerance)
    for a, b in [(fast_dscores, slow_dscores), (SOFTMAX["fast"](scores), SOFTMAX["naive"](scores))]:
        assert a.dtype == b.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("version", LOSS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_gradient_agrees_with_differences(version, shape):
    scores, y = make(shape)
    _, dscores = LOSS[version](scores, y)
    assert projection_error(lambda s: LOSS[version](s, y)[0], [scores], [dscores]) < 1e-7
    assert relative_error(dscores, numeric_gradient(lambda s: LOSS[version](s, y)[0], scores)) < 1e-5


@pytest.mark.parametrize("shape", SHAPES)
def test_pytorch_agrees(shape):
    torch = pytest.importorskip("torch")
    scores, y = make(shape)
    tensor = torch.tensor(scores, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(tensor, torch.tensor(y))
    expected.backward()
    value, dscores = loss.softmax_cross_entropy(scores, y)
    assert value == pytest.approx(expected.item(), abs=1e-13)
    np.testing.assert_allclose(dscores, tensor.grad.numpy(), atol=1e-13)
    np.testing.assert_allclose(loss.softmax(scores), torch.softmax(tensor, 1).detach().numpy(), atol=1e-13)


@pytest.mark.parametrize("version", LOSS)
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_whole_number_scores_and_any_integer_labels_are_taken(version, dtype):
    scores = np.array([[0, 9, 9, 0], [0, 0, 9, 9]], np.uint8)
    value, dscores = LOSS[version](scores, np.array([3, 0], dtype))
    assert value == pytest.approx(9 + math.log(2 + 2 * math.exp(-9)))
    assert dscores.dtype == np.float64


@pytest.mark.parametrize("version", LOSS)
@pytest.mark.parametrize(
    ("shape", "y", "message"),
    [
        ((2, 10), [0, 10], "y (=10) must hold labels from 0 to 9: scores has 10 columns"),
        ((2, 10), [-1, 3], "y (=-1) must hold labels from 0 to 9"),
        ((2, 10), [0.0, 1.0], "y (dtype float64) must hold whole numbers"),
        ((2, 10), [True, False], "y (dtype bool) must hold whole numbers"),
        ((2, 10), [1], "y (shape (1,)) must hold one label for each row of scores: shape (2,)"),
        ((10,), [1], "scores (shape (10,)) must have 2 axes"),
        ((2, 0), [0, 0], "scores (shape (2, 0)) must have 2 axes, (N, K), and one class or more"),
        ((0, 3), [], "scores (shape (0, 3)) must have one row or more"),
    ],
)
def test_misfits_are_named(version, shape, y, message):
    with pytest.raises(ValueError) as error:
        LOSS[version](np.zeros(shape), np.array(y))
    assert message in str(error.value)
