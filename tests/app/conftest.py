import pytest

from pages.controls import runs


@pytest.fixture
def registry():
    """The server's registry as the pages see it, without any run; its workers end with the test."""
    runs.registry.clear()
    yield runs.registry()
    runs.registry().close()
    runs.registry.clear()
