"""The one rounding rule where numbers enter a page: a half goes away from zero, and small numbers keep their digits."""

import numpy as np
import pytest

from tests.app.lesson import calm, open_lesson, sent, values


def test_a_weight_is_computed_as_the_grid_shows_it():
    app = open_lesson("convolution", input="cross", weight="2.00005,-2.00005,1.00015;0.00004,-0.00005,1.005;3,4,5")
    assert calm(app)
    shown = [["2.0001", "-2.0001", "1.0002"], ["0", "-0.0001", "1.005"], ["3", "4", "5"]]
    np.testing.assert_array_equal(values(app, "weight")[0], np.array(shown, dtype=float))
    typed = sent(app, "convscope_kernel_grid")["rows"]
    assert typed[0] == ["2.00005", "-2.00005", "1.00015"]  # what the reader wrote stays, until it is edited there


def test_a_bias_is_rounded_by_the_same_rule():
    app = open_lesson("convolution", input="cross", filters="2", bias="2.00005, -0.00005")
    assert calm(app)
    assert values(app, "bias").ravel().tolist() == [2.0001, -0.0001]


@pytest.mark.parametrize("weight", ["0.0001,0,0;0,-0.0002,0;0,0,0.0001", "0.0001,0,0;0,0,0;0,0,0"])
def test_a_gradient_from_a_loss_keeps_the_digits_of_small_outputs(weight):
    app = open_lesson("convolution", input="cat", input_size="6", weight=weight, dout="from_loss", padding="0")
    assert calm(app)
    out, dout = values(app, "out"), values(app, "dout")
    assert 0 < np.abs(out).max() < 1e-4
    np.testing.assert_allclose(dout, out, rtol=0, atol=1e-4 * np.abs(out).max())
