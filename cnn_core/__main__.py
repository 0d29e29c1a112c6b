"""`python -m cnn_core`: what there is, and where to start."""

import inspect
from importlib import import_module
from textwrap import fill

import cnn_core as cc


def main() -> None:
    """Print the version, where to start, the public names module by module, the rooms, and the data sets."""
    print(f"cnn_core {cc.__version__}: convolutional networks in NumPy\n")
    print('Start with: python -c "import cnn_core as cc; help(cc)"\n')
    for module, names in cc.NAMES.items():
        print(fill(f"{module}: {_first_line(module)}", 100))
        without_twins = ", ".join(name for name in names.split() if not name.endswith("_naive"))
        print(fill(without_twins, 100, initial_indent="    ", subsequent_indent="    "))
    print("\nEach layer also in plain loops, under the same name with _naive at its end.\n")
    for room in cc.ROOMS:
        if room not in cc.NAMES:
            print(fill(f"{room}: {_first_line(room)}", 100))
    print("\nData sets for cc.datasets.load:")
    for name, title in cc.datasets.titles().items():
        print(f"    {name}: {title}")


def _first_line(module: str) -> str:
    """What a module says of itself."""
    doc = inspect.getdoc(import_module(f"cnn_core.{module}")) or ""
    return doc.partition("\n")[0]


if __name__ == "__main__":
    main()
