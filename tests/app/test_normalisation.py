"""The page Normalisation: what it sends is the layer's own, and what cannot be is said in words."""

import json
import re
from itertools import product

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.norm import group_norm_forward, norm_backward
from cnn_core.training import TrainingConfig
from cnn_core.training.batch_sizes import Comparison
from cnn_core.walks.norm_running import running_averages
from pages.sections import norm_batches
from pages.sections.norm_tensor import CONSTANT, DEAD, ITS_BIAS, MAPS, OWN, UNITS, activations
from tests.app.lesson import calm, open_lesson, sent, texts, unpack
from tests.waiting import until

NORMS = ("batch", "layer", "group", "instance")


def told(app):
    return sent(app, "convscope_norm")


def numbers(app, name):
    data = told(app)
    return unpack(data["numbers"][name]) / data["scale"]


@pytest.mark.parametrize(("norm", "tensor"), list(product(NORMS, (MAPS, CONSTANT, UNITS))))
def test_no_combination_of_the_controls_breaks_the_page(norm, tensor):
    more = {"batch": [{"mode": mode} for mode in ("train", "test")], "group": [{"groups": n} for n in (1, 2, 3, 6)]}
    cells = 1 if tensor == UNITS else 16
    for options, batch, first in product(more.get(norm, [{}]), (1, 2, 3, 4), (0, 356)):
        app = open_lesson("normalisation", norm=norm, tensor=tensor, batch_size=batch, picture=first, **options)
        size = cells * {"batch": batch, "layer": 6, "group": 6 // options.get("groups", 6), "instance": 1}[norm]
        if size == 1 and options.get("mode") != "test":
            assert not app.exception and len(app.error) == 1
        else:
            assert calm(app)
            assert told(app)["shape"] == [batch, 6, *([1, 1] if tensor == UNITS else [4, 4])]
            assert told(app)["set_size"] == size


def test_what_is_sent_is_what_the_layer_makes_of_real_activations():
    given = activations(MAPS, 4, None)
    app = open_lesson("normalisation", norm="group", groups=3)
    np.testing.assert_allclose(numbers(app, "x"), given.x.ravel(), atol=1e-12)
    assert len(np.unique(given.x)) > 100  # no toy numbers
    later = numbers(open_lesson("normalisation", picture=1, batch_size=3), "x")
    np.testing.assert_allclose(later, given.x[1:].ravel(), atol=1e-12)
    out, cache = group_norm_forward(given.x, 3, given.gamma, given.beta)
    np.testing.assert_allclose(numbers(app, "out"), out.ravel(), atol=2e-5)
    dout = numbers(app, "dout").reshape(out.shape)
    np.testing.assert_allclose(numbers(app, "dx"), norm_backward(dout, cache)[0].ravel(), atol=1e-4)
    assert float(told(app)["apart"].replace("−", "-")) < 1e-13


def test_in_use_batch_norm_takes_the_running_averages_of_training():
    given = activations(MAPS, 4, None)
    app = open_lesson("normalisation", mode="test")
    assert calm(app)
    averages = running_averages(list(given.batches), "pytorch")
    np.testing.assert_allclose(numbers(app, "mean"), averages.mean[-1], atol=1e-6)
    np.testing.assert_allclose(numbers(app, "variance"), averages.variance[-1], atol=1e-6)
    assert "dmean" not in told(app)["numbers"]
    assert any("(here 60 batches of 4), the same whatever batch is shown" in text for text in texts(app.markdown))


@pytest.mark.parametrize("tensor", [MAPS, UNITS])
def test_in_use_what_comes_out_for_a_picture_does_not_depend_on_the_batch(tensor):
    found = [open_lesson("normalisation", tensor=tensor, mode="test", batch_size=batch) for batch in (4, 3, 2, 1)]
    later = open_lesson("normalisation", tensor=tensor, mode="test", batch_size=1, picture=3)
    for app in (*found, later):
        np.testing.assert_array_equal(numbers(app, "std"), numbers(found[0], "std"))
    outs = [numbers(app, "out") for app in found]
    for out in outs:
        np.testing.assert_array_equal(out, outs[0][: len(out)])
    np.testing.assert_array_equal(numbers(later, "out"), outs[0][-len(outs[-1]) :])


def test_the_groups_are_the_divisors_of_the_channels_and_their_ends_are_named():
    app = open_lesson("normalisation", norm="group", groups=1)
    assert app.select_slider(key="groups").options == ["1", "2", "3", "6"]
    assert any(
        "mean and variance are those of layer norm, whose γ and β are one for each number" in text.replace("*", "")
        for text in texts(app.markdown)
    )
    app.select_slider(key="groups").set_value("6").run()
    assert any("that is instance norm" in text.replace("*", "") for text in texts(app.markdown))


def test_batch_norm_of_one_picture_is_named_as_what_it_is():
    def named(**options):
        return any(
            "that is instance norm" in text.replace("*", "")
            for text in texts(open_lesson("normalisation", **options).markdown)
        )

    assert named(batch_size=1)
    assert not named(batch_size=2)
    assert not named(batch_size=1, mode="test")
    assert not named(batch_size=1, norm="layer")


def test_a_constant_channel_comes_out_as_beta():
    app = open_lesson("normalisation", tensor=CONSTANT)
    shape = told(app)["shape"]
    assert np.unique(numbers(app, "x").reshape(shape)[:, DEAD]) == [ITS_BIAS]
    assert np.unique(numbers(app, "out").reshape(shape)[:, DEAD]) == pytest.approx([0.5])
    assert numbers(app, "std")[DEAD] == 0.003162


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"tensor": UNITS, "batch_size": 1}, "press “in use (test)”, or choose a larger batch size"),
        ({"tensor": UNITS, "norm": "instance"}, "choose another norm, or maps as the tensor"),
        ({"tensor": UNITS, "norm": "group", "groups": 6}, "choose fewer groups, or maps as the tensor"),
    ],
)
def test_a_mean_of_a_single_number_is_refused_in_words(parameters, words):
    app = open_lesson("normalisation", **parameters)
    assert not app.exception
    (said,) = texts(app.error)
    assert said == f"Here each number would have a mean of its own, and minus that it is 0, whatever it was: {words}."
    assert not any(part.proto.component_name == "convscope_norm" for part in app.get("bidi_component"))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"norm": "group", "groups": 4}, "groups (=4) in the link must be one of 1, 2, 3, 6"),
        ({"norm": "weight"}, "norm (=weight) in the link must be one of batch, layer, group, instance"),
        ({"batch_size": 9}, "batch_size (=9) in the link must be 1 to 4"),
        ({"picture": 357}, "picture (=357) in the link must be 0 to 356"),
        ({"mode": "eval"}, "mode (=eval) in the link must be one of train, test"),
        ({"tensor": "own"}, "tensor (=own) in the link must be one of maps, constant, units"),
        ({"pinned": "x,24,0"}, "pinned (=x,24,0) in the link must be a grid of this page, a channel and a cell"),
        ({"pinned": "mean,0,0"}, "pinned (=mean,0,0) in the link must be"),
        ({"step": "-1"}, "step (=-1) in the link must be a whole number from 1 on"),
    ],
)
def test_a_link_that_was_tampered_with_is_named(parameters, words):
    app = open_lesson("normalisation", **parameters)
    assert not app.exception
    assert not app.error
    assert [words in text for text in texts(app.warning)] == [True]
    assert told(app)["shape"] == [4, 6, 4, 4]


def test_a_pinned_cell_and_a_step_come_by_the_link():
    begin = told(open_lesson("normalisation", pinned="x,7,3", step=12))["begin"]
    assert begin["pinned"] == {"name": "x", "plane": 7, "index": 3}
    assert begin["step"] == 11


def charted(app, key):
    """The figure that a chart of the page was given, by the name that it is read aloud by."""
    data = [
        json.loads(part.proto.json)[0] for part in app.get("bidi_component") if "chart" in part.proto.component_name
    ]
    (found,) = [json.loads(one["figure"]) for one in data if one["alt"] == key]
    return {line["name"]: line["y"] for line in found["data"] if line["name"]}


def test_running_averages_are_drawn_in_both_conventions():
    app = open_lesson("normalisation", batch_size=2, tensor=UNITS, momentum="0.2", channel=3)
    assert calm(app)
    batches = activations(UNITS, 2, None).batches
    for what in ("mean", "variance"):
        lines = charted(app, f"running {what}")
        theirs, ours = running_averages(batches, "pytorch", 0.2), running_averages(batches, "course", 0.8)
        mistaken = running_averages(batches, "pytorch", 0.8)
        for name, found in (
            ("PyTorch, momentum 0.2", theirs),
            ("course, momentum 0.8", ours),
            ("PyTorch, given the course's 0.8", mistaken),
        ):
            np.testing.assert_allclose(lines[name], getattr(found, what)[:, 3], rtol=1e-4)
        np.testing.assert_allclose(lines["each batch by itself"], getattr(ours, f"batch_{what}")[:, 3], rtol=1e-4)
    said = " ".join(texts(app.markdown))
    assert "in use; PyTorch calls it eval() mode" in said.replace("*", "").replace("`", "")
    assert "PyTorch's running variance by 3 (unbiased), which is larger by 4/3" in said.replace("*", "")


@pytest.mark.parametrize("momentum", ["0.01", "0.05", "0.1", "0.2", "1.0"])
def test_what_is_left_of_the_first_variance_is_told_where_it_is_seen(momentum):
    said = " ".join(texts(open_lesson("normalisation", momentum=momentum).markdown))
    found = re.search(r"of 4 the averages are ([\d.]+) and ([\d.]+\d)(?:, in which ([\d.]+)%)?", said).groups()
    unbiased, biased, percent = (float(number or 0) for number in found)
    assert (unbiased - percent / 100) / (biased - percent / 100) == pytest.approx(64 / 63, rel=3e-3)


@pytest.mark.parametrize("channels", [1, 5, 6])
def test_the_groups_that_are_spoken_of_divide_the_channels(channels):
    def page(channels):
        import numpy as np

        from pages.sections.norm_facts import facts
        from pages.sections.norm_tensor import Activations

        facts(Activations(np.zeros((4, channels, 4, 4)), *np.zeros((3, channels)), ""))

    said = " ".join(texts(AppTest.from_function(page, args=(channels,)).run().markdown))
    assert {1: "1 group 1·4·4 = 16", 5: "5 groups 1·4·4 = 16", 6: "2 groups 3·4·4 = 48"}[channels] in said


def test_both_questions_of_a_first_reader_are_answered_at_once():
    said = " ".join(texts(open_lesson("normalisation").markdown)).replace("*", "")
    for answer in (
        "batch | a channel of all pictures | 4·4·4 = 64 | 6 |",
        "1 group has the mean and variance of layer norm; its γ and β are one a channel, layer norm's are one for each number",
        "minus its mean it is 0, whatever it was",
        "In use there may be no batch: running averages from training take their place",
    ):
        assert answer in said


def test_small_batches_are_trained_once_for_all_and_drawn(monkeypatch):
    few = Comparison(pictures=16)
    monkeypatch.setattr(norm_batches, "comparison", lambda: few)
    app = open_lesson("normalisation")
    assert few.state == ""
    app.button(key="train_all").click().run()
    assert not app.exception
    few.wait()
    another = open_lesson("normalisation")
    assert calm(another)
    assert [button.key for button in another.button] == []
    lines = charted(another, "small batches")
    means = few.found()["batch"]
    np.testing.assert_allclose(lines["batch norm"], [100 * np.mean(means[size]) for size in (1, 2, 4, 8)], atol=0.01)
    assert norm_batches.said_of(few.found()) in [text.value for text in another.markdown]


def test_trainings_show_how_far_they_are_and_can_be_cancelled(monkeypatch):
    full = Comparison()
    monkeypatch.setattr(norm_batches, "comparison", lambda: full)
    app = open_lesson("normalisation")
    app.button(key="train_all").click().run()
    until(lambda: full.share > 0)
    app.run()
    assert calm(app)
    (bar,) = app.get("progress")
    assert bar.proto.text.endswith("of 24 trainings done")
    assert [button.key for button in app.button] == ["cancel_training"]
    app.button(key="cancel_training").click().run()
    assert calm(app)
    assert not app.get("progress")
    assert [button.key for button in app.button] == ["train_all"]
    assert (full.state, full.trained) == ("", ())


def found_by(many, few, group_many, group_few):
    """Accuracies as if these were found: three seeds around each, 0.02 from the worst to the best."""

    def seeds(mean):
        return [mean - 0.01, mean, mean + 0.01]

    return {"batch": {8: seeds(many), 1: seeds(few)}, "group": {8: seeds(group_many), 1: seeds(group_few)}}


@pytest.mark.parametrize(
    ("found", "verdicts"),
    [
        (
            found_by(0.95, 0.8, 0.93, 0.925),
            [
                "Batch norm loses 15.0, more than the spread of the seeds, 2.0.",
                "The difference, 0.5, is within the spread of the seeds, 2.0.",
                "The difference, 2.0, is within the spread of the seeds, 2.0.",
                "Group norm is better by 12.5, more than the spread of the seeds, 2.0.",
            ],
        ),
        (
            found_by(0.95, 0.94, 0.9, 0.93),
            [
                "The difference, 1.0, is within the spread of the seeds, 2.0.",
                "Group norm gains 3.0, more than the spread of the seeds, 2.0.",
                "Batch norm is better by 5.0, more than the spread of the seeds, 2.0.",
                "The difference, 1.0, is within the spread of the seeds, 2.0.",
            ],
        ),
    ],
)
def test_what_small_batches_do_is_said_as_it_was_found(found, verdicts):
    lines = [line for line in norm_batches.said_of(found).replace("*", "").split("\n") if line.startswith("- ")]
    for line, verdict in zip(lines, verdicts, strict=True):
        assert line.endswith(verdict)
    assert lines[0].startswith(
        f"- batch norm: 95.0 in batches of 8, {100 * found['batch'][1][1]:.1f} in batches of 1. "
    )


def test_trainings_that_ended_early_are_told_and_can_be_started_again(monkeypatch):
    broken = Comparison(pictures=1)
    monkeypatch.setattr(norm_batches, "comparison", lambda: broken)
    broken.start()
    broken.wait()
    app = open_lesson("normalisation")
    assert not app.exception
    assert any("ended early" in text for text in texts(app.error))
    assert [button.key for button in app.button] == ["train_all"]


def test_a_training_of_ones_own_brings_its_last_convolution_and_its_norms_parameters(registry):
    blocks = (ConvBlock(4, norm="batch"), ConvBlock(8, norm="batch", pool="none"))
    config = TrainingConfig(network=NetworkSpec(blocks, hidden=()), batch_size=200, num_epochs=1)
    run = registry.start(config)
    until(lambda: run.ended)
    app = open_lesson("normalisation", run=run.id, tensor=OWN, norm="group", groups=2)
    assert calm(app)
    assert told(app)["shape"] == [4, 6, 4, 4]
    assert any(
        "conv2: 6 of 8 channels, 4×4 cells each. γ and β as norm2 has learned them" in text
        for text in texts(app.caption)
    )
    network, data = run.network_at(), config.training_data()
    maps = network.feature_maps(data.normalised(data.dataset.test.x[:4]))["conv2"][:, :6]
    assert np.abs(numbers(app, "x") - maps.ravel()).max() < 0.006 * max(1, np.abs(maps).max())
    np.testing.assert_allclose(numbers(app, "gamma"), network.params["norm2.gamma"][:6], atol=0.0051)
    assert OWN not in open_lesson("normalisation").selectbox(key="tensor").options


def test_the_code_is_shown_when_it_is_asked_for():
    app = open_lesson("normalisation")
    assert not app.code
    app.toggle(key="code_open").set_value(True).run()
    assert calm(app)
    assert any("dcentered_by_square" in code.value for code in app.code)
    assert any("GroupNorm(num_groups, C)" in code.value for code in app.code)
