"""The views of a training: each shows the run's own numbers, at the step that is chosen."""

import time

import numpy as np
import pytest

from cnn_core.shares import percent
from cnn_core.training.evaluate import Evaluation, evaluate
from cnn_core.training.presets import PRESETS
from pages.controls import segments
from pages.figures.inside import over_time
from pages.figures.sheets import round_reach
from pages.sections.before_training import sheet_caption
from pages.sections.film_view import how_they_move, rest_at
from pages.sections.mistakes_view import most_confused, pick
from pages.sections.training_words import judge
from pages.server import leisure, runs
from pages.server.filters import kept_filters
from tests.app.lesson import calm, change, control, figure, open_lesson, sent, texts
from tests.app.training import press, view
from tests.trainings import small
from tests.waiting import until


@pytest.fixture
def run(registry):
    """A training of 21 steps that is over."""
    run = registry.start(small(num_epochs=3))
    until(lambda: run.ended)
    return run


def judged(run, iteration):
    data = run.config.training_data()
    return evaluate(run.network_at(iteration), *data.val)


def test_only_the_chosen_view_is_computed(run, monkeypatch):
    monkeypatch.setattr(runs, "evaluation_at", lambda *_: pytest.fail("nobody asked for the mistakes"))
    app = open_lesson("train", run=run.id)
    assert calm(app)
    app = view(app, "layers")
    assert calm(app)
    assert figure(app, "histograms")


def test_curves_are_smoothed_on_request(run):
    app = open_lesson("train", run=run.id, smooth="true")
    smoothed, _, _, raw, _ = figure(app, "loss_curve")[0]
    assert raw["y"] == [round(record.loss, 4) for record in run.records]
    assert np.abs(np.diff(smoothed["y"])).sum() < np.abs(np.diff(raw["y"])).sum()


@pytest.mark.parametrize("name", ["curves", "film_strip"])
def test_the_colours_of_filters_mean_the_same_at_every_step_unless_each_is_by_itself(run, name):
    largest = max(np.abs(run.network_at(k).params["conv1.weight"]).max() for k in run.checkpoints.iterations())
    key = {"curves": "filter_sheet", "film_strip": "film_filters"}[name]

    def ends(app):
        assert calm(app)
        (sheet,), _ = figure(app, key)
        return sheet["zmin"], sheet["zmax"]

    app = open_lesson("train", run=run.id, view=name)
    low, high = ends(app)
    assert -low == high == round_reach(np.array([largest])) >= largest
    if name == "film_strip":
        assert ends(control(app, "film").set_value(1).run()) == (low, high)
    assert ends(change(app, "each_filter", True)) == (-1, 1)


def test_layers_show_the_last_step_that_was_seen_from_inside(run):
    app = open_lesson("train", run=run.id, view="layers", layer="linear1")
    assert calm(app)
    seen = run.statistics[-1]
    table = app.dataframe[0].value
    assert list(table["layer"]) == [layer["name"] for layer in seen.layers] == ["conv1", "linear1", "linear2"]
    assert [float(text) for text in table["update / weight"]] == pytest.approx(
        [layer["update_ratio"] for layer in seen.layers], rel=0.06
    )
    weights, gradients, activations = figure(app, "histograms")[0]
    assert weights["y"] == seen.layers[1]["weights"]["counts"]
    assert gradients["y"] == seen.layers[1]["gradients"]["counts"]
    assert activations["y"] == seen.layers[1]["activations"]["counts"]
    ratio = figure(app, "update_ratio")[0]
    assert ratio[0]["x"] == [s.iteration for s in run.statistics]
    assert ratio[0]["y"] == [s.layers[0]["update_ratio"] for s in run.statistics]
    assert [line["name"] for line in figure(app, "dead")[0]] == ["conv1", "linear1"]  # the scores have no ReLU
    assert "at most 20% dead ReLUs" in " ".join(texts(app.caption))


def test_filters_of_the_chosen_layer_are_the_last_checkpoints(run):
    app = open_lesson("train", run=run.id, view="layers")
    (sheet,), _ = figure(app, "layer_filters")
    np.testing.assert_allclose(sheet["z"][1][1:4], run.network_at().params["conv1.weight"][0, 0, 0], rtol=1e-3)


@pytest.mark.parametrize(
    ("ratio", "dead", "gradient", "words"),
    [
        (1e-3, 0.1, 1.0, "changes"),
        (1e-3, None, 0.02, "changes"),
        (2e-4, 0.1, 1.0, "changes slowly"),
        (0.1, 0.0, 1.0, "changes very fast"),
        (1e-6, 0.0, 1.0, "hardly changes"),
        (1e-3, 0.2, 1.0, "changes"),
        (1e-3, 0.33, 1.0, "changes; many units are dead, it learns with the rest"),
        (1e-3, 0.9, 1.0, "most units are dead"),
        (1e-3, None, 0.005, "hardly gets a gradient"),
    ],
)
def test_a_layer_is_judged_in_words(ratio, dead, gradient, words):
    assert judge({"update_ratio": ratio, "dead": dead, "grad_norm": gradient}, strongest=1.0) == words


@pytest.mark.parametrize(
    ("preset", "words"), [("dead_relus", "most units are dead"), ("deep_sigmoids", "hardly gets a gradient")]
)
def test_what_a_preset_is_about_is_said_at_the_end_however_fast_it_was(registry, preset, words):
    config = next(one.config for one in PRESETS if one.name == preset)
    run = registry.start(config)
    until(lambda: run.ended, 60)
    assert run.statistics[-1].iteration == run.iterations
    app = open_lesson("train", run=run.id, view="layers")
    assert app.dataframe[0].value["in words"][0] == words


def test_a_sheet_says_how_many_kernels_after_how_many_steps():
    words = "blue below 0, orange above"
    assert sheet_caption(16, 1, 1200) == f"the 16 kernels of the first layer after 1,200 steps: {words}"
    assert sheet_caption(1, 1, 1) == f"the 1 kernel of the first layer after one step: {words}"


def test_no_layer_gets_a_gradient_where_all_are_0():
    assert judge({"update_ratio": 0.0, "dead": None, "grad_norm": 0.0}, strongest=0.0) == "hardly changes"


def test_layers_differ_in_colour_dash_and_marker_and_the_last_look_is_shown():
    looks = 1001
    figure = over_time(range(1, looks + 1), {f"layer {k}": [0.1] * looks for k in range(7)}, "norm")
    for kind, what in (("line", "color"), ("line", "dash"), ("marker", "symbol")):
        assert len({line[kind][what] for line in figure["data"]}) == 7
    assert figure["data"][0]["x"][-1] == looks


def test_mistakes_are_counted_and_the_worst_are_shown_with_their_probabilities(run):
    app = open_lesson("train", run=run.id, view="mistakes")
    assert calm(app)
    found = judged(run, run.latest)
    (grid,), _ = figure(app, "confusion")
    assert [[int(text or 0) for text in row] for row in grid["text"]] == found.confusion.tolist()
    worst = found.worst(12)
    shown = [text for text in texts(app.markdown) if text.startswith("**is ")]
    assert len(shown) == len(worst) == 12
    truth = found.truth[worst[0]]
    assert shown[0].startswith(f"**is {truth}**")
    assert percent(found.probabilities[worst[0]].max(), 1) in shown[0]
    assert f"{truth}: {percent(found.probabilities[worst[0], truth], 1)}" in shown[0]


def test_the_most_confused_pair_is_named_with_both_counts(run):
    app = open_lesson("train", run=run.id, view="mistakes")
    found = judged(run, run.latest)
    assert most_confused(found, [str(k) for k in range(10)]) in texts(app.markdown)
    both = np.triu(found.confusion + found.confusion.T, 1)
    (a, b), (times, again) = found.confused()[0], np.sort(both.ravel())[:-3:-1]
    assert both[a, b] == times
    begins = (
        f"Most often confused, both ways together: {a} and {b}. "
        if times > again
        else f"Most often confused, {times} times each, both ways together: {a} and {b}"
    )
    assert most_confused(found, [str(k) for k in range(10)]).startswith(begins)
    assert most_confused(Evaluation(np.arange(3), np.eye(3)), "abc") == "No class is taken for another."


@pytest.mark.parametrize(
    ("truth", "guesses", "words"),
    [
        ([0, 1], [1, 2], "2 mistakes, and no pair of classes among them twice."),
        (
            [0, 0, 1, 2],
            [1, 1, 2, 2],
            "Most often confused, both ways together: a and b. 2 of 2 pictures of a are taken for b, 0 of 1 of b for a. "
            "Then b and c (1).",
        ),
        ([0, 1, 1, 2], [1, 0, 2, 1], "Most often confused, 2 times each, both ways together: a and b; b and c."),
    ],
)
def test_where_no_pair_is_the_most_confused_none_is_named_as_it(truth, guesses, words):
    found = Evaluation(np.array(truth), np.eye(3)[guesses])
    assert most_confused(found, "abc") == words


@pytest.mark.parametrize("view", ["mistakes", "film_strip"])
def test_a_cell_of_the_confusion_matrix_has_its_pictures(run, view):
    found = judged(run, run.latest)
    counts = found.confusion
    a, b = np.unravel_index((counts - np.diag(np.diag(counts))).argmax(), counts.shape)
    app = open_lesson("train", run=run.id, view=view, cell=f"{a}-{b}")
    assert calm(app)
    assert control(app, "cell").options[:2] == [
        f"the worst mistakes of {(found.guesses != found.truth).sum()}",
        f"{a} taken for {b} ({counts[a, b]})",
    ]
    shown = [text for text in texts(app.markdown) if text.startswith("**is ")]
    assert len(shown) == min(12, counts[a, b])
    assert all(text.startswith(f"**is {a}**") for text in shown)
    empty = "-".join(map(str, np.argwhere(counts == 0)[0]))
    app = open_lesson("train", run=run.id, view=view, cell=empty)
    assert calm(app)
    assert texts(app.success) == ["None at this step."]
    app = open_lesson("train", run=run.id, view=view, cell="3-99")
    assert texts(app.warning)[0].startswith("cell (=3-99) in the link must be one of worst, ")


@pytest.mark.parametrize("cell", [None, "3", [3], [3, 10], [-1, 0], [True, 0], [0.0, 1], {"row": 0}])
def test_no_message_but_a_cell_chooses_one(cell, monkeypatch):
    kept = {}
    monkeypatch.setattr("streamlit.session_state", kept)
    pick(10, cell)
    assert kept == {}
    pick(10, [9, 0])
    assert kept == {"cell": "9-0"}


def test_the_film_strip_goes_back_in_time(run):
    app = open_lesson("train", run=run.id, view="film_strip")
    assert calm(app)
    strip = control(app, "film")
    assert [int(k) for k in strip.options] == run.checkpoints.iterations()
    assert strip.value == 21
    for iteration in (1, 21):
        control(app, "film").set_value(iteration).run()
        assert calm(app)
        (sheet,), _ = figure(app, "film_filters")
        weight = run.network_at(iteration).params["conv1.weight"]
        np.testing.assert_allclose(sheet["z"][1][1:4], weight[0, 0, 0], rtol=1e-3)
        (grid,), _ = figure(app, "film_confusion")
        assert [[int(text or 0) for text in row] for row in grid["text"]] == judged(run, iteration).confusion.tolist()
        (bars,), _ = figure(app, "film_probabilities")
        np.testing.assert_allclose(bars["x"], 100 * judged(run, iteration).probabilities[0], atol=0.06)
    captions = [caption for image in app.image for caption in image.captions]
    assert [c for c in captions if c.startswith(("conv1", "relu1", "pool1"))] == [
        "conv1: 2 feature maps of 8×8",
        "relu1: 2 feature maps of 8×8",
        "pool1: 2 feature maps of 4×4",
    ]


def test_the_step_of_the_film_is_in_the_address(run):
    app = open_lesson("train", run=run.id, view="film_strip")
    assert "film" not in app.query_params
    control(app, "film").set_value(8).run()
    assert app.query_params["film"] == "8"
    again = open_lesson("train", run=run.id, view="film_strip", film="8")
    assert calm(again)
    assert control(again, "film").value == 8
    assert "of the first layer after 8 steps" in " ".join(texts(again.markdown))
    control(again, "film").set_value(21).run()
    assert "film" not in again.query_params
    nearest = open_lesson("train", run=run.id, view="film_strip", film="9999")
    assert (calm(nearest), control(nearest, "film").value) == (True, 21)
    bad = open_lesson("train", run=run.id, view="film_strip", film="soon")
    assert texts(bad.warning) == ["film (=soon) in the link must be a step that is kept, such as 21"]


def test_a_new_run_starts_at_its_own_last_step(run, registry):
    app = open_lesson("train", run=run.id, view="film_strip", film="8")
    assert "validation pictures after 8 steps" in " ".join(texts(app.markdown))
    view(app, "curves")
    press(app, "repeat")
    other = registry.get(app.query_params["run"])
    until(lambda: other.ended)
    app = view(app, "film_strip")
    assert calm(app)
    assert other.id != run.id
    assert ("film" in app.query_params, control(app, "film").value) == (False, 21)


def test_how_far_the_filters_moved_is_told_a_step_and_since_when_they_look_as_at_the_end():
    filters = {step: np.array([length]) for step, length in ((0, 1.0), (1, 2.0), (5, 4.0), (25, 4.4), (125, 4.41))}
    assert how_they_move(filters, 5) == (
        ". Since step 1 they moved by 100% of their length, 25.00% a step. Since step 5 they are within 10% of those of step "
        "125, the last"
    )
    assert "by 10.0% of their length, 0.50% a step." in how_they_move(filters, 25)
    early = dict(list(filters.items())[:3])
    assert how_they_move(early, 5).endswith("They still move: at step 1 they were 50% away from those of step 5")
    slowly = {step: np.array([1 + step / 100]) for step in (0, 1, 25, 50, 75, 100)}  # ever smaller shares, and yet far
    assert how_they_move(slowly, 100).endswith("They still move: at step 75 they were 12% away from those of step 100")
    assert how_they_move({0: np.zeros(1), 1: np.ones(1)}, 1) == how_they_move(filters, 0) == ""


def test_the_film_has_a_thumbnail_of_each_step_that_is_kept(run):
    app = open_lesson("train", run=run.id, view="film_strip", film="8")
    data = sent(app, "convscope_film")
    assert [step for step, _ in data["frames"]] == run.checkpoints.iterations()
    assert data["step"] == 8
    assert len({address for _, address in data["frames"]}) == len(data["frames"])  # no two are alike


@pytest.mark.parametrize("step", [None, "8", 8.0, True, -1, 7777, [8]])
def test_a_film_comes_to_rest_at_a_step_that_is_kept_only(step, monkeypatch):
    kept = {}
    monkeypatch.setattr("streamlit.session_state", kept)
    rest_at([1, 4, 8], step)
    assert kept == {}
    rest_at([1, 4, 8], 8)
    assert kept == {"film": 8}


def test_the_film_strip_follows_a_training_until_the_reader_goes_back(registry):
    run = registry.start(small(num_epochs=1000), advance="epoch")
    until(lambda: run.state == "paused")
    app = open_lesson("train", run=run.id, view="film_strip")
    assert control(app, "film").value == run.latest == 7
    press(app, "epoch")
    until(lambda: run.latest == 14 and run.state == "paused")
    app.run()
    assert control(app, "film").value == 14
    control(app, "film").set_value(4).run()
    press(app, "step")
    until(lambda: run.latest == 15 and run.state == "paused")
    app.run()
    assert control(app, "film").value == 4
    assert calm(app)


def test_a_fork_has_the_same_past_and_a_rate_of_its_own(registry, run):
    app = open_lesson("train", run=run.id, view="film_strip")
    control(app, "film").set_value(8).run()
    app.selectbox(key=f"fork_rate_{run.id}_0.004").set_value("0.0001").run()
    app.number_input(key=f"fork_epochs_{run.id}_3").set_value(1).run()
    assert app.button(key="fork").disabled
    assert "Epoch 1 ends with step 7: a fork from step 8 needs 2 epochs or more." in texts(app.caption)
    app.number_input(key=f"fork_epochs_{run.id}_3").set_value(2).run()
    press(app, "fork")
    fork = registry.get(app.query_params["run"])
    assert fork.parent == (run.id, 8)
    until(lambda: fork.state == "finished")
    assert fork.records[:8] == run.records[:8]
    assert [record.learning_rate for record in fork.records[8:]] == [0.0001] * 6
    app.run()
    assert calm(app)


def test_a_fork_from_the_end_trains_as_long_again(registry, run):
    app = open_lesson("train", run=run.id, view="film_strip")
    assert control(app, "film").value == 21
    press(app, "fork")
    fork = registry.get(app.query_params["run"])
    assert (fork.parent, fork.config.num_epochs) == ((run.id, 21), 6)
    assert not fork.changes  # the rate stays as it was
    until(lambda: fork.state == "finished")
    assert fork.records[:21] == run.records
    assert len(fork.records) == 42


@pytest.mark.parametrize(("late", "shown"), [(1000.0, "curves"), (0.0, "film_strip")])
def test_a_view_that_comes_late_does_not_bring_the_former_one_back(run, monkeypatch, late, shown):
    monkeypatch.setattr(segments, "LATE", late)
    app = open_lesson("train", run=run.id, view="film_strip")
    press(app, "fork")
    view(app, "film_strip")  # as the browser says that asked before it knew, or as a reader chooses later
    (row,) = [group for group in app.button_group if group.key == "view"]
    assert row.value == shown


def test_a_fork_after_a_change_in_a_pause_has_the_rate_that_was_set(registry):
    run = registry.start(small(num_epochs=3), advance="epoch")
    until(lambda: run.state == "paused")
    run.change(learning_rate=0.3)
    until(lambda: run.changes)
    app = open_lesson("train", run=run.id, view="film_strip")
    assert app.selectbox(key=f"fork_rate_{run.id}_0.3").value == "0.3"
    press(app, "fork")
    fork = registry.get(app.query_params["run"])
    until(lambda: len(fork.records) > 7)
    assert fork.records[7].learning_rate == 0.3


def test_a_fork_goes_on_with_the_rate_of_its_step_whatever_became_of_it_later(registry):
    run = registry.start(small(num_epochs=2, learning_rate=0.002, lr_decay=0.9), advance="epoch")
    until(lambda: run.state == "paused")
    run.change(learning_rate=0.1)
    run.resume()
    until(lambda: run.ended)
    app = open_lesson("train", run=run.id, view="film_strip")
    control(app, "film").set_value(4).run()
    assert app.selectbox(key=f"fork_rate_{run.id}_0.002").value == "0.002"
    press(app, "fork")
    fork = registry.get(app.query_params["run"])
    until(lambda: fork.state == "finished")
    assert [record.learning_rate for record in fork.records] == [0.002] * 7 + [0.002 * 0.9] * 7
    assert fork.records[6].loss == run.records[6].loss
    app = open_lesson("train", run=fork.id, view="film_strip")
    control(app, "film").set_value(8).run()
    assert app.selectbox(key=f"fork_rate_{fork.id}_{0.002 * 0.9}").options.count("0.0018") == 1
    assert calm(app)


def test_a_look_that_takes_long_is_not_followed_by_another_at_once(registry):
    run = registry.start(small(num_epochs=1000), advance="epoch")
    until(lambda: run.state == "paused")
    seen = run.latest
    leisure.looked(run, "judged", seen, time.monotonic() - 100)
    leisure.looked(run, "judged", seen, time.monotonic())  # it was kept: this says nothing of the cost
    press_on(run)
    assert leisure.due(run, "judged") == run.latest  # nobody has to wait for a run that is paused
    run.state = "running"
    assert leisure.due(run, "judged") == seen < run.latest
    assert leisure.due(run, "filmed") == run.latest


def press_on(run):
    before = run.latest
    run.resume("epoch")
    until(lambda: run.latest > before and run.state == "paused")


def test_a_checkpoint_that_is_damaged_is_said(run):
    run.checkpoints.path(run.latest).write_bytes(b"not weights")
    for name in ("mistakes", "film_strip"):
        app = open_lesson("train", run=run.id, view=name)
        assert not app.exception
        assert texts(app.error) == [f"the checkpoint after {run.latest} steps is damaged: choose another checkpoint"]


def test_a_run_that_another_setting_went_on_with_is_judged_anew(run):
    """The same iteration, another file: what was kept of the first must not be shown for the second."""
    before = runs.evaluation_at(run, 21)
    run.checkpoints.path(21).write_bytes(run.checkpoints.path(1).read_bytes())
    after = runs.evaluation_at(run, 21)
    assert not np.array_equal(before.probabilities, after.probabilities)


def test_the_film_strip_says_how_far_the_filters_moved(run):
    kept = kept_filters(run)
    first, second, *_ = sorted(kept)
    moved = np.linalg.norm(kept[second] - kept[first]) / np.linalg.norm(kept[first])
    app = open_lesson("train", run=run.id, view="film_strip", film=str(second))
    assert any(
        f"Since step {first:,} they moved by {percent(moved, 1)} of their length" in text
        for text in texts(app.markdown)
    )
    app = open_lesson("train", run=run.id, view="film_strip", film=str(first))
    assert not any("they moved by" in text for text in texts(app.markdown))
