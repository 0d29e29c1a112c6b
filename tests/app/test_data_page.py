"""The Data page: what it shows is the set's own; its options are a training's; sets come by download and by upload."""

import base64
import html
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cnn_core import datasets
from cnn_core.datasets.downloads import Downloads, Source
from cnn_core.training.data import DataOptions, TrainingData
from pages.controls import own_pictures
from pages.controls.data_options import data_values
from pages.controls.own_pictures import make_set
from pages.figures.bars import count_bars
from pages.figures.pixels import as_pixels
from pages.figures.rows import GAP, PictureRow, picture_rows, strip
from pages.sections import more_sets
from pages.sections.data_set import DRAWS, label_counts, variants
from tests.app.lesson import calm, change, control, figure, open_lesson, texts
from tests.app.test_uploads import png_that_claims, saved
from tests.serving import LOCAL, remote, serving
from tests.sets import idx_files, write, zipped
from tests.waiting import until


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path))
    monkeypatch.delenv("CONVSCOPE_DATA_SETS", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def server(monkeypatch):
    """A mirror of a small MNIST, which `/waiting/` keeps back; the page's downloads come from there."""
    with serving() as it:
        it.files |= idx_files("mnist", "train", 60) | idx_files("mnist", "t10k", 20)
        names = [name for name in it.files if name.endswith("ubyte.gz")]
        files = tuple(remote(it, "well", name=name) for name in names)
        sources = {"mnist": Source((remote(it, "waiting", name=names[0]), *files[1:]))}
        for name in ("fashion-full", "cifar10"):
            sources[name] = Source((remote(it, "missing"),))
        made = Downloads(sources=sources, policy=LOCAL)
        monkeypatch.setattr(more_sets, "downloads", lambda: made)
        it.downloads = made
        yield it
        it.go_on.set()
        made.close()


def metrics(app):
    return {metric.label: metric.value for metric in app.metric}


def picture(colour, size=(20, 10)):
    return saved(Image.new("RGB", size, colour))


def pets(count=3, **more):
    return zipped({f"pets/{c}/{n}.png": picture(c) for c in ("red", "blue") for n in range(count)} | more)


def test_the_first_view_shows_the_set_without_a_click():
    app = open_lesson("data")
    assert calm(app)
    assert metrics(app) == {
        "training pictures": "1,237",
        "validation pictures": "200",
        "test pictures": "360",
        "classes": "10",
        "numbers per picture": "64",
    }
    pictures = [element.proto.body.count("<img") for element in app.get("html")]
    assert sorted(pictures)[-2:] == [5, 20]  # one picture in all its changes; ten classes, each with its mean
    assert any("CC BY 4.0" in text for text in texts(app.caption))
    data, _ = figure(app, "balance")
    digits = datasets.load("digits")
    assert [trace["name"] for trace in data] == ["training", "validation", "test"]
    assert data[0]["y"] == np.bincount(digits.train.y).tolist()
    assert sum(data[2]["y"]) == 360


def test_the_widgets_are_the_options_of_a_training():
    app = open_lesson(
        "data", dataset="fashion", num_train="100", shift="3", noise="0.1", label_noise="0.3", flip="true"
    )
    assert calm(app)
    assert metrics(app)["training pictures"] == "100"
    assert any("30 of the 100 training labels are wrong" in text for text in texts(app.caption))
    data, _ = figure(app, "balance")
    assert {trace["name"]: sum(trace["y"]) for trace in data} == {
        "training": 70,
        "labelled wrong": 30,
        "validation": 500,
        "test": 500,
    }
    change(app, "normalise", "standard")
    assert any("divided by the standard deviation" in text for text in texts(app.markdown))
    change(app, "normalise", "none")
    assert any("They are not normalised" in text for text in texts(app.markdown))
    link = next(link for link in app.get("page_link") if link.proto.label == "Train on these pictures")
    assert "dataset=fashion" in link.proto.query_string
    assert "shift=3" in link.proto.query_string
    assert "cutout" not in link.proto.query_string


def test_options_go_to_the_widgets_and_back():
    options = DataOptions(num_train=100, normalise="standard", shift=2, flip=True, noise=0.1, cutout=4, label_noise=0.2)
    app = open_lesson("data", **{key: str(value) for key, value in data_values(options).items()})
    assert calm(app)
    assert {key: control(app, key).value for key in data_values(options)} == data_values(options)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"num_train": "2000"}, "num_train (=2000) must be at most the 1237 training pictures of digits"),
        ({"shift": "8"}, "shift (=8) must be below 8, the side of the pictures"),
        ({"cutout": "24"}, "cutout (=24) must be below 8, the side of the pictures"),
    ],
)
def test_options_that_ask_too_much_are_answered_in_words(parameters, message):
    app = open_lesson("data", **parameters)
    assert not app.exception
    assert texts(app.error) == [message]
    assert app.file_uploader(key="zip")


@pytest.mark.parametrize(
    "parameters", [{"dataset": "imagenet"}, {"normalise": "max"}, {"noise": "1"}, {"shift": "x"}, {"num_train": "-1"}]
)
def test_bad_links_are_answered_in_words(parameters):
    app = open_lesson("data", **parameters)
    assert not app.exception
    assert len(texts(app.warning)) == 1
    assert next(iter(parameters)) in texts(app.warning)[0]


def test_a_broken_set_is_named_and_the_rest_of_the_page_stands(home, monkeypatch):
    files = idx_files("mnist", "t10k", 30, packed=False)
    files["t10k-images-idx3-ubyte"] = files["t10k-images-idx3-ubyte"][:99]
    monkeypatch.setenv("CONVSCOPE_DATA_SETS", str(write(home / "sets", files)))
    app = open_lesson("data", dataset="mnist")
    assert not app.exception
    assert "get it anew" in texts(app.error)[0]
    assert calm(change(app, "dataset", "colours"))


# The rows of pictures.


def test_a_strip_holds_each_picture_enlarged():
    x = np.random.default_rng(0).random((3, 1, 8, 8), dtype=np.float32)
    row = strip(x)
    assert row.shape == (56, 3 * 56 + 2 * GAP, 1)
    for number in range(3):
        left = number * (56 + GAP)
        tile = row[::7, left : left + 56 : 7, 0]
        np.testing.assert_array_equal(tile, np.rint(255 * x[number, 0]))
    assert strip(np.full((1, 3, 64, 64), 2.0)).max() == 255


def test_a_picture_kept_as_bytes_looks_as_it_does_from_0_to_1():
    levels = np.arange(192, dtype=np.uint8).reshape(3, 8, 8)
    np.testing.assert_array_equal(as_pixels(levels), as_pixels(levels / np.float32(255)))
    np.testing.assert_array_equal(as_pixels(levels)[::30, ::30], levels.transpose(1, 2, 0))


def test_words_of_a_row_are_text():
    shown = picture_rows([PictureRow("<b>bold</b>", "a & b", np.zeros((1, 1, 8, 8)))])
    assert "<b>" not in shown
    assert html.escape("<b>bold</b>") in shown
    assert "a &amp; b" in shown
    (url,) = re.findall(r'src="data:image/webp;base64,([^"]*)"', shown)
    assert Image.open(io.BytesIO(base64.b64decode(url))).size == (56, 56)


def test_parts_without_pictures_have_no_bars():
    chart = count_bars({"a": [1, 2], "b": [0, 0], "c": [3, 0]}, ["x", "y"])
    assert [(trace["name"], trace["y"]) for trace in chart["data"]] == [("a", [1, 2]), ("c", [3, 0])]


def test_each_change_is_shown_and_what_is_on_together():
    data = TrainingData(datasets.load("digits"), DataOptions(shift=1, cutout=2))
    original = data.dataset.train.x[5]
    rows = {row.label: row for row in variants(data, original)}
    assert list(rows) == ["as it is", "shift", "flip", "noise", "cutout", "in training"]
    assert all(len(row.pictures) == DRAWS for label, row in rows.items() if label != "as it is")
    assert rows["shift"].note == "up to 1 pixels"
    assert rows["noise"].note == "off; here deviation 0.1"
    assert rows["in training"].note == "shift + cutout"
    np.testing.assert_array_equal(rows["as it is"].pictures[0], original)
    assert (rows["cutout"].pictures != original).reshape(DRAWS, -1).sum(axis=1).max() <= 4
    assert sum(sum(counts) for counts in label_counts(data).values()) == 1797


# Downloads.


def test_a_set_is_downloaded_with_progress_cancelled_and_gone_on_with(server):
    app = open_lesson("data")
    assert app.button(key="download_mnist").label == "Download 0.1 MB"
    app.button(key="download_mnist").click().run()
    download = server.downloads.get("mnist")
    until(lambda: download.done)
    app.run()
    assert app.get("progress")[0].proto.text == "0.0 MB of 0.1 MB"
    app.button(key="cancel_mnist").click()
    server.go_on.set()
    app.run()
    until(lambda: download.ended)
    app.run()
    if download.state == "cancelled":
        app.button(key="download_mnist").click().run()
    until(lambda: "mnist" in datasets.names())
    app.run()
    assert calm(app)
    assert ":material/check: It is here: choose it as **data set**." in texts(app.markdown)
    assert calm(change(app, "dataset", "mnist"))
    assert metrics(app)["training pictures"] == "54"


def test_a_download_that_fails_says_why_and_can_be_tried_again(server):
    app = open_lesson("data")
    app.button(key="download_cifar10").click().run()
    until(lambda: server.downloads.get("cifar10").ended)
    app.run()
    assert texts(app.error) == ["file: 127.0.0.1 answers 404 Not Found"]
    assert not app.button(key="download_cifar10").disabled


def test_a_download_that_fails_while_the_page_is_drawn_is_not_shown_as_on_its_way_for_ever(server, monkeypatch):
    app = open_lesson("data")
    failed = server.downloads.start("cifar10")
    failed.wait(10)
    on_its_way = SimpleNamespace(ended=False, state="running", done=0, total=1, cancel=None)
    found = iter([None, on_its_way])  # when the page asks how often to look, and when it draws the box
    monkeypatch.setattr(server.downloads, "get", lambda name: next(found, failed) if name == "cifar10" else None)
    app.run()
    assert not app.get("progress")
    assert texts(app.error) == ["file: 127.0.0.1 answers 404 Not Found"]


def test_what_lies_in_the_named_folders_is_said(home, monkeypatch):
    write(home / "sets", {"emnist-mnist-train-images-idx3-ubyte": b"x"})
    monkeypatch.setenv("CONVSCOPE_DATA_SETS", f"{home / 'sets'}:{home / '[a](b)'}")
    app = open_lesson("data")
    assert calm(app)
    lines = [text for text in texts(app.caption) if text.startswith("Not used: ")]
    assert len(lines) == 2
    assert "EMNIST has letters" in lines[0]
    assert lines[1].endswith("/[a](b) does not exist.")


# Own pictures.


def upload(app, file, name="pets.zip"):
    app.file_uploader(key="zip").set_value((name, file.getvalue(), "application/zip")).run()
    return app.button(key="make_set").click().run()


def test_a_zip_becomes_a_set_is_chosen_and_can_be_removed():
    app = open_lesson("data")
    assert app.button(key="make_set").disabled
    app.select_slider(key="own_size").set_value("16")
    upload(app, pets(4))
    assert calm(app)
    name = datasets.names()[-1]
    assert texts(app.success) == ["pets, 16×16 colour is one of the data sets now. 2 classes: blue, red."]
    app.button(key="look").click().run()
    assert calm(app)
    assert control(app, "dataset").value == name
    assert metrics(app) | {"training pictures": "4", "classes": "2", "numbers per picture": "768"} == metrics(app)
    dataset = datasets.load(name)
    assert dataset.title == "pets, 16×16 colour"
    assert dataset.class_names == ("blue", "red")
    assert (dataset.train.x[dataset.train.y == 1] == np.array([255, 0, 0], np.uint8)[:, None, None]).all()
    app.button(key="remove_set").click().run()
    assert calm(app)
    assert name not in datasets.names()
    assert control(app, "dataset").value == "digits"


def test_the_splits_of_a_zip_and_what_was_left_out_are_said():
    app = open_lesson("data")
    packed = {
        f"archive/{part}/{c}/{n}.png": picture(c)
        for part in ("train", "test")
        for c in ("red", "blue")
        for n in range(3)
    }
    upload(app, zipped(packed | {"archive/train/red/x.heic": b"ftyp", "archive/train/green/x.heic": b"ftyp"}))
    assert texts(app.success) == [
        "pets, 32×32 colour is one of the data sets now. 2 classes: blue, red. Its splits are the folders test, train. 2 files "
        "left out: 2 .heic. There are no pictures in green."
    ]
    dataset = datasets.load(datasets.names()[-1])
    assert (len(dataset.train.y), len(dataset.val.y), len(dataset.test.y)) == (4, 2, 6)


def test_class_names_and_titles_are_text_on_the_page_and_in_its_charts():
    odd = ["<a href='https:x'>", "[a](https:x)", "50$ a 60$", "*b*"]
    packed = {
        f"{c}/{n}.png": picture((50 * k, n, 0)) for k, c in enumerate(c.replace("/", "") for c in odd) for n in range(3)
    }
    app = open_lesson("data")
    upload(app, zipped(packed), "[t](x)$1$.zip")
    app.button(key="look").click().run()
    assert calm(app)
    assert datasets.load(control(app, "dataset").value).class_names == tuple(sorted(odd))
    data, _ = figure(app, "balance")
    assert sorted(html.unescape(label) for label in data[0]["x"]) == sorted(odd)
    assert not any("<" in label for label in data[0]["x"])
    shown = [element.value for element in (*app.caption, *app.success, *app.markdown)]
    assert sum("\\[t\\]\\(x\\)\\$1\\$" in text for text in shown) == 2
    assert not any("[t](x)" in text for text in shown)


def test_the_same_zip_under_another_name_keeps_the_sets_title():
    app = open_lesson("data")
    upload(app, pets())
    upload(app, pets(), "mine.zip")
    assert texts(app.success) == ["pets, 32×32 colour is one of the data sets now. 2 classes: blue, red."]
    assert list(datasets.titles().values())[3:] == ["pets, 32×32 colour"]


def test_a_long_name_of_a_zip_is_cut():
    app = open_lesson("data")
    upload(app, pets(), "p" * 4000 + ".zip")
    assert len(texts(app.success)[0]) < 150
    assert len(datasets.titles()[datasets.names()[-1]]) < 60


def test_a_bad_zip_is_refused_in_words_and_leaves_nothing(home):
    app = open_lesson("data")
    upload(app, io.BytesIO(b"hello"))
    assert not app.exception
    assert "must be a whole, unbroken zip" in texts(app.error)[0]
    assert datasets.names() == ("digits", "fashion", "colours")
    assert list(home.iterdir()) == []


def test_pictures_are_cut_to_their_middle_square_in_colour_or_grey():
    colours = np.zeros((30, 60, 3), dtype=np.uint8)
    colours[:, 15:45] = 255, 0, 0
    name = make_set(pets(**{"pets/red/x.png": saved(Image.fromarray(colours))}), "t", 8, colour=True).name
    x = datasets.load(name).train.x
    assert (x.max(axis=(0, 2, 3)) == (255, 0, 255)).all()
    assert (x.reshape(len(x), 3, -1).std(axis=2) == 0).all()
    grey = datasets.load(make_set(pets(), "t", 8, colour=False).name)
    assert grey.image_shape == (1, 8, 8)
    assert set(np.unique(grey.train.x)) == {29, 76}  # blue and red as luminance (ITU-R 601)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"Dear diary", "pets/red/x.png must be a picture in one of the formats"),
        (picture("red")[:45], "pets/red/x.png must be a whole, unbroken picture"),
        (png_that_claims(20_000, 20_000), r"pets/red/x.png \(=20000x20000 pixels\) must have at most 25 megapixels"),
    ],
    ids=["text", "half", "giant"],
)
def test_a_zip_with_a_bad_picture_is_refused_by_its_name(content, message):
    with pytest.raises(ValueError, match=message):
        make_set(pets(**{"pets/red/x.png": content}), "t", 8, colour=True)
    assert datasets.names() == ("digits", "fashion", "colours")


def test_all_pictures_together_have_a_limit(monkeypatch):
    monkeypatch.setattr(own_pictures, "MOST_PIXELS", 999)
    with pytest.raises(ValueError, match=r"^the pictures of the zip must have at most 0 megapixels together"):
        make_set(pets(), "t", 8, colour=True)
