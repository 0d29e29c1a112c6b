"""Softmax and cross-entropy: both versions against answers by hand, each other, differences and PyTorch."""

import math

import numpy as np
import pytest

from cnn_core import loss
from cnn_core.gradient_check import numeric_gradient, projection_error, relative_error

SOFTMAX = {"naive": loss.softmax_naive, "fast": loss.softmax}
ACCURACY = {"accuracy": loss.accuracy}
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
def test_lists_are_taken(version):
    value, dscores = LOSS[version]([[0, 1], [2, 3]], [1, 0])
    expected, expected_dscores = LOSS[version](np.array([[0.0, 1], [2, 3]]), np.array([1, 0]))
    assert (value, dscores.tolist()) == (expected, expected_dscores.tolist())
    assert SOFTMAX[version]([[0, 0]]).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("version", LOSS)
def test_what_are_no_scores_is_refused_in_words(version):
    for function in (lambda s: LOSS[version](s, [0]), SOFTMAX[version]):
        for scores in (np.ones((1, 2), complex), [["1", "2"]], np.ma.ones((1, 2)), None):
            with pytest.raises(ValueError, match=r"^scores"):
                function(scores)


@pytest.mark.parametrize("version", LOSS)
def test_float16_is_computed_in_float32_and_comes_back_as_float16(version):
    scores = np.zeros((2, 70_000), np.float16)
    p = SOFTMAX[version](scores)
    assert p.dtype == np.float16
    np.testing.assert_array_equal(p, np.float16(1 / 70_000))
    value, dscores = LOSS[version](scores, [0, 69_999])
    assert value == pytest.approx(math.log(70_000), rel=1e-6)
    assert dscores.dtype == np.float16
    assert dscores[0, 0] == -0.5
    assert float(LOSS[version](np.zeros((5000, 1), np.float16), [0] * 5000)[0]) == 0


def test_columns_that_lie_apart_in_memory_cost_no_digits():
    scores = np.random.default_rng(0).standard_normal((2, 50_000)).astype(np.float32)
    expected = loss.softmax(scores.astype(np.float64))
    for layout in ("C", "F"):
        np.testing.assert_allclose(loss.softmax(np.array(scores, order=layout)), expected, rtol=1e-6)


def test_accuracy_counts_the_rows_whose_largest_score_is_the_labels():
    scores = np.eye(3)[[0, 1, 2, 0]]
    assert loss.accuracy(scores, [0, 1, 2, 2]) == 0.75
    assert loss.accuracy(scores.astype(np.float16), np.array([0, 1, 2, 0], np.uint8)) == 1


@pytest.mark.parametrize("version", LOSS | ACCURACY)
@pytest.mark.parametrize(
    ("shape", "y", "message"),
    [
        ((2, 10), [0, 10], "y (=10) must hold labels from 0 to 9: there are 10 classes"),
        ((2, 10), [-1, 3], "y (=-1) must hold labels from 0 to 9"),
        ((2, 10), [0.0, 1.0], "y (dtype float64) must hold whole numbers"),
        (
            (2, 10),
            [[0], [1]],
            "y (shape (2, 1)) must hold one label for each example: shape (2,); y.ravel() makes it so",
        ),
        ((2, 3), [[0, 1, 0], [1, 0, 0]], "y.argmax(axis=1) does that for one-hot rows"),
        ((2, 10), [True, False], "y (dtype bool) must hold whole numbers"),
        ((2, 10), [1], "y (shape (1,)) must hold one label for each example: shape (2,)"),
        ((10,), [1], "scores (shape (10,)) must have 2 axes"),
        ((2, 0), [0, 0], "scores (shape (2, 0)) must have 2 axes, (N, K), and one class or more"),
        ((0, 3), [], "scores (shape (0, 3)) must have one row or more"),
    ],
)
def test_misfits_are_named(version, shape, y, message):
    with pytest.raises(ValueError) as error:
        (LOSS | ACCURACY)[version](np.zeros(shape), np.array(y))
    assert message in str(error.value)
