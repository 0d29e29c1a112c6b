import pytest
from hypothesis import settings

from cnn_core.training import Registry, keeper

settings.register_profile("any time", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("any time")


@pytest.fixture
def quickly_kept(monkeypatch):
    """Registries look after their runs as often as tests look at them."""
    monkeypatch.setattr(keeper, "EVERY", 0.05)


@pytest.fixture
def registry(tmp_path, quickly_kept):
    """Room for one training at a time."""
    registry = Registry(tmp_path, slots=1)
    yield registry
    registry.close()
