"""What the server keeps of trained networks for all visitors: some small ones, or one large one."""

import numpy as np
import pytest

from cnn_core.training import TrainingConfig
from cnn_core.training.scripts import pytorch_script
from pages.server import runs
from pages.server.filters import latest_filters
from tests.app.lesson import open_lesson
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


def test_a_network_that_is_only_looked_at_is_not_made(run, monkeypatch):
    """Its weights may take 2 GiB; a link can ask for such a one."""
    untrained = next(iter(SHORT.model().params.values()))
    monkeypatch.setattr(TrainingConfig, "model", lambda _: 1 / 0)
    np.testing.assert_array_equal(SHORT.first_filters(), untrained)
    app = open_lesson("train", block_1_num_filters=64, block_1_pool="none", hidden_1=512)
    assert not app.exception
    for path in run.checkpoints.folder.iterdir():
        path.unlink()
    run.filters = None
    filters, iteration = latest_filters(run)
    np.testing.assert_array_equal(filters, untrained)
    assert iteration == 0
    assert "x.safetensors" in pytorch_script(run, 14, "x.safetensors")
