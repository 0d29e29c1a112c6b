"""The four norms: both versions against answers by hand, each other, differences and PyTorch; running statistics."""

import numpy as np
import pytest

from cnn_core import norm
from cnn_core.gradient_check import projection_error

# kind, leading arguments after x, shape of x, options
CASES = [
    *[("batch", shape, o) for shape in [(4, 3), (2, 3, 4, 5)] for o in ({}, {"eps": 0.1}, {"training": False})],
    *[("layer", shape, o) for shape in [(4, 3), (2, 3, 4, 5), (3, 4, 2)] for o in ({}, {"eps": 0.1})],
    *[
        ("group", shape, {"groups": g})
        for shape in [(4, 6), (2, 6, 4, 3)]
        for g in (1, 2, 3, 6)
        if len(shape) == 4 or g < 6
    ],
    *[("instance", shape, o) for shape in [(2, 3, 4, 5), (1, 1, 3, 3)] for o in ({}, {"eps": 0.1})],
]


def make(kind, shape, dtype=np.float64):
    rng = np.random.default_rng(0)
    parameters = shape[1:] if kind == "layer" else shape[1:2]
    gamma, beta, mean = rng.standard_normal((3, *parameters)).astype(dtype)
    x = (2 * rng.standard_normal(shape) + 1).astype(dtype)
    return x, gamma, beta, mean, rng.uniform(0.5, 2, parameters).astype(dtype)


def functions(kind, version=""):
    return (getattr(norm, f"{kind}_norm_{way}{version}") for way in ("forward", "backward"))


def run(forward, kind, x, gamma, beta, mean, var, options):
    if kind == "batch":
        return forward(x, gamma, beta, mean.copy(), var.copy(), **options)
    options = dict(options)
    groups = (options.pop("groups"),) if kind == "group" else ()
    return forward(x, *groups, gamma, beta, **options)


@pytest.mark.parametrize("version", ["", "_naive"])
def test_answers_by_hand(version):
    x, eps = np.array([[1.0, 2.0], [3.0, 6.0]]), 1e-12
    ones, zeros = np.ones(2), np.zeros(2)
    batch, layer, group = (next(functions(kind, version)) for kind in ("batch", "layer", "group"))
    np.testing.assert_allclose(batch(x, ones * 2, ones, zeros.copy(), ones.copy(), eps=eps)[0], [[-1, -1], [3, 3]])
    np.testing.assert_allclose(layer(x, np.array([2, 3]), ones, eps=eps)[0], [[-1, 4], [-1, 4]])
    np.testing.assert_allclose(group(x, 1, np.array([2, 3]), ones, eps=eps)[0], [[-1, 4], [-1, 4]])
    wide = np.array([[1.0, 2, 3, 7]])
    np.testing.assert_allclose(group(wide, 2, np.full(4, 2), np.ones(4), eps=eps)[0], [[-1, 3, -1, 3]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("kind", "shape", "options"), CASES, ids=str)
def test_fast_agrees_with_naive(kind, shape, options, dtype):
    results = {}
    for version in ("", "_naive"):
        forward, backward = functions(kind, version)
        out, cache = run(forward, kind, *make(kind, shape, dtype), options)
        dout = np.random.default_rng(1).standard_normal(shape).astype(dtype)
        results[version] = [out, *backward(dout, cache)]
    for fast, naive in zip(results[""], results["_naive"], strict=True):
        assert fast.dtype == naive.dtype == dtype
        np.testing.assert_allclose(fast, naive, rtol=0, atol=2e-5 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("version", ["", "_naive"])
@pytest.mark.parametrize(("kind", "shape", "options"), CASES, ids=str)
def test_gradients_agree_with_differences(kind, shape, options, version):
    forward, backward = functions(kind, version)
    *inputs, mean, var = make(kind, shape)
    dout = np.random.default_rng(1).standard_normal(shape)
    gradients = backward(dout, run(forward, kind, *inputs, mean, var, options)[1])
    assert [g.shape for g in gradients] == [a.shape for a in inputs]
    f = lambda *args: run(forward, kind, *args, mean, var, options)[0]  # noqa: E731
    assert projection_error(f, inputs, gradients, dout) < 1e-6


@pytest.mark.parametrize(("kind", "shape", "options"), CASES, ids=str)
def test_pytorch_agrees(kind, shape, options):
    F = pytest.importorskip("torch").nn.functional
    torch = pytest.importorskip("torch")
    arrays = make(kind, shape)
    x, gamma, beta = (torch.tensor(a, requires_grad=True) for a in arrays[:3])
    eps = options.get("eps", 1e-5)
    expected = {
        "batch": lambda: F.batch_norm(
            x, *map(torch.tensor, arrays[3:]), gamma, beta, options.get("training", True), 0.1, eps
        ),
        "layer": lambda: F.layer_norm(x, shape[1:], gamma, beta, eps),
        "group": lambda: F.group_norm(x, options["groups"], gamma, beta, eps),
        "instance": lambda: F.instance_norm(x, weight=gamma, bias=beta, eps=eps),
    }[kind]()
    forward, backward = functions(kind)
    out, cache = run(forward, kind, *arrays, options)
    np.testing.assert_allclose(out, expected.detach().numpy(), atol=1e-12)
    dout = np.random.default_rng(1).standard_normal(shape)
    expected.backward(torch.tensor(dout))
    for ours, tensor in zip(backward(dout, cache), (x, gamma, beta), strict=True):
        np.testing.assert_allclose(ours, tensor.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("version", ["", "_naive"])
@pytest.mark.parametrize(("unbiased", "var"), [(True, 0.7 * 5 + 0.3 * 8), (False, 0.7 * 5 + 0.3 * 4)])
def test_training_moves_running_statistics_towards_the_new_by_momentum(version, unbiased, var):
    forward, _ = functions("batch", version)
    running = np.array([10.0]), np.array([5.0])
    x, one = np.array([[1.0], [5.0]]), np.ones(1)  # mean 3, variance 4, unbiased 8
    forward(x, one, one, *running, momentum=0.3, unbiased=unbiased)
    assert running == (pytest.approx(0.7 * 10 + 0.3 * 3), pytest.approx(var))
    before = [a.copy() for a in running]
    forward(x, one, one, *running, training=False)
    assert [*running] == before


def test_pytorch_keeps_the_same_running_statistics():
    torch = pytest.importorskip("torch")
    layer = torch.nn.BatchNorm2d(3, momentum=0.2, dtype=torch.float64)
    mean, var = np.zeros(3), np.ones(3)
    for step in range(3):
        x, gamma, beta, *_ = make("batch", (2 + step, 3, 4, 5))
        layer(torch.tensor(x))
        norm.batch_norm_forward(x, gamma, beta, mean, var, momentum=0.2)
    np.testing.assert_allclose(mean, layer.running_mean.numpy(), atol=1e-12)
    np.testing.assert_allclose(var, layer.running_var.numpy(), atol=1e-12)


@pytest.mark.parametrize("version", ["", "_naive"])
@pytest.mark.parametrize(
    ("kind", "shape", "options", "change", "message"),
    [
        ("group", (2, 6), {"groups": 4}, {}, "num_groups (=4) must divide the channels (=6)"),
        ("group", (2, 6), {"groups": 0}, {}, "num_groups (=0) must be 1 or more"),
        ("group", (2, 6, 3), {"groups": 2}, {}, "x (shape (2, 6, 3)) must have the axes (N, D) or (N, C, H, W)"),
        ("instance", (2, 6), {}, {}, "x (shape (2, 6)) must have the axes (N, C, H, W)"),
        ("layer", (2, 3, 4, 5), {}, {1: np.ones(3)}, "gamma (shape (3,)) must be shaped (3, 4, 5)"),
        ("instance", (2, 3, 4, 5), {}, {2: np.ones(5)}, "beta (shape (5,)) must be shaped (3,)"),
        ("batch", (4, 3), {}, {3: np.zeros(4)}, "running_mean (shape (4,), float64) must be a floating array"),
        ("batch", (4, 3), {}, {4: np.ones(3, int)}, "running_var (shape (3,), int64) must be a floating array"),
        ("batch", (2, 3), {}, {0: np.ones((2, 3), complex)}, "x (dtype complex128) must be an array of real numbers"),
        ("layer", (2, 3), {}, {1: np.array(["1", "2", "3"])}, "gamma (dtype <U1) must be an array of real numbers"),
        ("layer", (2, 3), {}, {2: np.ones(3, complex)}, "beta (dtype complex128) must be an array of real numbers"),
        ("batch", (0, 3), {}, {}, "x (shape (0, 3)) must not be empty"),
        ("batch", (4, 3), {"momentum": 1.1}, {}, "momentum (=1.1) must be from 0 to 1"),
        ("layer", (4, 3), {"eps": 0}, {}, "eps (=0) must be a finite number above 0"),
    ],
)
def test_misfits_are_named(version, kind, shape, options, change, message):
    arrays = [change.get(i, a) for i, a in enumerate(make(kind, shape))]
    forward, _ = functions(kind, version)
    with pytest.raises(ValueError) as error:
        run(forward, kind, *arrays, options)
    assert message in str(error.value)


VERSIONS = ("", "_naive")
KINDS = ("batch", "layer", "group", "instance")


def simple(kind, version, x, gamma=None, beta=None, **options):
    """The forward pass of a norm with gamma 1 and beta 0, and a backward pass of ones; group norm has one group."""
    shape = x.shape[1:] if kind == "layer" else x.shape[1:2]
    gamma = np.ones(shape, x.dtype) if gamma is None else gamma
    beta = np.zeros(shape, x.dtype) if beta is None else beta
    options = ({"groups": 1} if kind == "group" else {}) | options
    forward, backward = functions(kind, version)
    out, cache = run(forward, kind, x, gamma, beta, np.zeros(x.shape[1]), np.ones(x.shape[1]), options)
    return out, cache, backward


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("kind", "shape", "remedy"),
    [
        ("batch", (1, 3), "give a larger batch, or training=False"),
        ("batch", (1, 3, 1, 1), "give a larger batch, or training=False"),
        ("batch", (1, 3), "give a larger batch, or training=False"),
        ("layer", (4, 1), "give more features"),
        ("layer", (4, 1, 1, 1), "give more features"),
        ("group", (4, 1), "take fewer groups than 1, or larger maps"),
        ("instance", (4, 3, 1, 1), "give larger maps"),
        ("instance", (1, 3, 1, 1), "give larger maps"),
    ],
)
def test_a_norm_over_one_number_is_refused(kind, shape, remedy, version):
    with pytest.raises(ValueError) as error:
        simple(kind, version, np.ones(shape))
    assert f"x (shape {shape}) must hold more than one number for each mean" in str(error.value)
    assert remedy in str(error.value)


@pytest.mark.parametrize("version", VERSIONS)
def test_groups_of_one_number_are_refused_and_evaluation_needs_no_second(version):
    with pytest.raises(ValueError, match=r"more than one number .* take fewer groups than 4"):
        simple("group", version, np.ones((2, 4)), groups=4)
    with pytest.raises(ValueError, match="more than one number"):
        simple("batch", version, np.ones((1, 3)), unbiased=False)
    assert simple("batch", version, np.ones((1, 3)), training=False)[0].shape == (1, 3)


@pytest.mark.parametrize("version", VERSIONS)
def test_batch_norm_of_float16_is_computed_in_float32(version):
    forward, backward = functions("batch", version)
    x, one, zero = np.array([[-300], [300]], np.float16), np.ones(1, np.float16), np.zeros(1, np.float16)
    mean, var = np.zeros(1, np.float32), np.ones(1, np.float32)
    out, cache = forward(x, one, zero, mean, var)
    np.testing.assert_array_equal(out, [[-1], [1]])
    np.testing.assert_allclose(var, 18000.9)
    assert [a.dtype for a in (out, *backward(x, cache))] == [np.float16] * 4
    half = np.ones(1, np.float16)
    forward(x, one, zero, np.zeros(1, np.float16), half)
    np.testing.assert_array_equal(half, np.float16(18000.9))
    threes, _ = forward(np.full((4, 1), 3, np.float16), one, zero, mean, var, eps=1e-8)
    np.testing.assert_array_equal(threes, np.zeros((4, 1)))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["f2", "i1", "u1", "?", "i8", "g"])
def test_other_dtypes_give_what_float64_gives(kind, dtype, version):
    x = np.random.default_rng(0).integers(0, 100, (4, 2, 3, 3)).astype(dtype)
    expected, _, _ = simple(kind, version, x.astype(np.float64))
    out, cache, backward = simple(kind, version, x)
    assert out.dtype == (dtype if x.dtype.kind == "f" else np.float64)
    np.testing.assert_allclose(out, expected, rtol=0, atol=2e-3 if dtype == "f2" else 1e-12)
    assert {a.dtype for a in backward(out, cache)} == {out.dtype}


def test_lists_are_taken():
    out, cache = norm.layer_norm_forward([[1, 2], [3, 6]], [2, 3], [1, 1], eps=1e-12)
    np.testing.assert_allclose(out, [[-1, 4], [-1, 4]])
    assert norm.layer_norm_backward([[1, 1], [1, 1]], cache)[0].shape == (2, 2)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("kind", "shape", "options"), CASES, ids=str)
def test_a_cache_is_a_snapshot(kind, shape, options, version):
    forward, backward = functions(kind, version)
    dout = np.random.default_rng(1).standard_normal(shape)
    expected = backward(dout, run(forward, kind, *make(kind, shape), options)[1])
    x, gamma, beta, mean, var = make(kind, shape)
    if kind == "batch":
        out, cache = forward(x, gamma, beta, mean, var, **options)
    else:
        out, cache = run(forward, kind, x, gamma, beta, mean, var, options)
    for array in (x, gamma, beta, mean, var, out):
        array *= 0
    for found, right in zip(backward(dout, cache), expected, strict=True):
        np.testing.assert_array_equal(found, right)


@pytest.mark.parametrize(("kind", "shape", "options"), CASES, ids=str)
def test_each_backward_pass_takes_the_cache_of_either_version(kind, shape, options):
    dout = np.random.default_rng(1).standard_normal(shape)
    caches = [run(next(functions(kind, v)), kind, *make(kind, shape), options)[1] for v in VERSIONS]
    results = [[*functions(kind, v)][1](dout, cache) for v in VERSIONS for cache in caches]
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_parts_that_fit_into_the_processors_cache_change_nothing(kind, dtype, monkeypatch):
    x = np.random.default_rng(0).standard_normal((7, 6, 3, 5)).astype(dtype)
    options = [{}, {"training": False}] if kind == "batch" else [{}]
    for o in options:
        out, cache, backward = simple(kind, "", x, **o)
        whole = [out, *backward(x, cache)]
        monkeypatch.setattr("cnn_core.norm_sets.BLOCK", 200)  # two examples
        out, cache, backward = simple(kind, "", x, **o)
        for a, b in zip(whole, [out, *backward(x, cache)], strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=64 * np.finfo(dtype).eps)
        monkeypatch.undo()


HARD = {
    "around 100": lambda rng, shape: 100 + rng.standard_normal(shape),
    "around 10,000": lambda rng, shape: 1e4 + rng.standard_normal(shape),
    "around 1": lambda rng, shape: 1 + rng.standard_normal(shape),
    "constant": lambda rng, shape: np.full(shape, 1000.1),
    "large and small": lambda rng, shape: (
        rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4, (shape[0], shape[1], 1, 1))
    ),
}


@pytest.mark.parametrize("data", HARD)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("version", "shape"), [("", (16, 8, 5, 7)), ("", (300, 4, 1, 2)), ("", (3, 2, 120, 90)), ("_naive", (8, 4, 5, 7))]
)
def test_float32_loses_a_few_eps_only(version, shape, kind, data):
    rng = np.random.default_rng(0)
    x, dout = HARD[data](rng, shape).astype(np.float32), rng.standard_normal(shape).astype(np.float32)
    out, cache, backward = simple(kind, version, x)
    exact, exact_cache, _ = simple(kind, version, x.astype(np.float64))
    ours = [out, *backward(dout, cache)]
    right = [exact, *backward(dout.astype(np.float64), exact_cache)]
    for a, b in zip(ours, right, strict=True):
        scale = max(1e-30, float(np.abs(b).max()))
        assert float(np.abs(a - b).max()) <= 8 * np.finfo(np.float32).eps * scale


@pytest.mark.parametrize("data", HARD)
@pytest.mark.parametrize("kind", KINDS)
def test_float32_is_at_most_twice_as_far_off_as_pytorch(kind, data):
    torch = pytest.importorskip("torch")
    F, shape = torch.nn.functional, (16, 8, 9, 9)
    rng = np.random.default_rng(0)
    x, dout = HARD[data](rng, shape).astype(np.float32), rng.standard_normal(shape).astype(np.float32)
    out, cache, backward = simple(kind, "", x)
    exact, exact_cache, _ = simple(kind, "_naive", x.astype(np.float64))
    right = [exact, *backward(dout.astype(np.float64), exact_cache)]
    gamma_shape = shape[1:] if kind == "layer" else shape[1:2]
    inputs = [torch.tensor(a, requires_grad=True) for a in (x, np.ones(gamma_shape, "f4"), np.zeros(gamma_shape, "f4"))]
    theirs = {
        "batch": lambda x, g, b: F.batch_norm(x, None, None, g, b, True),
        "layer": lambda x, g, b: F.layer_norm(x, gamma_shape, g, b),
        "group": lambda x, g, b: F.group_norm(x, 1, g, b),
        "instance": lambda x, g, b: F.instance_norm(x, weight=g, bias=b),
    }[kind](*inputs)
    gradients = torch.autograd.grad(theirs, inputs, torch.tensor(dout))
    judge = [theirs.detach().numpy(), *(gradient.numpy() for gradient in gradients)]
    for a, b, c in zip([out, *backward(dout, cache)], judge, right, strict=True):
        floor = 2 * np.finfo(np.float32).eps * np.abs(c).max()  # two roundings of the largest
        assert np.abs(a - c).max() <= max(2 * np.abs(b - c).max(), floor)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_constant_becomes_0(version):
    for kind in KINDS:
        out, _, _ = simple(kind, version, np.full((8, 4, 9, 9), 1000.1, np.float32))
        np.testing.assert_array_equal(out, 0)


@pytest.mark.parametrize("version", VERSIONS)
def test_running_statistics_change_together_or_not_at_all(version):
    forward, _ = functions("batch", version)
    x, gamma, beta, _, _ = make("batch", (4, 3))
    locked = np.ones(3)
    locked.flags.writeable = False
    both = np.ones(6)
    for mean, var, arguments, words in [
        (
            np.zeros(3),
            locked,
            (x, gamma, beta),
            r"running_var \(a read-only array\) must be one that can be written to",
        ),
        (locked, np.ones(3), (x, gamma, beta), r"running_mean \(a read-only array\)"),
        (both[:3], both[1:4], (x, gamma, beta), "running_mean must not share memory with running_var"),
        (np.zeros(3), np.ones(3), (x, gamma[:2], beta), "gamma"),
        (np.zeros(3), [1.0, 1, 1], (x, gamma, beta), r"running_var \(shape \(3,\), list\) must be a floating array"),
    ]:
        before = np.array([mean, var])
        with pytest.raises(ValueError, match=words):
            forward(*arguments, mean, var)
        np.testing.assert_array_equal([mean, var], before)
    assert forward(x, gamma, beta, np.zeros(3), locked, training=False)[0].shape == x.shape
