"""Pooling: all versions against fixed answers, each other, numeric gradients and PyTorch; overlaps, ties, what is no number."""

from itertools import product

import numpy as np
import pytest

from cnn_core import pool
from cnn_core.gradient_check import numeric_gradient, projection_error, relative_error
from cnn_core.machine import maxima
from cnn_core.speed import vectorized

MAX = ["max", "max naive", "max vectorized"]
VERSIONS = {
    "max": (pool.max_pool2d_forward, pool.max_pool2d_backward),
    "max naive": (pool.max_pool2d_forward_naive, pool.max_pool2d_backward_naive),
    "max vectorized": (vectorized.max_pool2d_forward_vectorized, vectorized.max_pool2d_backward_vectorized),
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


@pytest.mark.parametrize("version", MAX)
def test_max_gives_the_courses_numbers(version):
    x = np.linspace(-0.3, 0.4, 2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    out, _ = VERSIONS[version][0](x, 2, stride=2)
    np.testing.assert_allclose(out[0, 0], [[-0.26315789, -0.24842105], [-0.20421053, -0.18947368]], atol=1e-8)
    np.testing.assert_allclose(out[1, 2], [[0.32631579, 0.34105263], [0.38526316, 0.4]], atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_all_versions_agree(case, dtype):
    kind, size, kernel, options = case
    x = make(size, dtype)
    results = []
    for name in [name for name in VERSIONS if name.startswith(kind)]:
        forward, backward = VERSIONS[name]
        out, cache = forward(x, kernel, **options)
        dout = np.random.default_rng(1).standard_normal(out.shape).astype(dtype)
        results.append((out, backward(dout, cache)))
    for arrays in zip(*results, strict=True):
        for array in arrays:
            assert array.dtype == dtype
            np.testing.assert_allclose(array, arrays[0], rtol=0, atol=1e-4 if dtype == np.float32 else 1e-12)


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


@pytest.mark.parametrize("version", MAX)
def test_the_first_of_equal_maxima_gets_the_gradient(version):
    forward, backward = VERSIONS[version]
    out, cache = forward(np.ones((1, 1, 4, 4)), 2)
    dx = backward(np.arange(1.0, 5.0).reshape(out.shape), cache)
    np.testing.assert_array_equal(dx[0, 0], [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]])


@pytest.mark.parametrize("version", MAX)
def test_padding_never_wins(version):
    forward, backward = VERSIONS[version]
    out, cache = forward(np.full((1, 1, 2, 2), -5.0), 2, padding=1)
    assert (out == -5).all()
    assert backward(np.ones_like(out), cache).sum() == out.size


def pooled(version, cells, kernel=2, **options):
    """The output of one plane and its dx for a gradient of ones, as lists."""
    forward, backward = VERSIONS[version]
    out, cache = forward(np.array(cells, dtype=float)[None, None], kernel, **options)
    return out[0, 0].tolist(), backward(np.ones_like(out), cache)[0, 0].tolist()


@pytest.fixture(params=["at once", "rows first", "copies"])
def way(request, monkeypatch):
    """The three ways of the fast version, whatever it would choose."""
    monkeypatch.setattr(maxima, "_way", lambda *_: request.param)
    return request.param


@pytest.mark.parametrize("version", MAX)
def test_a_real_cell_beats_padding(version, way):
    inf = np.inf
    _, dx = pooled(version, [[-inf, -inf], [-inf, 5]], padding=1)
    assert dx == [[1, 1], [1, 1]]
    _, dx = pooled(version, [[-inf] * 3] * 3, kernel=3, stride=2, padding=1)
    assert dx == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]  # the first real cell of each window
    _, dx = pooled(version, [[-inf] * 3] * 3, kernel=2, stride=2, padding=((0, 1), (1, 0)), dilation=2)
    assert dx == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("version", MAX)
def test_the_last_nan_wins_as_in_pytorch(version, way):
    nan = np.nan
    out, dx = pooled(version, [[1, nan], [nan, 3]])
    assert np.isnan(out).all()
    assert dx == [[0, 0], [1, 0]]
    out, dx = pooled(version, [[np.inf, nan], [5, 3]], stride=1, padding=1)
    assert np.isnan(out).tolist() == [[False, True, True], [False, True, True], [False, False, False]]
    assert dx == [[2, 4], [2, 1]]


@pytest.mark.parametrize("version", MAX)
def test_of_two_zeros_the_first_one_wins_with_its_sign(version, way):
    for cells in (
        [[-0.0, 0.0], [0.0, -0.0]],
        [[0.0, -0.0], [-0.0, -0.0]],
        [[-1.0, -0.0], [0.0, 0.0]],
        [[-0.0] * 2] * 2,
    ):
        (((zero,),), dx) = pooled(version, cells)
        winner = np.argmax(cells)
        assert np.signbit(zero) == np.signbit(np.ravel(cells)[winner])
        assert np.argmax(dx) == winner
    rng = np.random.default_rng(0)
    x = rng.choice([-1.0, -0.0, 0.0], (3, 4, 9, 33))
    for options in ({"kernel_size": 3, "stride": 1}, {"kernel_size": 2}, {"kernel_size": (9, 4), "padding": (2, 1)}):
        out, cache = VERSIONS[version][0](x, **options)
        np.testing.assert_array_equal(
            np.signbit(out), np.signbit(x.ravel()[pool.place(cache.winner, cache.window, x.shape)])
        )


@pytest.mark.parametrize("version", ["average", "average naive"])
def test_the_mean_of_negative_zeros_is_zero(version):
    """A sum begins with 0, as in PyTorch."""
    for kernel in (1, 2, 4):
        out, _ = VERSIONS[version][0](np.full((1, 1, 4, 4), -0.0), kernel)
        assert not np.signbit(out).any()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, bool])
def test_whole_numbers_are_computed_in_float64(version, dtype):
    forward, backward = VERSIONS[version]
    x = np.full((1, 1, 2, 2), 100).astype(dtype)
    out, cache = forward(x, 2)
    assert out.item() == x.max()
    dx = backward(np.array([[[[100]]]]).astype(dtype), cache)
    assert dx.sum() == x.max()
    assert out.dtype == dx.dtype == np.float64


@pytest.mark.parametrize("version", VERSIONS)
def test_float16_is_computed_in_float32_and_comes_back_as_float16(version):
    forward, backward = VERSIONS[version]
    for value, size in ((1, 64), (40_000, 2)):
        out, cache = forward(np.full((1, 1, size, size), value, np.float16), size)
        assert out.item() == np.float16(value)
        dx = backward(np.full((1, 1, 1, 1), value, np.float16), cache)
        assert out.dtype == dx.dtype == np.float16
        assert dx.sum(dtype=np.float64) == pytest.approx(value, rel=1e-3)
    out, cache = forward(np.ones((1, 1, 65, 65), np.float16), 2, stride=1)
    assert backward(np.ones_like(out), cache).sum(dtype=np.float64) == 4096


@pytest.mark.parametrize("version", VERSIONS)
def test_lists_are_taken_and_what_has_no_meaning_is_refused(version):
    forward, backward = VERSIONS[version]
    out, cache = forward([[[[1, 2], [3, 4]]]], 2)
    assert backward([[[[4]]]], cache).sum() == 4
    for bad in (np.ones((1, 1, 2, 2), complex), [[[["1", "2"], ["3", "4"]]]], np.ma.ones((1, 1, 2, 2)), None):
        with pytest.raises(ValueError, match=r"^x "):
            forward(bad, 2)
    with pytest.raises(ValueError, match=r"^dout "):
        backward(out + 1j, cache)


@pytest.mark.parametrize("version", ["average", "average naive"])
def test_count_include_pad_is_true_or_false(version):
    with pytest.raises(ValueError, match=r"count_include_pad \(='no'\) must be true or false"):
        VERSIONS[version][0](np.ones((1, 1, 2, 2)), 2, count_include_pad="no")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_cache_is_a_snapshot(version):
    forward, backward = VERSIONS[version]
    x = make((6, 6))
    out, cache = forward(x, 3, stride=1, padding=1)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    expected = backward(dout, cache).copy()
    x[...] = out[...] = 0
    np.testing.assert_array_equal(backward(dout, cache), expected)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_dout_of_another_dtype_gives_a_gradient_of_the_layers(version):
    forward, backward = VERSIONS[version]
    out, cache = forward(make((4, 4), np.float32), 2, stride=1)
    for dtype in (np.float16, np.float64, np.int8):
        assert backward(np.ones(out.shape, dtype), cache).dtype == np.float32


def test_the_versions_of_max_pooling_take_each_others_caches():
    x = make((5, 6))
    dout = np.random.default_rng(1).standard_normal((2, 3, 4, 5))
    gradients = [
        backward(dout, forward(x, 2, stride=1)[1])
        for forward, _ in (VERSIONS[version] for version in MAX)
        for _, backward in (VERSIONS[version] for version in MAX)
    ]
    for gradient in gradients:
        np.testing.assert_allclose(gradient, gradients[0], rtol=0, atol=1e-14)


@pytest.mark.parametrize("version", MAX)
def test_a_dilated_window_beside_the_input_is_told(version):
    with pytest.raises(ValueError, match="a dilated window falls beside the input and sees padding only"):
        VERSIONS[version][0](np.ones((1, 1, 1, 1)), 2, stride=1, padding=1, dilation=2)


def test_the_fastest_way_is_chosen_by_the_size_of_the_windows():
    ways = {
        kernel: maxima._way(pool.Window.of(kernel, stride), 500, (28, 28))
        for kernel, stride in [(2, 2), (5, 1), (13, 1), (28, 28), (14, 14)]
    }
    assert ways == {2: "at once", 5: "rows first", 13: "rows first", 28: "copies", 14: "copies"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(40))
def test_pytorch_agrees_with_what_is_no_number_and_with_signs(seed, dtype):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    kernel = tuple(int(k) for k in rng.integers(1, 8, 2))
    options = {
        "stride": tuple(int(s) for s in rng.integers(1, 5, 2)),
        "padding": tuple(int(rng.integers(0, k // 2 + 1)) for k in kernel),
        "dilation": tuple(int(d) for d in rng.integers(1, 3, 2)),
    }
    size = [int(d * (k - 1) + rng.integers(1, 9)) for k, d in zip(kernel, options["dilation"], strict=True)]
    x = rng.choice(
        [-1.0, -0.0, 0.0, 1.0, -np.inf, np.inf, np.nan], (2, 3, *size), p=[0.2, 0.2, 0.2, 0.1, 0.2, 0.05, 0.05]
    )
    x = np.where(rng.random(x.shape) < rng.choice([0, 0.5, 1]), -np.inf, x).astype(dtype)
    tensor = torch.tensor(x, requires_grad=True)
    expected = torch.nn.functional.max_pool2d(tensor, kernel, **options)
    dout = rng.integers(-4, 5, expected.shape).astype(dtype)
    expected.backward(torch.tensor(dout))
    for version in MAX:
        forward, backward = VERSIONS[version]
        out, cache = forward(x, kernel, **options)
        np.testing.assert_array_equal(out, expected.detach().numpy())
        np.testing.assert_array_equal(np.signbit(out[out == 0]), np.signbit(expected.detach().numpy()[out == 0]))
        np.testing.assert_array_equal(backward(dout, cache), tensor.grad.numpy())


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
