"""The view "One weight": what it shows is the run's own step, and what cannot be shown is said."""

import re
from html import unescape
from types import SimpleNamespace

import numpy as np
import pytest

from cnn_core.explorer.update import written
from cnn_core.explorer.weight_life import weight_life
from cnn_core.optim import RULES, hyper_parameters
from cnn_core.training import DataOptions
from cnn_core.training.store import Change
from pages.figures.sheets import filter_sheet, framed, tile_at
from pages.figures.weight_life import FIRST, MOST, exact, operations_table, uphill
from pages.server import replays
from tests.app.lesson import calm, change, control, figure, open_lesson, sent, texts
from tests.app.training import press
from tests.trainings import small
from tests.waiting import until


@pytest.fixture
def run(registry):
    """A training of 21 steps that is over; some of its labels are wrong."""
    replays._kept.clear()
    run = registry.start(small(num_epochs=3, data=DataOptions(label_noise=0.2, shift=1)))
    until(lambda: run.ended)
    return run


def opened(run, **address):
    return open_lesson("train", run=run.id, view="weight", **{key: str(value) for key, value in address.items()})


def html(app, part):
    (body,) = [element.proto.body for element in app.get("html") if f'class="{part}"' in element.proto.body]
    return body


def lines(app):
    """The rows of the update: name, with numbers, what comes out."""
    rows = re.findall(r"<tr.*?</tr>", html(app, "life"))
    return [tuple(map(unescape, re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row))) for row in rows]


def read(text):
    """A number as it is written, as float32 again."""
    return np.float32(text.replace("−", "-").strip("()"))


def said(app):
    return "\n".join(texts(app.markdown))


def test_the_lines_lead_from_the_shares_to_the_value_that_was_stored(run):
    app = opened(run, weight_step=8, weight_filter=1, weight_row=2, weight_column=0)
    assert calm(app)
    life = weight_life(run, 8, "conv1.weight", (1, 0, 2, 0))
    stored = run.network_at(8).params["conv1.weight"][1, 0, 2, 0]
    assert lines(app)[0][2] == exact(life.gradient)
    assert read(lines(app)[-1][2]) == stored
    assert f"Adam, step 8: {exact(life.before)} becomes {exact(stored)}" in said(app)
    assert f"The checkpoint of step 8 holds {exact(stored)}: the same bits." in said(app)
    assert f"Sum of all 200: {exact(life.total)}**, in 64 bits" in said(app)
    signs = {"+": np.add, "−": np.subtract, "·": np.multiply, "/": np.divide}
    number, followed = r"\(?(−?[\d.]+(?:e−?\d+)?)\)?", 0
    for _, words, value in lines(app):  # each line follows from what is written in it, read as float32
        if found := re.fullmatch(rf"{number} ([+−·/]) {number}", words):
            left, sign, right = found.groups()
            assert exact(signs[sign](read(left), read(right))) == value
        elif found := re.fullmatch(f"√{number}", words):
            assert exact(np.sqrt(read(found[1]))) == value
        followed += bool(found)
    assert followed == 14  # all but the gradient, which the shares make, and the bias corrections


def test_the_pictures_are_in_the_order_of_their_shares_with_their_labels(run):
    app = opened(run, weight_step=3, parameter="linear1.bias", weight_unit=2)
    assert calm(app)
    life = weight_life(run, 3, "linear1.bias", (2,))
    order = np.argsort(-np.abs(life.shares), kind="stable")[:MOST]
    shown = re.findall(r'alt="training picture (\d+), (\d)(, a wrong label)?"', html(app, "shares"))
    assert [int(picture) for picture, _, _ in shown] == life.indices[order].tolist()
    assert [int(label) for _, label, _ in shown] == life.labels[order].tolist()
    data = run.config.training_data()
    wrong = (data.labels != data.true_labels)[life.indices[order]]
    assert [bool(mark) for _, _, mark in shown] == wrong.tolist()
    assert wrong.any() and "(wrong): label noise has made this label wrong." in said(app)
    assert "The other 140 add " in said(app)


def test_the_rest_of_the_pictures_is_asked_for_and_counted(run):
    first, rest = html(opened(run, weight_step=3), "shares").split("<details>")
    assert (first.count("<img"), rest.count("<img")) == (FIRST, MOST - FIRST)
    assert f"<summary>{MOST - FIRST} more, with smaller shares</summary>" in rest


def step_of(rule, gradient, **memory):
    """The operations of one step at weight 0.5."""
    settings = hyper_parameters(rule) | {"learning_rate": 0.1, "t": 5}
    numbers = {"weight": 0.5, "gradient": gradient, **memory}
    return written(rule, settings | {name: np.float32(value) for name, value in numbers.items()})


def test_the_lines_have_the_names_of_the_field(run):
    app = opened(run, weight_step=8)
    names = [name for name, _, _ in lines(app)]
    for expected in (
        "m <small>running mean of the gradients</small>",
        "αₜ <small>the learning rate, corrected</small>",
        "√v + ε̂",
    ):
        assert expected in names
    assert "learning rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ)" in [words for _, words, _ in lines(app)]
    assert "learning rate · m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ)" in said(app)
    for rule in RULES:
        named = operations_table(
            SimpleNamespace(gradient=1.0, operations=step_of(rule, 1.0, m=0, v=0, velocity=0, cache=0)), ()
        )
        assert not re.search("root|divisor|_|epsilon|beta", re.sub("<style>.*?</style>", "", named, flags=re.DOTALL))


@pytest.mark.parametrize(
    ("rule", "gradient", "memory", "words"),
    [
        ("adam", 0.1, {"m": -1, "v": 1}, ("m", "negative", "raises", "positive")),
        ("adamw", -0.1, {"m": 1, "v": 1}, ("m", "positive", "lowers", "negative")),
        ("momentum", 0.1, {"velocity": 1}, ("velocity", "positive", "raises", "positive")),
        ("nesterov", -0.1, {"velocity": -1}, ("velocity", "negative", "lowers", "negative")),
        ("adam", 0.1, {"m": 1, "v": 1}, ()),
        ("momentum", 0.1, {"velocity": -1}, ()),
        ("rmsprop", 0.1, {"cache": 1}, ()),
        ("sgd", 0.1, {}, ()),
    ],
)
def test_a_step_against_the_gradient_is_explained(rule, gradient, memory, words):
    said = uphill(step_of(rule, gradient, **memory), gradient)
    assert bool(said) is bool(words)
    if words:
        memory, sign, turn, slope = words
        assert said == (
            f"{memory} is still {sign}, by the steps before: so this step {turn} the weight although the gradient is {slope}."
        )


def test_another_weight_is_chosen_by_its_kernel_by_boxes_and_by_how_far_it_moved(run):
    app = opened(run, weight_step=2)
    (sheet,), layout = figure(app, "kernels")
    tiles = 2, 3, 3
    weight = run.network_at(1).params["conv1.weight"]
    assert sheet["z"] == filter_sheet(weight, wide=5.0)["data"][0]["z"]
    assert layout["shapes"] == [framed(tiles, (0, 1, 1), "#000000", 5.0)]
    press(app, "moved_most")
    most = weight_life(run, 2, "conv1.weight", (0, 0, 0, 0)).moved_most
    assert calm(app)
    assert [control(app, f"weight_{axis}").value for axis in ("filter", "row", "column")] == [most[0], *most[2:]]
    assert f"conv1.weight[{', '.join(map(str, most))}]" in said(app)
    change(app, "parameter", "linear1.weight")
    change(app, "weight_input", 7.0)
    assert "linear1.weight[7, 0]" in said(app)
    assert app.query_params["parameter"] == "linear1.weight"
    change(app, "weight_step", 3.0)
    assert calm(app)
    assert exact(weight_life(run, 3, "linear1.weight", (7, 0)).after) in said(app)


@pytest.mark.parametrize("wide", [1.0, 5.0])
def test_every_cell_of_a_sheet_is_found_again(wide):
    tiles = 5, 2, 3
    found = []
    for row in range(-1, 20):
        for column in range(-1, 20):
            if (place := tile_at(tiles, row, column, wide)) is not None:
                found.append(place)
                frame = framed(tiles, place, "#000000", wide)
                assert (frame["x0"], frame["y1"]) == (column - 0.5, row + 0.5)
    assert sorted(found) == list(np.ndindex(tiles))


def test_a_step_that_was_not_kept_is_compared_at_the_next_one(run):
    app = opened(run, weight_step=9)
    assert "the same bits" not in said(app)
    following = min(k for k in run.checkpoints.iterations() if k > 9)
    press(app, "compare")
    assert calm(app)
    stored = run.network_at(following).params["conv1.weight"][0, 0, 1, 1]
    assert f"The checkpoint of step {following} holds {exact(stored)}: the same bits." in said(app)


def test_a_value_that_is_not_the_stored_one_is_shown_beside_it(run, monkeypatch):
    monkeypatch.setattr("cnn_core.explorer.weight_life._stored", lambda *_: np.float32(0.25))
    assert "The checkpoint of step 4 holds 0.25; made again, it is " in said(opened(run, weight_step=4))


def test_steps_are_made_again_once_and_from_the_nearest_one_that_was(run, monkeypatch):
    made = []
    replay = replays.replay

    def counting(run, iteration, *, begin=None, on_step=None):
        made.append((None if begin is None else begin.iteration, iteration))
        return replay(run, iteration, begin=begin, on_step=on_step)

    monkeypatch.setattr(replays, "replay", counting)
    for step in (12, 12, 14, 11, 17):
        replays.state_before(run, step)
    assert made == [(None, 11), (11, 13), (None, 10), (None, 16)]
    known = replays.past(run, 11)
    run.changes = [Change(15, "reg", 0.1)]
    assert replays.past(run, 11) == known
    run.changes = [
        Change(5, "reg", 0.1)
    ]  # it went back and has another past: what was made of the first one is not taken
    assert replays.past(run, 11) != known


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ({"weight_step": "22"}, "weight_step (=22) in the link must be 1 to 21; the page uses another value instead."),
        ({"weight_step": "soon"}, "weight_step (=soon) in the link must be a whole number from 1 to 21"),
        ({"weight_row": "3"}, "weight_row (=3) in the link must be 0 to 2"),
        (
            {"parameter": "conv9.weight"},
            "parameter (=conv9.weight) in the link must be one of conv1.weight, conv1.bias, ",
        ),
    ],
)
def test_what_a_link_cannot_mean_is_said(run, address, message):
    app = opened(run, **address)
    assert not app.exception
    assert texts(app.warning)[0].startswith(message)
    assert lines(app)


def test_a_step_that_cannot_be_made_again_is_said(registry, run):
    files = run.checkpoints
    for kept in files.iterations()[:-2]:
        files.path(kept).unlink()
    first = files.iterations()[0]
    app = opened(run, weight_step=3)
    expected = (
        f"step (=3) cannot be replayed, as no checkpoint of a step before it is there any more: take step {first + 1}"
    )
    assert texts(app.error) == [f"{expected} or a later one"]
    assert calm(change(app, "weight_step", float(first + 1)))
    for kept in files.iterations():
        files.path(kept).write_bytes(b"damaged")
    replays._kept.clear()
    app = opened(run, weight_step=first + 1)
    assert not app.exception
    assert texts(app.error)[0].startswith(f"the checkpoint after {first} steps is damaged: ")
    run.records = run.records.up_to(0)
    assert texts(opened(run).info)[-1] == "No step has been trained yet: the first one is on its way."


def test_a_run_that_comes_out_otherwise_here_is_said(run):
    run.records.rows = run.records.rows.copy()
    run.records.rows[8, 2] += 1e-9  # as another machine may round
    app = opened(run, weight_step=9)
    (message,) = texts(app.error)
    assert message.startswith("step (=9) does not come out to the bit, but with the loss ")
    assert calm(opened(run, weight_step=3))


def test_a_run_that_diverged_and_a_fork_are_followed_like_any_other(registry):
    wild = registry.start(small(num_epochs=3, update_rule="sgd", learning_rate=1e6, reg=1.0))
    parent = registry.start(small(num_epochs=2, update_rule="momentum"))
    until(lambda: wild.ended and parent.ended)
    assert wild.state == "diverged"
    app = opened(wild, weight_step=wild.done)
    assert not app.exception
    assert len(lines(app)) == 5
    fork = registry.fork(parent, 4, num_epochs=3, learning_rate=0.02, dropout=0.5)
    until(lambda: fork.ended)
    for step in (3, 4, 5, 8):
        app = opened(fork, weight_step=step)
        assert calm(app)
        if step in fork.checkpoints.iterations():
            assert "the same bits" in said(app)
    assert (lines(app)[4][0], lines(app)[4][1][:7], "") == ("step", "0.02 · ", "")


def test_a_replay_that_takes_long_says_how_far_it_is(run, monkeypatch):
    told = []
    monkeypatch.setattr("pages.sections.weight_life.SLOW", -1.0)
    monkeypatch.setattr(
        "streamlit.delta_generator.DeltaGenerator.progress", lambda self, share, text="": told.append(text)
    )
    opened(run, weight_step=12)
    assert "Made again: 2 of 3 steps from the checkpoint before" in told


def test_a_training_that_goes_on_is_followed_too(registry):
    run = registry.start(small(num_epochs=1000), 20.0)
    until(lambda: run.done > 3)
    app = opened(run, weight_step=2)
    assert calm(app)
    assert lines(app)
    assert sent(app, "convscope_chart")


def test_a_number_that_is_none_counts_as_where_one_begins(run):
    app = change(opened(run, weight_step=5), "weight_step", float("nan"))
    assert not app.exception
    assert "Adam, step 1: " in said(app)
    change(app, "weight_row", 0.0)
    assert calm(app)
