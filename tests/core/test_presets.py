"""Each preset was run, and shows what the words beside it say; here as far as it takes a moment."""

from dataclasses import replace

import pytest

from cnn_core.datasets import as_pixels
from cnn_core.network import layer_statistics
from cnn_core.solver import DivergedError
from cnn_core.training import TrainingConfig
from cnn_core.training.presets import PRESETS

SEEDS = range(5)  # what is said of a preset is no luck of its own seed
CONFIGS = {preset.name: preset.config for preset in PRESETS}


def trained(name, steps, **changes):
    """The solver and the records after so many steps; the last step is watched."""
    solver = replace(CONFIGS[name], **changes).solver()
    records = []
    for iteration in range(1, steps + 1):
        solver.watch = iteration == steps
        records.append(solver.step(iteration))
    return solver, records


def inside(solver):
    seen = solver.watched
    return {layer.name: layer for layer in layer_statistics(solver.model, seen.outputs, seen.grads, seen.before)}


def test_names_are_unique_and_every_preset_fits_and_speaks():
    assert len(CONFIGS) == len(PRESETS)
    assert next(iter(CONFIGS.values())) == TrainingConfig()
    for preset in PRESETS:
        preset.config.check()
        assert preset.title
        assert preset.comment.endswith(".")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_courses_net_names_more_than_95_percent_of_new_digits_right(seed):
    config = replace(CONFIGS["course_net"], seed=seed)
    solver, records = trained("course_net", 250, seed=seed)
    assert (records[-1].epoch, config.num_epochs) == (10, 10)
    data = config.training_data()
    assert solver.model.accuracy(data.normalised(as_pixels(data.dataset.test.x)), data.dataset.test.y) > 0.95


@pytest.mark.parametrize("seed", SEEDS)
def test_100_pictures_are_learned_by_heart(seed):
    _, records = trained("overfit_100", 60, seed=seed)
    assert records[-1].train_accuracy >= 0.98
    assert records[-1].val_accuracy < 0.75


@pytest.mark.parametrize("seed", SEEDS)
def test_lenet_is_on_its_way_after_a_few_steps(seed):
    solver, _ = trained("lenet_like", 30, seed=seed)
    x, y = solver.data.val
    assert solver.model.accuracy(x[:200], y[:200]) > 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_too_high_a_rate_explodes_and_a_tenth_learns(seed):
    with pytest.raises(DivergedError, match="learning_rate"):
        trained("rate_too_high", 10, seed=seed)
    _, records = trained("rate_too_high", 75, seed=seed, learning_rate=0.5)
    assert records[-1].val_accuracy > 0.8


@pytest.mark.parametrize("seed", SEEDS)
def test_relus_die_and_the_loss_stands_still_without_a_nan(seed):
    solver, records = trained("dead_relus", 50, seed=seed)
    assert inside(solver)["conv1"].dead > 0.9
    assert inside(solver)["linear1"].dead > 0.9
    assert records[-1].val_accuracy < 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_vanish_on_their_way_back_through_sigmoids(seed):
    solver, _ = trained("deep_sigmoids", 5, seed=seed)
    norms = [layer.grad_norm for layer in inside(solver).values()]
    assert norms == sorted(norms)
    assert norms[-1] > 100 * norms[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_deep_net_learns_with_batch_norm_and_not_without(seed):
    _, without = trained("deep_no_norm", 50, seed=seed)
    _, with_norm = trained("deep_batch_norm", 50, seed=seed)
    assert without[-1].val_accuracy < 0.2
    assert with_norm[-1].val_accuracy > 0.8
    plain, normed = CONFIGS["deep_no_norm"], CONFIGS["deep_batch_norm"]
    blocks = tuple(replace(block, norm="batch") for block in plain.network.blocks)
    assert normed == replace(plain, network=replace(plain.network, blocks=blocks))  # nothing else differs
