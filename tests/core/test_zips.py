"""A zip with a folder for each class: found in it whatever else is there; a hostile one is refused before it does harm."""

import io
import stat
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from cnn_core.datasets import zips
from cnn_core.datasets.zips import read_zip
from tests.sets import zipped


def decode(content, path):
    """A picture of one colour: the file's first byte."""
    if not content[:1].isdigit():
        raise ValueError(f"{path} is no picture")
    return np.full((1, 8, 8), content[0], np.uint8)


def files(count=3, classes=("ants", "bees"), top=""):
    return {f"{top}{name}/{n}.png": f"{n}".encode() for name in classes for n in range(count)}


def refused(archive, decode=decode):
    with pytest.raises(ValueError) as caught:
        read_zip(archive, decode)
    return str(caught.value)


@pytest.mark.parametrize("top", ["", "pets/", "a/b/"])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_each_folder_is_a_class(top, compression):
    steps = []
    archive = zipped(files(4, ("bees", "ants"), top), compression=compression)
    x, y, names = read_zip(archive, decode, lambda done, total: steps.append((done, total)))
    assert names == ("ants", "bees")
    assert y.tolist() == [0] * 4 + [1] * 4
    assert x[:, 0, 0, 0].tolist() == list(b"0123") * 2
    assert x.shape == (8, 1, 8, 8)
    assert steps == [(n, 8) for n in range(8)]


def test_folders_within_a_class_belong_to_it_and_other_files_are_left_out():
    more = {
        "pets/": b"",
        "pets/ants/summer/5.PNG": b"5",
        "pets/readme.txt": b"hello",
        "pets/ants/labels.csv": b"1",
        "__MACOSX/pets/ants/._1.png": b"x",
        "pets/ants/.hidden.png": b"x",
        "pets/.git/a/1.png": b"x",
        "pets\\bees\\7.jpeg": b"7",
    }
    _, y, names = read_zip(zipped(files(3, top="pets/") | more), decode)
    assert names == ("ants", "bees")
    assert y.tolist() == [0] * 4 + [1] * 4
    with zipfile.ZipFile(zipped(files(3, top="pets/") | more)) as archive:
        assert zips.class_folders(archive).ignored == 2


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def encrypted():
    content = bytearray(zipped(files()).getvalue())
    for place in (content.find(b"PK\x01\x02") + 8, content.find(b"PK\x03\x04") + 6):
        content[place] |= 1
    return io.BytesIO(content)


def claiming(size):
    """A zip whose list says that its first file has so many bytes when it is unpacked."""
    content = bytearray(zipped(files()).getvalue())
    place = content.find(b"PK\x01\x02") + 24
    content[place : place + 4] = size.to_bytes(4, "little")
    return io.BytesIO(content)


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (io.BytesIO(b""), "must be a whole, unbroken zip (it has no list of files)"),
        (io.BytesIO(b"hello" * 100), "must be a whole, unbroken zip"),
        (io.BytesIO(zipped(files()).getvalue()[:-30]), "must be a whole, unbroken zip"),
        (
            zipped({}),
            "must hold pictures (.png, .jpg, .jpeg, .webp, .gif, .bmp) in one folder for each class: there are none",
        ),
        (zipped({"a.txt": b"1"}), "there are none"),
        (zipped({"1.png": b"1", "2.png": b"2"}), "classes (=none) must be 2 or more"),
        (zipped(files(5, ("ants",), "pets/")), "classes (=only 'ants') must be 2 or more"),
        (zipped(files() | {"1.png": b"1"}), "'1.png' must lie in a folder that is named after its class"),
        (zipped(files(3, map(str, range(51)))), "classes (=51) must be 50 or less"),
        (zipped(files() | {"cats/1.png": b"1"}), "class 'cats' (=1 pictures) must have 3 or more"),
        (zipped(files(3, ("a<b", "a>b"))), "class names (=a<b, a>b) must differ in letters and digits"),
        (zipped(files() | {"../evil/1.png": b"1"}), "path (='../evil/1.png') in the zip must stay inside it"),
        (zipped(files() | {"ants/..\\..\\x.png": b"1"}), "must stay inside it"),
        (zipped(files() | {"/etc/1.png": b"1"}), "path (='/etc/1.png') in the zip must stay inside it"),
        (zipped(files() | {"C:/x/1.png": b"1"}), "must stay inside it"),
        (
            zipped(files() | {link("ants/link.png"): b"/etc/passwd"}),
            "'ants/link.png' in the zip must be a file, not a link",
        ),
        (encrypted(), "must not be encrypted: pack it without a password"),
        (zipped(files(), compression=zipfile.ZIP_BZIP2), "must be packed in the usual way (deflate), not as kind 12"),
        (zipped(files(), compression=zipfile.ZIP_LZMA), "not as kind 14"),
        (claiming(21 * 2**20), "'ants/0.png' (=21 MiB unpacked) must have at most 20 MiB"),
        (claiming(0), "must be a whole, unbroken zip|ants/0.png is no picture"),
        (zipped(files() | {"ants/x.png": b"x"}), "ants/x.png is no picture"),
    ],
    ids=range(22),
)
def test_other_zips_are_refused_in_words(archive, message):
    said = refused(archive)
    assert any(part in said for part in message.split("|"))


def test_a_bomb_is_refused_before_it_is_unpacked():
    bomb = zipped(files(3) | {f"ants/bomb {n}.png": bytes(15 * 2**20) for n in range(14)})
    tracemalloc.start()
    assert "the zip (=210 MiB unpacked) must hold at most 200 MiB" in refused(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_a_bomb_that_lies_about_its_size_is_not_unpacked_further_than_it_says():
    bomb = bytearray(zipped(files(3) | {"ants/bomb.png": bytes(10 * 2**20)}).getvalue())
    place = bomb.rfind(b"PK\x01\x02") + 24
    bomb[place : place + 4] = (1000).to_bytes(4, "little")
    tracemalloc.start()
    assert refused(io.BytesIO(bomb))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_a_long_list_of_files_is_refused_before_it_is_read(monkeypatch):
    archive = zipped(files())
    monkeypatch.setattr(zips, "MOST_DIRECTORY", 100)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "list of files (=" in refused(archive)


def with_zip64(archive, comment=b""):
    """The zip with a second record of its end, which says as much as the first one did; the first says 0 bytes."""
    content = archive.getvalue()
    directory, end = content[:-22], bytearray(content[-22:])
    number, length, start = (int.from_bytes(end[a:b], "little") for a, b in ((8, 10), (12, 16), (16, 20)))
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, number, number, length, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(directory), 1)
    end[12:16] = bytes(4)
    end[20:22] = len(comment).to_bytes(2, "little")
    return io.BytesIO(directory + record + locator + end + comment)


@pytest.mark.parametrize("comment", [b"", b"from my camera", bytes(2**16 - 1)], ids=len)
def test_a_second_end_that_python_prefers_is_refused_before_it_is_read(comment, monkeypatch):
    archive = with_zip64(zipped(files()), comment)
    assert len(zipfile.ZipFile(archive).namelist()) == 6
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "must not be of the kind for over 4 GiB (ZIP64)" in refused(archive)


def test_a_zip_with_a_comment_is_read():
    archive = zipped(files())
    with zipfile.ZipFile(archive, "a") as more:
        more.comment = b"from my camera"
    assert read_zip(archive, decode)[2] == ("ants", "bees")


def test_the_length_is_read_where_python_reads_it(monkeypatch):
    content = bytearray(zipped(files()).getvalue())
    content[-6:-2] = b"PK\x05\x06"  # the signature again, as the place where the list of files begins
    monkeypatch.setattr(zips, "MOST_DIRECTORY", 100)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "list of files (=" in refused(io.BytesIO(content))


def test_class_names_become_plain_text():
    _, _, names = read_zip(zipped(files(3, ('<a href="x">', "été 2024", "b" * 60))), decode)
    assert names == ("_a href__x__", "b" * 40, "été 2024")
