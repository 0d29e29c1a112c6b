"""Downloads from a server on this computer that behaves as badly as servers can: what comes is whole and checked, or a
clear message comes and nothing is lost."""

import io
import socket
import tarfile
from dataclasses import replace

import pytest

from cnn_core import datasets
from cnn_core.datasets.downloads import SOURCES, Downloads, Source, take_out
from cnn_core.datasets.fetch import CHUNK, CancelledError, fetch
from cnn_core.datasets.web import DownloadError, Policy
from tests.serving import CONTENT, IMPATIENT, LOCAL, remote, serving
from tests.sets import cifar_batch, idx_files
from tests.waiting import until


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    with serving() as it:
        yield it


def refused(server, tmp_path, *ways, policy=LOCAL):
    with pytest.raises(DownloadError) as caught:
        fetch(remote(server, *ways), tmp_path, policy=policy)
    assert not (tmp_path / "file").exists()
    return str(caught.value)


def test_a_file_comes_whole_and_only_once(server, tmp_path):
    steps = []
    file = remote(server, "well")
    assert fetch(file, tmp_path, policy=LOCAL, progress=steps.append) == tmp_path / "file"
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0, len(CONTENT))
    fetch(file, tmp_path, policy=LOCAL)
    assert len(server.asked) == 1


def test_what_was_cut_off_is_kept_and_the_rest_asked_for(server, tmp_path):
    message = refused(server, tmp_path, "cut")
    assert "stopped after 131,072 of 256,000 bytes" in message
    assert "131,072 bytes have come and are kept" in message
    assert (tmp_path / "file.part").read_bytes() == CONTENT[: 2 * CHUNK]
    fetch(remote(server, "well"), tmp_path, policy=LOCAL)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked == [("cut", "file", None), ("well", "file", f"bytes={2 * CHUNK}-")]


def test_the_next_mirror_goes_on_where_the_first_stopped(server, tmp_path):
    fetch(remote(server, "missing", "cut", "silent", "well"), tmp_path, policy=IMPATIENT)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked[-1] == ("well", "file", f"bytes={2 * CHUNK}-")


def test_a_server_that_knows_no_parts_sends_it_all_again(server, tmp_path):
    (tmp_path / "file.part").write_bytes(b"something else")
    fetch(remote(server, "whole"), tmp_path, policy=LOCAL)
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("there", [CONTENT, CONTENT + b"x", b""])
def test_a_part_of_any_length_is_dealt_with(server, tmp_path, there):
    (tmp_path / "file.part").write_bytes(there)
    fetch(remote(server, "well"), tmp_path, policy=LOCAL)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(server.asked) == (there != CONTENT)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("missing", "127.0.0.1 answers 404 Not Found"),
        ("wrong", "gave a file with another checksum"),
        ("longer", "offers another file (status 200, 256001 bytes, not 256,000)"),
        ("endless", "sends more than the 256,000 bytes of the file"),
        ("packed", "sends the file packed as gzip"),
        ("elsewhere", "sends another part than asked for"),
        ("round", "answers 302"),
    ],
)
def test_a_server_that_misbehaves_is_told_of_and_leaves_nothing(server, tmp_path, how, message):
    assert message in refused(server, tmp_path, how)
    assert list(tmp_path.iterdir()) == []


def test_a_silent_server_is_not_waited_for_long(server, tmp_path):
    assert "does not answer in time" in refused(server, tmp_path, "silent", policy=IMPATIENT)


def test_a_wrong_part_is_found_out_and_the_next_attempt_is_clean(server, tmp_path):
    (tmp_path / "file.part").write_bytes(bytes(1000))
    assert "another checksum" in refused(server, tmp_path, "well")
    fetch(remote(server, "well"), tmp_path, policy=LOCAL)


def test_without_a_connection_the_message_says_so(tmp_path):
    with serving() as server:
        file = remote(server, "well")
    with pytest.raises(DownloadError, match=r"cannot be reached \(.*\): is there a connection to the internet\?"):
        fetch(file, tmp_path, policy=LOCAL)


def test_a_redirect_is_followed(server, tmp_path):
    fetch(remote(server, "moved"), tmp_path, policy=LOCAL)
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("file:///etc/hostname", "not allowed"),
        ("ftp://example.com/file", "must be an address with http"),
        ("http://10.0.0.1/file", "leads to 10.0.0.1, which is inside a private network"),
        ("http://[::1]/file", "leads to ::1, which is inside a private network"),
        ("http://[::ffff:127.0.0.1]/file", "inside a private network"),
        ("http://169.254.169.254/latest", "inside a private network"),
        ("http://127.0.0.2/file", "inside a private network"),
    ],
)
def test_a_redirect_out_of_the_web_is_refused(server, tmp_path, target, message):
    server.target = target
    assert message in refused(server, tmp_path, "to")


@pytest.mark.parametrize("policy", [Policy(), Policy(schemes=("http",))])
def test_addresses_are_checked_before_they_are_asked(server, tmp_path, policy):
    message = "must be an address with https" if policy == Policy() else "which is inside a private network"
    assert message in refused(server, tmp_path, "well", policy=policy)
    for host in ("localhost", "127.0.0.1"):
        with pytest.raises(DownloadError):
            policy.check(f"http://{host}/file")
    assert server.asked == []


def test_a_name_that_stands_for_a_private_address_is_refused_before_anything_is_asked(server, tmp_path, monkeypatch):
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.server_port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: here)
    file = replace(remote(server, "well"), addresses=("http://mirror.example.com/well/file",))
    with pytest.raises(
        DownloadError, match=r"mirror.example.com leads to 127.0.0.1, which is inside a private network"
    ):
        fetch(file, tmp_path, policy=Policy(schemes=("http",)))
    assert server.asked == []


def test_a_full_or_locked_disk_is_told_of(server, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    assert "256,000 bytes are needed, 1,000 are free" in refused(server, tmp_path, "well")
    assert server.asked == []


# A whole set, in a thread.


@pytest.fixture
def downloads(server, tmp_path, monkeypatch):
    """Downloads of two small sets from the server, the second as an archive; `datasets` finds what has come."""
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path))
    monkeypatch.delenv("CONVSCOPE_DATA_SETS", raising=False)
    server.files |= idx_files("mnist", "train", 60) | idx_files("mnist", "t10k", 20)
    server.files["cifar.tar.gz"] = packed(
        {f"batches/{name}": cifar_batch(20) for name in CIFAR} | {"batches/readme": b"x"}
    )
    mnist = [name for name in server.files if name.endswith("ubyte.gz")]
    sources = {
        "mnist": Source(tuple(remote(server, "well", name=name) for name in mnist)),
        "cifar10": Source((remote(server, "well", name="cifar.tar.gz"),), {f"batches/{n}": 20 * 3073 for n in CIFAR}),
        "slow": Source((remote(server, "waiting"),)),
        "cut": Source((remote(server, "cut"),)),
    }
    made = Downloads(sources=sources, policy=LOCAL)
    yield made
    server.go_on.set()
    made.close()


CIFAR = ("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin")


def packed(files):
    """A .tar.gz of files; a TarInfo as name says more about one."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in files.items():
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def finished(download):
    download.wait(10)
    return download.state


def test_a_set_comes_and_is_there(downloads, tmp_path):
    download = downloads.start("mnist")
    assert finished(download) == "finished", download.message
    assert download.done == download.total == downloads.sources["mnist"].size
    assert "mnist" in datasets.names()
    assert len(datasets.load("mnist").train.x) == 60
    assert [path.name for path in (tmp_path / "datasets").iterdir()] == ["mnist"]
    assert downloads.get("mnist") is download


def test_an_archive_is_unpacked_and_not_kept(downloads, tmp_path):
    assert finished(downloads.start("cifar10")) == "finished"
    assert {path.name for path in (tmp_path / "datasets" / "cifar10").iterdir()} == set(CIFAR)
    assert (len(datasets.load("cifar10").train.y), len(datasets.load("cifar10").test.y)) == (40, 20)


def test_two_who_press_get_one_download(downloads, server):
    one, other = downloads.start("slow"), downloads.start("slow")
    assert one is other
    until(lambda: one.done == CHUNK)
    assert one.state == "running"
    assert not one.ended
    server.go_on.set()
    assert finished(one) == "finished"
    assert len(server.asked) == 1


def test_a_cancelled_download_goes_on_when_started_again(downloads, server):
    download = downloads.start("slow")
    until(lambda: download.done == CHUNK)
    download.cancel()
    server.go_on.set()
    assert finished(download) == "cancelled"
    kept = downloads.kept("slow")
    assert kept >= CHUNK
    again = downloads.start("slow")
    assert again is not download
    assert finished(again) == "finished"
    assert server.asked[-1] == ("waiting", "file", f"bytes={kept}-")
    assert downloads.kept("slow") == 0


def test_a_failed_download_says_why_and_shows_nothing_half(downloads):
    download = downloads.start("cut")
    assert finished(download) == "failed"
    assert "stopped after 131,072" in download.message
    assert downloads.kept("cut") == 2 * CHUNK
    assert datasets.names() == ("digits", "fashion", "colours")


def test_a_folder_that_cannot_be_written_is_told_of(downloads, tmp_path):
    (tmp_path / "datasets").write_bytes(b"a file where the folder should be")
    download = downloads.start("mnist")
    assert finished(download) == "failed"
    assert "cannot be written" in download.message


def test_unknown_names_are_refused(downloads):
    with pytest.raises(ValueError, match=r"name \(='imagenet'\) must be one of mnist, cifar10"):
        downloads.start("imagenet")


def test_only_what_is_named_comes_out_of_an_archive(tmp_path):
    def special(name, kind):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/hostname"
        return info

    files = {
        "batches/a.bin": b"12345",
        "../outside": b"1",
        "/absolute": b"1",
        "other/a.bin": b"54321",
        "batches/large.bin": b"123456",
        special("batches/link.bin", tarfile.SYMTYPE): b"",
    }
    (tmp_path / "x.tar.gz").write_bytes(packed(files))
    out = tmp_path / "out"
    out.mkdir()
    take_out(tmp_path / "x.tar.gz", {"batches/a.bin": 5}, out, lambda: False)
    assert {
        path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.name != "x.tar.gz" and path.is_file()
    } == {"a.bin": b"12345"}
    for missing in ("batches/large.bin", "batches/link.bin", "batches/none.bin"):
        with pytest.raises(DownloadError, match=f"does not hold {missing}"):
            take_out(tmp_path / "x.tar.gz", {missing: 5}, out, lambda: False)
    with pytest.raises(CancelledError):
        take_out(tmp_path / "x.tar.gz", {"batches/a.bin": 5}, out, lambda: True)


@pytest.mark.parametrize("content", [b"", b"no archive at all", packed({"a": bytes(100_000)})[:-50]])
def test_a_broken_archive_is_told_of(tmp_path, content):
    (tmp_path / "x.tar.gz").write_bytes(content)
    with pytest.raises(DownloadError, match=r"x.tar.gz (cannot be unpacked|does not hold a)"):
        take_out(tmp_path / "x.tar.gz", {"a": 100_000}, tmp_path, lambda: False)


def test_the_sources_are_public_addresses_of_known_files():
    assert {name: source.size for name, source in SOURCES.items()} == {
        "mnist": 11_594_722,
        "fashion-full": 30_878_645,
        "cifar10": 170_052_171,
    }
    for source in SOURCES.values():
        for file in source.files:
            assert len(bytes.fromhex(file.sha256)) == 32
            for address in file.addresses:
                Policy().check(address)
                assert address.endswith("/" + file.name)
