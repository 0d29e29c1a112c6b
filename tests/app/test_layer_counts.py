"""What a convolution's page counts of the setting on screen."""

import pytest

from tests.app.lesson import control, open_lesson, texts, values


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"preset": "eight_filters", "kernel_size": "5", "input_size": "8", "padding": "2"},
            "**608 parameters**: 8·3·5·5 = 600 weights (filters · channels · kernel height · width) and 8 biases. They make 512 "
            "outputs, with **38,400 products** in all. At stride 1 the size stays the same where 2 · padding = kernel − 1: "
            "padding 2.",
        ),
        (
            {"preset": "no_padding"},
            "**10 parameters**: 1·1·3·3 = 9 weights (filters · channels · kernel height · width) and 1 bias.",
        ),
        (
            {"kernel_size": "4"},
            "2 · padding = kernel − 1: no equal padding does that, as each side would need half a cell.",
        ),
        ({"kernel_size": "3", "dilation": "2"}, "2 · padding = dilation · (kernel − 1): padding 2."),
        (
            {"per_axis": "true", "kernel_size_height": "3", "kernel_size_width": "4"},
            "2 · padding = kernel − 1: height 1, width no whole padding.",
        ),
        ({"preset": "depthwise"}, "27 weights"),
        ({"preset": "depthwise"}, "Without groups there would be 3 times as many weights and products."),
    ],
)
def test_parameters_products_and_the_padding_that_keeps_the_size_are_counted(settings, words):
    app = open_lesson("convolution", **settings)
    (told,) = [text for text in texts(app.markdown) if "parameters**" in text]
    assert words in told
    channels, filters, groups = len(values(app, "x")), control(app, "filters").value, int(control(app, "groups").value)
    weight, outputs = values(app, "weight"), values(app, "out")
    assert f"**{weight.size + filters:,} parameters**" in told
    assert (
        f"{outputs.size:,} outputs, with **{outputs.size * channels // groups * weight[0].size:,} products** in all"
        in told
    )
