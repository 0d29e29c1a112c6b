"""Dropout: both versions against each other, differences and PyTorch; what p and the seed mean, what is dropped is gone."""

import numpy as np
import pytest

from cnn_core import dropout
from cnn_core.gradient_check import projection_error

FORWARD = {"naive": dropout.dropout_forward_naive, "fast": dropout.dropout_forward}
BACKWARD = {"naive": dropout.dropout_backward_naive, "fast": dropout.dropout_backward}
OPTIONS = [{}, {"p": 0.0}, {"p": 0.9}, {"training": False}]
SHAPES = [(), (7,), (3, 4), (2, 3, 4, 5), (0, 3)]


def make(shape, dtype=np.float64, seed=0):
    return np.asarray(np.random.default_rng(seed).standard_normal(shape), dtype=dtype)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("version", FORWARD)
def test_gradients_agree_with_differences(version, options, shape):
    x, dout = make(shape), make(shape, seed=1)
    dx = BACKWARD[version](dout, FORWARD[version](x, rng=5, **options)[1])
    assert projection_error(lambda x: FORWARD[version](x, rng=5, **options)[0], [x], [dx], dout) < 1e-8


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(
    ("given", "expected"),
    [("f2", "f2"), ("f4", "f4"), ("f8", "f8"), ("g", "g"), ("i8", "f8"), ("u1", "f8"), ("?", "f8")],
)
def test_fast_agrees_with_naive(given, expected, options, shape):
    x, dout = make(shape, given), make(shape, expected, seed=1)
    found = []
    for forward in FORWARD.values():
        out, cache = forward(x, rng=7, **options)
        assert not np.shares_memory(out, x)
        found.append([out, *(backward(dout, cache) for backward in BACKWARD.values())])
    for slow, fast in zip(*found, strict=True):
        assert slow.dtype == fast.dtype == expected
        assert slow.shape == fast.shape == shape
        np.testing.assert_array_equal(fast, slow)


@pytest.mark.parametrize("version", FORWARD)
@pytest.mark.parametrize("p", [0.0, 0.25, 0.5, 0.9])
def test_p_is_the_share_dropped_and_the_mean_stays(version, p):
    out, _ = FORWARD[version](np.ones((100, 100)), p=p, rng=0)
    assert np.mean(out == 0) == pytest.approx(p, abs=0.02)
    assert np.unique(out[out != 0]) == pytest.approx(1 / (1 - p))
    assert out.mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("version", FORWARD)
def test_evaluation_changes_nothing(version):
    x = make((3, 4))
    out, cache = FORWARD[version](x, p=0.9, training=False)
    np.testing.assert_array_equal(out, x)
    np.testing.assert_array_equal(BACKWARD[version](x, cache), x)


@pytest.mark.parametrize("version", FORWARD)
def test_what_is_dropped_is_0_whatever_it_was(version):
    x = np.array([np.inf, -np.inf, np.nan, 1.0] * 25)
    out, cache = FORWARD[version](x, rng=0)
    dropped = FORWARD[version](np.ones(100), rng=0)[0] == 0
    assert 0 < dropped.sum() < 100
    for found in (out, BACKWARD[version](x, cache)):
        np.testing.assert_array_equal(found, np.where(dropped, 0, 2 * x))


@pytest.mark.parametrize("version", FORWARD)
def test_a_cache_is_a_snapshot(version):
    x, dout = make((3, 4)), make((3, 4), seed=1)
    expected = BACKWARD[version](dout, FORWARD[version](x, rng=0)[1])
    out, cache = FORWARD[version](x, rng=0)
    x *= 0
    out *= 0
    np.testing.assert_array_equal(BACKWARD[version](dout, cache), expected)


@pytest.mark.parametrize("version", FORWARD)
def test_a_seed_repeats_the_mask_and_a_generator_moves_on(version):
    def mask(rng):
        return FORWARD[version](np.ones(100), rng=rng)[1].kept

    np.testing.assert_array_equal(mask(3), mask(3))
    rng = np.random.default_rng(3)
    np.testing.assert_array_equal(mask(rng), mask(3))
    assert (mask(rng) != mask(3)).any()
    assert (mask(None) != mask(None)).any()


@pytest.mark.parametrize("version", FORWARD)
@pytest.mark.parametrize("p", [-0.1, 1, 1.5, float("nan")])
def test_a_p_out_of_range_is_refused(version, p):
    with pytest.raises(ValueError, match=rf"p \(={p}\) must be at least 0 and below 1"):
        FORWARD[version](np.ones(3), p=p)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("version", FORWARD)
def test_a_dout_of_another_shape_is_refused(version, options):
    with pytest.raises(ValueError, match=r"dout \(shape \(3,\)\) must be shaped as the layer's output: \(2, 3\)"):
        BACKWARD[version](np.zeros(3), FORWARD[version](np.zeros((2, 3)), **options)[1])


@pytest.mark.parametrize("version", FORWARD)
def test_what_has_no_meaning_is_refused(version):
    for wrong in (np.ones(2, complex), "x", None):
        with pytest.raises(ValueError, match="x "):
            FORWARD[version](wrong)


def test_pytorch_drops_as_often_and_scales_alike():
    torch = pytest.importorskip("torch")
    theirs = torch.nn.functional.dropout(torch.ones(10000), p=0.8)
    ours, _ = dropout.dropout_forward(np.ones(10000), p=0.8, rng=0)
    assert theirs.max().item() == pytest.approx(ours.max())
    assert (theirs == 0).double().mean().item() == pytest.approx(np.mean(ours == 0), abs=0.03)
