"""`python -m cnn_core`: what there is, and where to start."""

import inspect
import os
import sys
from importlib import import_module
from io import TextIOWrapper
from textwrap import fill

import cnn_core as cc


def overview() -> str:
    """The version, where to start, the public names module by module, the rooms, and the data sets, as lines of text."""
    lines = [
        f"cnn_core {cc.__version__}: convolutional networks in NumPy\n",
        'Start with: python -c "import cnn_core as cc; help(cc)"\n',
    ]
    for module, names in cc.NAMES.items():
        without_twins = ", ".join(name for name in names.split() if not name.endswith("_naive"))
        lines += [_about(module), fill(without_twins, 100, initial_indent="    ", subsequent_indent="    ")]
    lines.append("\nEach layer also in plain loops, under the same name with _naive at its end.\n")
    lines += [_about(room) for room in cc.ROOMS if room not in cc.NAMES]
    lines.append("\nData sets for cc.datasets.load:")
    lines += [f"    {name}: {title}" for name, title in cc.datasets.titles().items()]
    return "\n".join(lines)


def _about(module: str) -> str:
    """A module's name, and what it says of itself."""
    doc = inspect.getdoc(import_module(f"cnn_core.{module}")) or ""
    return fill(f"{module}: {doc.partition(chr(10))[0]}", 100)


if __name__ == "__main__":
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a title may have signs that this console has not
    try:
        print(overview(), flush=True)
    except BrokenPipeError:  # whoever read the first lines only (`| head`) wants no more; nor does the exit write any
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
