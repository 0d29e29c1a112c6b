"""A zip with a folder for each class: found in it whatever else is there; a hostile one is refused before it does harm."""

import io
import stat
import struct
import tracemalloc
import unicodedata
import zipfile
import zlib

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
    found = read_zip(archive, decode, lambda done, total: steps.append((done, total)))
    assert found.class_names == ("ants", "bees")
    assert found.y.tolist() == [0] * 4 + [1] * 4
    assert found.x[:, 0, 0, 0].tolist() == list(b"0123") * 2
    assert found.x.shape == (8, 1, 8, 8)
    assert (found.splits, found.notes) == (None, ())
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
    found = read_zip(zipped(files(3, top="pets/") | more), decode)
    assert found.class_names == ("ants", "bees")
    assert found.y.tolist() == [0] * 4 + [1] * 4
    assert found.notes == ("2 files left out: 1 .txt, 1 .csv.",)


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
            "must hold pictures (.png, .jpg, .jpeg, .jfif, .jpe, .webp, .gif, .bmp, .tif, .tiff) in one folder for each "
            "class: there are none",
        ),
        (zipped({"a.txt": b"1"}), "there are none"),
        (zipped({"1.png": b"1", "2.png": b"2"}), "classes (=none) must be 2 or more"),
        (zipped(files(5, ("ants",), "pets/")), "classes (=only 'ants') must be 2 or more"),
        (zipped(files() | {"1.png": b"1"}), "'1.png' must lie in a folder that is named after its class"),
        (zipped(files(3, map(str, range(51)))), "classes (=51) must be 50 or less"),
        (zipped(files() | {"cats/1.png": b"1"}), "class 'cats' (=1 pictures) must have 3 or more"),
        (zipped(files() | {"/".join("a" * 31) + ".png": b"1"}), "must lead through at most 30 folders"),
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
    assert read_zip(archive, decode).class_names == ("ants", "bees")


def test_the_length_is_read_where_python_reads_it(monkeypatch):
    content = bytearray(zipped(files()).getvalue())
    content[-6:-2] = b"PK\x05\x06"  # the signature again, as the place where the list of files begins
    monkeypatch.setattr(zips, "MOST_DIRECTORY", 100)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "list of files (=" in refused(io.BytesIO(content))


# Names as different programs write them, and files by any name.


def renamed(archive, old, new, flags):
    """A zip in which a name's bytes are others, of the same length, under other flags."""
    content = archive.getvalue()
    assert len(old) == len(new)
    content = bytearray(content.replace(old, new))
    for signature, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = content.find(signature)
        while start >= 0:
            content[start + place : start + place + 2] = flags.to_bytes(2, "little")
            start = content.find(signature, start + 1)
    return io.BytesIO(content)


COMPOSED, APART = "\u00e9t\u00e9", "e\u0301te\u0301"


@pytest.mark.parametrize("flags", [0, 0x800])
@pytest.mark.parametrize("name", [COMPOSED, APART, "\u304b", "\u304c", unicodedata.normalize("NFD", "\u304c")])
def test_names_in_utf_8_are_read_whether_the_zip_says_so_or_not(name, flags):
    """macOS packs them without the flag, and accents apart from their letters."""
    raw = name.encode()
    placeholder = b"q" * len(raw)
    archive = renamed(zipped(files(3, (placeholder.decode(), "z"))), placeholder, raw, flags)
    assert set(read_zip(archive, decode).class_names) == {unicodedata.normalize("NFC", name), "z"}


@pytest.mark.parametrize(("changed", "expected"), [(False, "\u304c"), (True, "q")])
def test_a_second_name_beside_the_first_is_taken_if_it_is_of_this_one(changed, expected):
    files_ = {}
    for number in range(3):
        info = zipfile.ZipInfo(f"q/{number}.png")
        raw = info.filename.encode() + b"changed" * changed
        field = b"\x01" + zlib.crc32(raw).to_bytes(4, "little") + f"\u304c/{number}.png".encode()
        info.extra = b"UT\x01\x00\x03" + struct.pack("<HH", 0x7075, len(field)) + field
        files_[info] = b"1"
    assert read_zip(zipped(files(3, ("z",)) | files_), decode).class_names == tuple(sorted((expected, "z")))


def test_names_of_old_programs_are_read_as_such():
    archive = renamed(zipped(files(3, ("q", "z"))), b"q/", b"\x82/", 0)
    assert set(read_zip(archive, decode).class_names) == {"\u00e9", "z"}  # code page 437


def test_a_zip_that_says_utf_8_and_is_not_is_refused_with_the_remedy():
    archive = renamed(zipped(files(3, ("kqtze", "z"))), b"kqtze", b"k\xe4tze", 0x800)
    said = refused(archive)
    assert said.startswith(
        "names in the zip must be UTF-8 as it says, not such as b'k\\xe4tze/0.png': rename the folders"
    )


@pytest.mark.parametrize("ending", [".jfif", ".jpe", ".tif", ".TIFF", ".JPG"])
def test_every_ending_of_a_picture_is_known(ending):
    found = read_zip(zipped(files() | {f"cats/{n}{ending}": b"7" for n in range(3)}), decode)
    assert (found.class_names, found.notes) == (("ants", "bees", "cats"), ())


def test_pictures_are_known_by_their_content_whatever_their_name():
    starts = {
        "1": b"\x89PNG\r\n\x1a\n",
        "2.": b"\xff\xd8\xff\xe0",
        "3.heic": b"GIF89a",
        "4.download": b"RIFF\0\0\0\0WEBP",
    }
    found = read_zip(
        zipped(files() | {f"cats/{name}": content + bytes(20) for name, content in starts.items()}),
        lambda content, path: np.zeros((1, 8, 8), np.uint8),
    )
    assert found.class_names == ("ants", "bees", "cats")
    assert found.y.tolist().count(2) == 4


def test_what_is_left_out_is_counted_and_an_emptied_class_is_named():
    more = {f"pets/cats/{n}.heic": b"ftyp" for n in range(30)} | {
        "pets/birds/": b"",
        "pets/about.TXT": b"",
        "pets/x": b"",
    }
    found = read_zip(zipped(files(3, top="pets/") | more), decode)
    assert found.class_names == ("ants", "bees")
    assert found.notes == (
        "32 files left out: 30 .heic, 1 .txt, 1 without an ending.",
        "There are no pictures in birds, cats.",
    )


def test_what_is_left_out_is_said_where_too_little_is_left():
    more = {f"dogs/{n}.heic": b"ftyp" for n in range(30)}
    assert refused(zipped(files(3, ("cats",)) | more)) == (
        "classes (=only 'cats') must be 2 or more: one folder of pictures for each; 30 files left out: 30 .heic"
    )
    assert refused(zipped(files(3, ("cats", "birds")) | {"dogs/1.png": b"1", **more})).endswith(
        "one for the test; 30 files left out: 30 .heic"
    )


@pytest.mark.parametrize(
    "system", ["@eaDir/1.png", "__MACOSX/._1.png", ".thumbnails/1.png", "Thumbs.db", "desktop.ini", ".DS_Store"]
)
def test_what_systems_put_beside_pictures_is_no_picture(system):
    found = read_zip(zipped(files() | {f"ants/{system}": b"9", system: b"9", f"@eaDir/{system}": b"9"}), decode)
    assert (found.class_names, len(found.y), found.notes) == (("ants", "bees"), 6, ())


def test_a_file_that_is_left_out_may_be_encrypted_or_a_link():
    """It is not read."""
    content = bytearray(zipped(files() | {"notes.txt": b"1"}).getvalue())
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    assert read_zip(io.BytesIO(content), decode).notes == ("1 file left out: 1 .txt.",)


def test_splits_are_kept_and_said():
    archive = zipped({f"pets/{part}/{c}/{n}.png": b"1" for part in ("train", "test") for c in "ab" for n in range(4)})
    found = read_zip(archive, decode)
    assert found.class_names == ("a", "b")
    assert found.y.tolist() == [0] * 8 + [1] * 8
    assert found.splits.tolist() == ([0] * 4 + [2] * 4) * 2
    assert found.notes == ("Its splits are the folders test, train.",)
