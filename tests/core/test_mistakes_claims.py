"""What the catalogue says of tests is true: of each mistake, the usual test passes with it, and the other one does not."""

import math

import numpy as np
import pytest

import cnn_core as cc
from cnn_core.gradient_check import numeric_gradient, overall_error
from cnn_core.mistakes import MISTAKES
from cnn_core.mistakes.cases import PLAN, chosen, digits, network, rebound
from cnn_core.network import network as networks
from cnn_core.solver import Arrays, Solver

RNG = np.random.default_rng(7)
X, KERNEL, BIAS = RNG.standard_normal((1, 1, 6, 6)), RNG.standard_normal((1, 1, 3, 3)), np.zeros(1)
ROWS, GAMMA, BETA = RNG.standard_normal((6, 4)), RNG.uniform(0.5, 2, 4), RNG.standard_normal(4)


def random(shape):
    return np.random.default_rng(8).standard_normal(shape)


def gradient_check(functions, forward, backward, inputs, of, dout=None, running=False, **options):
    """As it is usually written: the numeric gradient beside the backward pass, with whatever NumPy broadcasts."""
    go, back = chosen(functions, forward), chosen(functions, backward)
    inputs = [array.copy() for array in inputs]

    def run():
        means = (np.zeros(4), np.ones(4)) if running else ()
        return go(*inputs, *means, **options)

    out, cache = run()
    dout = random(out.shape) if dout is None else np.broadcast_to(dout, out.shape)
    grads = back(dout, cache)
    grads = grads if isinstance(grads, tuple) else (grads,)
    for number in of:
        numeric = numeric_gradient(lambda _: run()[0], inputs[number], dout)
        try:
            if not np.max(np.abs(grads[number] - numeric)) < 1e-5:
                return False
        except ValueError:  # shapes that NumPy does not broadcast, or nothing at all
            return False
    return True


def conv(functions, *of, x=X, weight=KERNEL, **options):
    inputs = x, weight, np.zeros(len(weight))
    return gradient_check(functions, cc.conv2d_forward_naive, cc.conv2d_backward_naive, inputs, of, **options)


def conv_gradients(functions, x, weight, **options):
    go, back = chosen(functions, cc.conv2d_forward_naive), chosen(functions, cc.conv2d_backward_naive)
    out, cache = go(x, weight, np.zeros(len(weight)), **options)
    return back(np.ones_like(out), cache)


def pool(functions, x=X, **options):
    return gradient_check(functions, cc.max_pool2d_forward_naive, cc.max_pool2d_backward_naive, (x,), [0], **options)


def pool_hands_on(functions, x):
    go, back = chosen(functions, cc.max_pool2d_forward_naive), chosen(functions, cc.max_pool2d_backward_naive)
    out, cache = go(x, 2)
    return np.isclose(back(np.ones_like(out), cache).sum(), out.size)


def norm(functions, *of):
    forward, backward = cc.batch_norm_forward_naive, cc.batch_norm_backward_naive
    return gradient_check(functions, forward, backward, (ROWS, GAMMA, BETA), of, running=True)


def norm_gradients(functions):
    _, cache = cc.batch_norm_forward_naive(ROWS, GAMMA, BETA, np.zeros(4), np.ones(4))
    return chosen(functions, cc.batch_norm_backward_naive)(random(ROWS.shape), cache)


def normed(functions, x, training, running=None, **options):
    means = (np.zeros(4), np.ones(4)) if running is None else running
    return chosen(functions, cc.batch_norm_forward_naive)(x, GAMMA, BETA, *means, training=training, **options)[0]


def running_mean(functions):
    """Its largest change over the last 50 of 100 batches."""
    running, seen = (np.zeros(4), np.ones(4)), []
    for _ in range(100):
        normed(functions, RNG.standard_normal((8, 4)), True, running)
        seen.append(running[0].copy())
    return np.ptp(seen[50:], axis=0).max()


def loss(functions, scores, y):
    with np.errstate(all="ignore"):
        return chosen(functions, cc.softmax_cross_entropy)(scores, y)


def loss_check(functions):
    scores, y = random((5, 10)), np.arange(5)
    numeric = numeric_gradient(lambda scores: loss(functions, scores, y)[0], scores)
    return overall_error(numeric, loss(functions, scores, y)[1]) < 1e-6


def l2_check(functions, reg):
    """The gradient of the first kernels in a network."""
    model = cc.Network(PLAN, (1, 8, 8), 10, reg=reg, dtype=np.float64, seed=1)
    x, y, *_ = digits()

    def parts(_=None):
        return chosen(functions, cc.Network._loss_parts)(model, x[:4], y[:4], None, None, None)

    numeric = numeric_gradient(lambda _: sum(parts()[:2]), model.params["conv1.weight"])
    return overall_error(numeric, parts().grads["conv1.weight"]) < 1e-5


def l2_loss(functions):
    model = cc.Network(PLAN, (1, 8, 8), 10, reg=0.5, dtype=np.float64, seed=1)
    x, y, *_ = digits()
    found = chosen(functions, cc.Network._loss_parts)(model, x[:4], y[:4], None, None, None).reg_loss
    return np.isclose(found, sum(0.25 * (w**2).sum() for name, w in model.params.items() if name.endswith("weight")))


def started(functions):
    """A network before training, its weights made by the functions."""
    model, initial = network(), chosen(functions, networks._initial)
    for name, w in model.params.items():
        w[...] = initial(name, w.shape, PLAN, 1)
    return model


def first_loss(functions):
    x, y, *_ = digits()
    changed = rebound(cc.Network._loss_parts, softmax_cross_entropy=chosen(functions, cc.softmax_cross_entropy))
    return abs(changed(started(functions), x[:50], y[:50], None, None, None).data_loss - math.log(10)) < 0.02


def batch(functions, indices):
    return chosen(functions, Arrays.batch)(Arrays(*digits()), indices, None)


def first_indices(functions):
    return chosen(functions, Solver._indices)(Solver(network(), Arrays(*digits()), batch_size=50), 1, 0)


def relu(functions, x, dout):
    return gradient_check(functions, cc.relu_forward_naive, cc.relu_backward_naive, (x,), [0], dout)


def dropout_check(functions):
    return gradient_check(functions, cc.dropout_forward_naive, cc.dropout_backward_naive, (ROWS,), [0], p=0.4, rng=3)


def dropout_mean(functions):
    out, _ = chosen(functions, cc.dropout_forward_naive)(np.ones(4000), p=0.4, rng=3)
    return abs(out.mean() - 1) < 0.05


def adam_moves(functions, steps):
    """How far the last of so many steps went, in learning rates, under a gradient that stays."""
    w, state = np.array([0.0]), {}
    for _ in range(steps):
        before = w.copy()
        chosen(functions, cc.adam)(w, np.array([0.3]), state, learning_rate=0.01)
    return (before - w)[0] / 0.01


SYMMETRIC, FLAT, FEW = KERNEL + KERNEL[..., ::-1, ::-1], np.full((1, 1, 4, 4), 2.0), np.arange(5)
TWO_FILTERS = RNG.standard_normal((2, 1, 3, 3))

# Of each mistake: a test that misses it, and one that catches it; each takes the functions and says whether they pass.
TESTS = {
    "pool-overwrites": (lambda f: pool(f, kernel_size=2), lambda f: pool(f, kernel_size=3, stride=1)),
    "pool-all-ties": (
        lambda f: pool(f, kernel_size=3, stride=1) and pool_hands_on(f, X),
        lambda f: pool_hands_on(f, FLAT),
    ),
    "conv-not-cropped": (
        lambda f: conv(f, 0, 1, 2) and conv(f, 1, 2, padding=1),
        lambda f: conv_gradients(f, X, KERNEL, padding=1)[0].shape == X.shape,
    ),
    "conv-empty-crop": (lambda f: conv(f, 0, 1, 2, padding=1), lambda f: conv(f, 0)),
    "conv-flipped-forward": (
        lambda f: conv(f, 0, 1, 2, weight=KERNEL[..., :1, :1]) and conv(f, 0, weight=SYMMETRIC),
        lambda f: conv(f, 0, 1, 2),
    ),
    "conv-bias-axes": (
        lambda f: conv(f, 0, 1, 2, weight=TWO_FILTERS),
        lambda f: conv_gradients(f, np.concatenate([X, X]), TWO_FILTERS)[2].shape == (2,),
    ),
    "conv-stride-backward": (lambda f: conv(f, 0, 1, 2, padding=1), lambda f: conv(f, 0, stride=2)),
    "conv-dilation-weight": (
        lambda f: conv(f, 0, 1, 2, stride=2) and conv(f, 0, 2, dilation=2),
        lambda f: conv(f, 1, dilation=2),
    ),
    "norm-mean-dropped": (
        lambda f: norm(f, 1, 2),
        lambda f: np.allclose(norm_gradients(f)[0].sum(axis=0), 0, atol=1e-9),
    ),
    "norm-variance-constant": (
        lambda f: norm(f, 1, 2) and np.allclose(norm_gradients(f)[0].sum(axis=0), 0, atol=1e-9),
        lambda f: norm(f, 0),
    ),
    "norm-keepdims": (
        lambda f: np.allclose(norm_gradients(f)[1].ravel(), norm_gradients({})[1].ravel()),
        lambda f: norm_gradients(f)[1].shape == GAMMA.shape,
    ),
    "norm-batch-in-test": (
        lambda f: norm(f, 0, 1, 2),
        lambda f: np.allclose(normed(f, ROWS, False)[0], normed(f, ROWS[:2], False)[0]),
    ),
    "norm-momentum-turned": (lambda f: norm(f, 0, 1, 2), lambda f: running_mean(f) < 0.5),
    "loss-not-a-mean": (loss_check, first_loss),
    "loss-no-maximum": (
        lambda f: (
            loss_check(f) and np.isclose(loss(f, ROWS, FEW[:1].repeat(6))[0], loss({}, ROWS, FEW[:1].repeat(6))[0])
        ),
        lambda f: np.isclose(loss(f, np.array([[1000.0, 0.0]]), [1])[0], 1000),
    ),
    "relu-wrong-mask": (
        lambda f: relu(f, np.abs(ROWS) + 1, 1.0),
        lambda f: relu(f, ROWS, None),
    ),
    "l2-sum-of-weights": (lambda f: l2_check(f, 0.0) and l2_loss(f), lambda f: l2_check(f, 0.5)),
    "l2-without-half": (lambda f: l2_check(f, 0.0), lambda f: l2_check(f, 0.5)),
    "train-labels-shifted": (
        lambda f: [array.shape for array in batch(f, FEW)] == [(5, 1, 8, 8), (5,)],
        lambda f: np.array_equal(batch(f, FEW)[1], digits()[1][:5]),
    ),
    "train-equal-weights": (
        first_loss,
        lambda f: len(np.unique(started(f).params["conv1.weight"].reshape(8, -1), axis=0)) == 8,
    ),
    "train-not-shuffled": (
        lambda f: len(set(first_indices(f).tolist())) == 50,
        lambda f: len(set(digits(in_order=True)[1][first_indices(f)].tolist())) > 5,
    ),
    "train-dropout-not-scaled": (dropout_check, dropout_mean),
    "train-adam-bias": (lambda f: abs(adam_moves(f, 6000) - 1) < 0.01, lambda f: abs(adam_moves(f, 1) - 1) < 0.01),
}


def test_every_mistake_has_its_tests():
    assert set(TESTS) == set(MISTAKES)


@pytest.mark.parametrize("id", MISTAKES)
def test_the_usual_test_misses_it_and_the_other_one_catches_it(id):
    mistake, (usual, better) = MISTAKES[id], TESTS[id]
    assert usual(mistake.right)
    assert better(mistake.right)
    assert usual(mistake.wrong)
    assert not better(mistake.wrong)
