"""The four norms: both versions against answers by hand, each other, differences and PyTorch; running statistics."""

import numpy as np
import pytest

from cnn_core import norm
from cnn_core.gradient_check import projection_error

# kind, leading arguments after x, shape of x, options
CASES = [
    *[("batch", shape, o) for shape in [(4, 3), (2, 3, 4, 5)] for o in ({}, {"eps": 0.1}, {"training": False})],
    *[("layer", shape, o) for shape in [(4, 3), (2, 3, 4, 5), (3, 4, 2)] for o in ({}, {"eps": 0.1})],
    *[("group", shape, {"groups": g}) for shape in [(4, 6), (2, 6, 4, 3)] for g in (1, 2, 3, 6)],
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
    np.testing.assert_allclose(group(x, 2, ones * 2, ones, eps=eps)[0], [[1, 1], [1, 1]])


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
        ("batch", (1, 3), {}, {}, "x (shape (1, 3)) must hold more than one value a channel in training"),
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
