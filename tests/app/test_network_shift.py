"""The view "Shift and nudge": what it shows of a moved picture, of a nudge and of the test set is the network's own."""

import json
from dataclasses import replace

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.loss import softmax
from cnn_core.robustness import answers_kept, nudged, pixel_gradient, shifted
from cnn_core.robustness.cures import Cures
from cnn_core.shares import percent
from cnn_core.training.shipped import shipped_network
from pages.figures.shifts import answer_grid, before_and_after, in_words, short
from pages.sections import network_shift_cures
from pages.server import asides, shifts
from tests.app.lesson import calm, figure, open_lesson, sent, texts
from tests.app.test_forged_values import CELLS, send, state_of, trigger_of
from tests.trainings import small
from tests.waiting import until

DIGITS = datasets.load("digits").test


@pytest.fixture(autouse=True)
def no_cures(monkeypatch):
    """Each test is a server of its own."""
    cures = asides.Asides(Cures)
    for place in (shifts, network_shift_cures):
        monkeypatch.setattr(place, "cures", cures)
    yield
    cures.close()


def opened(**parameters):
    app = open_lesson("network", view="shift", **parameters)
    assert not app.exception
    return app


def chances(pixels):
    """What the shipped network says of a picture (1, 8, 8)."""
    network, config = shipped_network()
    return softmax(network.scores(config.training_data().normalised(pixels[None])))[0]


def waiting(app):
    """What the one bar of the page says."""
    (bar,) = app.get("progress")
    return bar.proto.text


def words(app):
    return " ".join(texts(app.markdown)).replace("*", "")


def test_each_shift_shows_the_networks_answer_and_the_chosen_one_its_probabilities():
    app = opened(rows="-1", columns="2")
    assert calm(app)
    grid = sent(app, "convscope_entries")
    told = {}
    for number, (rows, columns) in enumerate((r, c) for r in range(-3, 4) for c in range(-3, 4)):
        told[rows, columns] = chances(shifted(DIGITS.x[:1], rows, columns)[0])
        answer, sure = told[rows, columns].argmax(), told[rows, columns].max()
        assert (grid["marks"][number], grid["notes"][number]) == (str(answer), percent(sure))
        assert grid["told"][number].startswith(
            f"{in_words(rows, columns).capitalize()}: {answer}, {percent(sure)} sure"
        )
        stays = answer == chances(DIGITS.x[0]).argmax()
        assert (grid["shares"][number] > 0) == stays == ("no more" not in grid["told"][number])
    assert grid["chosen"] == 2 * 7 + 5
    (before, after), _ = figure(app, "before_and_after")
    np.testing.assert_allclose(before["x"], 100 * told[0, 0], atol=0.06)
    np.testing.assert_allclose(after["x"], 100 * told[-1, 2], atol=0.06)
    assert after["name"] == "moved"
    now, there = told[-1, 2].argmax(), told[0, 0].argmax()
    assert now != there  # else this picture shows nothing
    kept = sum(p.argmax() == there for p in told.values()) - 1
    assert f"Moved 1 up, 2 right, it says {now} ({percent(told[-1, 2].max())} sure), no more {there}" in words(app)
    first = next(at for at in [(0, 1), (-1, 1), (-1, 2)] if at != (0, 1) and told[at].argmax() != there)
    assert f"it first changes at {in_words(*first)}. Of the 48 shifts by up to 3 pixels, {kept} keep" in words(app)


def test_arrows_and_cells_move_the_picture_as_far_as_it_goes():
    app = opened()
    assert "Not moved, the network says" in words(app)
    assert [trace["name"] for trace in figure(app, "before_and_after")[0]] == ["as it is"]
    for _ in range(4):
        app.button(key="move_down").click().run()
    app.button(key="move_left").click().run()
    assert (app.slider(key="rows").value, app.slider(key="columns").value) == (3, -1)
    assert sent(app, "convscope_entries")["chosen"] == 6 * 7 + 2
    app.button(key="move_back").click().run()
    assert (app.slider(key="rows").value, app.slider(key="columns").value) == (0, 0)


@pytest.mark.parametrize("number", [0, 3])
def test_a_nudge_is_the_cores_and_the_smallest_is_named(number):
    network, config = shipped_network()
    data, picture, label = config.training_data(), DIGITS.x[number], int(DIGITS.y[number])
    gradient = pixel_gradient(network, data, picture, label)
    answers = [chances(nudged(picture, gradient, n / 255)).argmax() for n in range(65)]
    smallest = next(n for n, answer in enumerate(answers) if answer != answers[0])
    for size in (smallest - 1, smallest):
        app = opened(picture=str(number), nudge=str(size))
        assert calm(app)
        (_, after), _ = figure(app, "before_and_after")
        np.testing.assert_allclose(after["x"], 100 * chances(nudged(picture, gradient, size / 255)), atol=0.06)
        said = words(app)
        assert f"The smallest that changes the answer is {smallest}/255, to {answers[smallest]}." in said
        assert ("it stays" in said) == (size < smallest)
        assert ("becomes" in said) == (size == smallest)
        assert f"raises the loss of the true class {label}." in said


def test_the_meter_is_the_cores():
    network, config = shipped_network()
    found = answers_kept(network, config.training_data(), DIGITS.x, DIGITS.y)
    said = words(opened())
    stay = f"{percent(found.kept)} of the answers for 360 test pictures stay (for {percent(found.kept_all)} at all four shifts)"
    assert f"{stay}, while {percent(found.accuracy)} are right." in said
    assert "99.7% are right" in said  # one of 360 is wrong


def test_cures_are_trained_for_all_who_look_at_the_same_settings(monkeypatch, registry):
    run = registry.start(small(num_epochs=1))
    until(lambda: run.ended)
    app = opened(run=run.id)
    assert not app.table
    app.button(key="train_all").click().run()
    shifts.cures.of(run.config).wait()
    another = opened(run=run.id)
    assert calm(another)
    table = next(text for text in texts(another.markdown) if text.startswith("| trained"))
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    assert [row[0] for row in rows][-1] == "blur before stride"
    trained = Cures(run.config)
    trained.start()
    trained.wait()
    assert rows == [
        [
            network_shift_cures.NAMES[one.cure],
            *(percent(getattr(one.kept, name)) for name in ("accuracy", "kept", "kept_all")),
        ]
        for one in trained.trained
    ]
    best = max(trained.trained, key=lambda one: one.kept.kept)
    if best is trained.trained[0]:
        verdict = "None keeps more answers than it does as it is."
    else:
        gained = f"{percent(best.kept.kept)} instead of {percent(trained.trained[0].kept.kept)}"
        verdict = f"Most stay with {network_shift_cures.NAMES[best.cure]}: {gained}."
    assert verdict in texts(another.caption)


def test_one_network_at_a_time_and_cancelled(registry):
    config = shipped_network()[1]
    other = replace(config, seed=5)
    shifts.cures.start(other)
    app = opened()
    assert app.button(key="train_all").disabled
    assert "The server trains the cures of another network, for at most three minutes" in waiting(app)
    shifts.cures.start(config)  # who pressed before they saw it
    assert shifts.cures.of(config).state == ""
    shifts.cures.of(other).cancel()
    app.run()
    app.button(key="train_all").click().run()
    assert shifts.cures.of(config).state == "running"
    app.button(key="cancel_training").click().run()
    assert not app.exception
    assert shifts.cures.of(config).state == ""


def test_a_picture_nobody_has_named_is_nudged_against_the_answer(monkeypatch):
    from pages.controls import explored

    own = DIGITS.x[2]
    monkeypatch.setattr(explored, "own_picture", lambda shape: own)
    app = opened(source="own_picture")
    assert calm(app)
    assert f"raises the loss of {chances(own).argmax()}, the class it names." in words(app)
    assert not any("✓" in label for label in figure(app, "before_and_after")[0][0]["y"])


@pytest.mark.parametrize(("key", "value"), [("rows", "4"), ("columns", "x"), ("nudge", "65"), ("nudge", "-1")])
def test_a_link_that_asks_for_too_much_is_told(key, value):
    app = opened(**{key: value})
    (warning,) = texts(app.warning)
    assert warning.startswith(f"{key} (={value}) in the link must be")
    assert app.slider(key=key).value == 0


def test_what_happens_beyond_all_bounds_and_with_one_picture_is_told(monkeypatch):
    network, config = shipped_network()
    monkeypatch.setattr(shifts, "_scores", shifts.Lately(2))
    monkeypatch.setattr(shifts, "shift_scores", lambda *given: np.full((7, 7, 10), np.nan))
    assert any("beyond all bounds" in text for text in texts(opened().error))
    monkeypatch.undo()
    one = answers_kept(network, config.training_data(), DIGITS.x[:1], DIGITS.y[:1])
    monkeypatch.setattr(network_shift_cures, "share_kept", lambda *given: one)
    assert "of the answers for the first 1 of 360 test pictures stay" in words(opened())


def test_a_network_without_any_gradient_has_no_direction(monkeypatch):
    monkeypatch.setattr(shifts, "_nudges", shifts.Lately(2))
    monkeypatch.setattr(shifts, "pixel_gradient", lambda network, data, picture, label: np.zeros(picture.shape))
    assert "finds no direction: no pixel changes the loss. None up to 64/255" in words(opened(nudge="3"))


def test_names_in_cells_are_short_and_differ():
    assert short(["T-shirt/top", "Trouser", "Bag"]) == ["T-sh", "Trou", "Bag"]
    assert short(["horizontal", "horizon", "up"]) == ["0", "1", "2"]
    assert [in_words(0, 0), in_words(2, 0), in_words(-1, -3)] == ["not moved", "2 down", "1 up, 3 left"]
    grid = answer_grid(np.full((3, 3, 2), 0.5), ["<b>", "b"])
    assert json.loads(json.dumps(grid))["told"][0] == "1 up, 1 left: <b>, 50% sure"


def test_of_many_classes_the_likely_ones_are_drawn():
    before, after = np.zeros(30), np.zeros(30)
    before[3], after[29] = 1, 1
    bars = before_and_after(before, after, [f"class {k}" for k in range(30)], 3, "moved")["data"]
    assert len(bars[0]["y"]) == 10
    assert bars[0]["y"][bars[0]["x"].index(100.0)] == "✓ class 3"
    assert bars[1]["y"][bars[1]["x"].index(100.0)] == "class 29"
    assert [[text for text in bar["text"] if text] for bar in bars] == [["100% → 0%"], ["0% → 100%"]]


@pytest.mark.parametrize("value", CELLS, ids=str)
def test_what_is_no_cell_moves_nothing(value):
    app = opened(rows="1")
    found = next(c.proto for c in app.get("bidi_component") if c.proto.component_name == "convscope_entries")
    events = [{"event": "entry", "value": value}]
    send(app, state_of(trigger_of(found.id), "json_trigger_value", json.dumps(events)))
    assert not app.exception
    at = (-3, 2) if value == 5 else (1, 0)  # the one that is a cell
    assert (app.slider(key="rows").value, app.slider(key="columns").value) == at
