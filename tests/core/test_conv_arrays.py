"""What every version of a convolution takes, and what it keeps: dtypes, no bias, caches that nothing changes from outside."""

import numpy as np
import pytest

from cnn_core import conv, conv_transpose
from cnn_core.machine import plan
from cnn_core.network.first_block import conv_pool_backward, conv_pool_forward
from cnn_core.speed import vectorized

CONV = {
    "naive": (conv.conv2d_forward_naive, conv.conv2d_backward_naive),
    "fast": (conv.conv2d_forward, conv.conv2d_backward),
    "vectorized": (vectorized.conv2d_forward_vectorized, vectorized.conv2d_backward_vectorized),
}
TRANSPOSED = {
    "transposed, naive": (
        conv_transpose.conv_transpose2d_forward_naive,
        conv_transpose.conv_transpose2d_backward_naive,
    ),
    "transposed": (conv_transpose.conv_transpose2d_forward, conv_transpose.conv_transpose2d_backward),
}
POOLED = {
    "first block": (
        lambda x, weight, bias=None: conv_pool_forward(x, weight, bias, padding=1),
        lambda dout, cache: (np.empty(0, np.asarray(dout).dtype), *conv_pool_backward(dout, cache)),
    )
}
NEVER = -(1 << 40)  # for plan.SMALL: nothing is made at once
VERSIONS = CONV | TRANSPOSED | POOLED
every = pytest.mark.parametrize("version", VERSIONS)


def case(dtype=np.float64, kernel=3):
    """x, weight, bias: whole numbers; as many channels as filters, so that all versions take them."""
    rng = np.random.default_rng(0)
    x, weight = rng.integers(-4, 5, (2, 3, 6, 6)), rng.integers(-4, 5, (3, 3, kernel, kernel))
    return x.astype(dtype), weight.astype(dtype), np.array([1, -2, 3], dtype)


def run(version, *inputs, dout=None, **options):
    forward, backward = VERSIONS[version]
    out, cache = forward(*inputs, **options)
    dout = np.random.default_rng(1).integers(-4, 5, out.shape).astype(out.dtype) if dout is None else dout
    return [out, *backward(dout, cache)]


def check(ours, expected, dtype=None):
    for array, theirs in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(array, theirs)
        assert array.dtype == (theirs.dtype if dtype is None else dtype)


@pytest.mark.parametrize("version", CONV)
@pytest.mark.parametrize(("dtype", "number", "expected"), [(np.uint8, 200, 1600), (np.int8, 100, 800), (bool, 1, 4)])
def test_small_whole_numbers_do_not_wrap_around(version, dtype, number, expected):
    x, weight = np.full((1, 1, 2, 2), number, dtype), np.full((1, 1, 2, 2), min(2, number), dtype)
    out, _ = CONV[version][0](x, weight, np.zeros(1, dtype))
    assert (out.item(), out.dtype) == (expected, np.float64)


@every
@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16])
def test_whole_numbers_compute_in_float64(version, dtype):
    x, weight, bias = (np.abs(array).astype(dtype) for array in case())
    check(run(version, x, weight, bias), run(version, *(a.astype(float) for a in (x, weight, bias))), np.float64)


@every
def test_float16_computes_in_float32_and_comes_back(version):
    inputs = [array.astype(np.float16) for array in case()]
    found = run(version, *inputs)
    expected = run(version, *(array.astype(np.float32) for array in inputs))
    check(found, [array.astype(np.float16) for array in expected])


@every
def test_4096_unit_gradients_in_float16_are_4096(version):
    x = np.ones((1, 1, 64, 64), np.float16)
    forward, backward = VERSIONS[version]
    out, cache = forward(x, np.ones((1, 1, 1, 1), np.float16), np.zeros(1, np.float16))
    _, dweight, dbias = backward(np.ones_like(out), cache)
    assert (dweight.item(), dbias.item()) == (out.size, out.size)


@every
def test_lists_are_taken(version):
    inputs = case()
    check(run(version, *(array.tolist() for array in inputs)), run(version, *inputs))


@every
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda array: array * 1j, "must be an array of real numbers"),
        (lambda array: array.astype(str), "must be an array of real numbers"),
        (lambda array: array.astype(object), "must be an array of real numbers"),
        (lambda array: np.ma.array(array, mask=array > 0), "must be a plain array"),
        (lambda array: None, "must be an array of real numbers"),
    ],
)
def test_what_is_no_array_of_real_numbers_is_refused_in_words(version, spoil, words):
    inputs = dict(zip(("x", "weight", "bias"), case(), strict=True))
    for name in inputs:
        spoiled = inputs | {name: spoil(inputs[name])}
        if spoiled["bias"] is not None:
            with pytest.raises(ValueError, match=rf"^{name} .*{words}"):
                VERSIONS[version][0](*spoiled.values())
    out, cache = VERSIONS[version][0](*inputs.values())
    with pytest.raises(ValueError, match=rf"^dout .*{words}"):
        VERSIONS[version][1](spoil(out), cache)


@every
def test_no_bias_is_a_bias_of_zeros_and_its_gradient_is_there(version):
    x, weight, bias = case()
    expected = run(version, x, weight, 0 * bias)
    check(run(version, x, weight, None), expected)
    check(run(version, x, weight), expected)
    assert expected[3].any()


@every
@pytest.mark.parametrize(("small", "kept"), [(plan.SMALL, plan.KEPT), (NEVER, plan.KEPT), (NEVER, 0)])
@pytest.mark.parametrize("kernel", [1, 3, 6])  # 6: as large as the image
def test_a_cache_is_a_snapshot(version, kernel, small, kept, monkeypatch):
    """What happens to x, to the weights, to the bias or to out after the forward pass changes no gradient."""
    monkeypatch.setattr(plan, "SMALL", small)
    monkeypatch.setattr(plan, "KEPT", kept)
    forward, backward = VERSIONS[version]
    inputs = case(kernel=kernel)
    expected = run(version, *inputs)
    out, cache = forward(*inputs)
    dout = np.random.default_rng(1).integers(-4, 5, out.shape) * 1.0
    for array in (*inputs, out):
        array *= 0
    check(backward(dout, cache), expected[1:])
    dout *= 0
    check(backward(dout, cache), [0 * array for array in expected[1:]])


@every
@pytest.mark.parametrize("small", [plan.SMALL, NEVER])
@pytest.mark.parametrize("kernel", [1, 3])
def test_memory_may_lie_as_it_will(version, kernel, small, monkeypatch):
    monkeypatch.setattr(plan, "SMALL", small)
    inputs = case(kernel=kernel)
    expected = run(version, *inputs)
    for arrange in (
        np.asfortranarray,
        lambda array: array[tuple(slice(None, None, -1) for _ in array.shape)],
        lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
        lambda array: array.astype(">f8"),
    ):
        arranged = [arrange(array) for array in inputs]
        plain = [array.astype(float, order="C") for array in arranged]
        for array in arranged:
            array.flags.writeable = False
        check(run(version, *arranged), run(version, *plain))
    assert len(expected) == 4


def test_the_loops_do_not_take_what_the_fast_version_has_laid_out():
    out, cache = conv.conv2d_forward(*case())
    with pytest.raises(ValueError, match=r"cache .* must come from conv2d_forward_naive"):
        conv.conv2d_backward_naive(out, cache)
    out, cache = conv.conv2d_forward_naive(*case())
    check(conv.conv2d_backward(out, cache), conv.conv2d_backward_naive(out, cache))
