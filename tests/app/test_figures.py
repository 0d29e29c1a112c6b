"""Curves, bars, pixels, gradients, the drawing: every number stands where it belongs."""

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from plotly.graph_objects import Figure

from cnn_core.network import ConvBlock, Network, NetworkSpec, layer_table
from cnn_core.solver import StepRecord
from cnn_core.training.store import Change
from pages.figures.bars import OTHER, TRUE, probability_bars
from pages.figures.colours import ENDS, ZERO
from pages.figures.comparison import loss_curves
from pages.figures.confusion import confusion_grid
from pages.figures.curves import MOST_POINTS, accuracy_curve, log_axis, loss_curve, range_curve
from pages.figures.gradients import gradient_map
from pages.figures.inside import histograms, over_time
from pages.figures.network import network_drawing
from pages.figures.pixels import as_pixels, sign_note, span_of
from pages.figures.plan import plan
from pages.figures.sheets import filter_sheet, map_sheet

RNG = np.random.default_rng(231)


def record(iteration, of=10):
    end = iteration % of == 0
    share = iteration / 10_000 if end else None
    return StepRecord(iteration, (iteration - 1) // of + 1, 1 / iteration, 0.25, 0.1, share, share and share / 2)


def records(count):
    return [record(iteration) for iteration in range(1, count + 1)]


def test_the_loss_is_data_plus_l2_and_its_l2_part_beside_it():
    loss, data, l2 = loss_curve(records(4))["data"]
    assert loss["x"] == data["x"] == l2["x"] == [1, 2, 3, 4]
    assert data["y"] == [1, 0.5, 0.3333, 0.25]
    assert loss["y"] == [1.25, 0.75, 0.5833, 0.5]
    assert l2["y"] == [0.25] * 4


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("count", [0, 1, 599, 600, 601, 1199, 1200, 50_000])
def test_a_long_curve_is_thinned_and_ends_with_the_last_step(count, smooth):
    lines = loss_curve(records(count), smooth=smooth)["data"]
    for drawn in lines:
        assert min(count, MOST_POINTS // 3) <= len(drawn["x"]) <= MOST_POINTS
        assert drawn["x"][-1:] == ([count] if count else [])
    shown = lines[-1] if smooth else lines[0]
    assert [1 / x + 0.25 for x in shown["x"]] == pytest.approx(shown["y"], abs=1e-4)


def exploding(count, last):
    """A run whose last steps explode."""
    calm = count - last
    losses = [2.3] * calm + [2.3 * 1.5**k for k in range(last)]
    return [StepRecord(k, 1, loss, 0.0, 0.1) for k, loss in enumerate(losses, 1)]


def test_an_explosion_of_the_last_steps_is_drawn_on_every_page():
    records = exploding(60_050, 60)
    top = max(r.loss for r in records)
    for drawn in loss_curve(records)["data"][:2]:
        assert (drawn["x"][-1], drawn["y"][-1]) == (60_050, pytest.approx(top))
    (drawn,) = loss_curves({"run": records}, smoothed=False)["data"]
    assert (drawn["x"][-1], drawn["y"][-1]) == (60_050, pytest.approx(top, rel=1e-3))
    assert loss_curve(records)["layout"]["yaxis"]["type"] == "log"


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_the_plan_of_a_network_tells_every_shape_and_every_parameter(norm):
    blocks = (ConvBlock(8, 5, norm=norm), ConvBlock(6, 3, pool="none", activation="tanh"))
    spec = NetworkSpec(blocks, hidden=(20,), dropout=0.5)
    page = plan(layer_table(spec, (3, 16, 12), 7), "data:image/png;base64,AA")
    items = [re.sub("<[^>]*>", " ", item).split() for item in page.split("<li>")[1:]]
    said = [" ".join(item) for item in items]
    network, found = Network(spec, (3, 16, 12), 7), 0
    sizes = {name: value.size for name, value in network.params.items()}
    of_norm = sizes.get("norm1.gamma", 0) + sizes.get("norm1.beta", 0)
    conv = sizes["conv1.weight"] + sizes["conv1.bias"]
    assert (of_norm > 0) == (norm != "none")
    assert said[0] == "input 3 × 16 × 12"
    assert said[1].endswith(
        f"ReLU 8 × 16 × 12 {conv + of_norm:,} parameters {sizes['conv1.weight']} weights 8 biases"
        + f" {of_norm:,} of the norm" * (norm != "none")
    )
    assert said[2] == "max pooling 2×2 8 × 8 × 6"
    assert said[3] == f"convolution 3×3 tanh 6 × 8 × 6 {8 * 6 * 9 + 6} parameters {8 * 6 * 9} weights 6 biases"
    assert said[4].startswith("fully connected ReLU dropout 20 ")
    for words in said:
        found += int(re.search(r"([\d,]+) parameters", words + " 0 parameters")[1].replace(",", ""))
    assert found == sum(sizes.values())
    assert page.count('class="units"') == 2
    assert page.count('class="maps"') == 3 * 6


def test_the_loss_of_guessing_is_marked_and_a_logarithmic_axis_says_so():
    lines, layout = (loss_curve(records(4), classes=7)[part] for part in ("data", "layout"))
    assert lines[-1]["name"] == "guessing: ln 7"
    assert (lines[-1]["x"], lines[-1]["y"]) == ([0, 4], [round(math.log(7), 4)] * 2)
    assert layout["yaxis"]["title"]["text"] == "loss"
    exploded = loss_curve(exploding(60, 30), classes=7)["layout"]["yaxis"]
    assert (exploded["type"], exploded["title"]["text"]) == ("log", "loss, log scale")
    assert 2 <= len(exploded["tickvals"]) <= 6


@pytest.mark.parametrize("most", [5, 15])
@pytest.mark.parametrize(("low", "high"), [(0.009, 2.4), (1e-6, 3.0), (0.5, 1e24), (2.0, 700.0), (1e-12, 1e12)])
def test_ticks_of_a_logarithmic_axis_stand_far_enough_apart(low, high, most):
    axis = log_axis(low, high, most)
    seen = [math.log10(tick) for tick in axis["tickvals"] if low <= tick <= high]
    gaps = np.diff(seen)
    assert 2 <= len(seen) <= most + 1
    assert gaps.min() > 0.8 * (math.log10(high) - math.log10(low)) / (most + 1) or len(seen) == 2
    assert len(set(axis["ticktext"])) == len(axis["ticktext"]) == len(axis["tickvals"])


def test_a_tick_is_written_as_it_is_read_most_easily():
    assert log_axis(0.009, 2.4, 5)["ticktext"] == ["0.001", "0.01", "0.1", "1", "10"]
    assert log_axis(0.5, 1e24, 5)["ticktext"] == ["1", *(f"10<sup>{power}</sup>" for power in (5, 10, 15, 20))]
    assert log_axis(1e-7, 1e-5, 15)["ticktext"][:3] == ["10<sup>−7</sup>", "2·10<sup>−7</sup>", "5·10<sup>−7</sup>"]


@pytest.mark.parametrize("at", [1, 7, 30_001, 60_050])
def test_a_spike_of_one_step_and_a_gap_are_drawn(at):
    records = exploding(60_050, 0)
    records[at - 1] = StepRecord(at, 1, 99.0, 0.0, 0.1)
    shown = loss_curve(records)["data"][0]
    assert shown["y"][shown["x"].index(at)] == 99.0
    (shown,) = loss_curves({"run": records}, smoothed=False)["data"]
    assert shown["y"][shown["x"].index(at)] == 99.0
    records[at - 1] = StepRecord(at, 1, math.nan, 0.0, 0.1)
    shown = loss_curve(records)["data"][0]
    assert shown["y"][shown["x"].index(at)] is None


def test_a_layers_spike_is_drawn_over_time():
    norms = [1.0] * 5000
    norms[3456] = 1e6
    (drawn,) = over_time(list(range(5000)), {"conv1": norms}, "norm")["data"]
    assert drawn["y"][drawn["x"].index(3456)] == 1e6
    assert drawn["x"][-1] == 4999


def test_changes_are_marked_with_name_and_value_those_of_one_step_together():
    changes = [Change(2, "reg", 0.1), Change(2, "dropout", 0.5), Change(3, "learning_rate", 1e-4)]
    layout = loss_curve(records(4), changes)["layout"]
    assert [note["text"] for note in layout["annotations"]] == ["reg 0.1, dropout 0.5", "learning_rate 0.0001"]
    assert [shape["x0"] for shape in layout["shapes"]] == [2, 3]
    assert "shapes" not in loss_curve(records(4))["layout"]


def test_marks_that_stand_close_together_share_one_label_with_the_last_values():
    changes = [Change(k, "learning_rate", k / 1000) for k in (40, 42, 44, 47)]
    changes += [Change(45, "reg", 0.5), Change(60, "learning_rate", 0.001), Change(90, "reg", 0.0)]
    layout = loss_curve(records(100), changes)["layout"]
    assert [shape["x0"] for shape in layout["shapes"]] == [40, 42, 44, 45, 47, 60, 90]
    assert [(note["x"], note["text"]) for note in layout["annotations"]] == [
        (44, "learning_rate 0.044"),
        (47, "reg 0.5, learning_rate 0.047"),
        (60, "learning_rate 0.001"),
        (90, "reg 0"),
    ]


def test_marks_do_not_share_a_label_all_over_the_plot():
    changes = [Change(k, "learning_rate", k / 1000) for k in range(4, 101, 4)]
    notes = loss_curve(records(100), changes)["layout"]["annotations"]
    assert len(notes) == 13
    assert np.diff([note["x"] for note in notes]).max() == 8


@pytest.mark.parametrize("count", [0, 1, 2, 8, 9])
def test_the_first_steps_have_points_and_whole_ticks(count):
    figure = loss_curve(records(count))
    few = count <= 8
    assert {line["mode"] for line in figure["data"]} == {"lines+markers" if few else "lines"}
    axis = figure["layout"]["xaxis"]
    assert (axis.get("dtick"), axis.get("range", [0])[-1] >= count) == ((1, True) if few else (None, False))


def test_a_range_test_has_its_rates_on_a_logarithmic_axis_and_its_suggestion_marked():
    figure = range_curve([StepRecord(k, 1, 2.0, 0.0, 10.0**-k) for k in (3, 2, 1)], 0.02)
    assert figure["data"][0]["x"] == [1e-3, 1e-2, 1e-1]
    assert figure["layout"]["xaxis"]["type"] == "log"
    assert figure["layout"]["shapes"][0]["x0"] == 0.02
    assert figure["layout"]["annotations"][0]["x"] == pytest.approx(np.log10(0.02))  # Plotly wants the exponent here


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_confusion_matrix_spends_its_colours_on_the_mistakes(theme):
    counts = np.array([[95, 4, 1], [0, 98, 2], [0, 0, 0]])
    grid = confusion_grid(counts, ("a", "b", "c"), theme)["data"][0]
    assert [row[k] for k, row in enumerate(grid["z"])] == [-0.04] * 3
    assert (grid["zmin"], grid["zmax"]) == (-0.04, 0.04)  # the worst mistake has the full colour
    stops = dict(grid["colorscale"])
    assert stops[0] == stops[0.499]  # what is right is grey, however much of it there is
    assert (stops[0.5], stops[1]) == (ZERO[theme], ENDS[theme][1])
    assert grid["z"][1][2] == 0.02
    assert grid["customdata"][0] == [[95, "95%"], [4, "4%"], [1, "1%"]]
    assert confusion_grid(np.eye(2, dtype=int), ("a", "b"))["data"][0]["zmax"] > 0


def test_a_confusion_grid_is_coloured_by_the_share_of_its_row_and_leaves_zeros_out():
    grid = confusion_grid(np.array([[3, 1], [0, 0]]), ("cat", "boat"))["data"][0]
    assert grid["customdata"] == [[[3, "75%"], [1, "25%"]], [[0, "0%"], [0, "0%"]]]
    assert (grid["z"][0][1], grid["z"][1][0]) == (0.25, 0)
    assert grid["text"] == [["3", "1"], ["", ""]]
    assert grid["y"] == ["cat", "boat"]


def test_histograms_stand_side_by_side_with_their_bins():
    figure = histograms(
        {"weights": {"counts": [1, 2], "edges": [0, 1, 3]}, "gradients": {"counts": [5], "edges": [0, 1]}}
    )
    bars, other = figure["data"]
    assert (bars["x"], bars["y"], bars["width"]) == ([0.5, 2], [1, 2], [1, 2])
    assert other["xaxis"] == "x2"
    assert figure["layout"]["xaxis"]["domain"][1] < figure["layout"]["xaxis2"]["domain"][0]


def test_what_is_not_above_0_is_left_out_of_a_logarithmic_axis():
    figure = over_time([1, 2, 3], {"conv1": [0.1, 0.0, None]}, "norm", healthy=1e-3)
    assert figure["data"][0]["y"] == [0.1, None, None]
    assert figure["layout"]["shapes"][0]["y0"] == 1e-3
    assert over_time([1, 2], {"conv1": [0.0, 1.0]}, "dead", share=True)["data"][0]["y"] == [0.0, 1.0]


def test_a_sheet_of_maps_is_blue_below_0_and_orange_above_on_one_scale():
    pixels = map_sheet(np.array([[[-1.0]], [[0.0]], [[2.0]]]), "light", 1)
    cells = [tuple(pixels[1, column]) for column in (1, 3, 5)]
    assert cells[1] == (255, 255, 255)
    assert cells[2] == (0xD9, 0x5F, 0x02)
    assert cells[0] == tuple(np.rint(255 + 0.5 * (np.array([0x3B, 0x7D, 0xD0]) - 255)).astype(int))


def test_accuracies_stand_at_the_epochs_ends_in_percent():
    train, val = accuracy_curve(records(25))["data"]
    assert train["x"] == val["x"] == [1, 2]
    assert train["y"] == pytest.approx([0.1, 0.2])
    assert val["y"] == pytest.approx([0.05, 0.1])


def levels(*numbers):
    pixels = as_pixels(np.array([[numbers]], dtype=float))
    cell = pixels.shape[1] // len(numbers)
    return pixels[0, cell // 2 :: cell, 0].tolist()


def test_photographs_are_shown_as_they_are():
    assert levels(0, 0.5, 1) == [0, 128, 255]
    assert levels(0, 1.2) == [0, 255]


def test_larger_numbers_go_from_black_to_the_largest():
    assert levels(0, 8, 16) == [0, 128, 255]


def test_signed_numbers_lie_around_mid_grey():
    assert levels(-2, 0, 2) == [0, 128, 255]
    assert levels(-1, 0, 4)[1] == 128


def test_pixels_keep_shape_channels_and_sharp_cells():
    image = RNG.random((3, 20, 30))
    pixels = as_pixels(image)
    assert pixels.shape == (160, 240, 3)
    np.testing.assert_array_equal(pixels[::8, ::8], np.rint(255 * image).transpose(1, 2, 0))
    assert as_pixels(np.zeros((1, 300, 400))).shape == (300, 400, 1)


def test_what_grey_means_is_said():
    assert sign_note(span_of(np.array([0.0, 0.5]))) == "Black is 0, white 1."
    assert sign_note(span_of(np.array([0.0, 16]))) == "Black is 0, white 16."
    assert sign_note(span_of(np.array([-3.0, 3]))) == "Mid-grey is 0, black −3 and white 3 (or beyond)."


def test_the_true_class_is_marked_among_the_bars():
    (bars,) = probability_bars(np.array([0.25, 0.7049, 0.0451]), ["a", "b", "c"], truth=2)["data"]
    assert bars["x"] == [25.0, 70.5, 4.5]
    assert bars["y"] == ["a", "b", "✓ c"]
    assert bars["text"] == ["25.0%", "70.5%", "4.5%"]
    assert bars["marker"]["color"] == [OTHER, OTHER, TRUE]


def test_a_gradients_numbers_stand_in_its_cells():
    (heatmap,) = gradient_map(np.array([[1.5, -2], [1e-9, 1 / 3]]), reach=2)["data"]
    assert heatmap["text"] == [["1.5", "−2"], ["0", "0.3333"]]  # a true minus sign; rounding errors are no gradient
    assert heatmap["z"][1][0] == 1e-9
    assert (heatmap["zmin"], heatmap["zmax"]) == (-2, 2)
    assert heatmap["texttemplate"]
    assert not gradient_map(np.zeros((2, 20)), reach=1)["data"][0]["texttemplate"]


@pytest.mark.parametrize(
    "figure",
    [
        loss_curve(records(3)),
        accuracy_curve(records(20)),
        filter_sheet(RNG.normal(size=(4, 1, 3, 3))),
        filter_sheet(RNG.normal(size=(4, 3, 3, 3))),
        probability_bars(np.array([0.5, 0.5]), ["a", "b"], 0),
        gradient_map(RNG.normal(size=(3, 3)), 1.0),
    ],
)
def test_plotly_knows_every_word_of_a_figure(figure):
    Figure(figure).to_json()


def grey(values):
    """The drawing's cells: 0 black and the largest white, or mid-grey for 0 where numbers are signed."""
    share = values / np.abs(values).max()
    levels = 255 * share if values.min() >= 0 else 127.5 + 127.5 * share
    return [f"rgb({v},{v},{v})" for v in np.rint(levels).astype(int).ravel()]


def test_the_drawing_names_each_layer_with_its_shape_and_weights_and_shows_its_maps():
    layers = layer_table(NetworkSpec(), (1, 8, 8), 10)
    picture, conv, relu, pool = RNG.random((8, 8)), RNG.normal(size=(8, 8)), RNG.random((8, 8)), RNG.random((4, 4))
    drawing = network_drawing(layers, picture, [conv, relu, pool])
    svg = ET.fromstring(drawing[drawing.index("<svg") :])
    written = ["".join(text.itertext()) for text in svg.iter("text")]
    for number, layer in enumerate(layers):
        weights = f"{layer.parameters:,} parameters" if layer.parameters else ""
        assert written[3 * number : 3 * number + 3] == [
            layer.description,
            " × ".join(map(str, layer.output_shape)),
            weights,
        ]
        assert f"{layer.description}, output {' by '.join(map(str, layer.output_shape))}" in svg.get("aria-label")
    cells = [rect.get("fill") for rect in svg.iter("rect") if (rect.get("fill") or "").startswith("rgb")]
    assert cells == grey(picture) + grey(conv) + grey(relu) + grey(pool)
