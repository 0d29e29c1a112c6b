"""The page Runs: what is kept is listed, found, compared, named, deleted and restored, exported and imported."""

import io
import json
import time

import numpy as np
import pytest
import streamlit as st

from cnn_core.solver import StepRecord
from cnn_core.training import DataOptions, tensors
from cnn_core.training.export import weights_file
from cnn_core.training.history import NAMES, History
from cnn_core.training.store import Change
from pages.figures.comparison import COLOURS, DASHES, LONGEST, MARKERS, MOST, accuracy_curves, loss_curves
from pages.sections.run_comparison import flat, settings_table
from pages.sections.run_table import notation
from pages.server import runs as runs_module
from tests.app.lesson import calm, figure, open_lesson, texts
from tests.trainings import SHORT, small, weights_of
from tests.waiting import until


def history(steps=14, epoch=7, start=2.3):
    ends = {k: k / (steps + 2) for k in range(epoch, steps + 1, epoch)}
    return [
        StepRecord(k, (k - 1) // epoch + 1, start / k, 0.01, 0.004, ends.get(k), ends.get(k))
        for k in range(1, steps + 1)
    ]


def keep(registry, run, config=SHORT, records=None, **values):
    """A run in the store, as if it had been trained."""
    registry.store.add(run, config.as_dict(), None)
    registry.store.add_steps(run, history() if records is None else records)
    registry.store.set(run, **{"state": "finished", "iterations": 14, **values})


@pytest.fixture
def three(registry):
    keep(registry, "first", name="the usual", test_accuracy=0.9, seconds=1.5)
    keep(registry, "second", small(num_epochs=2, update_rule="sgd", learning_rate=0.02), note="slow <b>at</b> first")
    keep(registry, "third", small(dataset="fashion", num_epochs=1), history(7), state="stopped")
    return registry


def listed(app):
    return list(app.dataframe[0].value["name"])


def chosen(app):
    said = app.query_params.get("runs", "")  # as it was given, or a list once the page has written it
    return [run for run in (said if isinstance(said, str) else said[0]).split(",") if run]


def press(app, key):
    return app.button(key=key).click().run()


def captions(app):
    return " ".join(texts(app.caption))


def test_without_runs_it_says_where_to_start(registry):
    app = open_lesson("runs")
    assert calm(app)
    assert texts(app.info) == ["No runs yet: start one on the Train page."]
    assert [link.proto.page for link in app.get("page_link")] == ["train"]


def test_the_table_tells_of_every_run(three):
    app = open_lesson("runs")
    assert calm(app)
    rows = app.dataframe[0].value.to_dict("records")
    assert [row["name"] for row in rows] == ["third", "second", "the usual"]  # the newest first
    third, second, first = rows
    assert (first["test"], first["validation"], first["seconds"], first["steps"]) == (0.9, 14 / 16, 1.5, 14)
    assert first["loss"] == pytest.approx(2.3 / 14 + 0.01)
    assert (second["optimiser"], second["rate"], second["epochs"]) == ("SGD", 0.02, 2)
    assert (third["data set"], third["state"], third["network"]) == ("Fashion-MNIST", "stopped", str(SHORT.network))
    assert [row["pictures"] for row in rows] == ["all"] * 3
    assert len(third["curve"]) > 0
    assert third["started"].timestamp() == pytest.approx(time.time(), abs=60)
    assert "3 runs; choose one" in captions(app)


def test_rows_that_differ_in_their_pictures_or_in_reg_do_not_look_alike(registry):
    keep(registry, "few", small(data=DataOptions(num_train=400)))
    keep(registry, "strong", small(reg=0.5))
    rows = open_lesson("runs").dataframe[0].value.set_index("name")
    assert list(rows["pictures"]) == ["all", "400"]
    assert list(rows["reg"]) == [0.5, 0.001]


def test_a_row_that_an_other_version_wrote_is_listed_and_can_be_deleted(three):
    three.store.add("odd", {"dataset": "digits", "network": {"layers": 3}}, None)
    app = open_lesson("runs", runs="odd")
    assert app.dataframe[0].value["network"][0] == "?"
    assert "not those of any training here" in texts(app.error)[0]
    app = press(app, "delete_one")
    assert listed(app) == ["third", "second", "the usual"]


def test_a_search_for_a_rate_is_told_from_a_training(registry):
    keep(registry, "search", small(range_test=True))
    keep(registry, "training")
    table = open_lesson("runs").dataframe[0].value.set_index("name")
    assert list(table.loc["search", ["state", "rate", "epochs"]].fillna("none")) == [
        "finished, range test",
        "none",
        "none",
    ]
    assert list(table.loc["training", ["state", "rate", "epochs"]]) == ["finished", 0.004, 2]
    links = [
        link.proto.query_string
        for run in ("search", "training")
        for link in open_lesson("runs", runs=run).get("page_link")
    ]
    assert links == ["range_test=search", "run=training"]


def test_filters_find_runs(three):
    app = open_lesson("runs")
    for text, found in (("usual", ["the usual"]), ("SLOW sgd", ["second"]), ("relu", ["third", "second", "the usual"])):
        assert listed(app.text_input(key="find").set_value(text).run()) == found
    app = app.text_input(key="find").set_value("nothing like it").run()
    assert "No run is like that" in texts(app.info)[0]
    app.text_input(key="find").set_value("").run()
    assert listed(app.multiselect(key="state").set_value(["stopped"]).run()) == ["third"]
    app.multiselect(key="state").set_value([]).run()
    assert listed(app.multiselect(key="datasets").set_value(["digits"]).run()) == ["second", "the usual"]
    assert "2 of 3 runs" in captions(app)


def test_the_choice_stands_in_the_address_and_outlives_a_filter(three):
    app = open_lesson("runs", runs="first,third")
    assert calm(app)
    boxes = json.loads(app.dataframe[0].proto.selection_default)
    assert boxes["selection"]["rows"] == [0, 2]
    app.multiselect(key="datasets").set_value(["digits"]).run()
    assert chosen(app) == ["first", "third"]
    assert "2 chosen, 1 of them hidden by the filters" in captions(app)
    app = press(app, "choose_none")
    assert chosen(app) == []


def test_after_a_new_training_no_older_one_is_chosen_here_nor_shown_elsewhere(registry, trained):
    def follow(page):
        return app.switch_page(f"lessons/{page}.py").run()  # as by the menu, without anything in the address

    app = open_lesson("runs", runs=trained.id)
    network = {"run": trained.id, "weights": "own", "step": str(trained.checkpoints.iterations()[0])}
    app.query_params.clear()
    app = app.switch_page("lessons/network.py")
    app.query_params.update(network)
    app = app.run()
    app.query_params.clear()
    assert chosen(follow("runs")) == [trained.id]  # so long as there is none
    app.query_params.clear()
    app = press(follow("train"), "start")
    new = app.query_params["run"]
    app.query_params.clear()
    assert chosen(follow("runs")) == []
    app.query_params.clear()
    app = follow("network")
    assert new in app.query_params["run"]
    assert "step" not in app.query_params


def test_an_unknown_run_in_the_address_is_told_of(three):
    app = open_lesson("runs", runs="first,[nobody](http://x)")
    assert texts(app.warning) == [
        "runs (=[nobody](http://x)) in the link is not kept on this server, or was deleted: choose from the table."
    ]
    assert chosen(app) == ["first"]


def test_a_name_and_a_note_are_kept(three):
    app = open_lesson("runs", runs="second")
    app.text_input(key="name_second").set_value("  a *first* name ").run()
    assert three.store.row("second").name == "a *first* name"
    three.describe("second", name="a *new* name")
    app.text_area(key="note_second").set_value("why").run()
    assert calm(app)
    row = three.store.row("second")
    assert (row.name, row.note) == ("a *new* name", "why")
    assert "a *new* name" in listed(app)


def test_deleting_is_undone(three):
    app = open_lesson("runs", runs="first,second")
    app = press(app, "delete_all")
    assert (listed(app), chosen(app)) == (["third"], [])
    assert "Deleted 2 runs." in texts(app.markdown)
    app = press(app, "undo")
    assert (listed(app), chosen(app)) == (["third", "second", "the usual"], ["first", "second"])
    assert "undo" not in {button.key for button in app.button}


def test_what_another_reader_deleted_can_be_brought_back(three):
    ids = [row.id for row in three.rows()]
    press(open_lesson("runs", runs=",".join(ids[:2])), "delete_all")
    app = open_lesson("runs")
    assert "undo" not in {button.key for button in app.button}
    (choice,) = [choice for choice in app.multiselect if choice.key == "bring_back"]
    app = press(choice.set_value([ids[1]]).run(), "bring")
    assert not app.exception
    assert {row.id for row in three.rows()} == set(ids[1:])
    assert [row.id for row in three.deleted()] == ids[:1]
    app = open_lesson("runs")
    (choice,) = [choice for choice in app.multiselect if choice.key == "bring_back"]
    app = press(choice.set_value([ids[0]]).run(), "bring")
    assert {row.id for row in three.rows()} == set(ids)
    assert "bring_back" not in {choice.key for choice in app.multiselect}


def test_a_training_run_that_is_deleted_stops_and_comes_back_stopped(registry):
    run = registry.start(small(num_epochs=1000))
    until(lambda: run.records)
    app = press(open_lesson("runs", runs=run.id), "delete_one")
    assert registry.get(run.id) is None
    app = press(app, "undo")
    until(lambda: registry.get(run.id).state == "stopped")
    again = registry.get(run.id)
    count = len(again.records)
    again.resume()
    until(lambda: len(again.records) > count)


def test_chosen_runs_are_compared(three):
    app = open_lesson("runs", runs="first,second,third")
    assert calm(app)
    lines, _ = figure(app, "loss_curves")
    assert [line["name"] for line in lines] == ["the usual", "second", "third"]  # in the order of choice
    lines, _ = figure(app, "accuracy_curves")
    assert [line["name"] for line in lines] == ["the usual", "second", "third"]
    outcomes, settings = (table.value for table in app.table)
    assert list(outcomes["run"]) == ["the usual", "second", "third"]
    assert list(outcomes["validation"]) == ["87.5%", "87.5%", "77.8%"]
    assert list(settings["setting"]) == ["dataset", "update\\_rule", "learning\\_rate", "num\\_epochs"]
    assert list(settings["third"]) == ["**Fashion\\-MNIST**", "Adam", "0.004", "**1**"]
    app.toggle(key="same").set_value(True).run()
    names = list(app.table[1].value["setting"])
    assert names[:4] == list(settings["setting"])
    assert len(names) > 25


SAME = "They have the same settings: the same seed gave the same training"


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (history(), f"{SAME}."),
        (history()[:10], f"{SAME}, as far as each of them went."),
        ([], "They have the same settings. One of them has no step behind it yet"),
        (history(start=2.4), "They have the same settings, but not the same numbers"),
    ],
)
def test_runs_with_the_same_settings_are_said_to_be_what_they_are(three, records, words):
    keep(three, "twin", records=records)
    (info,) = texts(open_lesson("runs", runs="first,twin").info)
    assert info.startswith(words)


def test_without_the_first_weights_no_script_is_offered(registry, trained, offered):
    trained.checkpoints.path(0).write_bytes(b"broken")
    app = open_lesson("runs", runs=trained.id)
    (script,) = [button for button in app.get("download_button") if button.proto.label == "Python script"]
    assert script.proto.disabled
    assert "No script repeats this run" in captions(app)


def test_given_weights_are_a_difference(registry, trained):
    begun = registry.start(SHORT, begin_with=weights_of(trained))
    until(lambda: begun.ended)
    app = open_lesson("runs", runs=f"{trained.id},{begun.id}")
    assert not app.info
    (row,) = app.table[1].value.to_dict("records")
    assert list(row.values()) == ["begins with", "–", "**given weights**"]


def test_only_so_many_are_compared_as_can_be_told_apart(registry):
    ids = [f"run{k}" for k in range(MOST + 2)]
    for run in ids:
        keep(registry, run, name="of one name")
    app = open_lesson("runs", runs=",".join(ids))
    assert calm(app)
    assert f"The first {MOST} of the {MOST + 2} chosen" in captions(app)
    lines, _ = figure(app, "loss_curves")
    assert [line["name"] for line in lines] == [f"of one name ({run})" for run in ids[:MOST]]


def test_five_hundred_runs_are_listed_quickly(registry):
    with registry.store._writing():  # one transaction
        for k in range(500):
            keep(registry, f"run{k}")
    open_lesson("runs")
    began = time.perf_counter()
    app = open_lesson("runs")
    assert time.perf_counter() - began < 3
    assert len(listed(app)) == 500


def test_lines_differ_in_colour_and_in_dash_and_marker():
    runs = {f"run {k}": history() for k in range(MOST)}
    for made in (loss_curves(runs, smoothed=False), accuracy_curves(runs)):
        assert len({line["line"]["color"] for line in made["data"]}) == MOST
        assert len({line["line"]["dash"] for line in made["data"]}) == MOST
        assert len({line["marker"]["symbol"] for line in made["data"]}) == MOST
    assert len(COLOURS) <= len(DASHES) == len(MARKERS)


def test_curves_hold_what_was_recorded():
    records = history(5000, 500)
    (line,) = loss_curves({"run": records}, smoothed=False)["data"]
    by_step = {record.iteration: record.loss for record in records}
    assert len(line["x"]) <= 400
    assert line["x"][-1] == 5000
    assert line["y"] == [pytest.approx(by_step[k], rel=1e-3) for k in line["x"]]
    (line,) = accuracy_curves({"run": records})["data"]
    assert line["x"] == list(range(500, 5001, 500))
    assert line["y"] == [pytest.approx(100 * k / 5002, abs=0.01) for k in line["x"]]


def test_an_explosion_leaves_the_others_in_sight():
    wild = [StepRecord(k, 1, 10.0 ** (4 * k), 0.0, 9.0) for k in range(1, 7)]
    tame = [StepRecord(k, 1, 2.0 / k, 0.0, 0.1) for k in range(1, 101)]
    axis = loss_curves({"tame": tame, "wild": wild}, smoothed=False)["layout"]["yaxis"]
    assert axis["type"] == "log"
    assert 5 < axis["range"][1] < 6  # ten times the first loss of the wild one
    assert "type" not in loss_curves({"tame": tame[:20]}, smoothed=False)["layout"]["yaxis"]


def test_a_name_becomes_no_link_in_a_legend():
    (line,) = loss_curves({"<a href='x'>" + "y" * 50: history()}, smoothed=True)["data"]
    assert line["name"].startswith("&lt;a href=")
    assert line["name"].endswith("…")
    assert len(line["name"]) < LONGEST + 20


def test_settings_are_laid_side_by_side_cell_by_cell():
    table = settings_table({"a": {"x": "1", "y": "2"}, "b": {"x": "1", "y": "3", "z": "4"}}, every=False)
    assert table == [{"setting": "y", "a": "2", "b": "**3**"}, {"setting": "z", "a": "–", "b": "**4**"}]
    table = settings_table({"a": {"x": "1", "y": "2"}, "b": {"x": "1", "y": "3"}}, every=True)
    assert [row["setting"] for row in table] == ["y", "x"]


def test_changes_and_the_past_of_a_fork_are_settings_too(three):
    three.store.add("fork", small(data=DataOptions(num_train=200)).as_dict(), None, ("first", 7))
    found = flat(three.store.row("fork"), [Change(7, "reg", 0.1), Change(9, "dropout", 0.5), Change(9, "reg", 0.0)])
    assert found["forked from"] == "first, step 7"
    assert found["reg, changed"] == "0.1 after step 7, 0 after step 9"
    assert found["dropout, changed"] == "0.5 after step 9"
    assert (found["data: num_train"], found["block 1: num_filters"], found["hidden"]) == ("200", "2", "4")


def test_a_network_is_noted_in_short():
    assert notation(SHORT.as_dict()["network"]) == str(SHORT.network)
    for odd in (None, [], {"blocks": None}, {"blocks": [{"num_filters": "x"}]}):
        assert notation(odd) == "?"


@pytest.fixture
def trained(registry):
    run = registry.start(SHORT)
    until(lambda: run.ended)
    return run


@pytest.fixture
def offered(monkeypatch):
    """The files that the page offers, by the last part of their names; a call makes one."""
    found, button = {}, st.download_button

    def offer(label, data, file_name, *args, **options):
        assert options["on_click"] == "ignore"
        found[file_name] = data
        return button(label, data, file_name, *args, **options)

    monkeypatch.setattr(st, "download_button", offer)
    return found


def test_every_file_of_a_run_is_made_when_it_is_asked_for(trained, offered):
    app = open_lesson("runs", runs=trained.id)
    assert calm(app)
    name = f"convscope-{trained.id.strip('-_')}"
    assert set(offered) == {
        *(f"{name}.{end}" for end in ("csv", "json", "tfevents")),
        *(f"{name}-step-14{end}" for end in (".safetensors", "-pytorch.py", ".onnx", "-checkpoint.safetensors")),
        f"{name}-step-14-again.py",
    }
    assert all(make() for make in offered.values())
    offered.clear()
    app.select_slider(key=f"file_step_{trained.id}").set_value(trained.checkpoints.iterations()[0]).run()
    _, metadata = tensors.unpack(offered[f"{name}-step-0.safetensors"]())
    assert json.loads(metadata["convscope"])["iteration"] == 0


@pytest.mark.parametrize(
    ("page", "address"),
    [("runs", {"runs": "one,two"}), *(("train", {"run": "one", "view": view}) for view in ("curves", "layers", "film_strip"))],
)  # fmt: skip
def test_no_page_goes_through_a_long_history_step_by_step(registry, monkeypatch, page, address):
    rows = np.full((50_000, len(NAMES)), 0.5)
    rows[:, 0], rows[:, 1] = np.arange(1, len(rows) + 1), np.arange(len(rows)) // 1000 + 1
    rows[np.arange(1, len(rows) + 1) % 1000 > 0, 5:] = np.nan
    for run in ("one", "two"):
        keep(registry, run, records=History(rows), iterations=len(rows))
    each = History.__iter__

    def short(self):
        assert len(self) < len(rows), "record after record"
        return each(self)

    monkeypatch.setattr(History, "__iter__", short)
    app = open_lesson(page, **address)
    assert not app.exception
    if page == "runs":
        assert list(app.table[0].value["steps"]) == ["50,000"] * 2
    else:
        assert "50000 steps" in app.get("progress")[0].proto.text


EXTRAS = {"onnx": ("ONNX", "onnx", ".onnx"), "tensorboard": ("TensorBoard", "tensorboardX", ".tfevents")}


@pytest.mark.parametrize("missing", [(), ("onnx",), ("tensorboard",), ("onnx", "tensorboard")])
def test_without_a_package_the_page_says_how_to_get_it(trained, offered, monkeypatch, missing):
    for extra in missing:
        monkeypatch.setattr(f"pages.sections.run_files.has_{extra}", lambda: False)
    app = open_lesson("runs", runs=trained.id)
    kinds, packages, _ = zip(*(EXTRAS[extra] for extra in missing), strict=True) if missing else ((), (), ())
    for extra, (_, _, end) in EXTRAS.items():
        assert any(name.endswith(end) for name in offered) != (extra in missing)
    words = f"For {' and '.join(kinds)} as well, install where this server runs: `pip install {' '.join(packages)}`."
    assert (words in captions(app)) == bool(missing)
    assert ("pip install" in captions(app)) == bool(missing)


def test_a_damaged_checkpoint_is_told_of_and_the_rest_stays(trained, offered):
    trained.checkpoints.path(14).write_bytes(b"broken")
    app = open_lesson("runs", runs=trained.id)
    assert "The weights after step 14 cannot be read" in texts(app.error)[0]
    assert len(offered) == 3  # of the whole run


def test_a_run_that_never_began_offers_its_settings(registry, offered):
    keep(registry, "queued", records=[], state="stopped")
    app = open_lesson("runs", runs="queued")
    assert calm(app)
    assert "No weights are kept yet." in captions(app)


def bring(registry, monkeypatch, **files):
    """The page as it is when these files were chosen; the page that it goes to is noted instead of opened."""
    went = []
    named = [io.BytesIO(data) for data in files.values()]
    for file, name in zip(named, files, strict=True):
        file.name = name.replace("_", ".")
    monkeypatch.setattr(st, "file_uploader", lambda *a, **k: named)
    monkeypatch.setattr(st, "switch_page", lambda page, query_params: went.append((page, query_params)))
    return open_lesson("runs"), went


def test_weights_are_brought_back_and_a_run_starts_from_them(registry, trained, monkeypatch):
    app, went = bring(registry, monkeypatch, w_safetensors=weights_file(trained, 14))
    assert calm(app)
    assert any("weights after step 14 of a run on digits" in text for text in texts(app.markdown))
    press(app, "start_from")
    (page, parameters) = went[0]
    run = registry.get(parameters["run"])
    assert (page, run.config) == ("lessons/train.py", SHORT)
    until(lambda: run.ended)
    assert (run.network_at(0).params["conv1.weight"] == trained.network_at(14).params["conv1.weight"]).all()


def test_settings_are_brought_back_and_used(registry, monkeypatch):
    config = small(num_epochs=3, learning_rate=0.02)
    app, went = bring(registry, monkeypatch, s_json=json.dumps(config.as_dict()).encode())
    assert calm(app)
    app = press(app, "use_brought")
    page, parameters = went.pop()
    assert (page, parameters["num_epochs"], parameters["learning_rate"]) == ("lessons/train.py", "3", "0.02")
    press(app, "start_with")
    assert registry.get(went[0][1]["run"]).config == config


def test_settings_that_are_used_arrive_on_the_train_page(registry):
    from pages.controls.training import widget_values
    from pages.sections.run_upload import _written

    config = small(num_epochs=3, learning_rate=0.02, update_rule="sgd")
    parameters = _written(widget_values(config), widget_values(type(config)()))
    app = open_lesson("train", **parameters)
    assert calm(app)
    press(app, "start")
    (row,) = registry.rows()
    assert type(config).from_dict(row.config) == config


def test_weights_that_do_not_say_their_network_want_its_settings(registry, trained, monkeypatch):
    arrays, _ = tensors.unpack(weights_file(trained, 14))
    plain = tensors.pack(arrays, {"format": "pt"})
    app, _ = bring(registry, monkeypatch, w_safetensors=plain)
    assert "does not say which network" in texts(app.info)[-1]
    other = json.dumps(small(network=SHORT.network.from_dict({"hidden": [5]})).as_dict()).encode()
    app, _ = bring(registry, monkeypatch, w_safetensors=plain, s_json=other)
    assert "w.safetensors" in texts(app.error)[0]
    app, _ = bring(registry, monkeypatch, w_safetensors=plain, s_json=json.dumps(SHORT.as_dict()).encode())
    assert calm(app)
    assert "start_from" in {button.key for button in app.button}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x_safetensors", b"\x80\x04pickle"),
        ("x_json", b"[" * 100_000),
        ("[x](http://y)_pt", b""),
        ("x_json", b"{}\x00"),
    ],
)
def test_what_cannot_be_used_is_told_of_and_nothing_is_lost(three, monkeypatch, name, data):
    app, _ = bring(three, monkeypatch, **{name: data})
    assert not app.exception
    assert len(texts(app.error)) == 1
    assert listed(app) == ["third", "second", "the usual"]
    assert not {"start_from", "start_with"} & {button.key for button in app.button}


def test_settings_that_do_not_fit_are_refused_with_the_remedy(registry, monkeypatch):
    config = json.dumps(SHORT.as_dict() | {"batch_size": 1000, "data": {"num_train": 100}}).encode()
    app, _ = bring(registry, monkeypatch, s_json=config)
    assert "batch_size (=1000) must be at most" in texts(app.error)[0]


def test_a_folder_that_cannot_be_used_is_told_of(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path / "file"))
    runs_module.registry.clear()
    app = open_lesson("runs")
    assert "only until it ends" in texts(app.warning)[0]
    runs_module.registry().close()
