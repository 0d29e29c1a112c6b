"""The zoom of a network as data: every way leads somewhere, and all that is written adds up to the digit."""

import json
from decimal import Decimal
from urllib.parse import parse_qsl

import numpy as np
import pytest

from cnn_core.explorer import Tensor, explain, look_inside
from cnn_core.network import ConvBlock, Network, NetworkSpec
from pages.figures.written_number import brief
from pages.figures.written_steps import written_steps
from pages.figures.written_sum import written_sum
from pages.figures.zoom_spot import at_spot, settled
from pages.figures.zoom_terms import sum_block
from pages.figures.zoom_view import zoom_view
from tests.core.test_terms import PLANS, made, sampled, tensors

NAMES = ["ant", "bee", "<b>cat</b>", "dog"]


def ways(part):
    """All addresses that a view leads to; of a sheet, those of its corners."""
    if isinstance(part, str):
        if part.startswith("way=") and "&" in part:
            yield part
    elif isinstance(part, list):
        for one in part:
            yield from ways(one)
    elif not isinstance(part, dict):
        return
    elif "after" in part:
        for place in ([0 for _ in part["shape"]], [size - 1 for size in part["shape"]]):
            yield part["before"] + "-".join(map(str, place)) + part["after"]
    else:
        for one in part.values():
            yield from ways(one)


@pytest.mark.parametrize("plan", PLANS)
def test_every_way_leads_to_a_depth_that_is_there_and_has_one_address(plan):
    inside = made(plan)
    todo, seen = ["way=forward&layer=softmax", "way=backward&layer=input"], set()
    kinds = set()
    while todo and len(seen) < 220:
        query = todo.pop(0)
        if query in seen:
            continue
        seen.add(query)
        spot, problem = settled(inside, dict(parse_qsl(query)))
        assert problem is None, (query, problem)
        assert sorted(spot.query().split("&")) == sorted(query.split("&"))
        view = zoom_view(inside, spot, NAMES)
        json.dumps(view, allow_nan=False)
        assert view["crumbs"][-1][1] == spot.query()
        assert view["up"] == view["crumbs"][-2][1]
        assert not any("-" in one["left"] + one["right"] for one in view.get("sums", ())), "a true minus sign: −"
        kinds |= {key for key in ("sheet", "number", "product") if key in view}
        todo += dict.fromkeys(ways(view))
        todo += [
            f"{spot.query()}&term={part['terms'][0][3]}" for one in view.get("sums", ()) for part in one["parts"][:1]
        ]
    assert kinds == {"sheet", "number", "product"} and len(seen) > 150


@pytest.mark.parametrize(
    ("said", "problem", "query"),
    [
        ({"layer": "conv7"}, "layer (='conv7') must be one of conv1, relu1", "way=forward&layer=input"),
        ({"layer": "conv1", "map": "3"}, "map (=3) in the link must be 0 to 2", "way=forward&layer=conv1"),
        ({"layer": "conv1", "map": "-1"}, "map (=-1) in the link must be 0 to 2", "way=forward&layer=conv1"),
        ({"layer": "conv1", "map": "²"}, "must be 0 to 2", "way=forward&layer=conv1"),
        ({"layer": "conv1", "map": "9" * 400}, "must be 0 to 2", "way=forward&layer=conv1"),
        ({"layer": "conv1", "cell": "1-1"}, "cells are those of a map", "way=forward&layer=conv1"),
        ({"layer": "conv1", "map": "1", "cell": "9-0"}, "numbers below 9 and 8", "way=forward&layer=conv1&map=1"),
        ({"layer": "conv1", "map": "1", "cell": "x"}, "row-column", "way=forward&layer=conv1&map=1"),
        (
            {"layer": "conv1", "map": "1", "cell": "0-0", "term": "9"},
            "term (=9) in the link must be 0 to 8",
            "way=forward&layer=conv1&map=1&cell=0-0",
        ),
        ({"layer": "conv1", "term": "0"}, "left out where no cell is named", "way=forward&layer=conv1"),
        ({"param": "conv1"}, "param (='conv1') must be one of conv1.weight", "way=forward&layer=input"),
        ({"param": "conv1.weight", "entry": "0-0-3-0"}, "below 3 and 1 and 3 and 3", "way=forward&param=conv1.weight"),
        ({"way": "backward", "layer": "softmax"}, None, "way=backward&layer=linear2"),
        ({"way": "backward", "param": "linear1.weight", "map": "6"}, "0 to 5", "way=backward&param=linear1.weight"),
    ],
)
def test_a_link_to_what_is_not_there_is_told_and_leads_to_the_depth_above(said, problem, query):
    spot, told = settled(made("course"), said)
    assert spot.query() == query
    assert told is None if problem is None else problem in told
    zoom_view(made("course"), spot, NAMES)


def number(text):
    return Decimal(text.replace("−", "-"))


def check_sum(one, text):
    """Each number is what follows from those that are written above it."""
    last = Decimal(1).scaleb(text.last - text.units[2])
    moved = text.units[0] + text.units[1] - text.units[2]
    products = [number(product) for product in text.products]
    if one.right is not None:
        for left, right, product in zip(text.left, text.right, products, strict=True):
            exact = (number(left) * number(right)).scaleb(moved)
            assert abs(exact - product) <= last / 2, (left, right, product)
    assert sum(products) == number(text.before)
    assert sum(number(part) for part, _ in text.parts.values()) == number(text.before)
    total = number(text.before) / text.count + (number(text.constant) if text.constant else 0)
    if one.chosen is not None:
        total = products[one.chosen]
    assert abs(total - number(text.total)) <= last / 2
    assert text.shown == brief(one.total)
    assert text.noise == (one.chosen is None and 0 < abs(one.total) < 1e-8 * np.abs(one.products).max(initial=0))
    assert text.noise or brief(float(number(text.total).scaleb(text.units[2]))) == text.shown


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("shrunk", [1, 1e-7])
def test_what_is_written_adds_up_to_the_digit_also_where_gradients_have_vanished(plan, shrunk):
    inside = made(plan)
    for outputs in (*inside.backward.outputs.values(), inside.backward.dx, *inside.backward.params.values()):
        outputs *= shrunk
    for tensor in tensors(inside):
        if shrunk != 1 and tensor.kind not in ("gradient", "dparam"):
            continue
        for at in sampled(inside.array(tensor), 6):
            found = explain(inside, tensor, at)
            for one in found.sums.values():
                check_sum(one, written_sum(one))
            if found.steps:
                text = written_steps(found)
                value = text.steps[-1].value
                assert brief(float(number(value))) == text.shown, (tensor, at, text)


def test_a_net_of_128_maps_and_of_many_units_is_sent_in_little_and_every_part_of_it_can_be_reached():
    network = Network(NetworkSpec((ConvBlock(128), ConvBlock(128)), (200,)), (1, 14, 14), 4)
    inside = look_inside(network, np.random.default_rng(0).normal(0, 1, (1, 1, 14, 14)), 1)
    for query, parts in (
        ("layer=conv2&map=5&cell=3-3", 128),
        ("layer=linear1&map=7", 128),
        ("layer=conv2&map=5", None),
    ):
        spot, problem = settled(inside, dict(parse_qsl(query)))
        view = zoom_view(inside, spot, NAMES)
        assert problem is None and len(json.dumps(view)) < 300_000
        if parts:
            (one,) = view["sums"]
            assert len(one["parts"]) == parts
            count, together = one["others"]
            assert count == parts - 16
            assert sum(number(part["sum"]) for part in one["parts"][16:]) == number(together)
        else:
            assert view["parts"]["labels"][-1] == "the other 120"
    sheets = zoom_view(inside, settled(inside, {"layer": "conv2"})[0], NAMES)["sheet"]
    assert sheets["planes"] == 128 and sheets["choose"]["shape"] == [128]


def test_a_diverged_network_says_so_at_every_depth():
    network = Network(NetworkSpec((ConvBlock(2),), (3,)), (1, 6, 6), 4)
    network.params["conv1.weight"][0] = np.nan
    inside = look_inside(network, np.ones((1, 1, 6, 6)), 0)
    for said in ({"layer": "conv1"}, {"layer": "conv1", "map": "0"}, {"layer": "linear1"}):
        view = zoom_view(inside, settled(inside, said)[0], NAMES)
        json.dumps(view, allow_nan=False)
        assert "diverged" in view["facts"]
    for name in ("conv1", "relu1", "linear1"):
        said = {"layer": name, "map": "0", "cell": "2-2"} if name != "linear1" else {"layer": name, "map": "0"}
        view = zoom_view(inside, settled(inside, said)[0], NAMES)
        json.dumps(view, allow_nan=False)
        assert view["number"]["shown"] == "NaN"
        assert name == "relu1" or "diverged" in view["sums"][0]["broken"]


def test_the_sum_that_a_step_takes_is_written_as_in_the_sum_below():
    inside = made("instance norm, dropout")
    for tensor, at in ((Tensor("value", "softmax"), (1,)), (Tensor("value", "norm1"), (0, 1, 1))):
        query = f"layer={tensor.name}&map={at[0]}" + (f"&cell={at[1]}-{at[2]}" if len(at) > 1 else "")
        view = zoom_view(inside, settled(inside, dict(parse_qsl(query)))[0], NAMES)
        known = {name: text for name, text, *_ in view["steps"]["knowns"]}
        for one in view["sums"]:
            assert known[one["name"]] == one["total"]


def test_a_number_does_not_lead_to_itself():
    inside = made("course")
    for query in ("layer=input&map=0&cell=1-1", "param=conv1.bias&entry=0", "layer=relu1&map=0&cell=1-1"):
        spot, _ = settled(inside, dict(parse_qsl(query)))
        view = zoom_view(inside, spot, NAMES)
        ways_on = [query for _, _, _, query in view["steps"]["knowns"]]
        assert spot.query() not in ways_on and view["keys"].get("Enter") != spot.query()
    assert ways_on == ["way=forward&layer=conv1&map=0&cell=1-1"]


def test_an_opened_map_says_that_its_cells_can_be_clicked_and_how_its_parts_are_ordered():
    inside = made("course")
    for query in ("layer=relu1&map=0", "layer=conv1&map=0", "way=backward&layer=input&map=0"):
        view = zoom_view(inside, settled(inside, dict(parse_qsl(query)))[0], NAMES)
        assert view["facts"].endswith("Click one to see what it is made of.")
        many = len(view.get("parts", {}).get("labels", ())) > 1
        assert many == ("largest over the whole map first" in view.get("parts", {}).get("words", ""))
    assert many


@pytest.mark.parametrize(
    "query",
    ["layer=conv2&map=1&cell=1-1", "layer=linear1&map=2", "way=backward&layer=relu1&map=1&cell=2-2",
     "way=backward&param=conv2.weight&entry=1-1-0-1", "layer=pool2&map=1&cell=1-1"],
)  # fmt: skip
def test_each_part_of_a_sum_has_the_window_that_its_own_numbers_stand_in(query):
    inside = made("batch norm")
    spot, problem = settled(inside, dict(parse_qsl(query)))
    assert problem is None
    view = zoom_view(inside, spot, NAMES)
    (text,) = [one for one in view["sums"] if one["parts"]]
    found = explain(inside, spot.tensor, spot.at)
    (summed,) = found.sums.values()
    for part in text["parts"]:
        terms = [term for *_, term, _, where in part["terms"] if where != "padding"]
        places = summed.left.at[terms]
        window = part["window"]
        assert window["gradient"] == (summed.left.of.kind in ("gradient", "dparam"))
        framed = set()
        for _, row, column, high, wide in window["marks"]:
            framed |= {(row + down, column + across) for down in range(high) for across in range(wide)}
        if places.shape[1] == 3:
            assert part["title"] in window["words"] or part["title"].startswith(("row", "filter")) or not part["title"]
            assert {(row, column) for _, row, column in places.tolist()} <= framed
            ((number,),) = [{*places[:, 0].tolist()}]
            assert window["words"].endswith(f" {number}")


@pytest.mark.parametrize("plan", PLANS)
def test_a_sum_of_rounded_factors_tells_the_number_itself_where_their_digits_differ(plan):
    inside, differ = made(plan), 0
    for tensor in tensors(inside):
        for at in sampled(inside.array(tensor), 6):
            for one in explain(inside, tensor, at).sums.values():
                query = at_spot(tensor, at, "forward" if tensor.kind in ("value", "param") else "backward")
                block = sum_block(inside, query, "sum", one, 0, NAMES)
                text = written_sum(one)
                differ += block["unrounded"] is not None
                shown, moved = block["unrounded"] or text.total, text.last - bool(block["unrounded"])
                if not text.noise:
                    exact = Decimal(one.total).scaleb(-text.units[2])
                    assert abs(number(shown) - exact) <= Decimal(1).scaleb(moved - text.units[2]) * Decimal("0.5001")
    assert differ


def test_gradients_have_colours_of_their_own_at_every_depth():
    inside = made("course")
    for query in ("layer=conv1", "layer=conv1&map=1", "layer=conv1&map=1&cell=2-2", "param=conv1.weight&map=1"):
        for way in ("forward", "backward"):
            view = zoom_view(inside, settled(inside, dict(parse_qsl(f"way={way}&{query}")))[0], NAMES)
            sheets = [one for one in [view.get("sheet"), view.get("parts"), *view.get("beside", [])] if one]
            assert [one["gradient"] for one in [view, *sheets]] == [way == "backward"] * (1 + len(sheets))
