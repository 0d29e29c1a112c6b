"""The page Network: the kernels are the network's own, one picture passes through them, and the verdict is honest."""

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.shares import percent
from cnn_core.training.shipped import shipped_network
from pages.address.messages import plain
from pages.controls.fitted import fitted
from pages.figures.patches import weight_pixels
from pages.figures.pixels import as_url
from tests.app.lesson import as_read, calm, figure, galleries, open_lesson, texts, tiles
from tests.app.overviews import drawn, map_levels
from tests.trainings import LONG, small
from tests.waiting import until

OWN = "own"
OF_5 = NetworkSpec((ConvBlock(2, 5),), (4,))
DIGITS = datasets.load("digits").test


@pytest.fixture(scope="module")
def standard():
    return shipped_network()[0]


def seen():
    """The test digits as the shipped network gets them."""
    return shipped_network()[1].training_data().normalised(DIGITS.x)


def verdict(app):
    return next(text for text in texts(app.markdown) if text.startswith("The network says"))


def about(app):
    """The caption that names the picture and the weights."""
    return texts(app.caption)[-1]


def sheet(app, key, count, height, width):
    (heatmap,), _ = figure(app, key)
    return tiles(heatmap["z"], count, height, width)


def kernels(app):
    """The pictures of the first layer's kernels, as addresses."""
    return [url for _, url, *_ in galleries(app)["filters"]["pictures"]]


def pictures_of(weight):
    return [as_url(weight_pixels(one, "light")) for one in weight]


def picture_where(model, right):
    return int(np.flatnonzero((model.scores(seen()).argmax(axis=1) == DIGITS.y) == right)[0])


def test_the_network_that_comes_with_the_app_is_there_at_once(standard):
    app = open_lesson("network", view="learned")
    assert calm(app)
    assert app.selectbox(key="weights").options == ["trained on digits", "not trained yet"]
    weight = standard.params["conv1.weight"]
    assert kernels(app) == pictures_of(weight)
    assert standard.accuracy(seen(), DIGITS.y) >= 0.95


@pytest.mark.parametrize("right", [True, False])
def test_the_verdict_is_the_networks_and_says_whether_it_is_right(standard, right):
    number = picture_where(standard, right)
    app = open_lesson("network", picture=str(number))
    assert calm(app)
    chances = standard.probabilities(seen()[number][None])[0]
    truth = DIGITS.y[number]
    assert f"**{chances.argmax()}** ({percent(chances.max())} sure)" in verdict(app)
    assert verdict(app).endswith("which is right." if right else f"which is wrong: it is {truth}.")
    assert f"test picture {number}: {truth}" in about(app)
    np.testing.assert_allclose(drawn(app)["classes"]["probabilities"], chances, rtol=1e-5)


def test_the_maps_are_the_stages_of_the_forward_pass(standard):
    app = open_lesson("network", picture="5")
    maps = standard.feature_maps(seen()[5][None])
    names = [layer["name"] for layer in drawn(app)["layers"]]
    assert names == ["input", *(layer.name for layer in standard.layers if layer.kind != "dropout")]
    for name in names[1:]:
        values = maps[name][0].reshape(len(maps[name][0]), -1)
        levels, steps = map_levels(app, name)
        assert np.abs(levels - values).max() <= 0.501 * steps.max()


def test_the_untrained_network_is_the_one_training_starts_from():
    app = open_lesson("network", weights="untrained", view="learned")
    assert calm(app)
    weight = shipped_network()[1].model().params["conv1.weight"]
    assert kernels(app) == pictures_of(weight)


def test_a_training_of_ones_own_is_shown_first_in_colour_where_its_pictures_are(registry):
    run = registry.start(small(dataset="colours", network=OF_5, batch_size=1000, num_epochs=1))
    until(lambda: run.ended)
    app = open_lesson("network", run=run.id, picture="3")
    assert calm(app)
    assert app.selectbox(key="weights").value == OWN
    assert about(app).endswith(". Weights of your training on colours after 2 steps.")
    for view in ("overview", "learned", "shift"):
        registry.describe(run.id, name=(name := f"*mine* [x](http://evil.example) {view}"))
        captions = [caption.value for caption in open_lesson("network", run=run.id, view=view).caption]
        (told,) = [caption for caption in captions if "of your training" in caption]
        assert as_read(told).endswith(f"Weights of your training “{name}” on colours after 2 steps.")
        assert plain(name) in told
    data = run.config.training_data()
    maps = run.network_at().feature_maps(data.normalised(data.dataset.test.x[3:4]))
    levels, steps = map_levels(app, "conv1")
    assert np.abs(levels - maps["conv1"][0].reshape(2, -1)).max() <= 0.501 * steps.max()
    assert drawn(app)["picture"]["shape"][0] == 3
    assert f"**{data.dataset.class_names[maps['softmax'][0].argmax()]}**" in verdict(app)
    app = open_lesson("network", run=run.id, view="learned")
    assert kernels(app) == pictures_of(run.network_at().params["conv1.weight"])
    assert galleries(app)["weights_of_one"]["pictures"][0][0] == "weights, 3 × 5×5"


def test_a_stopped_training_keeps_its_weights_for_this_page(registry):
    run = registry.start(LONG, pace=20)
    until(lambda: run.records)
    run.stop()
    until(lambda: run.ended)
    app = open_lesson("network", run=run.id, view="learned")
    assert kernels(app) == pictures_of(run.network_at().params["conv1.weight"])


def test_weights_beyond_all_bounds_are_told(registry):
    run = registry.start(
        small(network=NetworkSpec((ConvBlock(2),), (4,), "leaky_relu"), learning_rate=1e20, num_epochs=1)
    )
    until(lambda: run.ended)
    assert run.latest
    app = open_lesson("network", run=run.id)
    assert not app.exception
    (error,) = texts(app.error)
    assert error.startswith("What these weights make of a picture is beyond all bounds: the training diverged.")


@pytest.mark.parametrize(
    ("parameter", "value", "remedy"),
    [
        ("picture", "360", "must be 0 to 359"),
        ("picture", "-1", "must be 0 to 359"),
        ("picture", "+-1", "must be a whole number from 0 to 359"),
        ("weights", OWN, "must be one of shipped, untrained"),
    ],
)
def test_a_bad_parameter_is_named_with_its_remedy_and_the_page_works(parameter, value, remedy):
    app = open_lesson("network", **{parameter: value})
    (warning,) = texts(app.warning)
    assert warning.startswith(f"{parameter} (={value}) in the link {remedy}")
    assert not app.exception
    assert "test picture 0: 1" in about(app)


def test_a_run_this_server_does_not_know_is_told(registry):
    app = open_lesson("network", run="nobody")
    (warning,) = texts(app.warning)
    assert warning.startswith("run (=nobody) in the link is not known to this server")
    assert not app.exception
    assert verdict(app)


def test_a_data_set_that_is_removed_meanwhile_is_said(registry, monkeypatch):
    run = registry.start(small(dataset="fashion", num_epochs=1))
    until(lambda: run.ended)
    load = datasets.load

    def without(name):
        if name == "fashion":
            raise ValueError("dataset (=fashion) must be one of digits, colours")
        return load(name)

    monkeypatch.setattr(datasets, "load", without)
    app = open_lesson("network", run=run.id)
    assert not app.exception
    assert texts(app.error) == ["dataset (=fashion) must be one of digits, colours"]
    app.selectbox(key="weights").set_value("shipped").run()
    assert calm(app)


def test_every_checkpoint_of_a_run_can_be_looked_into(registry):
    run = registry.start(small(num_epochs=2))
    until(lambda: run.ended)
    kept = run.checkpoints.iterations()
    assert len(kept) > 1
    app = open_lesson("network", run=run.id, step=str(kept[0]))
    assert calm(app)
    assert f"after {kept[0]} steps." in " ".join(texts(app.caption))
    app.select_slider(key="step").set_value(str(kept[-1])).run()
    assert f"after {kept[-1]} steps." in " ".join(texts(app.caption))


def test_pictures_of_one_class_and_the_mistakes_surest_first(standard):
    app = open_lesson("network", **{"class": "7", "picture": "1"})
    assert calm(app)
    index = np.flatnonzero(DIGITS.y == 7)[1]
    assert f"test picture {index}: 7" in about(app)
    chances = standard.probabilities(seen())
    wrong = np.flatnonzero(chances.argmax(axis=1) != DIGITS.y)
    worst = min(wrong, key=lambda k: chances[k, DIGITS.y[k]])
    app = open_lesson("network", source="mistakes")
    assert f"test picture {worst}: {DIGITS.y[worst]}" in about(app)


def test_a_picture_of_ones_own_is_cut_to_the_networks_size():
    whole = np.zeros((3, 40, 60), np.float32)
    whole[0, :, 10:50] = 1  # the middle square is red
    assert fitted(whole, (3, 8, 8)).shape == (3, 8, 8)
    np.testing.assert_allclose(fitted(whole, (3, 8, 8)), np.broadcast_to([[[1]], [[0]], [[0]]], (3, 8, 8)))
    np.testing.assert_allclose(fitted(whole, (1, 8, 4)), np.full((1, 8, 4), 0.299), atol=1e-6)
    with pytest.raises(ValueError, match="of 2 channels"):
        fitted(whole, (2, 8, 8))


def test_a_checkpoint_that_is_damaged_or_goes_away_is_said(registry):
    run = registry.start(small(num_epochs=3))
    until(lambda: run.ended)
    *_, one, last = run.checkpoints.iterations()
    app = open_lesson("network", run=run.id, step=str(one))
    assert calm(app)
    run.checkpoints.path(one).unlink()
    app.run()
    shown = app.select_slider(key="step").value
    assert texts(app.warning) == [
        f"The checkpoint after {one} steps is no longer there: you see the one after {shown}."
    ]
    assert calm(app.run())
    run.checkpoints.path(last).write_bytes(b"garbage")
    app = open_lesson("network", run=run.id, step=str(last))
    assert not app.exception
    assert texts(app.error) == [f"the checkpoint after {last} steps is damaged: choose another checkpoint"]
    for step in run.checkpoints.iterations():
        run.checkpoints.path(step).unlink()
    app = open_lesson("network", run=run.id)
    assert not app.exception
    assert verdict(app)
    (warning,) = texts(app.warning)
    assert warning.startswith("No checkpoint of your training is there any more: you see another network.")


def test_a_data_set_that_is_gone_is_named(registry, monkeypatch):
    run = registry.start(small(dataset="colours", num_epochs=1))
    until(lambda: run.ended)
    config = run.config
    monkeypatch.setattr(datasets, "_SETS", {name: one for name, one in datasets._SETS.items() if name != "colours"})
    gone = "the data set of this training is no longer there: add colours again, or choose another training"
    for words in (config.training_data, config.num_weights):
        with pytest.raises(ValueError, match=gone):
            words()
    app = open_lesson("network", run=run.id)
    assert not app.exception
    assert texts(app.error) == [gone]
