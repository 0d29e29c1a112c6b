"""The view "What it learned": patches, silence and the plane are the core's, of the very network that is chosen."""

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.features import Patches, answers, exciting_patches, principal_plane, silenced
from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.shares import percent
from cnn_core.training.shipped import shipped_network
from pages.controls.explored import Explored
from pages.figures.patches import patch_pixels
from pages.sections import network_learned
from pages.sections.run_filters import LOOKS
from pages.server.kept import Lately
from tests.app.lesson import calm, change, figure, galleries, open_lesson, texts
from tests.trainings import small
from tests.waiting import until

TEST = datasets.load("digits").test


@pytest.fixture(scope="module")
def shipped():
    network, config = shipped_network()
    return network, config.training_data().normalised(TEST.x)


def opened(**query):
    app = open_lesson("network", view="learned", **query)
    assert calm(app)
    return app


@pytest.mark.parametrize("place", range(4))
def test_the_patches_are_the_largest_answers_of_the_chosen_filter(shipped, place):
    network, x = shipped
    layer, answer = list(answers(network).items())[place]
    app = opened(learned_layer=layer, filter="3")
    found = exciting_patches(network, x, answer)
    tiles = galleries(app)["patches"]["pictures"]
    shown = [f"{v:.3g}, picture\xa0{n}" for v, n in zip(found.values[3], found.pictures[3], strict=True)]
    assert [words for words, *_ in tiles] == shown
    every = galleries(app)["filters"]
    assert len(every["pictures"]) == len(found.values) and every["chosen"] == 3
    said = " ".join(texts(app.markdown))
    if layer.startswith("conv"):
        nowhere = round(360 * found.silent[3])
        somewhere = (
            f"On **{nowhere} of 360** pictures it answers nowhere."
            if nowhere
            else "On every picture it answers somewhere."
        )
        assert f"at **{percent(found.zero[3])}** of all places. {somewhere}" in said
    elif answer.startswith("relu"):
        assert f"Its answer is 0 for **{percent(found.silent[3])}** of the pictures" in said
    assert ("toggle" in {widget.type for widget in app.toggle}) == (layer != list(answers(network))[-1])


def test_the_dead_ones_are_named_and_others_are_not():
    captions = [caption.value for caption in opened().caption]
    assert any(text.endswith("Dead (silent on every test picture): none.") for text in captions)
    assert LOOKS in captions
    silent = np.zeros(200)
    silent[[3, 17]] = 1.0
    found = Patches(**dict.fromkeys(("values", "pictures", "cells", "fields", "zero"), silent), silent=silent)
    assert network_learned._dead(found) == "Dead (silent on every test picture): 3, 17."
    silent[:] = 1.0
    assert network_learned._dead(found).endswith(", 22, 23 and 176 more.")
    silent[:] = 0.999  # of a thousand pictures one excites it
    assert network_learned._dead(found).endswith(": none.")
    assert network_learned._silent(found, 0, 1000, one_place=False, cut=True).endswith(
        "On **999 of 1,000** pictures it answers nowhere."
    )


def test_the_number_of_mistakes_is_told_also_of_a_single_one(shipped):
    network, x = shipped
    wrong = (network.scores(x).argmax(axis=1) != TEST.y).sum()
    app = opened(source="mistakes")
    assert f"Named wrong: {wrong} of 360 test pictures." in texts(app.caption)


def test_a_silenced_filter_is_missed_as_the_core_says(shipped):
    network, x = shipped
    before = network.accuracy(x, TEST.y)

    def missed(number):
        """Whether it is seen on all pictures and on this one that this filter is missing."""
        quiet = silenced(network, "conv2", number)
        return quiet.accuracy(x, TEST.y) < before and abs(quiet.probabilities(x[4:5]) - chances).max() > 0.01

    chances = network.probabilities(x[4:5])
    number = next(filter(missed, range(24)))
    app = opened(learned_layer="conv2", filter=str(number), silence="true", picture="4")
    assert LOOKS not in [caption.value for caption in app.caption]  # its weights are no picture
    quiet = silenced(network, "conv2", number)
    (switch,) = app.toggle
    assert switch.label == "silence it (on this view only)"
    said = " ".join(texts(app.markdown))
    after = quiet.accuracy(x, TEST.y)
    words = f"Without it **{percent(before, 1)} → {percent(after, 1)}** of 360 test pictures are named right. "
    assert f"{words}Test picture 4: " in said
    guess = int(chances.argmax())
    assert f"{guess} {percent(chances[0, guess], 1)} → {percent(quiet.probabilities(x[4:5])[0, guess], 1)}" in said


def test_the_plane_holds_every_test_picture_its_mistakes_and_its_neighbours(shipped):
    network, x = shipped
    app = opened(picture="7")
    data, _ = figure(app, "plane")
    layer = list(answers(network).values())[-2]
    features = network.feature_maps(x)[layer]
    plane = principal_plane(features)
    *classes, wrong, here = data
    guesses = network.scores(x).argmax(axis=1)
    assert [len(trace["x"]) for trace in classes] == [(TEST.y == k).sum() for k in range(10)]
    mistakes = np.flatnonzero(guesses != TEST.y)
    assert wrong["text"] == [f"{TEST.y[n]}, taken for {guesses[n]} (test picture {n})" for n in mistakes]
    signs = [trace["marker"]["symbol"] for trace in data]
    assert len(set(signs)) == len(signs)  # and what is laid around a point lets it be seen
    assert all(trace["marker"]["symbol"].endswith("-open") for trace in (wrong, here))
    assert here["text"] == ["chosen"]
    np.testing.assert_allclose([here["x"][0], here["y"][0]], plane.points[7], atol=2e-3)
    assert f"**{percent(plane.share.sum())}** of their variance" in " ".join(texts(app.markdown))
    distances = np.linalg.norm(features - features[7], axis=1)
    order = np.argsort(distances, kind="stable")[1:7]
    tiles = galleries(app)["neighbours"]["pictures"]
    assert [words.split(" (")[0] for words, *_ in tiles] == [str(TEST.y[n]) for n in order]
    assert all(f"(picture {n})" in words for n, (words, *_) in zip(order, tiles, strict=True))


def test_the_settings_of_the_made_picture_change_it(shipped):
    app = opened()
    before = galleries(app)["excited"]["pictures"][0]
    assert before[0].startswith("made to excite it: mean answer ")
    start, end = map(float, before[0].split("answer ")[1].split(" → "))
    assert end > start
    change(app, "steps", 5)
    assert calm(app)
    assert galleries(app)["excited"]["pictures"][0][:2] != before[:2]


def test_outside_of_a_picture_is_grey():
    picture = np.ones((1, 4, 4), np.float32)
    pixels = patch_pixels(picture, np.array([-1, 2, 3, 4]))
    small = pixels[:: pixels.shape[0] // 3, :: pixels.shape[1] // 4]
    assert (small[1:, :2] == 255).all()
    assert (small[0] == [128, 136, 150]).all() and (small[:, 2:] == [128, 136, 150]).all()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"filter": "99"}, "filter (=99) in the link must be 0 to 11"),
        ({"learned_layer": "conv9"}, "learned_layer (=conv9) in the link must be one of conv1"),
        ({"silence": "maybe"}, "silence (=maybe) in the link must be true or false"),
    ],
)
def test_what_cannot_be_is_told(shipped, query, said):
    app = open_lesson("network", view="learned", **query)
    assert not app.exception
    assert texts(app.warning)[0].startswith(said)


def test_a_layer_with_fewer_filters_takes_the_last_one(registry):
    run = registry.start(small(num_epochs=1))
    until(lambda: run.ended)
    app = opened(run=run.id)
    assert len(galleries(app)["filters"]["pictures"]) == 2
    last = change(app, "learned_layer", "linear2")
    change(last, "filter", 9)
    app = change(last, "learned_layer", "conv1")
    assert calm(app)
    assert galleries(app)["filters"]["chosen"] == 1


def test_the_last_results_are_kept_and_older_ones_go():
    made, kept = [], Lately(2)

    def get(key):
        return kept.get(key, lambda: made.append(key) or key.upper())

    assert [get(key) for key in "abac"] == ["A", "B", "A", "C"]
    assert made == ["a", "b", "c"]
    get("a")
    assert made == ["a", "b", "c"]  # it was used later than b
    get("b")
    assert made == ["a", "b", "c", "b"]


def test_a_change_of_the_filter_classifies_no_picture_again(shipped, monkeypatch):
    app, asked = opened(filter="1"), []
    monkeypatch.setattr(Explored, "judged", lambda seen: asked.append(seen.key) or seen.data.normalised(TEST.x))
    assert calm(change(app, "filter", 2))
    assert asked == []


def test_without_a_hidden_layer_the_plane_is_of_the_means_of_the_maps(registry):
    run = registry.start(small(network=NetworkSpec((ConvBlock(3),), ()), num_epochs=1))
    until(lambda: run.ended)
    app = opened(run=run.id, picture="3")
    assert "by the mean of each map of relu1: the two directions" in " ".join(texts(app.markdown))
    network, data = run.network_at(), run.config.training_data()
    means = network.feature_maps(data.normalised(TEST.x))["relu1"].mean(axis=(2, 3))
    here = figure(app, "plane")[0][-1]
    np.testing.assert_allclose([here["x"][0], here["y"][0]], principal_plane(means).points[3], atol=1e-3)
