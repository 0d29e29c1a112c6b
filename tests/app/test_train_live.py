"""A training while it runs: steered, changed, waiting in the queue, and when the page looks again."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from cnn_core import datasets
from cnn_core.training import DataOptions, StoreError, TrainingConfig
from cnn_core.training.presets import PRESETS
from cnn_core.training.range_test import suggest
from pages.controls.naming import ROOM, what_is
from pages.sections.training_words import no_better_than_guessing
from pages.server.names import numbered
from tests.app.lesson import calm, change, control, figure, open_lesson, texts
from tests.app.training import FAST, LONG, SLOW, SMALL, anew, buttons, label, press, progress, start
from tests.trainings import LONG as LONG_RUN
from tests.trainings import SHORT, small, weights_of
from tests.waiting import until

GOING = {"start": True, "pause": True, "step": True, "epoch": True, "stop": True}


def test_pause_resume_and_stop(registry):
    app, run = start(registry, **LONG, pace=SLOW)
    assert buttons(app) == GOING
    until(lambda: run.records)
    press(app, "pause")
    until(lambda: run.state == "paused")
    app.run()
    assert progress(app).startswith(f"paused: step {len(run.records)} of 350, epoch ")
    assert buttons(app) == {"start": True, "pause": True, "step": True, "epoch": True, "stop": True}
    assert label(app, "pause") == "Resume"
    press(app, "pause")
    until(lambda: run.state == "running")
    press(app, "stop")
    until(lambda: run.ended)
    app.run()
    assert calm(app)
    assert progress(app).startswith(f"stopped at step {len(run.records)} of 350, epoch ")
    assert buttons(app) == {"start": True, "pause": True, "step": True, "epoch": True, "stop": False}
    assert label(app, "pause") == "Go on"


def test_one_step_begins_a_training_and_goes_on_with_it(registry):
    app = open_lesson("train", **LONG)
    press(app, "step")
    (run,) = registry._runs.values()
    until(lambda: run.state == "paused")
    assert len(run.records) == 1
    press(app, "step")
    until(lambda: len(run.records) == 2 and run.state == "paused")
    press(app, "epoch")
    until(lambda: len(run.records) == 7 and run.state == "paused")
    assert calm(app)


def test_a_stopped_training_goes_on_to_its_end(registry):
    app, run = start(registry, **{**LONG, "num_epochs": "3"}, pace=SLOW)
    until(lambda: run.records)
    press(app, "stop")
    until(lambda: run.ended)
    app.selectbox(key="pace").set_value(FAST)
    app.run()
    run.set_pace(None)
    press(app, "pause")
    until(lambda: run.state == "finished")
    assert [record.iteration for record in run.records] == list(range(1, 22))


def test_the_same_training_is_started_anew_although_the_settings_were_changed(registry):
    app, first = start(registry, **LONG, pace=SLOW)
    app.slider(key="seed").set_value(5).run()
    anew(app, "repeat")
    second = registry.get(app.query_params["run"])
    assert second.id != first.id
    assert second.config == first.config
    until(lambda: first.state == "stopped")


def test_starting_anew_asks_where_it_stops_a_training_and_only_there(registry):
    app, first = start(registry, **LONG, pace=SLOW)
    until(lambda: first.done)
    press(app, "start")
    assert app.query_params["run"] == first.id
    assert any(text.startswith("Your training is at step ") for text in texts(app.markdown))
    press(app, "let_train")
    assert not [button for button in app.button if button.key in ("anew", "let_train")]
    assert (first.state, len(registry.rows())) == ("running", 1)
    press(app, "start")
    press(app, "anew")
    second = registry.get(app.query_params["run"])
    until(lambda: first.state == "stopped")
    assert first.latest  # kept
    other = open_lesson("train", run=second.id)  # whose it is not: that one goes on
    press(other, "start")
    assert other.query_params["run"] not in (first.id, second.id)
    assert second.state in ("running", "queued")
    press(other, "stop")
    until(lambda: registry.get(other.query_params["run"]).ended)
    press(other, "start")  # nothing is left to stop
    assert len(registry.rows()) == 4


def test_runs_are_named_after_what_they_are_and_numbered(registry):
    app, first = start(registry, num_epochs="1")
    until(lambda: first.ended)
    for _ in range(2):
        press(app, "start")
        until(lambda: registry.get(app.query_params["run"]).ended)
    app, fashion = start(registry, preset="overfit_100", num_epochs="1")
    until(lambda: fashion.ended)
    app, _ = start(registry, **SMALL, blocks="2")
    names = [row.name for row in registry.rows()]
    assert names == [
        "net of 2 + 2 layers, digits, batches of 200, 1 epoch",
        "overfit 100, Fashion-MNIST, 1 epoch",
        "course's net, digits, 1 epoch, 3rd",
        "course's net, digits, 1 epoch, 2nd",
        "course's net, digits, 1 epoch",
    ]
    registry.delete(registry.rows()[2].id)
    app, _ = start(registry, num_epochs="1")
    assert registry.rows()[0].name == "course's net, digits, 1 epoch, 4th"
    assert app.get("progress")[0].proto.text.startswith("**course's net, digits, 1 epoch, 4th** · ")


def test_a_run_is_named_after_the_preset_it_comes_from_and_what_differs():
    preset = {preset.name: preset.config for preset in PRESETS}
    overfit = preset["overfit_100"]
    more = replace(overfit, data=replace(overfit.data, num_train=400), num_epochs=10)
    assert what_is(overfit) == "overfit 100, Fashion-MNIST"
    assert what_is(more) == "overfit 100, Fashion-MNIST, 400 pictures, 10 epochs"
    assert what_is(overfit.changed(dropout=0.5)) == "overfit 100, Fashion-MNIST, dropout 0.5"
    fork = what_is(overfit.changed(learning_rate=0.01), step=24)
    assert fork == "overfit 100, Fashion-MNIST, from step 24, rate 0.01"
    assert all(len(what_is(p.for_range_test())) <= ROOM for p in preset.values())


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ([], "a"),
        (["a"], "a, 2nd"),
        (["a, 2nd", "b, 7th", "a, 3rd and more", "ab"], "a, 3rd"),
        (["a, 10th"], "a, 11th"),
        (["a, 20th"], "a, 21st"),
        (["a, 111th"], "a, 112th"),
    ],
)
def test_a_number_is_one_more_than_any_that_is_taken(taken, name):
    assert numbered("a", taken) == name


def test_a_run_that_ended_links_to_its_weights(registry):
    app, run = start(registry, **SMALL)
    until(lambda: run.ended)
    app.run()
    (link,) = [element.proto for element in app.get("page_link") if "weights" in element.proto.label]
    assert (link.page, link.query_string) == ("runs", f"runs={run.id}")


def test_an_address_that_comes_late_does_not_bring_the_former_run_back(registry, monkeypatch):
    app, first = start(registry, **LONG, pace=SLOW)
    anew(app)
    second = app.query_params["run"]
    app.query_params["run"] = first.id  # as in a look that the browser asked for before it knew of the second
    app.run()
    assert app.query_params["run"] == second
    monkeypatch.setattr("pages.server.runs.LATE", 0.0)
    app.query_params["run"] = first.id  # a link, later
    app.run()
    assert app.query_params["run"] == first.id


def live_keys(app):
    return {w.key for kind in ("slider", "select_slider") for w in getattr(app, kind) if w.key.startswith("live_")}


def unfold_live(app):
    """Open the fold with the settings that may change while it trains."""
    app.session_state["live"] = True
    return app.run()


def test_settings_change_while_it_trains_and_are_marked_on_the_curve(registry):
    app, run = start(registry, **LONG, pace=SLOW, dropout="0.5")
    until(lambda: run.records)
    app.run()
    assert not live_keys(app)
    keys = live_keys(unfold_live(app))
    assert {"live_learning_rate", "live_reg", "live_dropout"} <= keys
    assert "live_momentum" not in keys  # Adam has none
    control(app, "live_learning_rate").set_value("0.001").run()
    control(app, "live_dropout").set_value(0.2).run()
    until(lambda: len(run.changes) == 2)
    assert run.live["learning_rate"] == 0.001
    assert run.live["dropout"] == 0.2
    app.run()
    assert calm(app)
    assert control(app, "live_learning_rate").value == "0.001"
    marks = [note["text"] for note in figure(app, "loss_curve")[1]["annotations"]]
    assert "learning_rate 0.001" in ", ".join(marks)
    run.change(learning_rate=0.1)  # from another tab
    until(lambda: len(run.changes) == 3)
    app.run()
    assert control(app, "live_learning_rate").value == "0.1"
    app.session_state["live"] = False
    assert not live_keys(app.run())
    run.change(learning_rate=0.02)
    until(lambda: len(run.changes) == 4)
    assert control(unfold_live(app), "live_learning_rate").value == "0.02"


@pytest.mark.parametrize("page", ["train", "convolution"])
def test_trainings_give_way_at_each_change_of_any_page(registry, monkeypatch, page):
    given = []
    monkeypatch.setattr(registry, "give_way", lambda: given.append(page))
    app = open_lesson(page)
    for value in (1, 2):
        change(app, {"train": "num_epochs", "convolution": "padding"}[page], value)
    assert given == [page] * 3


def test_a_page_without_trainings_makes_no_folder_for_them(tmp_path):
    assert calm(open_lesson("convolution"))
    assert not (tmp_path / "kept").exists()


def test_the_line_on_a_training_says_what_was_changed_and_how_it_began(registry):
    run = registry.start(SHORT)
    until(lambda: run.ended)
    begun = registry.start(SHORT, begin_with=weights_of(run), advance="step")
    until(lambda: begun.state == "paused")
    begun.change(learning_rate=0.3)
    until(lambda: begun.changes)
    (line,) = [text for text in texts(open_lesson("train", run=run.id).caption) if text.startswith("This training")]
    (other,) = [text for text in texts(open_lesson("train", run=begun.id).caption) if text.startswith("This training")]
    assert other == line.removesuffix(".") + "; began with given weights; learning_rate 0.3 after step 1."


def test_what_a_command_cannot_do_is_said(registry, monkeypatch):
    app, run = start(registry, **LONG, pace=SLOW)

    def refuse(**values):
        raise ValueError("reg (=-1) must be a finite number 0 or more")

    monkeypatch.setattr(run, "change", refuse)
    control(unfold_live(app), "live_reg").set_value("0.1").run()
    assert texts(app.error) == ["reg (=-1) must be a finite number 0 or more"]
    monkeypatch.undo()
    press(app, "pause")
    assert texts(app.error) == []


def test_what_cannot_be_kept_is_said(registry):
    app, run = start(registry, **LONG, pace=SLOW)
    run.warning, registry.message = "the history could not be written", "runs are kept until the server ends only"
    app.run()
    assert texts(app.warning) == ["the history could not be written", "runs are kept until the server ends only"]


@pytest.mark.parametrize("state", ["running", "paused", "finished"])
def test_the_page_looks_again_by_itself_only_while_something_happens(registry, monkeypatch, state):
    looks = []
    monkeypatch.setattr("streamlit.fragment", lambda function, run_every: looks.append(run_every) or function)
    app, run = start(registry, **(SMALL if state == "finished" else LONG), pace=FAST if state == "finished" else SLOW)
    if state == "paused":
        press(app, "pause")
    until(lambda: run.state == state)
    app.run()
    assert looks[-1] == {"running": 0.5, "paused": 2.0, "finished": None}[state]  # another tab may resume a paused one
    if state == "paused":
        press(app, "pause")
        assert looks[-1] == 0.5


def test_changed_settings_are_noted_and_used_by_the_next_start(registry):
    app, first = start(registry, **LONG, pace=SLOW)
    note = "**Start anew** uses those of the sidebar."
    assert note not in texts(app.markdown)
    app.slider(key="block_1_num_filters").set_value(3).run()
    assert note in texts(app.markdown)
    anew(app)
    second = registry.get(app.query_params["run"])
    assert second.config.network.blocks[0].num_filters == 3
    until(lambda: first.state == "stopped")
    app.run()
    assert note not in texts(app.markdown)
    assert calm(app)
    change(app, "blocks", 4)  # which do not fit
    assert note not in texts(app.markdown)  # for it cannot be started
    assert app.button(key="repeat")


def test_the_settings_of_a_run_that_was_only_reopened_can_be_taken_over(registry):
    config = small(dataset="fashion", data=DataOptions(num_train=400), num_epochs=3, learning_rate=0.02)
    run = registry.start(config, advance="step")
    until(lambda: run.state == "paused")
    app = open_lesson("train", run=run.id)
    press(app, "take_settings")
    assert calm(app)
    assert "take_settings" not in {button.key for button in app.button}
    assert control(app, "learning_rate").value == "0.02"
    assert app.query_params["run"] == run.id


def test_a_run_that_waits_says_how_many_are_before_it(registry):
    registry.slots = 0.25  # room for one training with a pace
    start(registry, **LONG, pace=SLOW)
    start(registry, **LONG, pace=SLOW)
    app, run = start(registry, **LONG, pace=SLOW)
    assert calm(app)
    assert progress(app) == "waiting: all cores are training; 1 before this one"
    press(app, "stop")
    assert run.state == "stopped"
    assert progress(app) == "stopped before the first step"


def test_a_run_whose_length_is_not_known_yet_is_starting(registry):
    parent = registry.start(SHORT)
    until(lambda: parent.ended)
    registry.slots = 0
    fork = registry.fork(parent, 8, num_epochs=4)
    registry.store.set(fork.id, state="stopped")
    fork.state, fork.iterations = "running", 0  # as it is until its worker has spoken
    assert progress(open_lesson("train", run=fork.id)) == "running: starting"


@pytest.mark.parametrize(
    ("preset", "remedy"),
    [
        ("dead_relus", "Most units of conv1 and linear1 are dead, see **Layers**: a tenth of the learning rate"),
        ("deep_sigmoids", "Hardly any gradient arrives at conv1, conv2 and conv3, see **Layers**: ReLU in place of"),
    ],
)
def test_what_may_help_depends_on_what_the_layers_are_like(registry, preset, remedy):
    app, run = start(registry, preset=preset)
    until(lambda: run.done > 100)
    run.set_pace(10.0)  # 25 seconds are left: time to look at it
    until(lambda: run.state == "running" and run.steps_per_second)
    assert not app.run().info  # while it trains nothing moves down; the line above the bar says it
    assert progress(app).endswith("; no better than guessing so far")
    run.set_pace(None)
    until(lambda: run.ended)
    (info,) = texts(app.run().info)
    assert info.startswith(f"After 10 epochs no better than guessing one of 10 classes. {remedy}")


def test_the_fold_of_live_settings_stays_when_the_training_has_ended(registry):
    app, run = start(registry, **SMALL)
    until(lambda: run.ended)
    app.run()
    assert "Change while it trains" in [place.proto.popover.label for place in app.get("popover")]
    app.session_state["live"] = True
    assert any("can fork from any of its steps that are kept" in text for text in texts(app.run().caption))
    assert calm(app)


def test_a_training_that_diverges_is_told_with_the_remedy(registry):
    run = registry.start(small(update_rule="sgd", learning_rate=1e6))
    until(lambda: run.ended)
    app = open_lesson("train", run=run.id)
    (error,) = texts(app.error)
    assert error.startswith("diverged: the loss became ")
    assert error.endswith("learning_rate (=1e+06) is probably too large, try a tenth of it")
    assert not app.exception
    assert "What usually helps" in texts(app.info)[-1]
    assert buttons(app)["start"]


def test_a_range_test_suggests_a_rate_and_hands_it_over(registry):
    app = open_lesson("train", val_accuracy="0.5", patience="1")  # which must not end the test
    press(app, "find_rate")
    (test,) = registry._runs.values()
    assert test.config == replace(TrainingConfig(), range_test=True)
    until(lambda: test.ended)
    app.run()
    assert calm(app)
    (smoothed, raw), layout = figure(app, "range_curve")
    assert raw["x"] == smoothed["x"] == [record.learning_rate for record in test.records]
    assert layout["xaxis"]["type"] == "log"
    assert float(layout["annotations"][0]["text"]) == pytest.approx(suggest(test.records), rel=0.06)
    press(app, "take_over")
    rate = float(control(app, "learning_rate").value)
    assert suggest(test.records) / 1.5 < rate < suggest(test.records) * 1.5
    assert "range_test" not in app.query_params
    assert not [button for button in app.button if button.key == "take_over"]


def test_a_test_of_other_settings_says_so(registry):
    app = open_lesson("train")
    press(app, "find_rate")
    (test,) = registry._runs.values()
    until(lambda: test.ended)
    app.run()
    said = f"Tried: digits, all {test.config.training_data().num_train:,} training pictures; 16×3×3 relu max2, 64 relu; Adam"
    assert any(text.startswith(said) for text in texts(app.caption))
    for key, value in (("learning_rate", "0.1"), ("num_epochs", 3)):  # what the test does not depend on
        assert not texts(change(app, key, value).info)
    (info,) = texts(change(app, "batch_size", 7).info)
    assert info == "The sidebar holds other settings: **Find a learning rate** tries those."


def test_a_test_that_is_opened_as_a_training_is_shown_as_what_it_is(registry):
    test = registry.start(replace(TrainingConfig(), range_test=True))
    until(lambda: test.ended)
    app = open_lesson("train", run=test.id)
    assert calm(app)
    assert app.query_params["range_test"] == test.id
    assert "run" not in app.query_params
    assert figure(app, "range_curve")
    assert not app.get("progress")


def test_a_test_in_which_the_loss_hardly_falls_suggests_nothing(registry):
    app = open_lesson("train", preset="deep_no_norm")
    press(app, "find_rate")
    (test,) = registry._runs.values()
    until(lambda: test.ended)
    app.run()
    assert "take_over" not in {button.key for button in app.button}
    assert any(text.startswith("The loss hardly fell at any rate") for text in texts(app.markdown))


def test_finding_a_rate_stops_no_run_but_this_visitors_last_test(registry):
    training = registry.start(LONG_RUN, 10.0)
    app = open_lesson("train", range_test=training.id)
    assert texts(app.warning) == [
        f"range_test (={training.id}) in the link is a training, not a learning-rate range test."
    ]
    assert not app.exception
    assert "take_over" not in {button.key for button in app.button}
    press(app, "find_rate")
    first = registry.get(app.query_params["range_test"])
    until(lambda: first.ended)
    first_stopped = []
    first.stop = lambda: first_stopped.append(True)
    first.state = "running"
    press(app, "find_rate")
    assert first_stopped
    assert calm(app)
    assert training.state == "running"


def test_the_page_runs_anew_when_its_fragment_finds_that_the_training_ended(registry, monkeypatch):
    app, run = start(registry, **LONG, pace=SLOW)
    looks = []

    def fragment(show, run_every):
        def end_before_showing():
            run.stop()
            until(lambda: run.ended)
            show()

        looks.append(run_every)
        return end_before_showing

    monkeypatch.setattr("streamlit.fragment", fragment)
    app.run()
    assert looks == [0.5, None]
    assert calm(app)


def remove_fashion(monkeypatch):
    """From now on that data set cannot be loaded."""
    load = datasets.load

    def removed(name):
        if name == "fashion":
            raise ValueError(f"dataset (={name}) must be one of digits, fashion, colours")
        return load(name)

    monkeypatch.setattr(datasets, "load", removed)


@pytest.mark.parametrize("view", ["curves", "layers", "mistakes", "film_strip", "weight", "network"])
def test_a_data_set_that_is_removed_meanwhile_is_said(registry, monkeypatch, view):
    run = registry.start(small(dataset="fashion", num_epochs=2))
    until(lambda: run.ended)
    remove_fashion(monkeypatch)
    app = open_lesson("train", run=run.id, view=view)
    assert not app.exception
    pictures = view in ("mistakes", "film_strip", "weight", "network")  # the other views need none
    assert texts(app.error) == ["dataset (=fashion) must be one of digits, fashion, colours"] * pictures
    assert buttons(app)["start"]


def test_a_data_set_that_is_removed_while_a_training_on_it_goes_on_hides_nothing(registry, monkeypatch):
    run = registry.start(small(dataset="fashion", num_epochs=1000, learning_rate=1e-9), 50.0)  # it learns nothing
    until(lambda: any(record.val_accuracy is not None for record in run.records))
    remove_fashion(monkeypatch)
    app = open_lesson("train", run=run.id)
    assert calm(app)
    assert figure(app, "loss_curve")
    assert progress(app).startswith("running: step ")


def test_a_data_set_that_cannot_be_read_is_said_once(registry, monkeypatch):
    remove_fashion(monkeypatch)
    app = open_lesson("train", dataset="fashion")
    assert not app.exception
    assert texts(app.error) == ["dataset (=fashion) must be one of digits, fashion, colours"]


@pytest.mark.parametrize(
    ("classes", "count", "accuracy", "guessing"),
    [
        (10, 200, 0.14, True),
        (10, 200, 0.16, False),
        (2, 1000, 0.54, True),
        (2, 1000, 0.7, False),
        (2, 16, 0.7, True),
        (2, 16, 0.8, False),
    ],
)
def test_what_is_no_better_than_guessing_depends_on_the_classes_and_the_pictures(classes, count, accuracy, guessing):
    data = SimpleNamespace(num_classes=classes, val_labels=range(count))
    config = SimpleNamespace(range_test=False, training_data=lambda: data)
    records = [SimpleNamespace(val_accuracy=accuracy), SimpleNamespace(val_accuracy=None)]
    assert no_better_than_guessing(SimpleNamespace(config=config, outline=records)) == guessing


def test_a_fork_that_never_began_ended_at_its_step(registry):
    parent = registry.start(SHORT)
    until(lambda: parent.ended)
    registry.slots = 0
    fork = registry.fork(parent, 8, num_epochs=4)
    fork.stop()
    assert progress(open_lesson("train", run=fork.id)) == "stopped at step 8"


def test_a_search_that_ended_early_says_nothing_of_the_network(registry):
    registry.slots = 0
    test = registry.start(replace(TrainingConfig(), range_test=True))
    test.stop()
    app = open_lesson("train", range_test=test.id)
    assert calm(app)
    assert "stopped after 0 steps: too early to say." in texts(app.markdown)


def test_a_run_that_can_no_longer_be_read_does_not_keep_others_from_starting(registry, monkeypatch):
    app, first = start(registry, **SMALL)
    until(lambda: first.ended)
    get = registry.get

    def unreadable(run_id):
        if run_id == first.id:
            raise StoreError("the settings of this run are not those of any training here")
        return get(run_id)

    monkeypatch.setattr(registry, "get", unreadable)
    press(app, "start")
    assert app.query_params["run"] != first.id
    assert calm(app)


def test_a_button_commands_the_run_as_it_is_kept_now(registry):
    """The registry may let go a run that ended and read it anew: the page's own copy is then nobody's."""
    app, run = start(registry, **{**LONG, "num_epochs": "2"}, pace=SLOW)
    until(lambda: run.records)
    press(app, "stop")
    until(lambda: run.ended)
    app.run()
    del registry._runs[run.id]
    press(app, "pause")
    assert registry.get(run.id) is not run
    assert run.state == "stopped"
    until(lambda: registry.get(run.id).state != "stopped")


def test_a_pace_that_is_not_on_the_list_is_shown_as_the_nearest(registry):
    run = registry.start(LONG_RUN, 12.0)
    app = open_lesson("train", run=run.id)
    assert calm(app)
    assert app.selectbox(key="pace").value == SLOW


def test_curves_of_a_run_at_full_speed_wait_while_the_reader_changes_settings(registry, monkeypatch):
    app, run = start(registry, **{**LONG, "num_epochs": "50", "block_1_num_filters": "32"}, pace=FAST)
    until(lambda: run.records)
    points = [len(figure(app.run(), "loss_curve")[0][0]["x"])]
    for busy, epochs in ((1e9, 49), (0.0, 48)):
        monkeypatch.setattr("pages.sections.curves_view.BUSY", busy)
        monkeypatch.setattr("pages.sections.curves_view.CALM", 1e9 - busy)  # of looks; no look here
        done = run.done
        until(lambda done=done: run.done > done)
        change(app, "num_epochs", epochs)
        points.append(len(figure(app, "loss_curve")[0][0]["x"]))
    assert run.state == "running"
    assert points[0] == points[1] < points[2]
