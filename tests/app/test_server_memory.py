"""What the server keeps of trained networks for all visitors: some small ones, or one large one."""

import pytest

from pages.server import runs
from tests.trainings import SHORT
from tests.waiting import until


@pytest.fixture
def run(registry):
    run = registry.start(SHORT)
    until(lambda: run.ended)
    return run


def test_small_networks_are_kept_side_by_side(run):
    first = runs.network_at(run, 0)
    runs.network_at(run, 14)
    assert runs.network_at(run, 0) is first
    assert 16 * runs.LARGE <= 256 << 20


def test_of_large_networks_the_last_one_is_kept(run, monkeypatch):
    monkeypatch.setattr(runs, "LARGE", run.checkpoints.path(0).stat().st_size - 1)
    first = runs.network_at(run, 0)
    assert runs.network_at(run, 0) is first
    runs.network_at(run, 14)
    assert runs.evaluation_at(run, 14).accuracy > 0
    assert runs.network_at(run, 0) is not first
