"""A training that went wrong is told what usually helps, and one click tries it; what is said of it holds."""

from dataclasses import replace

import pytest

from cnn_core.shares import percent
from cnn_core.training import DataOptions
from cnn_core.training.presets import PRESETS
from pages.sections.what_helps import help_with, remedies
from tests.app.lesson import calm, open_lesson, texts
from tests.app.training import press
from tests.trainings import small
from tests.waiting import until

CONFIGS = {preset.name: preset.config for preset in PRESETS}


def ended(registry, config):
    run = registry.start(config)
    until(lambda: run.ended, 60)
    return run


def tried(registry, run):
    """Each remedy's label, and the run that a press of its button makes, at its end."""
    found = {}
    for number, remedy in enumerate(remedies(run)):
        app = open_lesson("train", run=run.id)
        app.session_state["pace"] = "full"
        press(app, f"remedy_{number}")
        assert not app.exception
        found[remedy.label] = registry.get(app.query_params["run"])
    for other in found.values():
        until(lambda other=other: other.ended, 60)
    return found


@pytest.mark.parametrize("seed", range(2))
def test_overfitting_is_named_and_each_remedy_is_tried_with_one_click(registry, seed):
    run = ended(registry, replace(CONFIGS["overfit_100"], seed=seed))
    *_, info = texts(open_lesson("train", run=run.id).info)
    train, val = run.records[-1].train_accuracy, run.records[-1].val_accuracy
    assert info.startswith(
        f"It names **{percent(train)}** of its training pictures right, and **{percent(val)}** of the validation "
    )
    assert "overfitting" in info
    found = tried(registry, run)
    pictures, dropout, shifted, reg = found.values()
    assert list(found) == [
        "Start with 400 pictures",
        "Fork with dropout 0.5",
        "Start with shifted pictures",
        "Fork with L2 0.01",
    ]
    names = [registry.store.row(other.id).name for other in found.values()]
    what = ["400 pictures, 10 epochs", "dropout 0.5", "shift 2", "reg 0.01"]
    assert all(name.startswith(f"overfit 100, Fashion-MNIST, {w}") for name, w in zip(names, what, strict=True))
    assert pictures.config == replace(run.config, data=DataOptions(num_train=400), num_epochs=10)
    assert shifted.config == replace(run.config, data=replace(run.config.data, shift=2))
    assert (dropout.live["dropout"], reg.live["reg"]) == (0.5, 0.01)
    assert dropout.parent == reg.parent == (run.id, 0)
    assert reg.records[0].data_loss == run.records[0].data_loss  # the same weights, the same pictures
    # What the words say: more pictures help most; with the others it is harder to memorise.
    assert pictures.records[-1].val_accuracy > val + 0.03
    assert pictures.records[-1].val_accuracy >= max(other.records[-1].val_accuracy for other in (dropout, shifted, reg))
    for other in (dropout, shifted, reg):
        assert other.records[-1].data_loss > 1.2 * run.records[-1].data_loss


def test_a_remedy_that_a_run_has_already_is_not_offered(registry):
    run = ended(registry, replace(CONFIGS["overfit_100"], data=DataOptions(num_train=100, flip=True), num_epochs=15))
    run.change(dropout=0.5)
    until(lambda: run.live["dropout"] == 0.5)
    assert [remedy.label for remedy in remedies(run)] == ["Start with 400 pictures", "Fork with L2 0.01"]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("preset", "label"),
    [
        ("rate_too_high", "Start with learning rate 0.5"),
        ("dead_relus", "Start with learning rate 0.5"),
        ("deep_sigmoids", "Start with ReLU and batch norm"),
        ("deep_no_norm", "Start with batch norm"),
    ],
)
def test_one_click_saves_a_run_that_learns_nothing(registry, preset, label, seed):
    run = ended(registry, replace(CONFIGS[preset], seed=seed, num_epochs=4))
    other = tried(registry, run)[label]
    assert other.records[-1].val_accuracy > 0.7
    assert calm(open_lesson("train", run=other.id))


def test_batch_norm_over_single_pictures_is_named_as_the_reason(registry):
    data = DataOptions(num_train=200)
    run = ended(registry, replace(CONFIGS["deep_batch_norm"], data=data, batch_size=1, num_epochs=1))
    words = help_with(run)
    assert "Its batch norm sees one picture at a time" in words
    assert "or batch norm" not in words
    assert [remedy.label for remedy in remedies(run)] == ["Start with batches of 32", "Start with group norm"]


def test_after_a_change_on_the_way_the_fork_begins_before_it(registry):
    run = registry.start(small(num_epochs=3, update_rule="sgd", learning_rate=0.1), advance="epoch")
    until(lambda: run.state == "paused")
    run.change(learning_rate=1e6)
    run.resume()
    until(lambda: run.ended)
    assert run.state == "diverged"
    (remedy,) = remedies(run)
    assert (remedy.label, remedy.iteration) == ("Fork from step 7 with learning rate 100000", 7)


def test_a_run_that_does_well_is_told_nothing(registry):
    run = ended(registry, CONFIGS["course_net"])
    assert remedies(run) == []
    assert texts(open_lesson("train", run=run.id).info) == []
