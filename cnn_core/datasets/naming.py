"""Names from outside (of files, folders, classes) as they are shown: any script, on one line, no longer than there is room."""

from __future__ import annotations

import contextlib
import struct
import unicodedata
import zipfile
import zlib

JOINERS = "\u200c\u200d"  # invisible, but letters of some scripts are joined or kept apart by them
MOST = 80  # characters
UTF_8 = 0x800  # of the flags of a file in a zip
UNICODE_PATH = 0x7075  # the kind of an extra field beside it


def shown(name: str, most: int = MOST) -> str:
    """The name, composed (NFC) and otherwise as it is; what cannot be seen is left out, and from `most` characters on its middle.

    A file's ending stays. Of a name of which nothing is left there is "_".
    """
    seen = "".join(c if c.isprintable() or c in JOINERS else " " for c in unicodedata.normalize("NFC", name))
    words = " ".join(seen.split())
    if len(words) > most:
        end = most // 3
        words = f"{words[: most - end - 1]}…{words[-end:]}"
    return words if words.strip(JOINERS) else "_"


def name_in_zip(info: zipfile.ZipInfo) -> str:
    """The name in a zip as its packer meant it; Python takes for code page 437 what is not said to be UTF-8.

    macOS and Info-ZIP write UTF-8 and do not say so; others write the name a second time, in a field beside it (PKWARE,
    "APPNOTE.TXT", 4.6.9).
    """
    if not info.flag_bits & UTF_8:
        with contextlib.suppress(UnicodeError):
            raw = info.filename.encode("cp437")
            return (_second_name(info.extra, raw) or raw).decode("utf-8")
    return info.filename


def _second_name(extra: bytes, raw: bytes) -> bytes:
    """The UTF-8 name beside the raw one; nothing where there is none, or the raw one was changed since."""
    while len(extra) > 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and field[:5] == b"\x01" + zlib.crc32(raw).to_bytes(4, "little"):
            return field[5:]
    return b""
