from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner

from cnn_core.folders import VARIABLE
from pages.server import runs


@pytest.fixture(autouse=True, scope="session")
def _packages_are_looked_through_once():
    """Each AppTest looks through all installed packages for components: three quarters of the time of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(tmp_path, monkeypatch):
    """No test touches what the user keeps, or what another test has kept; each press of a button counts."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    monkeypatch.setattr(runs, "DOUBLE_CLICK", 0.0)  # tests press faster than readers
    runs.registry.clear()
    yield
    runs.registry.clear()


@pytest.fixture
def registry(_a_folder_of_its_own):
    """The server's registry as the pages see it, without any run; its workers end with the test."""
    yield runs.registry()
    runs.registry().close()
