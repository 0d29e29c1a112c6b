"""The training page: useful before the first click; the address sets it; a run is followed and found again by its id."""

import re

import numpy as np
import pytest

from cnn_core.network import ConvBlock, NetworkSpec, layer_table
from cnn_core.shares import percent
from cnn_core.training import DataOptions, StopRules, TrainingConfig
from cnn_core.training.presets import PRESETS
from pages.controls.training import OFF, presets, widget_values
from pages.sections.run_filters import LOOKS
from tests.app.lesson import calm, change, control, figure, open_lesson, texts
from tests.app.training import LONG, SLOW, SMALL, buttons, press, progress, start
from tests.waiting import until

FRESH = {"start": True, "pause": False, "step": True, "epoch": True, "stop": False}


def test_before_the_start_the_page_shows_network_data_and_filters(registry):
    app = open_lesson("train")
    assert calm(app)
    assert buttons(app) == FRESH
    rows = layer_table(NetworkSpec(), (1, 8, 8), 10)
    assert pictured(app) == [row.description for row in rows if row.kind not in ("activation", "dropout")]
    assert "the loss begins near −ln(1/10) = **ln 10 ≈ 2.303**" in "".join(texts(app.markdown))
    assert not app.dataframe
    (sheet,), _ = figure(app, "first_filters")
    weight = TrainingConfig().model().params["conv1.weight"]
    assert sheet["z"][1][1] == pytest.approx(weight[0, 0, 0, 0], rel=1e-3)
    assert "1,237 training pictures" in app.image[0].captions[0]
    assert not registry._runs
    table = change(app, "layer_table", True).dataframe[0].value
    assert list(table["layer"]) == [row.name for row in rows]
    assert list(table["parameters"]) == [row.parameters for row in rows]
    assert list(table["multiply-adds"]) == [row.multiply_adds for row in rows]
    assert list(table["receptive field"])[:2] == ["1×1", "3×3"]
    assert list(table["receptive field"])[-1] == "all"


def test_the_page_counts_the_pictures_that_a_preset_trains_and_is_measured_on(registry):
    app = open_lesson("train", preset="overfit_100")
    data = next(preset.config for preset in PRESETS if preset.name == "overfit_100").training_data()
    counts = [
        int(count) for count in re.findall(r"(\d+) (?:training|validation|test) pictures", app.image[0].captions[0])
    ]
    assert counts == [len(data.labels), len(data.val[1]), len(data.test[1])] == [100, 500, 500]


def pictured(app):
    """What the layers in the picture of the network do."""
    found = [element.proto.body for element in app.get("html") if 'class="plan"' in element.proto.body]
    return re.findall(r"</div><b>([^<]*)</b>", "".join(found))


def test_the_picture_of_the_network_follows_the_settings(registry):
    app = open_lesson("train")
    assert len(pictured(app)) == 5
    change(app, "blocks", 2)
    assert len(pictured(app)) == 7
    change(app, "hidden_layers", 0)
    assert pictured(app)[1:3] == ["convolution 3×3", "max pooling 2×2"]
    assert len(pictured(app)) == 6


def test_the_defaults_are_the_cores(registry):
    _, run = start(registry)
    assert run.config == TrainingConfig()


def test_the_address_sets_every_control(registry):
    block = {"num_filters": "3", "kernel_size": "5", "stride": "2", "padding": "2", "norm": "group"}
    block |= {"activation": "tanh", "pool": "none"}
    settings = {f"block_2_{name}": text for name, text in block.items()} | {"blocks": "2", "hidden_layers": "2"}
    settings |= {"hidden_1": "7", "hidden_2": "5", "hidden_activation": "sigmoid", "dropout": "0.25"}
    settings |= {"weight_init": "fixed", "weight_scale": "0.1", "update_rule": "momentum", "momentum": "0.8"}
    settings |= {"learning_rate": "0.01", "reg": "0.1", "batch_size": "111", "num_epochs": "2", "lr_decay": "0.9"}
    settings |= {"seed": "9", "dataset": "digits", "val_accuracy": "0.9", "patience": "3", "seconds": "20"}
    _, run = start(registry, **settings, num_train="500", shift="1")
    second = ConvBlock(3, 5, 2, 2, "group", "tanh", "none")
    network = NetworkSpec((ConvBlock(), second), (7, 5), "sigmoid", 0.25, "fixed", 0.1)
    assert (run.config.data.num_train, run.config.data.shift) == (500, 1)
    expected = TrainingConfig(
        "digits", run.config.data, network, "momentum", 0.01, 0.8, 0.9, 0.1, 111, 2, 9, StopRules(0.9, 3, 20.0)
    )
    assert run.config == expected


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_sets_all_controls_and_speaks(registry, monkeypatch, preset):
    """What starts is the preset's configuration, to the last field."""
    started = []
    monkeypatch.setattr("pages.controls.steering.runs.start", lambda config, *_: started.append(config))
    app = open_lesson("train", preset=preset.name)
    assert calm(app)
    press(app, "start")
    assert started == [preset.config]
    assert f"**{preset.title}.** {preset.comment}" in texts(app.markdown)


def test_one_preset_replaces_another_and_leaves_the_run(registry):
    app, run = start(registry, **SMALL)
    change(app, "preset", "deep_sigmoids")
    assert calm(app)
    assert control(app, "blocks").value == 4
    assert control(app, "hidden_1").value == 32
    assert app.query_params["run"] == run.id
    change(app, "seed", 3)
    assert "Changed by you, from “deep sigmoids”." in texts(app.markdown)
    press(app, "restore")
    assert control(app, "seed").value == 0


def test_the_widgets_hold_what_every_preset_says():
    usual = widget_values(TrainingConfig())
    assert usual["val_accuracy"] == OFF
    for preset in PRESETS:
        assert set(presets()[preset.name].values) <= set(usual)


def test_settings_beyond_the_widgets_become_the_nearest_they_have(registry):
    block = ConvBlock(100, 11, 5, 5, pool_size=5)
    network = NetworkSpec((block,), (600,), dropout=0.95)
    data = DataOptions(num_train=200_000)
    stop = StopRules(patience=50, seconds=9999.0)
    config = TrainingConfig(
        "digits", data, network, momentum=0.995, batch_size=500, num_epochs=500, seed=1000, stop=stop
    )
    usual, values = widget_values(TrainingConfig()), widget_values(config)
    written = {key: str(value) for key, value in values.items() if value != usual[key]}
    app = open_lesson("train", **written)
    assert texts(app.warning) == []
    assert not app.exception
    assert control(app, "num_epochs").value == 50
    assert control(app, "block_1_padding").value == "3"
    assert control(app, "num_train").value == 100_000
    assert control(app, "num_train").label == "training pictures (0: all)"


@pytest.mark.parametrize(
    ("settings", "words", "last"),
    [
        (
            {"blocks": "4"},
            "block 4: pool_size (=2) must be at most the 1×1 map it gets: use no pooling here, or",
            7,
        ),
        (
            {"blocks": "4", "block_4_norm": "instance", "block_4_pool": "none"},
            "block 4: norm (='instance') must be over more than one number, and a mean of a 1×1 map is of one",
            7,
        ),
        (
            {"blocks": "4", "block_4_norm": "batch", "block_4_pool": "none", "num_train": "101"},
            "batch_size (=50) must leave no batch of a single image, as 101 training images do",
            None,
        ),
        ({"block_1_stride": "2"}, 'block 1: padding (="same") needs stride 1, not 2', None),
        (
            {"block_1_kernel_size": "9", "block_1_padding": "0"},
            "block 1: kernel_size (=9) must be at most the 8×8 map",
            None,
        ),
        ({"num_train": "20"}, "batch_size (=50) must be at most the number of training pictures 20", None),
        ({"num_train": "90000"}, "num_train (=90000) must be at most the 1237 training pictures of digits", None),
    ],
)
def test_settings_that_do_not_fit_say_why_and_start_nothing(registry, settings, words, last):
    app = open_lesson("train", **settings)
    (error,) = texts(app.error)
    assert error.startswith(words)
    assert not app.exception
    assert not buttons(app)["start"]
    assert control(app, "seed").value == 0  # all other widgets are there
    assert len(pictured(app)) == (last or 0)  # the input, and the layers as far as they fit


def test_batch_norm_over_a_batch_of_one_is_warned_of(registry):
    app = open_lesson("train", block_1_norm="batch", batch_size="1")
    (warning,) = texts(app.warning)
    assert warning.startswith("Batch norm over a batch of one")
    assert "in use they are running averages" in warning
    assert not texts(open_lesson("train", block_1_norm="group", batch_size="1").warning)
    assert not texts(change(app, "batch_size", 2).warning)


def test_a_network_beyond_the_memory_is_refused_with_the_estimate(registry, monkeypatch):
    monkeypatch.setattr("cnn_core.network.table.check_memory.__defaults__", ("adam", 1000))
    app = open_lesson("train")
    (error,) = texts(app.error)
    assert error.startswith("the network needs about 0.0 GiB of memory to train, more than 0.0 GiB")
    assert not buttons(app)["start"]


def test_a_run_is_followed_to_its_end(registry):
    app, run = start(registry, **SMALL)
    assert calm(app)
    assert app.query_params["run"] == run.id
    until(lambda: run.ended)
    app.run()
    assert calm(app)
    assert progress(app) == "finished after 7 steps"
    (loss, data, l2, guessing), _ = figure(app, "loss_curve")
    assert loss["y"] == [round(record.loss, 4) for record in run.records]
    assert data["y"] == [round(record.data_loss, 4) for record in run.records]
    assert l2["x"] == [1, 2, 3, 4, 5, 6, 7]
    assert guessing["y"] == [2.3026] * 2
    assert "**ln 10 ≈ 2.303**" in "".join(texts(app.markdown))
    assert f"L2 adds ½ · reg · ΣW²: {run.records[0].reg_loss:.2g} at first" in "".join(texts(app.markdown))
    assert LOOKS in [caption.value for caption in app.caption]
    (sheet,), _ = figure(app, "filter_sheet")
    weight = run.network_at().params["conv1.weight"]
    np.testing.assert_allclose(sheet["z"][1][1:4], weight[0, 0, 0], rtol=1e-3)
    assert app.metric[3].value == percent(run.test_accuracy, 1)
    assert buttons(app) == FRESH
    assert app.get("page_link")[0].proto.label == "See the network at work"
    assert "weights" in app.get("page_link")[1].proto.label


def test_a_page_that_is_loaded_anew_finds_its_run_by_the_address(registry):
    _, run = start(registry, **SMALL)
    until(lambda: run.ended)
    again = open_lesson("train", run=run.id)
    assert calm(again)
    assert progress(again) == "finished after 7 steps"


def test_a_run_this_server_does_not_know_is_told(registry):
    app = open_lesson("train", run="nobody" * 10)
    (warning,) = texts(app.warning)
    assert warning.startswith("run (=nobodynobodynobodyno) in the link is not known to this server")
    assert warning.endswith("Start a training on the Train page.")
    assert not app.exception
    assert "run" not in app.query_params
    assert buttons(app)["start"]


@pytest.mark.parametrize(
    ("parameter", "value", "remedy"),
    [
        ("block_1_num_filters", "0", "must be 1 to 64"),
        ("learning_rate", "0", "must be one of 0.00001, 0.00002, 0.00003, ..., 7.0, 10.0"),
        ("learning_rate", "nan", "must be one of 0.00001"),
        ("update_rule", "lbfgs", "must be one of sgd, momentum"),
        ("dataset", "letters", "must be one of digits, fashion, colours"),
        ("seed", "x", "must be a whole number from 0 to 99"),
        ("view", "Sound", "must be one of curves, layers"),
    ],
)
def test_a_bad_parameter_is_named_with_its_remedy_and_harms_no_run(registry, parameter, value, remedy):
    _, run = start(registry, **LONG, pace=SLOW)
    app = open_lesson("train", run=run.id, **{parameter: value})
    (warning,) = texts(app.warning)
    assert warning.startswith(f"{parameter} (={value}) in the link {remedy}")
    assert not app.exception
    assert not app.error
    assert run.state == "running"


@pytest.mark.parametrize("dataset", ["fashion", "colours"])
def test_every_data_set_has_its_pictures_and_filters(registry, dataset):
    app = open_lesson("train", dataset=dataset)
    assert calm(app)
    (sheet,), _ = figure(app, "first_filters")
    assert sheet["type"] == ("image" if dataset == "colours" else "heatmap")
