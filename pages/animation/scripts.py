"""The browser's scripts: modules that import each other, joined into the one text that a component takes; and its styles.

A module ends its imports before its code begins, and imports by name, `import { write } from "./numbers.js"`. Joined, all of
them share one scope, so two modules of one component must not give the same name to different things.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
OTHER_TEXT = re.compile(r"['`/\\]")  # in a line with one of these not only what is between double quotes may be a text
# Of + and - two may follow each other: `a + +b`. And what looks like a tag, `a<b`, is taken out of a page as dangerous.
AIR = re.compile(r" *([=>?:,;|&(){}\[\]]) *")


@cache
def script(name: str) -> str:
    """The module `name` with all that it imports, each once, and before those that need it."""
    return "\n".join(_lean((HERE / f"{each}.js").read_text(encoding="utf-8")) for each in order(name))


def style(*names: str) -> str:
    """These stylesheets, one after the other, without comments and indentation, a rule a line. (Streamlit would take a text of
    one line for the name of a file.)"""
    whole = "".join((HERE / f"{name}.css").read_text(encoding="utf-8") for name in names)
    without_comments = re.sub(r"/\*.*?\*/", "", whole, flags=re.DOTALL).strip()
    return re.sub(r"\s*([{};,])\s*|\s+", lambda found: found[1] or " ", without_comments).replace("}", "}\n")


def order(name: str, before: tuple[str, ...] = ()) -> list[str]:
    """The modules that `name` needs, itself as the last. A ValueError names modules that import each other."""
    if name in before:
        raise ValueError(f"modules must not import each other: {' -> '.join((*before, name))}")
    needed: dict[str, None] = {}
    for imported in IMPORT.findall((HERE / f"{name}.js").read_text(encoding="utf-8")):
        needed |= dict.fromkeys(order(imported, (*before, name)))
    return [*needed, name]


def _lean(text: str) -> str:
    """Without imports, exports, indentation, comments and spaces that mean nothing: a script is sent along with every change
    of a setting."""
    lines, ticks = [], 0
    for line in map(str.strip, EXPORT.sub("", IMPORT.sub("", text)).splitlines()):
        if line and not line.startswith("//"):
            lines.append(line if ticks % 2 else _close(line))
            ticks += line.count("`")  # an odd number: the next line is the text of a template, too
    return "\n".join(lines)


def _close(line: str) -> str:
    if OTHER_TEXT.search(line):
        return line
    parts = line.split('"')
    parts[::2] = (AIR.sub(r"\1", code) for code in parts[::2])
    return '"'.join(parts)
