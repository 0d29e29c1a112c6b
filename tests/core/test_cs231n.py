"""The course's names: its checks, its shapes, its meaning of momentum and of dropout's p, its imports."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cnn_core import cs231n

SAME = {"stride": 1, "pad": 1}
HALVE = {"pool_height": 2, "pool_width": 2, "stride": 2}
rng = np.random.default_rng(231)


def normal(*shape):
    return rng.standard_normal(shape)


def test_convolution_and_pooling_give_the_courses_numbers():
    x = np.linspace(-0.1, 0.5, 96).reshape(2, 3, 4, 4)
    w, b = np.linspace(-0.2, 0.3, 144).reshape(3, 3, 4, 4), np.linspace(-0.1, 0.2, 3)
    pooled = np.linspace(-0.3, 0.4, 96).reshape(2, 3, 4, 4)
    for version in ("naive", "fast"):
        out, _ = getattr(cs231n, f"conv_forward_{version}")(x, w, b, {"stride": 2, "pad": 1})
        assert out.shape == (2, 3, 2, 2)
        np.testing.assert_allclose(out[0, 0], [[-0.08759809, -0.10987781], [-0.18387192, -0.2109216]], atol=1e-8)
        np.testing.assert_allclose(out[1, 2], [[2.36270298, 2.36904306], [2.38090835, 2.38247847]], atol=1e-8)
        out, _ = getattr(cs231n, f"max_pool_forward_{version}")(pooled, HALVE)
        np.testing.assert_allclose(out[0, 0], [[-0.26315789, -0.24842105], [-0.20421053, -0.18947368]], atol=1e-8)
        np.testing.assert_allclose(out[1, 2], [[0.32631579, 0.34105263], [0.38526316, 0.4]], atol=1e-8)


def test_pooling_windows_may_be_higher_than_wide():
    out, _ = cs231n.max_pool_forward_fast(np.ones((1, 1, 5, 5)), {"pool_height": 3, "pool_width": 2, "stride": 1})
    assert out.shape == (1, 1, 3, 4)


# name, arrays, arguments after them; shapes as in the notebooks
BN = {"mode": "train"}
LAYERS = [
    ("affine", (normal(10, 2, 3), normal(6, 5), normal(5)), ()),
    ("relu", (normal(10, 10),), ()),
    ("conv_naive", (normal(4, 3, 5, 5), normal(2, 3, 3, 3), normal(2)), (SAME,)),
    ("conv_fast", (normal(4, 3, 5, 5), normal(2, 3, 3, 3), normal(2)), (SAME,)),
    ("max_pool_naive", (normal(3, 2, 8, 8),), (HALVE,)),
    ("max_pool_fast", (normal(3, 2, 8, 8),), ({**HALVE, "pool_height": 3, "stride": 1},)),
    ("affine_relu", (normal(2, 3, 4), normal(12, 10), normal(10)), ()),
    ("conv_relu", (normal(2, 3, 8, 8), normal(3, 3, 3, 3), normal(3)), (SAME,)),
    ("conv_relu_pool", (normal(2, 3, 8, 8), normal(3, 3, 3, 3), normal(3)), (SAME, HALVE)),
    ("conv_bn_relu", (normal(2, 3, 4, 4), normal(3, 3, 3, 3), *normal(3, 3)), (SAME, BN)),
    ("batchnorm", (5 * normal(4, 5) + 12, normal(5), normal(5)), (BN,)),
    ("layernorm", (5 * normal(4, 5) + 12, normal(5), normal(5)), ({},)),
    ("spatial_batchnorm", (5 * normal(2, 3, 4, 5) + 12, normal(3), normal(3)), (BN,)),
    ("spatial_groupnorm", (5 * normal(2, 6, 4, 5) + 12, normal(1, 6, 1, 1), normal(1, 6, 1, 1)), (2, {})),
    ("dropout", (normal(10, 10) + 10,), ({"mode": "train", "p": 0.2, "seed": 123},)),
]


def layer(name):
    base, _, version = name.rpartition("_")
    before, after = (base, f"_{version}") if version in ("naive", "fast") else (name, "")
    return (getattr(cs231n, f"{before}_{way}{after}") for way in ("forward", "backward"))


@pytest.mark.parametrize(("name", "arrays", "options"), LAYERS, ids=[case[0] for case in LAYERS])
def test_gradients_agree_with_differences(name, arrays, options):
    forward, backward = layer(name)
    call = lambda: forward(*arrays, *(dict(o) if isinstance(o, dict) else o for o in options))  # noqa: E731
    out, cache = call()
    dout = np.random.default_rng(0).standard_normal(out.shape)
    gradients = backward(dout, cache)
    for array, gradient in zip(arrays, gradients if isinstance(gradients, tuple) else (gradients,), strict=True):
        assert gradient.shape == array.shape
        numeric = cs231n.eval_numerical_gradient_array(lambda _: call()[0], array, dout)
        np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-7)


def fresh(options):
    return [dict(o) if isinstance(o, dict) else o for o in options]


@pytest.mark.parametrize(("name", "arrays", "options"), LAYERS, ids=[case[0] for case in LAYERS])
def test_lists_are_taken(name, arrays, options):
    forward, _ = layer(name)
    out, _ = forward(*arrays, *fresh(options))
    listed, _ = forward(*(array.tolist() for array in arrays), *fresh(options))
    np.testing.assert_array_equal(listed, out)


@pytest.mark.parametrize(("name", "arrays", "options"), LAYERS, ids=[case[0] for case in LAYERS])
def test_float16_is_taken_and_given_back(name, arrays, options):
    forward, backward = layer(name)
    halves = [array.astype(np.float16) for array in arrays]
    out, cache = forward(*halves, *fresh(options))
    gradients = backward(out, cache)
    assert {a.dtype for a in (out, *(gradients if isinstance(gradients, tuple) else (gradients,)))} == {np.dtype("f2")}
    wide, _ = forward(*(array.astype(np.float32) for array in halves), *fresh(options))
    np.testing.assert_allclose(out, wide, rtol=5e-3, atol=2e-3)  # between its layers it is float16, too


@pytest.mark.parametrize(("name", "arrays", "options"), LAYERS, ids=[case[0] for case in LAYERS])
@pytest.mark.parametrize("what", ["complex", "text", "masked"])
def test_what_is_no_real_number_is_refused(name, arrays, options, what):
    change = {"complex": lambda x: 1j * x, "text": lambda x: x.astype(str), "masked": np.ma.masked_array}[what]
    forward, _ = layer(name)
    for place in range(len(arrays)):
        given = [change(array) if number == place else array for number, array in enumerate(arrays)]
        with pytest.raises(ValueError, match="must be "):
            forward(*given, *fresh(options))


@pytest.mark.parametrize("name", ["affine", "conv_naive", "conv_fast", "affine_relu", "conv_relu", "conv_relu_pool"])
def test_no_bias_is_a_bias_of_zeros(name):
    (arrays, options) = next((arrays, options) for known, arrays, options in LAYERS if known == name)
    forward, backward = layer(name)
    without, cache = forward(*arrays[:2], None, *options)
    out, other = forward(*arrays[:2], np.zeros(len(arrays[2])), *options)
    np.testing.assert_array_equal(without, out)
    for ours, theirs in zip(backward(out, cache), backward(out, other), strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_fast_layers_agree_with_naive_ones():
    assert cs231n.conv_backward_naive is not cs231n.conv_backward_fast
    x, w, b, dout = normal(3, 3, 31, 31), normal(4, 3, 3, 3), normal(4), normal(3, 4, 16, 16)
    (out, cache), (fast, fast_cache) = (
        f(x, w, b, {"stride": 2, "pad": 1}) for f in (cs231n.conv_forward_naive, cs231n.conv_forward_fast)
    )
    np.testing.assert_allclose(fast, out, atol=1e-12)
    naive_gradients, gradients = cs231n.conv_backward_naive(dout, cache), cs231n.conv_backward_fast(dout, fast_cache)
    for naive, gradient in zip(naive_gradients, gradients, strict=True):
        np.testing.assert_allclose(gradient, naive, atol=1e-11)


def test_the_softmax_loss_of_small_scores_is_about_the_logarithm_of_the_classes():
    x, y = 1e-3 * normal(50, 10), rng.integers(10, size=50)
    loss, dx = cs231n.softmax_loss(x, y)
    assert loss == pytest.approx(np.log(10), abs=1e-3)
    numeric = cs231n.eval_numerical_gradient(lambda x: cs231n.softmax_loss(x, y)[0], x, verbose=False)
    assert cs231n.rel_error(dx, numeric) < 1e-6


def test_a_verbose_numeric_gradient_prints_each_entry(capsys):
    cs231n.eval_numerical_gradient(lambda x: float(np.sum(x**2)), np.array([1.0, 3.0]))
    printed = capsys.readouterr().out.split("\n")
    assert [line.split()[0] for line in printed[:2]] == ["(0,)", "(1,)"]
    assert [float(line.split()[1]) for line in printed[:2]] == pytest.approx([2, 6])


@pytest.mark.parametrize("spatial", [False, True])
def test_batchnorm_keeps_nine_tenths_of_the_old_and_divides_by_n(spatial):
    x = np.array([[1.0], [5.0]])  # mean 3, variance 4 (of n), 8 (of n - 1)
    forward = cs231n.spatial_batchnorm_forward if spatial else cs231n.batchnorm_forward
    x = x[:, :, None, None] if spatial else x
    param, one = {"mode": "train"}, np.ones(1)
    forward(x, one, one, param)
    kept = param["running_mean"]
    assert (kept[0], param["running_var"][0]) == pytest.approx((0.1 * 3, 0.1 * 4))
    forward(x, one, one, param | {"momentum": 0.5})
    assert kept == pytest.approx(0.3)  # the caller's arrays stay as they are
    out, _ = forward(x, one, 0 * one, {"mode": "test", "running_mean": 2 * one, "running_var": 9 * one, "eps": 1e-12})
    np.testing.assert_allclose(out.ravel(), [-1 / 3, 1])


def test_running_statistics_are_kept_in_floats_that_hold_them():
    param, one = {"mode": "train", "momentum": 0, "running_mean": [0], "running_var": [0]}, np.ones(1)
    cs231n.batchnorm_forward(np.array([[1.0], [2.0]]), one, one, param)
    assert (param["running_mean"][0], param["running_var"][0]) == (1.5, 0.25)  # the given whole numbers do not cut it
    param = {"mode": "train", "momentum": 0}
    cs231n.batchnorm_forward(np.array([[-300], [300]], np.float16), one, one, param)
    assert (param["running_var"].dtype, param["running_var"][0]) == (np.float32, 90000)  # beyond what float16 holds


def test_dropout_keeps_numbers_with_probability_p():
    x, param = np.full((200, 200), 10.0), {"mode": "train", "p": 0.25}
    out, _ = cs231n.dropout_forward(x, param)
    assert np.mean(out != 0) == pytest.approx(0.25, abs=0.02)
    assert out.mean() == pytest.approx(10, abs=0.5)
    np.testing.assert_array_equal(cs231n.dropout_forward(x, param | {"mode": "test"})[0], x)
    np.testing.assert_array_equal(cs231n.dropout_forward(x, param | {"p": 1})[0], x)
    masks = []
    for seed in (1, 1, 2):
        np.random.seed(seed)
        masks.append(cs231n.dropout_forward(x, param)[0])
    assert np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[0], masks[2])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cs231n.dropout_forward(np.ones(3), {"mode": "train", "p": 0}), "p (=0) must be above 0"),
        (lambda: cs231n.dropout_forward(np.ones(3), {"mode": "x", "p": 1}), "dropout_param[\"mode\"] (='x') must be"),
        (lambda: cs231n.batchnorm_forward(*np.ones((3, 2, 2)), {"mode": "test", "momentum": 2}), "momentum (=2) must"),
        (lambda: cs231n.max_pool_forward_fast(np.ones((1, 1, 2, 2)), {}), "must be a dict with the key 'pool_height'"),
        (
            lambda: cs231n.conv_forward_fast(*[None] * 3, {"stride": 1}),
            "conv_param (={'stride': 1}) must be a dict with",
        ),
        (
            lambda: cs231n.conv_forward_naive(*[None] * 3, None),
            "conv_param (=None) must be a dict with the key 'stride'",
        ),
        (lambda: cs231n.batchnorm_forward(*np.ones((3, 2, 2)), None), "bn_param (=None) must be a dict with the key"),
        (
            lambda: cs231n.layernorm_forward(*np.ones((3, 2, 2)), "no"),
            "ln_param (=no) must be a dict of settings, or None",
        ),
        (lambda: cs231n.dropout_forward(np.ones(3), None), "dropout_param (=None) must be a dict with the key 'p'"),
        (
            lambda: cs231n.dropout_forward(["a"], {"mode": "test", "p": 1}),
            "x (dtype <U1) must be an array of real numbers",
        ),
    ],
)
def test_misfits_are_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


@pytest.mark.parametrize("param", [None, {}, {"mode": "train"}, {"eps": 1e-5}])
def test_norms_take_no_settings_for_the_defaults(param):
    x, gamma, beta = normal(2, 6, 4, 5), np.ones((1, 6, 1, 1)), np.zeros((1, 6, 1, 1))
    out, _ = cs231n.spatial_groupnorm_forward(x, gamma, beta, 2, param)
    np.testing.assert_allclose(out.reshape(4, -1).std(axis=1), 1, rtol=1e-5)
    out, _ = cs231n.layernorm_forward(x.reshape(2, -1), np.ones(120), np.zeros(120), param)
    np.testing.assert_allclose(out.std(axis=1), 1, rtol=1e-5)


def test_columns_of_small_whole_numbers_do_not_wrap_around():
    added = cs231n.im2col.col2im_indices(np.full((9, 9), 200, np.uint8), (1, 1, 3, 3))
    assert (added.dtype, added.max()) == (np.float64, 1800)


def test_columns_that_do_not_fit_are_named():
    for call, words in (
        (
            lambda: cs231n.im2col.col2im_indices(np.ones((9, 8)), (1, 1, 3, 3)),
            r"cols \(shape \(9, 8\)\) must have the shape",
        ),
        (lambda: cs231n.im2col.col2im_indices(np.ones((9, 9)), 3), r"x_shape \(=3\) must have 4 numbers"),
        (lambda: cs231n.im2col.im2col_indices(np.ones((3, 3)), 3, 3), r"x \(shape \(3, 3\)\) must have 4 axes"),
        (lambda: cs231n.visualize_grid(np.ones((0, 2, 2, 3))), r"Xs \(shape \(0, 2, 2, 3\)\) must have .* one picture"),
        (lambda: cs231n.visualize_grid(np.ones((1, 2, 2, 3)), padding=-1), r"padding \(=-1\) must be 0 or more"),
        (lambda: cs231n.spatial_groupnorm_backward(np.ones((1, 2, 2, 3)), None), r"cache \(NoneType\) must be the one"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


@pytest.mark.parametrize(("stride", "padding"), [(1, 1), (2, 0), (2, 1)])
def test_columns_are_windows_and_their_adjoint_adds_up(stride, padding):
    x, w = normal(2, 3, 5, 7), normal(4, 3, 3, 3)
    columns = cs231n.im2col.im2col_indices(x, 3, 3, padding, stride)
    out, _ = cs231n.conv_forward_naive(x, w, np.zeros(4), {"stride": stride, "pad": padding})
    maps = (w.reshape(4, -1) @ columns).reshape(4, *out.shape[2:], 2)  # the images of a place stand together
    np.testing.assert_allclose(maps.transpose(3, 0, 1, 2), out)
    dcolumns = normal(*columns.shape)
    dx = cs231n.im2col.col2im_indices(dcolumns, x.shape, 3, 3, padding, stride)
    assert np.vdot(dcolumns, columns) == pytest.approx(np.vdot(dx, x))
    assert dx.shape == x.shape


NOTEBOOK = """
from cnn_core import cs231n as ours
ours.install(); ours.install()
import cs231n.layers
from cs231n.classifiers.cnn import *
from cs231n.classifiers.fc_net import *
from cs231n.gradient_check import eval_numerical_gradient_array, eval_numerical_gradient
from cs231n.layers import *
from cs231n.fast_layers import *
from cs231n.layer_utils import conv_relu_pool_forward, conv_relu_pool_backward
from cs231n.optim import sgd_momentum
from cs231n.solver import Solver
from cs231n import optim
from cs231n.data_utils import get_CIFAR10_data
from cs231n.vis_utils import visualize_grid
from cs231n.im2col import im2col_indices
assert ThreeLayerConvNet and FullyConnectedNet and TwoLayerNet and spatial_groupnorm_forward and svm_loss
assert optim.adam and cs231n.layers.relu_forward and cs231n.classifiers.fc_net.batchnorm_forward
assert "conv2d_forward" not in dir() and "np" not in dir()
assert Solver is ours.Solver is cs231n.solver.Solver  # one module under two names, not two
try:
    import cs231n.rnn_layers
except ModuleNotFoundError:
    print("done")
"""


def run(code, folder):
    root = str(Path(__file__).resolve().parents[2])
    code = f"import sys; sys.path[:0] = [{root!r}, {str(folder)!r}]\n{code}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, timeout=60)


def test_a_notebooks_imports_work_after_install(tmp_path):
    result = run(NOTEBOOK, tmp_path)
    assert (result.stdout, result.stderr) == ("done\n", "")


def test_the_courses_data_folder_is_no_package_in_the_way(tmp_path):
    (tmp_path / "cs231n" / "datasets").mkdir(parents=True)
    result = run(NOTEBOOK, tmp_path)
    assert (result.stdout, result.stderr) == ("done\n", "")


@pytest.mark.parametrize("first", ["", "import cs231n\n"])
def test_a_real_package_is_never_replaced(first, tmp_path):
    (tmp_path / "cs231n").mkdir()
    (tmp_path / "cs231n" / "__init__.py").write_text("")
    result = run(f"{first}from cnn_core.cs231n import install; install()", tmp_path)
    assert "ImportError: cs231n (=" in result.stderr
    assert str(tmp_path) in result.stderr
    assert "must not be replaced" in result.stderr
