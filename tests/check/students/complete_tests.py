"""Tests that let no mistake pass. With unittest, functions and a class, as people write them."""

import unittest

import numpy as np
from my_layers import *

import cnn_core as cc
from cnn_core.network import ConvBlock, Network, NetworkSpec
from cnn_core.solver import Arrays, Solver


def number(count, *shape):
    """Distinct whole numbers of both signs, in no order."""
    return np.random.default_rng(count).permutation(np.arange(count) * 3 - count).reshape(shape).astype(float)


def check(f, x, dx, dout):
    assert dx.shape == x.shape
    np.testing.assert_allclose(dx, cc.numeric_gradient(f, x, dout), atol=1e-4)


def test_pooling_adds_where_windows_overlap():
    x, dout, param = number(25, 1, 1, 5, 5), number(9, 1, 1, 3, 3), {"pool_height": 3, "pool_width": 3, "stride": 1}
    dx = max_pool_backward_naive(dout, max_pool_forward_naive(x, param)[1])
    check(lambda x: max_pool_forward_naive(x, param)[0], x, dx, dout)


def test_a_tie_has_one_winner():
    x, dout = np.ones((1, 1, 4, 4)), number(4, 1, 1, 2, 2)
    param = {"pool_height": 2, "pool_width": 2, "stride": 2}
    assert max_pool_backward_naive(dout, max_pool_forward_naive(x, param)[1]).sum() == dout.sum()


class TestConvolution:
    def test_with_every_option(self):
        for options in ({}, {"padding": 1}, {"stride": 2}, {"dilation": 2}):
            x, weight, bias = number(98, 2, 1, 7, 7), number(18, 2, 1, 3, 3), number(2, 2)
            out, cache = cc.conv2d_forward_naive(x, weight, bias, **options)
            dout = number(out.size, *out.shape)
            dx, dweight, dbias = cc.conv2d_backward_naive(dout, cache)
            check(lambda x: cc.conv2d_forward(x, weight, bias, **options)[0], x, dx, dout)  # noqa: B023
            check(lambda w: cc.conv2d_forward(x, w, bias, **options)[0], weight, dweight, dout)  # noqa: B023
            check(lambda b: cc.conv2d_forward(x, weight, b, **options)[0], bias, dbias, dout)  # noqa: B023


class NormTests(unittest.TestCase):
    x, gamma, beta, dout = number(12, 4, 3), number(3, 3) + 0.5, number(3, 3), number(12, 4, 3)

    def test_gradients_in_training(self):
        def out(x, gamma, beta):
            return batchnorm_forward(x, gamma, beta, {"mode": "train"})[0]

        _, cache = batchnorm_forward(self.x, self.gamma, self.beta, {"mode": "train"})
        dx, dgamma, dbeta = batchnorm_backward(self.dout, cache)
        check(lambda x: out(x, self.gamma, self.beta), self.x, dx, self.dout)
        check(lambda gamma: out(self.x, gamma, self.beta), self.gamma, dgamma, self.dout)
        check(lambda beta: out(self.x, self.gamma, beta), self.beta, dbeta, self.dout)

    def test_the_running_mean_moves_little(self):
        param = {"mode": "train", "running_mean": np.zeros(3), "running_var": np.ones(3)}
        batchnorm_forward(self.x, self.gamma, self.beta, param)
        np.testing.assert_allclose(param["running_mean"], 0.1 * self.x.mean(axis=0))

    def test_in_test_mode_no_example_knows_of_the_others(self):
        param = {"mode": "test", "running_mean": np.zeros(3), "running_var": np.ones(3)}
        together = batchnorm_forward(self.x, self.gamma, self.beta, param)[0]
        np.testing.assert_allclose(batchnorm_forward(self.x[:2], self.gamma, self.beta, param)[0], together[:2])


def test_relu():
    x, dout = number(12, 3, 4) + 0.5, number(12, 4, 3).T
    check(lambda x: relu_forward(x)[0], x, relu_backward(dout, relu_forward(x)[1]), dout)


def test_the_first_loss_of_any_batch():
    for batch in (1, 7):
        assert abs(softmax_loss(np.zeros((batch, 10)), np.zeros(batch, int))[0] - np.log(10)) < 1e-9


def test_large_scores():
    assert np.isfinite(softmax_loss(np.array([[1000.0, 0.0]]), np.array([0]))[0])


def test_dropout_keeps_the_mean():
    assert abs(cc.dropout_forward(np.ones((100, 100)), p=0.75, rng=0)[0].mean() - 1) < 0.1


def test_the_gradient_of_l2():
    x, y = np.random.default_rng(0).standard_normal((2, 1, 4, 4)), np.array([0, 1])
    net = ThreeLayerConvNet((1, 4, 4), 2, 3, 4, 3, weight_scale=0.1, reg=0.5, dtype=np.float64, seed=0)
    loss, grads = net.loss(x, y)
    weight = net.params["W3"]
    check(lambda w: net.loss(x, y)[0], weight, grads["W3"], 1.0)


def test_no_two_filters_begin_alike():
    network = Network(NetworkSpec((ConvBlock(4),), (8,)), (1, 8, 8), 3)
    assert len(np.unique(network.params["conv1.weight"].reshape(4, -1), axis=0)) == 4


def test_adam_begins_with_steps_of_the_learning_rate():
    weight, optimizer = np.ones(3), cc.Optimizer("adam", learning_rate=0.1)
    optimizer.step({"w": weight}, {"w": np.array([1e-3, 1.0, 50.0])})
    np.testing.assert_allclose(weight, 0.9, atol=1e-4)


def test_labels_stay_with_their_pictures():
    x, y = np.arange(6.0).reshape(6, 1, 1, 1), np.arange(6)
    pictures, labels = Arrays(x, y, x, y).batch(np.array([4, 2]), np.random.default_rng(0))
    assert np.array_equal(pictures.ravel(), labels)


def test_an_epoch_has_an_order_of_its_own():
    x, y = np.zeros((40, 1, 4, 4), np.float32), np.arange(40) % 2
    network = Network(NetworkSpec((ConvBlock(2),), (4,)), (1, 4, 4), 2)
    solver = Solver(network, Arrays(x, y, x, y), num_epochs=1, batch_size=40)
    assert not np.array_equal(solver._indices(1, 0), np.arange(40))
