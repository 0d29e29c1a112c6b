"""Uploads of a visitor and of all are kept within bounds; who misses a file is told so, and nobody else loses one."""

import json
import urllib.error
import urllib.request

import pytest
from streamlit.proto.Common_pb2 import FileUploaderState
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from cnn_core.training.uploads import MOST_WEIGHTS
from pages.controls.own_pictures import MOST_ZIP
from pages.server import uploads
from pages.server.uploads import MOST_FILES, MOST_OF_ALL, MOST_OF_VISITOR, keep_within_bounds
from tests.app.lesson import open_lesson, texts
from tests.trainings import small
from tools.browser import serve
from tools.visitor import Visitor

MB = 1 << 20


@pytest.fixture
def keeper():
    made = MemoryUploadedFileManager("/upload")
    keep_within_bounds(made)
    return made


def put(keeper, tab, number, size, name="x.zip"):
    keeper.add_file(tab, UploadedFileRec(f"{tab}{number}", name, "application/zip", bytes(size)))


def kept(keeper, tab):
    return [file.file_id for file in keeper.get_files(tab, [f"{tab}{number}" for number in range(100)])]


def test_twenty_files_of_49_mb_leave_the_last_two(keeper):
    for number in range(20):
        put(keeper, "a", number, 49 * MB)
        assert sum(len(file.data) for file in keeper.file_storage["a"].values()) <= MOST_OF_VISITOR
    assert kept(keeper, "a") == ["a18", "a19"]


def test_the_bound_of_a_visitor_is_kept_to_the_byte(keeper, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_OF_VISITOR", 1000)
    put(keeper, "a", 0, 400 - 5)  # a name counts, too
    put(keeper, "a", 1, 600 - 5)
    assert kept(keeper, "a") == ["a0", "a1"]
    put(keeper, "a", 2, 0, name="")
    assert kept(keeper, "a") == ["a1", "a2"]  # a name that is none is shown as _
    put(keeper, "a", 3, 2000)
    assert kept(keeper, "a") == []


def test_many_small_files_are_bounded_too(keeper):
    for number in range(MOST_FILES + 3):
        put(keeper, "a", number, 1)
    assert kept(keeper, "a") == [f"a{number}" for number in range(3, MOST_FILES + 3)]


def test_of_all_visitors_the_one_with_most_loses_the_oldest(keeper, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_OF_ALL", 1000)
    put(keeper, "a", 0, 200)
    for number in range(3):
        put(keeper, "b", number, 300)
    assert (kept(keeper, "a"), kept(keeper, "b")) == (["a0"], ["b1", "b2"])
    put(keeper, "c", 0, 150)
    assert (kept(keeper, "a"), kept(keeper, "b"), kept(keeper, "c")) == (["a0"], ["b1", "b2"], ["c0"])
    put(keeper, "c", 1, 150)
    assert (kept(keeper, "a"), kept(keeper, "b"), kept(keeper, "c")) == (["a0"], ["b2"], ["c0", "c1"])


def test_the_bounds_let_every_uploader_take_what_it_offers():
    assert MOST_ZIP * MB + MOST_WEIGHTS <= MOST_OF_VISITOR <= MOST_OF_ALL


def test_a_name_is_kept_as_it_can_be_shown(keeper):
    put(keeper, "a", 0, 1, name="x" * 4000 + "\0.zip")
    (file,) = keeper.get_files("a", ["a0"])
    assert len(file.name) <= 200
    assert file.name.endswith(".zip")


# On a real server.


@pytest.fixture(scope="module")
def address():
    with serve() as url:
        yield url


class Tab:
    """A visitor who uploads files as a front end does."""

    def __init__(self, visitor, page):
        self.visitor, self.page = visitor, page
        heard = visitor.open(page)
        self.session = next(m.new_session.initialize.session_id for m in heard if m.WhichOneof("type") == "new_session")
        (self.widget,) = [element.id for element in visitor.elements("file_uploader")]

    def put(self, number, data, name):
        """Send a file; it is not shown to the page yet."""
        end = b"\r\n--end--\r\n"
        body = f'--end\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + data + end
        url = f"{self.visitor.address}/_stcore/upload_file/{self.session}/{number}"
        token = {"X-Xsrftoken": "2|00000000|00000000|0", "Cookie": "_streamlit_xsrf=2|00000000|00000000|0"}
        request = urllib.request.Request(
            url, body, {"Content-Type": "multipart/form-data; boundary=end", **token}, method="PUT"
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 204

    def choose(self, *numbers):
        """Let the page run with these files chosen; returns the texts of what it warns of."""
        state = FileUploaderState()
        for number in numbers:
            state.uploaded_file_info.add(file_id=str(number), name="x", size=1)
        self.visitor.ask({}, files={self.widget: state})
        return [
            alert.body.replace("\\", "") for alert in self.visitor.elements("alert") if "No runs yet" not in alert.body
        ]


def test_a_real_server_lets_old_uploads_go_and_says_so(address):
    with Visitor(address) as visitor, Visitor(address) as other:
        tab, neighbour = Tab(visitor, "runs"), Tab(other, "runs")
        settings = json.dumps(small().as_dict()).encode()
        neighbour.put(0, settings, "settings.json")
        tab.put(0, settings, "settings.json")
        assert tab.choose(0) == []
        for number in range(1, 4):
            tab.put(number, bytes(49 * MB), f"{number}.json")
        (word,) = tab.choose(0)
        assert word.startswith(
            "A file that you chose is not kept any longer: choose it again. The server keeps at most 100 MB"
        )
        assert ["must have at most 1 MB" in text for text in tab.choose(3)] == [True]
        assert neighbour.choose(0) == []


@pytest.mark.parametrize("name", ["x.exe", "x", "x" * 2000 + ".png.zip.json"])
@pytest.mark.parametrize("page", ["runs", "data", "convolution"])
def test_files_of_other_names_are_answered_in_a_sentence(page, name):
    app = open_lesson(page, **{"input": "your picture"} if page == "convolution" else {})
    key = {"runs": "brought", "data": "zip", "convolution": "upload"}[page]
    app.file_uploader(key=key).set_value((name, b"abc", "application/x-msdownload")).run()
    if page == "data":
        app.button(key="make_set").click().run()
    assert not app.exception
    (said,) = texts(app.error)
    assert len(said) < 300
