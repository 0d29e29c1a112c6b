"""What is no fault: rounding, what the course never asks for, and another answer that is as right."""

import numpy as np
import pytest

from cnn_core.check.right import core
from tests.check.students import naive_layers

NAIVE = vars(naive_layers)
POOL = {"max_pool_forward_naive", "max_pool_backward_naive"}


@pytest.mark.parametrize(("off", "state"), [(1e-5, "right"), (1e-2, "wrong")])
def test_what_float32_rounds_away(off, state, examined):
    def rough(x):
        return np.maximum(0, x) * (1 + off * (x.dtype == np.float32)), x

    assert examined({**NAIVE, "relu_forward": rough}, {"relu_forward"}, seconds=0.2)["relu_forward"].state == state


def test_a_sum_whose_terms_cancel_is_as_rough_as_its_terms(examined):
    """The bias before a batch norm has the gradient 0: what is left of it is rounding."""

    def rough(dout, cache):
        grads = core()["conv_bn_relu_backward"](dout, cache)
        left = 3e-6 * max(np.abs(gradient).max() for gradient in grads) * (dout.dtype == np.float32)
        return (*grads[:2], grads[2] + left, *grads[3:])

    pair = {"conv_bn_relu_forward", "conv_bn_relu_backward"}
    assert (
        examined({**core(), "conv_bn_relu_backward": rough}, pair, seconds=0.2)["conv_bn_relu_backward"].findings == []
    )


@pytest.mark.parametrize("stem", ["batchnorm", "spatial_batchnorm", "conv_bn_relu"])
def test_no_gradient_is_asked_for_in_test_mode(stem, examined):
    def forward(*arguments):
        out, cache = core()[f"{stem}_forward"](*arguments)
        return out, cache if arguments[-1]["mode"] == "train" else None

    pair = {f"{stem}_forward", f"{stem}_backward"}
    found = examined({**core(), f"{stem}_forward": forward}, pair, seconds=0.2)
    assert {report.state for report in found.values()} == {"right"}
    assert 20 < len(found[f"{stem}_backward"].cases) < len(found[f"{stem}_forward"].cases)


def test_windows_that_leave_cells_over_may_be_refused(examined):
    def even(x, w, b, conv_param):
        for size, kernel in zip(x.shape[2:], w.shape[2:], strict=True):
            assert (size + 2 * conv_param["pad"] - kernel) % conv_param["stride"] == 0, "width does not work"
        return naive_layers.conv_forward_naive(x, w, b, conv_param)

    def never(x, w, b, conv_param):
        raise AssertionError("not today")

    pair = {"conv_forward_naive", "conv_backward_naive"}
    found = examined({**NAIVE, "conv_forward_naive": even}, pair, seconds=0.2)
    assert {report.state for report in found.values()} == {"right"}
    notes = " ".join(found["conv_forward_naive"].notes)
    assert "raises AssertionError where the windows leave cells over at the end" in notes
    found = examined({**NAIVE, "conv_forward_naive": never}, pair, seconds=0.2)
    assert found["conv_forward_naive"].findings[0].words == "raises AssertionError: not today"


def pool_backward(which):
    """Max pooling backward that gives each gradient to these of the cells that tie, in equal shares."""

    def backward(dout, cache):
        x, param = cache
        step, dx = param["stride"], np.zeros(x.shape)
        for n, c, i, j in np.ndindex(dout.shape):
            place = (
                n,
                c,
                slice(i * step, i * step + param["pool_height"]),
                slice(j * step, j * step + param["pool_width"]),
            )
            rows, columns = np.nonzero(x[place] == x[place].max())
            cells = which(rows, columns)
            dx[place][rows[cells], columns[cells]] += dout[n, c, i, j] / np.ones(len(rows))[cells].sum()
        return dx

    return backward


def last(rows, columns):
    return slice(len(rows) - 1, None)


def everyone(rows, columns):
    return slice(None)


def first_by_column(rows, columns):
    return np.lexsort((rows, columns))[:1]


@pytest.mark.parametrize("which", [last, everyone, first_by_column])
def test_any_right_way_to_share_what_ties(which, examined):
    found = examined({**NAIVE, "max_pool_backward_naive": pool_backward(which)}, POOL, seconds=0.2)
    report = found["max_pool_backward_naive"]
    assert report.state == "right" and "PyTorch's" in " ".join(report.notes)


def test_each_of_those_that_tie_gets_too_much(examined):
    def twice(dout, cache):
        return 2 * pool_backward(everyone)(dout, cache)

    found = examined({**NAIVE, "max_pool_backward_naive": twice}, POOL, seconds=0.2)
    assert found["max_pool_backward_naive"].state == "wrong"


def test_layers_one_after_the_other_are_not_judged_where_they_tie(examined):
    def backward(dout, cache):
        x, w, b, param, pool = cache
        conv, before = naive_layers.conv_forward_naive(x, w, b, param)
        dpool = pool_backward(last)(dout, (np.maximum(0, conv), pool))
        return naive_layers.conv_backward_naive(dpool * (conv > 0), before)

    def forward(x, w, b, conv_param, pool_param):
        conv, _ = naive_layers.conv_forward_naive(x, w, b, conv_param)
        return naive_layers.max_pool_forward_naive(np.maximum(0, conv), pool_param)[0], (
            x,
            w,
            b,
            conv_param,
            pool_param,
        )

    found = examined({"conv_relu_pool_forward": forward, "conv_relu_pool_backward": backward}, seconds=0.2)
    assert {report.state for report in found.values()} == {"right"}
