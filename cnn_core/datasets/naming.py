"""Names from outside (of files, folders, classes) as they are shown: any script, on one line, no longer than there is room."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"  # invisible, but letters of some scripts are joined or kept apart by them
MOST = 80  # characters


def shown(name: str, most: int = MOST) -> str:
    """The name, composed (NFC) and otherwise as it is; what cannot be seen is left out, and from `most` characters on its middle.

    A file's ending stays. Of a name of which nothing is left there is "_".
    """
    seen = "".join(c if c.isprintable() or c in JOINERS else " " for c in unicodedata.normalize("NFC", name))
    words = " ".join(seen.split())
    if len(words) > most:
        end = most // 3
        words = f"{words[: most - end - 1]}…{words[-end:]}"
    return words or "_"
