"""What the overview of a network reckons in a real Chromium, without a server: rows of classes, the scale of norms, its words."""

import json

import numpy as np
import pytest

from cnn_core.explorer.overview import overview
from cnn_core.explorer.strengths import first_maps
from cnn_core.network import ConvBlock, Network, NetworkSpec, forward_pass
from cnn_core.shares import percent
from pages.animation.overview import Classes, wire
from pages.animation.scripts import script


@pytest.fixture
def page(new_page):
    page = new_page()
    page.add_script_tag(content=script("overview").replace("export default function", "const component = function"))
    return page


def test_text_and_bar_of_a_class_do_not_meet_at_any_height_of_its_row(page):
    heights = [19 + k / 4 for k in range(101)]
    for height, row in zip(heights, page.evaluate("heights => heights.map(rowOf)", heights), strict=True):
        assert row["line"] - 6 >= 0 and row["line"] + 6 <= row["top"], height
        under = row["top"] + row["thick"]
        if row["below"]:
            assert under + 8 - 5.5 >= under and under + 8 + 5 <= height, height
        else:
            assert under <= height


def test_shares_are_in_percent_as_everywhere(page):
    shares = [0, 0.0004, 0.0006, 0.0449, 0.5, 0.9949, 0.9994, 0.9996, 1 - 1e-12, 1]
    assert page.evaluate("shares => shares.map(percent)", shares) == [percent(share, 1) for share in shares]


def test_the_scale_of_norms_is_the_whole_decades_around_them(page):
    cases = [[0.25, 2.45], [0.0072, 0.0601], [2, 3], [1e-9, 10], [0, 0], [1]]
    scales = [[-1, 1], [-3, -1], [0, 1], [-9, 1], [-1, 0], [0, 1]]
    assert page.evaluate("cases => cases.map(decadesOf)", cases) == scales


def test_the_answer_names_the_maps_it_comes_through_and_a_grey_picture_is_no_news(page):
    for channels in (1, 3):
        network = Network(NetworkSpec((ConvBlock(4),), (), weight_init="he"), (channels, 8, 8), 3)
        network.params["linear1.bias"] += 9  # a share is told of a score above 0
        done = forward_pass(network, np.random.default_rng(0).normal(0, 1, (1, channels, 8, 8)).astype(np.float32))
        guess = int(done.scores[0].argmax())
        name, maps = first_maps(done, guess)
        sent = wire(overview(done), Classes(["a", "b", "c"], None, through=(name, maps)), done.x[0], "a picture")
        told, *others, map_told = page.evaluate(
            """([sent, order]) => {
              const net = new Net(sent);
              const end = net.layers.length - 1;
              return [...order.map((place) => [end, place]), [1, 0]].map(
                ([layer, place]) => mapInWords(net, { layer, place }, false));
            }""",
            [json.loads(sent), [guess, *({0, 1, 2} - {guess})]],
        )
        assert f"of this score, conv1's map {maps[0][0]} brings " in told
        assert "%)" in told and not any("of this score" in other for other in others)
        assert ("made most of input" in map_told) == (channels == 3)
