"""Settings in closed folds: those at their default are not drawn, and count all the same."""

import pytest

from cnn_core.training.presets import PRESETS
from tests.app.lesson import KINDS, change, control, open_lesson, texts

FOLDS = {
    "data_fold": {"num_train", "normalise", "shift", "flip", "noise", "cutout", "label_noise"},
    "block_1_fold": {f"block_1_{name}" for name in ("num_filters", "kernel_size", "stride", "padding", "norm")}
    | {"block_1_activation", "block_1_pool", "block_1_pool_size"},
    "stop_fold": {"val_accuracy", "patience", "seconds"},
}
FOLDED = set().union(*FOLDS.values())


def drawn(app):
    """Keys of the folds' settings that are drawn."""
    return {widget.key for kind in KINDS for widget in getattr(app, kind)} & FOLDED


def fold(app, key, opened):
    """Open or close one, as a click on its head does."""
    app.session_state[key] = opened
    return app.run()


def test_nothing_is_drawn_in_a_closed_fold():
    app = open_lesson("train")
    assert [expander.label for expander in app.expander] == ["Which pictures, and how", "Block 1", "Early stopping"]
    assert drawn(app) == set()


@pytest.mark.parametrize("key", FOLDS)
def test_an_open_fold_has_all_its_settings_and_no_other(key):
    app = fold(open_lesson("train"), key, True)
    assert drawn(app) == FOLDS[key]
    assert drawn(fold(app, key, False)) == set()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_what_a_preset_says_needs_no_widget(preset):
    app = open_lesson("train", preset=preset.name)
    assert drawn(app) == set()
    assert drawn(change(app, "preset", PRESETS[0].name)) == set()


def test_what_was_changed_stays_when_its_fold_is_closed_until_it_is_as_it_was():
    app = fold(open_lesson("train"), "data_fold", True)
    change(app, "shift", 2)
    for _ in range(2):
        fold(app, "data_fold", False)
        assert drawn(app) == {"shift"}
        assert control(app, "shift").value == 2
    app.button(key="restore").click().run()
    app.run()
    assert drawn(app) == set()
    assert control(fold(app, "data_fold", True), "shift").value == 0


def test_what_the_address_says_is_drawn_and_counts():
    app = open_lesson("train", shift="2", patience="3")
    assert drawn(app) == {"shift", "patience"}
    assert (control(app, "shift").value, control(app, "patience").value) == (2, 3)


@pytest.mark.parametrize(
    ("key", "value"), [("shift", "9"), ("flip", "yes"), ("block_1_norm", "big"), ("seconds", "-1")]
)
def test_a_bad_link_is_told_outside_the_closed_fold(key, value):
    app = open_lesson("train", **{key: value})
    (warning,) = texts(app.sidebar.warning)
    assert warning.startswith(f"{key} (={value}) in the link must be")
    assert not [found for expander in app.expander for found in expander.warning]
    assert len(texts(app.run().warning)) == 0
    assert drawn(app) == set()
