"""The words of a finding: they hold for its smallest case, and say no more than was seen."""

import numpy as np
import pytest

from cnn_core.check import compare, link, report
from cnn_core.check.right import core
from tests.check.students import naive_layers

NAIVE = vars(naive_layers)
POOL = {"max_pool_forward_naive", "max_pool_backward_naive"}
CONV = {"conv_forward_naive", "conv_backward_naive"}


def of_pair(examined, stem, end="", **wrong):
    pair = {f"{stem}_forward{end}", f"{stem}_backward{end}"}
    found = examined({**core(), **NAIVE, **wrong}, pair, seconds=2)
    (wrong_one,) = [each for each in found.values() if each.findings]
    (finding,) = wrong_one.findings
    return finding, " ".join(report.text("my_layers.py", list(found.values())).split())


def test_of_few_failing_cases_only_what_is_no_chance_is_told(examined):
    """It starts from 0: only windows without a number above 0 show it, and all that do."""

    def forward(x, pool_param):
        out, cache = naive_layers.max_pool_forward_naive(x, pool_param)
        return np.maximum(out, 0), cache

    finding, _ = of_pair(examined, "max_pool", "_naive", max_pool_forward_naive=forward)
    assert finding.failing < 8 and finding.words == "out is wrong when all numbers of a window are below 0"


def test_the_words_are_true_of_the_smallest_case(examined):
    """In the survey, all that fails has more than one example; the smallest case has one."""

    def backward(dout, cache):
        dx = naive_layers.max_pool_backward_naive(dout, cache)
        dx[..., -1] += len(dx) > 1 or dx.shape == (1, 1, 1, 2)
        return dx

    finding, _ = of_pair(examined, "max_pool", "_naive", max_pool_backward_naive=backward)
    assert finding.smallest.posed.case.arrays["x"].shape == (1, 1, 1, 2)
    assert finding.words == "dx is right except in the last column"


def test_an_axis_of_one_is_not_the_last():
    one = np.zeros((1, 1, 2, 2), bool)
    one[0, 0, 0, 1] = True
    told = compare.places(one, compare.IMAGE)
    assert told[: told.index(compare.SOMEWHERE)] == [
        "in the last column",
        "in the first row",
        "in the last row and column",
    ]
    flat = np.zeros((1, 1, 1, 3), bool)
    flat[..., 1] = True  # where all is border, nothing is told by it
    told = compare.places(flat, compare.IMAGE)
    assert told[0] == compare.SOMEWHERE and "at the border" in told


def kept(axes):
    def backward(dout, cache):
        *grads, _ = naive_layers.conv_backward_naive(dout, cache)
        return *grads, dout.sum(axis=axes, keepdims=True)

    return backward


def fewer(axes):
    def backward(dout, cache):
        *grads, _ = naive_layers.conv_backward_naive(dout, cache)
        return *grads, dout.sum(axis=axes)

    return backward


@pytest.mark.parametrize(
    ("backward", "words"),
    [
        (kept((0, 2, 3)), "db has axes of length 1 too many: a sum keeps its axes (`keepdims`)"),
        (fewer(0), "db has the wrong shape: it is summed over too few axes"),
        (fewer((0, 2)), "db has the wrong shape: it is summed over too few axes"),
        (fewer((0, 1, 2, 3)), "db has the wrong shape"),
    ],
)
def test_where_a_wrong_shape_comes_from(backward, words, examined):
    finding, _ = of_pair(examined, "conv", "_naive", conv_backward_naive=backward)
    assert finding.words == words


@pytest.mark.parametrize("axes", [(0, 2, 3), 0])
def test_a_norm_that_keeps_its_axes_is_named(axes, examined):
    stem = "spatial_batchnorm" if axes else "batchnorm"

    def backward(dout, cache):
        dx, dgamma, dbeta = core()[f"{stem}_backward"](dout, cache)
        return dx, dgamma.reshape(np.sum(dout, axis=axes, keepdims=True).shape), dbeta

    finding, _ = of_pair(examined, stem, **{f"{stem}_forward": core()[f"{stem}_forward"], f"{stem}_backward": backward})
    assert "keepdims" in finding.mistake


def test_a_gradient_is_shaped_as_its_argument_everywhere(examined):
    def backward(dout, cache):
        dx, dgamma, dbeta = naive_layers.spatial_groupnorm_backward(dout, cache)
        return dx, dgamma.ravel(), dbeta

    finding, text = of_pair(examined, "spatial_groupnorm", spatial_groupnorm_backward=backward)
    assert "your dgamma has the shape (1,):" in text and "it should have the shape (1, 1, 1, 1):" in text
    shared = link.read(finding.link.partition("?case=")[2].partition("&")[0])
    assert shared.right.shape == (1, 1, 1, 1) and shared.theirs.shape == (1,)


def test_no_link_to_a_page_that_would_say_right(examined):
    def in_place(dout, x):
        dx = dout * (x > 0)
        dout *= 2
        return dx

    finding, text = of_pair(examined, "relu", relu_backward=in_place)
    assert finding.words == "changes its argument dout in place" and finding.link == "" and "http" not in text


def test_a_shape_is_told_where_no_numbers_are(examined):
    def forward(x):
        return np.ones((300, 300)), x

    _, text = of_pair(examined, "relu", relu_forward=forward)
    assert "your out has the shape (300, 300) and the dtype float64 out should be 1" in text


def test_a_zero_has_no_sign(examined):
    def forward(x):
        return -0.0 * np.abs(x), x

    _, text = of_pair(examined, "relu", relu_forward=forward)
    assert "-0" not in text.partition("http")[0]
