"""A server whose disk is full before it has kept anything: its pages say so."""

import errno
import tempfile

import pytest

from cnn_core.training import StoreError, registry
from pages.server import runs
from tests.app.lesson import open_lesson, texts


@pytest.fixture(params=["mkdtemp", "store"])
def full(request):
    """What there is no room for; what the test does to make some."""
    monkeypatch = pytest.MonkeyPatch()

    def no_room(*_, **__):
        raise (
            OSError(errno.ENOSPC, "No space left on device") if request.param == "mkdtemp" else StoreError("disk full")
        )

    def cannot_be_used(_):
        raise StoreError("the folder cannot be used")

    if request.param == "mkdtemp":
        monkeypatch.setattr(registry, "Store", cannot_be_used)
        monkeypatch.setattr(tempfile, "mkdtemp", no_room)
    else:
        monkeypatch.setattr(registry, "Store", no_room)
    yield monkeypatch.undo
    monkeypatch.undo()


@pytest.mark.parametrize("page", ["train", "runs", "network"])
def test_a_page_that_needs_runs_says_that_none_can_be_kept(full, page):
    app = open_lesson(page, run="abc")
    assert not app.exception
    assert any("No space left" in words or "disk full" in words for words in texts(app.error))


def test_once_there_is_room_the_page_works_again(full):
    open_lesson("train")
    full()
    app = open_lesson("train")
    assert not app.error
    runs.registry().close()
