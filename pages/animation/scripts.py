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


@cache
def script(name: str) -> str:
    """The module `name` with all that it imports, each once, and before those that need it."""
    return "\n".join(_lean((HERE / f"{each}.js").read_text(encoding="utf-8")) for each in order(name))


def style(*names: str) -> str:
    """These stylesheets, one after the other."""
    return "".join((HERE / f"{name}.css").read_text(encoding="utf-8") for name in names)


def order(name: str, before: tuple[str, ...] = ()) -> list[str]:
    """The modules that `name` needs, itself as the last. A ValueError names modules that import each other."""
    if name in before:
        raise ValueError(f"modules must not import each other: {' -> '.join((*before, name))}")
    needed: dict[str, None] = {}
    for imported in IMPORT.findall((HERE / f"{name}.js").read_text(encoding="utf-8")):
        needed |= dict.fromkeys(order(imported, (*before, name)))
    return [*needed, name]


def _lean(text: str) -> str:
    """Without imports, exports, indentation and comments: a script is sent along with every change of a setting."""
    lines = (line.strip() for line in EXPORT.sub("", IMPORT.sub("", text)).splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))
