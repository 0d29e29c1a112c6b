"""Figures that the course's notebooks print where the seed fixes them (231), and what has been published of them."""

import numpy as np
import pytest

from cnn_core import cs231n

KERNEL, MAP = {"stride": 1, "pad": 1}, {"pool_height": 2, "pool_width": 2, "stride": 2}


def two_layers(count, w1=None, w2=None):
    """What comes out of affine - relu - affine with 50, 60 and 3 units, for examples drawn here and now."""
    x = np.random.randn(count, 50)
    w1, w2 = (np.random.randn(50, 60), np.random.randn(60, 3)) if w1 is None else (w1, w2)
    return np.maximum(0, x @ w1) @ w2


def test_affine_and_relu():
    x, w = np.linspace(-0.1, 0.5, 240).reshape(2, 4, 5, 6), np.linspace(-0.2, 0.3, 360).reshape(120, 3)
    out, _ = cs231n.affine_forward(x, w, np.linspace(-0.3, 0.1, 3))
    np.testing.assert_allclose(out, [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]], 1e-8)
    out, _ = cs231n.relu_forward(np.linspace(-0.5, 0.5, 12).reshape(3, 4))
    np.testing.assert_allclose(
        out[1:], [[0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]], 1e-7
    )


def test_batch_norm_in_training():
    np.random.seed(231)
    a = two_layers(200)
    np.testing.assert_allclose(a.mean(axis=0), [-2.3814598, -13.18038246, 1.91780462], rtol=1e-8)
    np.testing.assert_allclose(a.std(axis=0), [27.18502186, 34.21455511, 37.68611762], rtol=1e-9)
    out, _ = cs231n.batchnorm_forward(a, np.ones(3), np.zeros(3), {"mode": "train"})
    np.testing.assert_allclose(out.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(out.std(axis=0), [0.99999999, 1, 1], atol=6e-9)
    out, _ = cs231n.batchnorm_forward(a, np.array([1, 2, 3]), np.array([11, 12, 13]), {"mode": "train"})
    np.testing.assert_allclose(out.mean(axis=0), [11, 12, 13])
    np.testing.assert_allclose(out.std(axis=0), [0.99999999, 1.99999999, 2.99999999], atol=6e-9)


def test_batch_norm_in_use():
    np.random.seed(231)
    w1, w2, param = np.random.randn(50, 60), np.random.randn(60, 3), {"mode": "train"}
    for _ in range(50):
        cs231n.batchnorm_forward(two_layers(200, w1, w2), np.ones(3), np.zeros(3), param)
    param["mode"] = "test"
    out, _ = cs231n.batchnorm_forward(two_layers(200, w1, w2), np.ones(3), np.zeros(3), param)
    np.testing.assert_allclose(out.mean(axis=0), [-0.03927354, -0.04349152, -0.10452688], atol=6e-9)
    np.testing.assert_allclose(out.std(axis=0), [1.01531428, 1.01238373, 0.97819988], atol=6e-9)


def test_spatial_batch_norm_in_use():
    np.random.seed(231)
    param, shape = {"mode": "train"}, (10, 4, 11, 12)
    for _ in range(50):
        cs231n.spatial_batchnorm_forward(2.3 * np.random.randn(*shape) + 13, np.ones(4), np.zeros(4), param)
    param["mode"] = "test"
    out, _ = cs231n.spatial_batchnorm_forward(2.3 * np.random.randn(*shape) + 13, np.ones(4), np.zeros(4), param)
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), [-0.08034406, 0.07562881, 0.05716371, 0.04378383], atol=6e-9)
    np.testing.assert_allclose(out.std(axis=(0, 2, 3)), [0.96718744, 1.0299714, 1.02887624, 1.00585577], atol=6e-9)


def test_spatial_group_norm():
    np.random.seed(231)
    x = 4 * np.random.randn(2, 6, 4, 5) + 10
    np.testing.assert_allclose(
        x.reshape(4, -1).mean(axis=1), [9.72505327, 8.51114185, 8.9147544, 9.43448077], rtol=1e-8
    )
    out, _ = cs231n.spatial_groupnorm_forward(x, np.ones((1, 6, 1, 1)), np.zeros((1, 6, 1, 1)), 2, {"mode": "train"})
    np.testing.assert_allclose(out.reshape(4, -1).mean(axis=1), 0, atol=1e-14)
    stds = [0.99999963, 0.99999948, 0.99999973, 0.99999968]
    np.testing.assert_allclose(out.reshape(4, -1).std(axis=1), stds, atol=6e-9)


ROUNDING = (3e-8, 3e-8, 3e-8)  # "around e-8 or less", the notebook says of them
CHECKS = {  # the largest relative errors of dx, dw, db against differences: as published of the loops
    "conv_naive": ((4, 3, 5, 5), (2, 3, 3, 3), (KERNEL,), (1.16e-8, 2.25e-10, 3.38e-11)),
    "conv_fast": ((4, 3, 5, 5), (2, 3, 3, 3), (KERNEL,), ROUNDING),
    "conv_relu": ((2, 3, 8, 8), (3, 3, 3, 3), (KERNEL,), ROUNDING),
    "conv_relu_pool": ((2, 3, 16, 16), (3, 3, 3, 3), (KERNEL, MAP), ROUNDING),
}


@pytest.mark.parametrize("name", CHECKS)
def test_gradient_checks_are_as_good_as_published(name):
    x_shape, w_shape, params, published = CHECKS[name]
    base, _, version = name.partition("_") if "relu" not in name else (name, "", "")
    forward, backward = (
        getattr(cs231n, "_".join(filter(None, (base, way, version)))) for way in ("forward", "backward")
    )
    np.random.seed(231)
    arrays = [np.random.randn(*x_shape), np.random.randn(*w_shape), np.random.randn(w_shape[0])]
    out, cache = forward(*arrays, *params)
    dout = np.random.randn(*out.shape)
    for array, gradient, error in zip(arrays, backward(dout, cache), published, strict=True):
        numeric = cs231n.eval_numerical_gradient_array(lambda _: forward(*arrays, *params)[0], array, dout)
        assert cs231n.rel_error(gradient, numeric) < 2 * error
