from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner

from pages.controls import runs


@pytest.fixture(autouse=True, scope="session")
def _packages_are_looked_through_once():
    """Each AppTest looks through all installed packages for components: three quarters of the time of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def registry():
    """The server's registry as the pages see it, without any run; its workers end with the test."""
    runs.registry.clear()
    yield runs.registry()
    runs.registry().close()
    runs.registry.clear()
