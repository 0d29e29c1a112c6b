"""Controls that a change of another one leaves as they are: sent anew as they were, so that the browser need not draw them."""

import pytest

from tests.app.lesson import change, open_lesson

KINDS = ("slider", "select_slider", "selectbox", "radio", "toggle", "number_input", "text_input")


def told_their_value(app):
    """Labels of the controls whose value the server sets. The browser draws such a one anew, were it the same as before."""
    return [control.label for kind in KINDS for control in getattr(app, kind) if control.proto.set_value]


@pytest.mark.parametrize(
    ("page", "key", "values"),
    [
        ("convolution", "padding", (1, 0)),
        ("pooling", "padding", (1, 0)),
        ("transposed", "padding", (1, 0)),
        ("im2col", "padding", (1, 0)),
        ("gradient_flow", "padding", (1, 0)),
        ("gradient_check", "seed", (1, 0)),
        ("receptive_field", "input_size", (40, 41)),
        ("data", "label_noise", (10, 0)),
        ("train", "num_epochs", (3, 4)),
    ],
)
def test_a_change_sets_no_other_control(page, key, values):
    app = open_lesson(page)
    for value in values:
        change(app, key, value)
        assert told_their_value(app) == []
    assert not app.exception


def test_a_value_that_another_change_puts_out_of_range_is_set():
    app = open_lesson("transposed", stride="3", output_padding="2")
    assert app.slider(key="output_padding").value == 2
    change(app, "stride", 2)
    assert told_their_value(app) == ["output padding"]
    assert app.slider(key="output_padding").value == 1
