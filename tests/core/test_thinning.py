"""The points of a long line that are drawn: never too many, and none is left out that one would miss."""

import numpy as np
import pytest

from cnn_core.training.thinning import telling

RNG = np.random.default_rng(231)


@pytest.mark.parametrize("count", [0, 1, 599, 600, 601, 602, 1199, 1200, 1201, 60_050, 1_000_000])
@pytest.mark.parametrize("most", [8, 9, 600])
def test_first_last_smallest_and_largest_are_drawn_and_never_too_many(count, most):
    y = RNG.normal(size=count)
    picked = telling(y, most)
    assert min(count, most // 4) <= len(picked) <= most
    assert (np.diff(picked) > 0).all()
    if count:
        assert {0, count - 1, int(y.argmin()), int(y.argmax())} <= set(picked.tolist())


@pytest.mark.parametrize("position", [0, 1, 299, 600, 59_990, 60_049])
@pytest.mark.parametrize("spike", [1e9, -1e9, 1e300])
def test_a_spike_of_a_single_step_is_drawn_wherever_it_is(position, spike):
    y = np.full(60_050, 2.3)
    y[position] = spike
    assert position in telling(y, 600)


def test_an_explosion_of_the_last_steps_is_drawn_step_by_step_as_far_as_there_are_parts():
    y = np.append(np.full(59_990, 2.3), 2.3 * 10.0 ** np.arange(60))
    picked = telling(y, 600)
    assert picked[-1] == 60_049
    assert y[picked].max() == y.max()


@pytest.mark.parametrize("gap", [np.nan, np.inf, -np.inf, None])
def test_the_edges_of_what_is_not_finite_are_drawn(gap):
    y = RNG.normal(size=50_000).tolist()
    y[20_000:20_007] = [gap] * 7
    y[49_990:] = [gap] * 10
    picked = telling(y, 600)
    assert {19_999, 20_000, 20_006, 20_007, 49_989, 49_990, 49_999} <= set(picked.tolist())
    assert len(picked) <= 600


def test_nothing_but_gaps_are_gaps():
    assert telling([None] * 1000, 600).tolist() == [0, 999]


def test_a_growing_line_keeps_its_points():
    y = RNG.normal(size=950)
    shorter, longer = telling(y[:900], 600), telling(y, 600)
    assert set(shorter[:-3].tolist()) <= set(longer.tolist())
