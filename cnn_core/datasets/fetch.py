"""Fetch one file of known size and checksum from the web: nothing else is believed, and what has come is not lost."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cnn_core.datasets.web import DownloadError, Policy, ask, in_words

CHUNK = 2**16  # bytes between two looks at whether to go on


class CancelledError(Exception):
    """Somebody asked to stop."""


@dataclass(frozen=True)
class RemoteFile:
    """A file of the web: its name here, its exact size in bytes, its checksum, and where it is offered, best first."""

    name: str
    size: int
    sha256: str
    addresses: tuple[str, ...]


def fetch(
    file: RemoteFile,
    folder: Path,
    *,
    policy: Policy | None = None,
    progress: Callable[[int], None] = lambda done: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    """The file, complete and checked, in `folder` (which exists); from the first of its addresses that gives it.

    While it comes it is called `name.part`; an attempt that was cut off or cancelled leaves that, and the next one asks
    for the rest only. progress(bytes so far) and cancelled() are called every CHUNK. Raises DownloadError, which says
    what happened at each address, and CancelledError.
    """
    policy = policy or Policy()
    path, part = folder / file.name, folder / f"{file.name}.part"
    if path.is_file():
        progress(file.size)
        return path
    problems = []
    for address in file.addresses:
        try:
            policy.check(address)
            _receive(file, part, address, policy, progress, cancelled)
            _check_sum(file, part)
            part.replace(path)
            return path
        except DownloadError as error:
            problems.append(f"{urlsplit(address).hostname} {error}")
        except OSError as error:
            raise DownloadError(
                f"{part} cannot be written ({error.strerror or error}): make room, or write access"
            ) from None
    kept = part.stat().st_size if part.is_file() else 0
    again = f". {kept:,} bytes have come and are kept: the next attempt goes on from there" if kept else ""
    raise DownloadError(f"{file.name}: {'; '.join(problems)}{again}")


def _receive(
    file: RemoteFile,
    part: Path,
    address: str,
    policy: Policy,
    progress: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> None:
    """Fill `part` up to the file's size."""
    start = part.stat().st_size if part.is_file() else 0
    if start > file.size:
        part.unlink()
        start = 0
    progress(start)
    if cancelled():
        raise CancelledError
    if start == file.size:  # it was stopped just before the checksum
        return
    if (free := shutil.disk_usage(part.parent).free) < file.size - start:
        raise OSError(f"{file.size - start:,} bytes are needed, {free:,} are free")
    with ask(address, start, policy) as answer:
        start = _check_answer(file, answer, start)
        with part.open("r+b" if start else "wb") as out:
            out.seek(start)
            out.truncate()
            done = start
            while content := _more(answer):
                done += len(content)
                if done > file.size:
                    break
                out.write(content)
                progress(done)
                if cancelled():
                    raise CancelledError
            out.flush()
            os.fsync(out.fileno())
    if done > file.size:
        part.unlink()
        raise DownloadError(f"sends more than the {file.size:,} bytes of the file")
    if done < file.size:
        raise DownloadError(f"stopped after {done:,} of {file.size:,} bytes")


def _check_answer(file: RemoteFile, answer: http.client.HTTPResponse, start: int) -> int:
    """Where in the file the answer begins: at `start`, or at 0 where the server does not send parts."""
    coding = answer.headers.get("Content-Encoding", "identity")
    if coding != "identity":
        raise DownloadError(f"sends the file packed as {coding[:20]}, which was not asked for")
    if answer.status == 206:
        span = answer.headers.get("Content-Range", "")
        if not span.startswith(f"bytes {start}-") or span.rpartition("/")[2] not in (str(file.size), "*"):
            raise DownloadError(
                f"sends another part than asked for ({span[:60]!r}, not from byte {start} of {file.size})"
            )
        return start
    length = answer.headers.get("Content-Length", str(file.size))
    if answer.status != 200 or length != str(file.size):
        raise DownloadError(f"offers another file (status {answer.status}, {length[:20]} bytes, not {file.size:,})")
    return 0


def _more(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read1(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(in_words(error)) from None


def _check_sum(file: RemoteFile, part: Path) -> None:
    with part.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != file.sha256:
        part.unlink()
        raise DownloadError(
            f"gave a file with another checksum (SHA-256 {found[:8]}…, not {file.sha256[:8]}…): not kept"
        )
