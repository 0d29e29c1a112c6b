"""Pooling: both versions against fixed answers, each other, numeric gradients and PyTorch; overlaps and ties."""

from itertools import product

import numpy as np
import pytest

from cnn_core import pool
from cnn_core.gradient_check import numeric_gradient, projection_error, relative_error

VERSIONS = {
    "max": (pool.max_pool2d_forward, pool.max_pool2d_backward),
    "max naive": (pool.max_pool2d_forward_naive, pool.max_pool2d_backward_naive),
    "average": (pool.avg_pool2d_forward, pool.avg_pool2d_backward),
    "average naive": (pool.avg_pool2d_forward_naive, pool.avg_pool2d_backward_naive),
}
GRID = [
    (size, kernel, {"stride": stride, "padding": padding})
    for size, kernel in [((4, 4), 2), ((5, 7), (2, 3)), ((6, 5), 3)]
    for stride, padding in product([None, 1, 2, (2, 1)], [0, 1, ((0, 1), (1, 0))])
]
EXTRA = {
    "max": [{}, {"dilation": (1, 2)}],
    "average": [{}, {"count_include_pad": False}],
}
CASES = [(kind, size, kernel, o | e) for kind, extras in EXTRA.items() for size, kernel, o in GRID for e in extras]


def make(size, dtype=np.float64):
    """Distinct numbers, well apart, so that a small step changes no maximum."""
    rng = np.random.default_rng(0)
    return rng.permutation(2 * 3 * size[0] * size[1]).reshape(2, 3, *size).astype(dtype) / 10


@pytest.mark.parametrize("version", ["max", "max naive"])
def test_max_gives_the_courses_numbers(version):
    x = np.linspace(-0.3, 0.4, 2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    out, _ = VERSIONS[version][0](x, 2, stride=2)
    np.testing.assert_allclose(out[0, 0], [[-0.26315789, -0.24842105], [-0.20421053, -0.18947368]], atol=1e-8)
    np.testing.assert_allclose(out[1, 2], [[0.32631579, 0.34105263], [0.38526316, 0.4]], atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_fast_agrees_with_naive(case, dtype):
    kind, size, kernel, options = case
    x = make(size, dtype)
    results = []
    for name in (f"{kind} naive", kind):
        forward, backward = VERSIONS[name]
        out, cache = forward(x, kernel, **options)
        dout = np.random.default_rng(1).standard_normal(out.shape).astype(dtype)
        results.append((out, backward(dout, cache)))
    for naive, fast in zip(*results, strict=True):
        assert naive.dtype == fast.dtype == dtype
        np.testing.assert_allclose(fast, naive, rtol=0, atol=1e-4 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradient_agrees_with_differences_along_a_random_direction(case):
    kind, size, kernel, options = case
    x = make(size)
    forward, backward = VERSIONS[kind]
    out, cache = forward(x, kernel, **options)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    assert projection_error(lambda x: forward(x, kernel, **options)[0], [x], [backward(dout, cache)], dout) < 1e-7


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("stride", [1, 2])
def test_overlapping_windows_add_up(version, stride):
    x = make((7, 7))
    forward, backward = VERSIONS[version]
    out, cache = forward(x, 3, stride=stride)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    numeric = numeric_gradient(lambda x: forward(x, 3, stride=stride)[0], x, dout)
    assert relative_error(backward(dout, cache), numeric) < 1e-7


@pytest.mark.parametrize("version", ["max", "max naive"])
def test_the_first_of_equal_maxima_gets_the_gradient(version):
    forward, backward = VERSIONS[version]
    out, cache = forward(np.ones((1, 1, 4, 4)), 2)
    dx = backward(np.arange(1.0, 5.0).reshape(out.shape), cache)
    np.testing.assert_array_equal(dx[0, 0], [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]])


@pytest.mark.parametrize("version", ["max", "max naive"])
def test_padding_never_wins(version):
    forward, backward = VERSIONS[version]
    out, cache = forward(np.full((1, 1, 2, 2), -5.0), 2, padding=1)
    assert (out == -5).all()
    assert backward(np.ones_like(out), cache).sum() == out.size


@pytest.mark.parametrize("version", ["max", "max naive"])
def test_nan_wins(version):
    x = np.array([[1.0, np.nan], [np.nan, 3.0]]).reshape(1, 1, 2, 2)
    out, cache = VERSIONS[version][0](x, 2)
    assert np.isnan(out).all()
    assert cache.winner.item() == 1


@pytest.mark.parametrize("case", CASES, ids=str)
def test_pytorch_agrees(case):
    torch = pytest.importorskip("torch")
    kind, size, kernel, options = case
    if not isinstance(options["padding"], int):
        options = options | {"padding": (1, 0)}
    x = make(size)
    forward, backward = VERSIONS[kind]
    out, cache = forward(x, kernel, **options)
    tensor = torch.tensor(x, requires_grad=True)
    functional = torch.nn.functional
    expected = (functional.max_pool2d if kind == "max" else functional.avg_pool2d)(tensor, kernel, **options)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    expected.backward(torch.tensor(dout))
    np.testing.assert_allclose(out, expected.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(backward(dout, cache), tensor.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("version", VERSIONS)
def test_misfits_are_named(version):
    forward, backward = VERSIONS[version]
    with pytest.raises(ValueError, match=r"x \(shape \(4, 4\)\) must have 4 axes"):
        forward(np.zeros((4, 4)), 2)
    with pytest.raises(ValueError, match=r"padding \(=2\) must leave each pooling window .* at most 1 is safe"):
        forward(np.zeros((1, 1, 4, 4)), 2, padding=2)
    with pytest.raises(ValueError, match=r"stride \(=0\) must be 1 or more"):
        forward(np.zeros((1, 1, 4, 4)), 2, stride=0)
    _, cache = forward(np.zeros((1, 1, 4, 4)), 2)
    with pytest.raises(ValueError, match=r"dout \(shape \(1, 1, 4, 4\)\) must be shaped as the layer's output"):
        backward(np.zeros((1, 1, 4, 4)), cache)
