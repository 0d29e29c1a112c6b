"""dx in three ways on the page of the transposed convolution: what the browser gets is the layer's own output."""

import json

import numpy as np
import pytest

from cnn_core.conv_transpose import conv_transpose2d_forward_naive
from cnn_core.window import Window
from pages.sections.three_ways import why_unread
from tests.app.lesson import both, calm, change, control, open_lesson, options, sent, texts, unpack, window

SETTINGS = {
    "as it opens": {},
    "stride 1": {"preset": "no_padding"},
    "output padding": {"stride": "3", "output_padding": "2"},
    "padding beyond the kernel": {"padding": "3", "kernel_size": "2", "input_size": "9"},
    "stride beyond the kernel": {"stride": "4", "kernel_size": "2", "output_padding": "1"},
    "dilation": {"dilation": "3", "padding": "1", "kernel": "random"},
    "channels": {"channels": "3", "filters": "2", "stride": "2", "padding": "1"},
    "pairs": {
        "per_axis": "true",
        "kernel_size_height": "1",
        "kernel_size_width": "4",
        "stride_height": "3",
        "stride_width": "2",
        "padding_height": "0",
        "padding_width": "2",
        "dilation_height": "2",
        "dilation_width": "2",
        "output_padding_height": "2",
        "output_padding_width": "1",
    },
    "a photograph": {"input": "cat", "input_size": "6", "kernel": "blur", "stride": "2"},
}


def opened(**parameters):
    return open_lesson("transposed", view="ways", **parameters)


def ways(app):
    """What the browser got: its data, and its grids in whole counts."""
    data = json.loads(sent(app, "convscope_ways")["ways"])
    grids = {name: unpack(packed).reshape(packed["shape"]) for name, packed in data["grids"].items()}
    return data, grids


@pytest.mark.parametrize("settings", SETTINGS)
def test_each_way_as_it_was_sent_makes_the_layers_output(settings):
    app = opened(**SETTINGS[settings])
    assert calm(app)
    data, grids = ways(app)
    scale = {name: packed["scale"] for name, packed in data["grids"].items()}
    dout, weight, plane, flipped = (grids[name] for name in ("dout", "weight", "plane", "flipped"))
    geometry, (channels, high, wide) = window(app), grids["spread"].shape
    kernels = weight.reshape(len(dout), channels, *geometry.kernel_size)
    given = options(geometry, output_padding=both(app, "output_padding", 0))
    out, _ = conv_transpose2d_forward_naive(
        dout[None] / scale["dout"], kernels / scale["weight"], np.zeros(channels), **given
    )
    for name in ("spread", "convolved", "multiplied"):
        np.testing.assert_array_equal(grids[name], np.rint(out[0] * scale["spread"]))
    np.testing.assert_allclose(out[0] * scale["spread"], grids["spread"], rtol=0, atol=1e-6)
    taps, blank = np.array(data["taps"]), unpack(data["blank"])
    for channel, row, column in np.ndindex(channels, high, wide):  # as the browser walks it
        total = 0
        met = set()
        for f in range(len(dout)):
            for y, i in data["meetings"][0][row]:
                for x, j in data["meetings"][1][column]:
                    tap, place = i * geometry.kernel_size[1] + j, row * plane.shape[2] + column
                    total += dout[f, y, x] * kernels[f, channel, i, j]
                    assert plane[f].ravel()[place + taps[tap]] == dout[f, y, x]
                    assert not blank[place + taps[tap]]
                    turned = flipped[f * channels + channel].ravel()[len(taps) - 1 - tap]
                    assert turned == kernels[f, channel, i, j]
                    met.add((f * dout.shape[1] + y) * dout.shape[2] + x)
        assert total == grids["spread"][channel, row, column]
        if "matrix" in grids:
            line = grids["matrix"][0, (channel * high + row) * wide + column]
            assert set(np.flatnonzero(line)) <= met
            assert line @ dout.ravel() == total
        assert bool(met) != (str(row) in data["unread"][0] or str(column) in data["unread"][1])


def test_the_chosen_number_stands_in_the_address_and_outlasts_other_settings():
    app = opened(cell="0,5,6")
    assert calm(app)
    assert sent(app, "convscope_ways")["cell"] == [0, 5, 6]
    assert not any("Changed by you" in text for text in texts(app.markdown))  # it is no setting
    change(app, "kernel_size", 4)
    assert sent(app, "convscope_ways")["cell"] == [0, 5, 6]
    assert calm(change(app, "stride", 1))  # dx has 6×6 numbers now
    assert sent(app, "convscope_ways")["cell"] == [0, 2, 2]


@pytest.mark.parametrize("cell", ["0,7,0", "1,0,0", "0,0", "0,0,-1", "a,b,c", "0,0,9999999999"])
def test_a_number_that_dx_does_not_have_is_named(cell):
    app = opened(cell=cell)
    (warning,) = texts(app.warning)
    assert f"cell (={cell}) in the link must be a channel, a row and a column of dx, as in 0,1,2" in warning
    assert "dx has 1×7×7 numbers" in warning
    assert sent(app, "convscope_ways")["cell"] == [0, 2, 2]  # four windows read it, as many as any


@pytest.mark.parametrize(
    ("parameters", "remedy", "mend"),
    [
        ({"input_size": "16"}, "choose an input of at most 5×5.", ("input_size", "5")),
        ({"input_size": "8", "stride": "1", "channels": "2"}, "an input of at most 5×5 or 1 channel.", ("channels", "1")),
        ({"input_size": "5", "stride": "2", "filters": "3"}, "an input of at most 2×2 or 1 filter.", ("filters", 1)),
    ],
    ids=str,
)  # fmt: skip
def test_a_matrix_that_is_too_large_says_which_setting_makes_it_small_enough(parameters, remedy, mend):
    app = opened(**parameters)
    assert calm(app)
    data, grids = ways(app)
    assert "matrix" not in grids
    assert "it is drawn up to 128 and 64." in data["words"]["matrix"]
    assert data["words"]["matrix"].endswith(remedy)
    assert "matrix" in ways(change(app, *mend))[1]


def test_the_sentences_have_the_settings_numbers():
    said = ways(opened(stride="3", padding="1", dilation="2"))[0]["words"]
    assert "over dout with 2 zeros between its numbers and padding 2 · (3 − 1) − 1 = 3." in said["convolved"].replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert "a row for each of the 81 numbers of dx and a column for each of the 9 of dout" in said["multiplied"]
    cut = ways(opened(**SETTINGS["padding beyond the kernel"]))[0]["words"]["convolved"].replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert "2 − 1 − 3 = −2: 2 cut off each side, as windows there saw padding only" in cut


@pytest.mark.parametrize(
    ("geometry", "at", "reason"),
    [
        (Window.of(2, 3), 5, "Row 5 lies behind the last window: what is left there is less than a stride"),
        (Window.of(2, 3), 2, "Stride 3 steps over row 2, as a window spans only 2 in height"),
        (Window.of(2, 4, 0, 2), 1, "Row 1 falls between the kernel's cells, which dilation 2 holds apart"),
        (Window.of(2, 3), 3, ""),
    ],
    ids=str,
)
def test_why_nothing_reaches_a_row_is_said(geometry, at, reason):
    assert why_unread(geometry, (6, 6), 0, at) == reason


def test_padding_that_leaves_nothing_is_said_and_can_be_mended():
    app = opened(input_size="2", padding="4")
    assert len(app.error) == 1
    assert not app.exception
    assert calm(change(app, "padding", 1))
    assert ways(app)[1]["spread"].any()


def test_the_other_views_take_pairs_too():
    for view in ("spread", "gather"):
        app = open_lesson("transposed", view=view, **SETTINGS["pairs"] | {"padding_width": "1"})
        assert calm(app)
        assert control(app, "output_padding_height").max == 2
    app = open_lesson("transposed", per_axis="true", stride_height="1", stride_width="3", output_padding_width="2")
    assert "output_padding_height" not in {slider.key for slider in app.slider}
    assert both(app, "output_padding") == (2, 2)
