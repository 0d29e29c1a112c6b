"""Data sets from the web, fetched by a thread while the pages go on.

A set comes into `NAME.part` and is called NAME only when it is complete, so that whoever looks finds all of it or none.
"""

from __future__ import annotations

import shutil
import tarfile
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cnn_core.checks import one_of
from cnn_core.datasets.cifar10 import RECORD
from cnn_core.datasets.fetch import CHUNK, CancelledError, RemoteFile, fetch
from cnn_core.datasets.found import sets_folder
from cnn_core.datasets.web import DownloadError, Policy

MOST_MEMBERS = 100  # of an archive


@dataclass(frozen=True)
class Source:
    """The files of a set. unpack: the files to take out of the one archive, by their path in it, and their size in bytes."""

    files: tuple[RemoteFile, ...]
    unpack: Mapping[str, int] | None = None

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(file.size for file in self.files)


def _idx(mirrors: tuple[str, ...], *files: tuple[str, int, str]) -> Source:
    return Source(tuple(RemoteFile(n, size, digest, tuple(m + n for m in mirrors)) for n, size, digest in files))


# Sizes and checksums of the files as their authors published them. Mirrors: those of PyTorch's and TensorFlow's data
# sets, and Zalando's own repository.
SOURCES: dict[str, Source] = {
    "mnist": _idx(
        ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
        (
            "train-images-idx3-ubyte.gz",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        ("train-labels-idx1-ubyte.gz", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        ("t10k-images-idx3-ubyte.gz", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        ("t10k-labels-idx1-ubyte.gz", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ),
    "fashion-full": _idx(
        (
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        (
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        ("train-labels-idx1-ubyte.gz", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        ("t10k-images-idx3-ubyte.gz", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        ("t10k-labels-idx1-ubyte.gz", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
    "cifar10": Source(
        (
            RemoteFile(
                "cifar-10-binary.tar.gz",
                170_052_171,
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
            ),
        ),
        {
            f"cifar-10-batches-bin/{name}.bin": 10_000 * RECORD
            for name in (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch")
        },
    ),
}


class Download:
    """One set on its way. state: running, unpacking, finished, failed or cancelled; message: why it failed."""

    def __init__(self, name: str, source: Source, folder: Path, policy: Policy) -> None:
        self.name, self.source, self.folder, self.policy = name, source, folder, policy
        self.state, self.message = "running", ""
        self.done, self.total = 0, source.size  # bytes
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"download {name}", daemon=True)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("finished", "failed", "cancelled")

    def start(self) -> None:
        """Begin; call it once."""
        self._thread.start()

    def cancel(self) -> None:
        """Stop soon. What has come is kept for the next attempt."""
        self._cancelled.set()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it has ended."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._fetch()
        except CancelledError:
            self.state = "cancelled"
        except DownloadError as error:
            self.state, self.message = "failed", str(error)
        except OSError as error:
            self.state, self.message = "failed", f"{self.folder} cannot be written ({error.strerror or error})"
        except Exception as error:  # whatever it is, a download that never ends could not be started anew
            self.state, self.message = "failed", f"{type(error).__name__}: {error}"

    def _fetch(self) -> None:
        part, place = self.folder / f"{self.name}.part", self.folder / self.name
        part.mkdir(parents=True, exist_ok=True)
        before = 0
        for file in self.source.files:
            fetch(
                file,
                part,
                policy=self.policy,
                progress=lambda done, before=before: setattr(self, "done", before + done),  # type: ignore[misc]
                cancelled=self._cancelled.is_set,
            )
            before += file.size
        if self.source.unpack:
            self.state = "unpacking"
            archive = part / self.source.files[0].name
            take_out(archive, self.source.unpack, part, self._cancelled.is_set)
            archive.unlink()
        shutil.rmtree(place, ignore_errors=True)  # what is there was not complete, or nobody could have pressed
        part.rename(place)
        self.state = "finished"


class Downloads:
    """The downloads of one server: of each set at most one at a time, whoever asks for it."""

    def __init__(
        self,
        folder: Callable[[], Path] = sets_folder,
        sources: Mapping[str, Source] = SOURCES,
        policy: Policy | None = None,
    ) -> None:
        self.sources = sources
        self._folder, self._policy = folder, policy or Policy()
        self._lock = threading.Lock()
        self._downloads: dict[str, Download] = {}

    def start(self, name: str) -> Download:
        """Fetch the set `name`, or go on with it; one that is on its way already is what comes back.

        Raises ValueError for a name that is not in `sources`.
        """
        one_of("name", name, self.sources)
        with self._lock:
            current = self._downloads.get(name)
            if current is None or current.ended:
                current = self._downloads[name] = Download(name, self.sources[name], self._folder(), self._policy)
                current.start()
            return current

    def get(self, name: str) -> Download | None:
        """The last download of this set, on its way or ended; None: there was none."""
        return self._downloads.get(name)

    def kept(self, name: str) -> int:
        """Bytes of an unfinished download that the next attempt need not fetch again."""
        try:
            kept = sum(f.stat().st_size for f in (self._folder() / f"{name}.part").iterdir())
        except OSError:
            return 0
        return min(kept, self.sources[name].size)

    def close(self) -> None:
        """Cancel all, and wait for them."""
        for download in self._downloads.values():
            download.cancel()
        for download in self._downloads.values():
            download.wait()


def take_out(archive: Path, members: Mapping[str, int], folder: Path, cancelled: Callable[[], bool]) -> None:
    """Write those members of a .tar.gz that are named, under their last name, into `folder`; nothing else is looked at.

    Raises DownloadError where one is missing, no file or of another size, or the archive is no .tar.gz.
    """
    missing = dict(members)
    try:
        with tarfile.open(archive, "r|gz") as tar:  # a stream: one pass, nothing kept
            for number, member in enumerate(tar):
                if not missing or number == MOST_MEMBERS:
                    break
                size = missing.get(member.name)
                content = tar.extractfile(member) if member.isreg() and member.size == size else None
                if content is None:
                    continue
                with (folder / Path(member.name).name).open("wb") as out:
                    while piece := content.read(16 * CHUNK):
                        out.write(piece)
                        if cancelled():
                            raise CancelledError
                del missing[member.name]
    except (tarfile.TarError, zlib.error, EOFError) as error:
        raise DownloadError(f"{archive.name} cannot be unpacked ({error})") from None
    if missing:
        raise DownloadError(f"{archive.name} does not hold {', '.join(missing)} as it should")
