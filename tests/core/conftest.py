import pytest

from cnn_core.training import Registry


@pytest.fixture
def registry(tmp_path):
    """Room for one training at a time."""
    registry = Registry(tmp_path, slots=1)
    yield registry
    registry.close()
