"""The learning-rate range test: where the loss falls, a rate is suggested; where it only wobbles, none."""

from dataclasses import replace

import numpy as np
import pytest

from cnn_core.solver import StepRecord
from cnn_core.training.presets import PRESETS
from cnn_core.training.range_test import range_test_rate, range_test_steps, smooth, suggest


def records_of(losses):
    return [StepRecord(k, 1, loss, 0.0, range_test_rate(k), None, None) for k, loss in enumerate(np.asarray(losses), 1)]


def test_a_rate_is_suggested_where_the_loss_falls_most_steeply():
    steps = np.arange(90)
    losses = 2.3 - 1.5 / (1 + np.exp(-(steps - 50) / 4))  # falls around step 51; the running mean lags behind
    assert range_test_rate(51) < suggest(records_of(losses)) < range_test_rate(60)


@pytest.mark.parametrize(
    "losses",
    [
        np.full(120, 2.3),
        np.linspace(2.3, 4, 120),
        np.linspace(1, 9, 60),
        [1.7, *[2.3] * 119],
        np.full(19, 1.0),
    ],
    ids=["level", "rising", "rising fast", "a lucky batch", "too few"],
)
def test_no_rate_is_suggested_where_the_loss_hardly_falls(losses):
    assert suggest(records_of(losses)) is None


@pytest.mark.parametrize("weight", [0.6, 0.9, 0.999])
@pytest.mark.parametrize("count", [0, 1, 2, 63, 64, 1000])
def test_the_running_mean_is_the_one_that_is_made_value_by_value(count, weight):
    values = 10.0 ** np.random.default_rng(1).normal(size=count)
    mean, expected = 0.0, []
    for k, value in enumerate(values, 1):
        mean = weight * mean + (1 - weight) * value
        expected.append(mean / (1 - weight**k))
    np.testing.assert_allclose(smooth(values, weight), expected, rtol=1e-12)


@pytest.mark.parametrize("deviation", [0.01, 0.1, 0.3, 0.6])
def test_no_rate_is_suggested_where_the_loss_only_wobbles(deviation):
    random = np.random.default_rng(0)
    wobbles = [2.3 + deviation * random.normal(size=120) for _ in range(100)]
    assert sum(suggest(records_of(losses)) is not None for losses in wobbles) <= 1


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_network_that_does_not_learn_gets_no_rate_suggested(preset):
    solver = replace(preset.config, range_test=True).solver()
    stalled = {"dead_relus", "deep_sigmoids", "deep_no_norm"}
    assert (suggest(list(range_test_steps(solver))) is None) == (preset.name in stalled)
