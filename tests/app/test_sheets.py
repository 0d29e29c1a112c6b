"""Sheets of small images: each number is in its tile, in the colour that it should have."""

import json

import numpy as np
import pytest

from pages.figures.colours import ENDS, ZERO, rgb, signed_scale
from pages.figures.sheets import (
    GROUND,
    filter_picture,
    filter_pixels,
    filter_sheet,
    number_sheet,
    picture_sheet,
    round_reach,
)
from tests.app.lesson import tiles

RNG = np.random.default_rng(231)


@pytest.mark.parametrize("shape", [(1, 1, 3, 3), (7, 1, 3, 3), (16, 1, 5, 2), (5, 2, 1, 1), (3, 4, 2, 6)], ids=str)
def test_each_filters_numbers_are_in_its_tile_and_say_so(shape):
    weight = RNG.normal(size=shape)
    _, channels, height, width = shape
    (heatmap,) = filter_sheet(weight)["data"]
    flat = weight.reshape(-1, height, width)
    np.testing.assert_allclose(tiles(heatmap["z"], len(flat), height, width), flat, rtol=1e-3)
    assert sum(value is not None for row in heatmap["z"] for value in row) == weight.size
    said = {
        text: z
        for texts, row in zip(heatmap["text"], heatmap["z"], strict=True)
        for text, z in zip(texts, row, strict=True)
    }
    for (f, c, i, j), number in np.ndenumerate(weight):
        channel = f", channel {c}" if channels > 1 else ""
        assert said[f"filter {f}{channel}, row {i}, column {j}"] == pytest.approx(number, rel=1e-3)
    assert said[""] is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_zero_has_the_pages_colour_and_both_signs_reach_as_far(theme):
    (heatmap,) = number_sheet(np.array([[[-4.0, 0, 1]]]), ["only"], theme)["data"]
    assert (heatmap["zmin"], heatmap["zmax"]) == (-4, 4)
    assert (
        heatmap["colorscale"] == signed_scale(theme) == [[0, ENDS[theme][0]], [0.5, ZERO[theme]], [1, ENDS[theme][1]]]
    )


@pytest.mark.parametrize(
    ("largest", "reach"), [(0.13, 0.2), (0.2, 0.2), (0.21, 0.5), (0.6, 1), (7, 10), (0, 1), (3e38, 5e38)]
)
def test_a_round_reach_is_the_next_of_1_2_5(largest, reach):
    weights = np.array([0, -largest, largest / 2, np.nan, np.inf])
    assert round_reach(np.zeros(1), weights) == pytest.approx(reach)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_has_one_colour_on_a_common_scale_has_it_on_every_sheet(channels):
    small, large = np.full((2, channels, 1, 1), 0.1), np.full((2, channels, 1, 1), 0.1)
    large[1] = 0.4
    sheets = [filter_sheet(weight, reach=0.5) for weight in (small, large)]
    if channels == 3:
        first, second = (sheet["data"][0]["z"] for sheet in sheets)
        assert first[1][1] == second[1][1] == [153] * 3
    else:
        assert [(s["data"][0]["zmin"], s["data"][0]["zmax"]) for s in sheets] == [(-0.5, 0.5)] * 2
        assert sheets[0]["data"][0]["colorscale"] == sheets[1]["data"][0]["colorscale"] == signed_scale("light")


def test_each_filter_by_itself_has_its_full_colour_and_still_says_its_numbers():
    (heatmap,) = filter_sheet(np.array([0.1, -0.4, 0.0]).reshape(3, 1, 1, 1), reach=0.5, each=True)["data"]
    assert tiles(heatmap["z"], 3, 1, 1).ravel().tolist() == [1, -1, 0]
    assert tiles(heatmap["customdata"], 3, 1, 1).ravel().tolist() == [0.1, -0.4, 0]
    assert "customdata" in heatmap["hovertemplate"]
    assert (heatmap["zmin"], heatmap["zmax"]) == (-1, 1)


@pytest.mark.parametrize(("channels", "reach", "shown"), [(1, 0.5, 0.2), (1, None, 1.0), (3, 0.5, 0.2), (3, None, 1.0)])
def test_a_small_picture_has_a_pixel_a_weight_in_the_sheets_colours(channels, reach, shown):
    weight = np.zeros((4, channels, 1, 1))
    weight[0] = 0.1
    pixels = filter_pixels(weight, reach=reach)
    assert pixels.shape == (5, 5, 3)
    zero, full = (
        (np.full(3, 127.5), np.full(3, 255))
        if channels == 3
        else (np.array(rgb(c)) for c in (ZERO["light"], ENDS["light"][1]))
    )
    np.testing.assert_allclose(pixels[1, 1], zero + shown * (full - zero), atol=0.6)
    np.testing.assert_allclose(pixels[3, 3], zero, atol=0.6)


def test_maps_of_zeros_have_a_scale():
    (heatmap,) = number_sheet(np.zeros((2, 3, 3)), ["a", "b"])["data"]
    assert heatmap["zmax"] > 0


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 3e38])
def test_weights_of_a_diverged_training_can_be_shown(channels, number):
    weight = np.ones((2, channels, 2, 2), dtype=np.float32)
    weight[1, 0, 0, 0] = number
    written = json.dumps(filter_sheet(weight))
    assert not {"NaN", "Infinity"} & set(written.replace(",", " ").split())
    with np.errstate(all="raise", under="ignore"):
        assert filter_picture(weight).dtype == np.uint8


def test_three_channels_are_colours_each_filter_on_its_own_scale():
    weight = np.zeros((3, 3, 2, 2))
    weight[0, :, 0, 0] = [5, -5, 0]
    weight[1, :, 1, 1] = [0, 0.01, 0.005]
    (image,) = filter_sheet(weight)["data"]
    first, second, nothing = tiles(image["z"], 3, 2, 2)
    assert first[0, 0].tolist() == [255, 0, 128]
    assert second[1, 1].tolist() == [128, 255, 191]
    assert (nothing == 128).all()
    assert image["z"][0][0] == list(GROUND)
    assert filter_picture(weight, width=1).tolist() == image["z"]


def test_a_picture_of_filters_has_their_signs_as_colours():
    weight = np.array([4.0, -2.0, 0.0])[:, None, None, None]
    picture = filter_picture(weight, width=1)
    negative, zero, positive = (np.array(rgb(c)) for c in (ENDS["light"][0], ZERO["light"], ENDS["light"][1]))
    expected = [positive, np.rint((zero + negative) / 2), zero]
    np.testing.assert_array_equal([picture[1, at] for at in (1, 3, 5)], expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_sheet_of_pictures_has_each_picture_enlarged(channels):
    x = RNG.random((5, channels, 4, 6))
    sheet = picture_sheet(x, width=90)  # three pictures in a row: 22 cells, four pixels each
    small = sheet[::4, ::4]
    np.testing.assert_array_equal(small.repeat(4, axis=0).repeat(4, axis=1), sheet)
    expected = np.broadcast_to(np.rint(255 * x).transpose(0, 2, 3, 1), (5, 4, 6, 3))
    np.testing.assert_array_equal(tiles(small, 5, 4, 6), expected)
