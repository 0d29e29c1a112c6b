"""The checks of the course's notebook, as they stand there: random numbers, numeric gradients, one setting each."""

import numpy as np
from cs231n.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array
from cs231n.layers import *


def rel_error(x, y):
    return np.max(np.abs(x - y) / (np.maximum(1e-8, np.abs(x) + np.abs(y))))


def test_conv_forward():
    x_shape, w_shape = (2, 3, 4, 4), (3, 3, 4, 4)
    x = np.linspace(-0.1, 0.5, num=np.prod(x_shape)).reshape(x_shape)
    w = np.linspace(-0.2, 0.3, num=np.prod(w_shape)).reshape(w_shape)
    b = np.linspace(-0.1, 0.2, num=3)
    out, _ = conv_forward_naive(x, w, b, {"stride": 2, "pad": 1})
    correct_out = np.array(
        [
            [
                [[-0.08759809, -0.10987781], [-0.18387192, -0.2109216]],
                [[0.21027089, 0.21661097], [0.22847626, 0.23004637]],
                [[0.50813986, 0.54309974], [0.64082444, 0.67101435]],
            ],
            [
                [[-0.98053589, -1.03143541], [-1.19128892, -1.24695841]],
                [[0.69108355, 0.66880383], [0.59480972, 0.56776003]],
                [[2.36270298, 2.36904306], [2.38090835, 2.38247847]],
            ],
        ]
    )
    assert rel_error(out, correct_out) < 1e-6


def test_conv_backward():
    np.random.seed(231)
    x, w, b = np.random.randn(2, 2, 4, 4), np.random.randn(2, 2, 3, 3), np.random.randn(2)
    dout = np.random.randn(2, 2, 4, 4)
    conv_param = {"stride": 1, "pad": 1}
    _, cache = conv_forward_naive(x, w, b, conv_param)
    dx, dw, db = conv_backward_naive(dout, cache)
    dx_num = eval_numerical_gradient_array(lambda x: conv_forward_naive(x, w, b, conv_param)[0], x, dout)
    dw_num = eval_numerical_gradient_array(lambda w: conv_forward_naive(x, w, b, conv_param)[0], w, dout)
    db_num = eval_numerical_gradient_array(lambda b: conv_forward_naive(x, w, b, conv_param)[0], b, dout)
    assert rel_error(dx, dx_num) < 1e-6
    assert rel_error(dw, dw_num) < 1e-6
    assert rel_error(db, db_num) < 1e-6


def test_max_pool_backward():
    np.random.seed(231)
    x, dout = np.random.randn(2, 1, 8, 8), np.random.randn(2, 1, 4, 4)
    pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
    _, cache = max_pool_forward_naive(x, pool_param)
    dx = max_pool_backward_naive(dout, cache)
    dx_num = eval_numerical_gradient_array(lambda x: max_pool_forward_naive(x, pool_param)[0], x, dout)
    assert rel_error(dx, dx_num) < 1e-6


def test_relu_backward():
    np.random.seed(231)
    x, dout = np.random.randn(10, 10), np.random.randn(10, 10)
    _, cache = relu_forward(x)
    dx_num = eval_numerical_gradient_array(lambda x: relu_forward(x)[0], x, dout)
    assert rel_error(relu_backward(dout, cache), dx_num) < 1e-6


def test_batchnorm_backward():
    np.random.seed(231)
    N, D = 4, 5
    x, gamma, beta, dout = 5 * np.random.randn(N, D) + 12, np.random.randn(D), np.random.randn(D), np.random.randn(N, D)

    def forward(x, gamma, beta):
        return batchnorm_forward(x, gamma, beta, {"mode": "train"})[0]

    _, cache = batchnorm_forward(x, gamma, beta, {"mode": "train"})
    dx, dgamma, dbeta = batchnorm_backward(dout, cache)
    assert rel_error(dx, eval_numerical_gradient_array(lambda x: forward(x, gamma, beta), x, dout)) < 1e-5
    assert rel_error(dgamma, eval_numerical_gradient_array(lambda a: forward(x, a, beta), gamma, dout)) < 1e-5
    assert rel_error(dbeta, eval_numerical_gradient_array(lambda b: forward(x, gamma, b), beta, dout)) < 1e-5


def test_softmax_loss():
    np.random.seed(231)
    x, y = 0.001 * np.random.randn(50, 10), np.random.randint(10, size=50)
    loss, dx = softmax_loss(x, y)
    assert abs(loss - 2.3) < 0.01
    assert rel_error(dx, eval_numerical_gradient(lambda x: softmax_loss(x, y)[0], x, verbose=False)) < 1e-6
