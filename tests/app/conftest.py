from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import app_test

from cnn_core.folders import VARIABLE
from pages.server import runs
from pages.server.shifts import cures
from pages.server.shuffled import shuffled
from pages.server.small_batches import comparison


@pytest.fixture(autouse=True, scope="session")
def _what_each_apptest_would_do_anew_is_done_once():
    """Looking through all installed packages for components, three quarters of the time of these tests; compiling a page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_test, "ScriptCache", cache(app_test.ScriptCache))
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(tmp_path, monkeypatch):
    """No test touches what the user keeps, or what another test has kept; each press of a button counts."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    monkeypatch.setattr(runs, "DOUBLE_CLICK", 0.0)  # tests press faster than readers
    runs.registry.clear()
    yield
    _end_what_was_begun()


def _end_what_was_begun():
    """A training that a test leaves would go on beside all tests that follow."""
    for registry in runs.registry.there():
        registry.close()
    runs.registry.clear()
    for work in comparison.there():
        work.cancel()
    for works in (cures, shuffled):
        works.close()


@pytest.fixture
def registry(_a_folder_of_its_own):
    """The server's registry as the pages see it, without any run."""
    return runs.registry()
