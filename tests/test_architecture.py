"""The house rules that a program can check: who may import whom, where the geometry stands, how long a file may be."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = [ROOT / "app.py", *sorted(ROOT.glob("pages/**/*.py")), *sorted(ROOT.glob("cnn_core/**/*.py"))]
SCRIPTS = sorted(ROOT.glob("pages/**/*.js"))
LIMIT = 250  # lines
GENERATED = {"__pycache__", "screenshots"}

FILES = {f"cnn_core.{path.stem}" for path in ROOT.glob("cnn_core/*.py")}  # the core's own, outside its rooms

# What the files of a folder may import besides the standard library; the longest folder counts. Lessons are in no list, nor
# is the course's room: nobody imports them.
ALLOWED = {
    "app.py": {
        "cnn_core.environment",
        "cnn_core.machine.threads",
        "pages.animation.plotly_file",
        *("pages.server.guard", "pages.server.uploads"),
        "pandas",
        "plotly",
        "streamlit",
    },
    "pages/contents.py": {"pages.address", "pages.animation", "pages.controls", "pages.server", "streamlit"},
    "pages/lessons/": {
        *("cnn_core", "numpy", "streamlit"),
        *("pages.address", "pages.animation", "pages.controls", "pages.figures", "pages.sections", "pages.server"),
    },
    "pages/address/": {"pages.address", "streamlit"},
    "pages/server/": {"cnn_core", "pages.address", "pages.server", "streamlit"},
    "pages/controls/": {
        *("cnn_core", "numpy", "PIL", "streamlit"),
        *("pages.address", "pages.animation", "pages.controls", "pages.server"),
    },
    "pages/figures/": {"cnn_core", "numpy", "pages.figures", "PIL", "plotly"},
    "pages/animation/": {"cnn_core", "numpy", "pages.address", "pages.animation", "streamlit"},
    "pages/sections/": {
        *("cnn_core", "numpy", "streamlit"),
        *("pages.address", "pages.animation", "pages.controls", "pages.figures", "pages.sections", "pages.server"),
    },
    "cnn_core/": {"numpy", "cnn_core.machine", *FILES},
    "cnn_core/machine/": {"numpy", "cnn_core.checks", "cnn_core.environment", "cnn_core.machine", "cnn_core.window"},
    "cnn_core/attribution/": {"numpy", "cnn_core.attribution", "cnn_core.network", *FILES},
    "cnn_core/datasets/": {"numpy", "cnn_core.datasets", *FILES},
    "cnn_core/explorer/": {
        *("numpy", "cnn_core.explorer", "cnn_core.network", "cnn_core.training", "cnn_core.walks"),
        *FILES,
    },
    "cnn_core/features/": {"numpy", "cnn_core.features", "cnn_core.network", *FILES},
    "cnn_core/gradients/": {"numpy", "cnn_core.gradients", "cnn_core.network", *FILES},
    "cnn_core/mistakes/": {"numpy", "cnn_core.datasets", "cnn_core.mistakes", "cnn_core.network", *FILES},
    "cnn_core/network/": {"numpy", "cnn_core.machine", "cnn_core.network", *FILES},
    "cnn_core/robustness/": {
        *("numpy", "cnn_core.datasets", "cnn_core.network", "cnn_core.robustness", "cnn_core.training"),
        *FILES,
    },
    "cnn_core/speed/": {"numpy", "cnn_core.speed", *FILES},
    "cnn_core/walks/": {"numpy", "cnn_core.walks", *FILES},
    "cnn_core/training/": {
        *("numpy", "cnn_core.datasets", "cnn_core.machine", "cnn_core.network", "cnn_core.training"),
        *FILES,
    },
    "cnn_core/check/": {
        *("numpy", "cnn_core", "cnn_core.check", "cnn_core.cs231n", "cnn_core.machine", "cnn_core.mistakes"),
        *FILES,
    },
    "cnn_core/cs231n/": {"numpy", "cnn_core.cs231n", "cnn_core.datasets", "cnn_core.network", *FILES},
}
# The one file that may import more than its folder, and what.
EXTRA = {
    "cnn_core/__init__.py": {"cnn_core", "<import_module>"},  # of the core's own modules, by its table of names
    "cnn_core/__main__.py": {"cnn_core", "<import_module>"},
    "cnn_core/check/worker.py": {"<importlib.import_module>"},  # of somebody else's modules
    "cnn_core/training/tensors.py": {"safetensors"},
    "cnn_core/network/onnx_export.py": {"onnx"},
    "cnn_core/training/tensorboard.py": {"tensorboardX"},
    "pages/animation/chart.py": {"plotly"},
    "pages/animation/plotly_file.py": {"plotly", "starlette"},
    "pages/server/guard.py": {"starlette"},
}


def name(path):
    return path.relative_to(ROOT).as_posix()


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).endswith(("__import__", "import_module")):
            yield f"<{ast.unparse(node)}>"  # what it imports cannot be read here


def strangers(imported, allowed):
    known = allowed | sys.stdlib_module_names
    return [module for module in imported if not any(f"{module}.".startswith(f"{known_name}.") for known_name in known)]


@pytest.mark.parametrize("path", CODE, ids=name)
def test_imports_run_one_way(path):
    folder = max((folder for folder in ALLOWED if name(path).startswith(folder)), key=len)
    allowed = ALLOWED[folder] | EXTRA.get(name(path), set())
    assert strangers(imports(ast.parse(path.read_text(encoding="utf-8"))), allowed) == []


def test_lessons_are_imported_by_nobody():
    for path in [*CODE, *ROOT.glob("t*/**/*.py"), *ROOT.glob("benchmarks/**/*.py")]:
        for module in imports(ast.parse(path.read_text(encoding="utf-8"))):
            assert not f"{module}.".startswith("pages.lessons."), name(path)


def test_every_room_of_the_core_has_its_rule():
    rooms = {f"cnn_core/{path.parent.name}/" for path in ROOT.glob("cnn_core/*/__init__.py")}
    assert rooms == {folder for folder in ALLOWED if folder.startswith("cnn_core/")} - {"cnn_core/"}


def test_the_import_check_sees_every_way_to_import():
    ways = "import a.b, os\nfrom c import d\nfrom . import e\ndef f(): import numpy.g, h\nimportlib.import_module(i)"
    found = set(strangers(imports(ast.parse(ways)), {"numpy"}))
    assert found == {"a.b", "c.d", "..e", "h", "<importlib.import_module>"}


def geometry(source):
    """Arithmetic that only window.py should need: with a stride, or the formula's shape `... // n + 1`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.BinOp):
            text, sides = ast.unparse(node), (ast.unparse(node.left), ast.unparse(node.right))
            strides = any(re.fullmatch(r"(\w+\.)*\w*stride\w*(\[.*\])?", side) for side in sides)
            one_more = isinstance(node.op, ast.Add) and "1" in sides and re.search(r"//|int\(.*/", text)
            if strides or one_more:
                yield text


@pytest.mark.parametrize("path", [path for path in CODE if name(path) != "cnn_core/window.py"], ids=name)
def test_the_geometry_stands_in_window_only(path):
    assert list(geometry(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_the_browser_computes_no_sizes(path):
    text = path.read_text(encoding="utf-8")
    assert "stride" not in text.lower()  # it is not even told
    assert not re.search(r"Math\.(floor|ceil|trunc)\([^;`]*/[^;`]*\) *\+ *1\b|>> *\d+\) *\+ *1\b", text)


@pytest.mark.parametrize(
    "formula",
    [
        "(n + 2 * p - k) // s + 1",
        "1 + (n - k) // s",
        "int((n - k) / s) + 1",
        "row * stride",
        "(n - k) / self.stride[0]",
        "window.stride[1] * column + left",
    ],
)
def test_the_geometry_check_sees(formula):
    assert list(geometry(formula))


def test_the_geometry_stands_in_window():
    assert list(geometry((ROOT / "cnn_core/window.py").read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", [*CODE, *SCRIPTS], ids=name)
def test_a_file_can_be_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LIMIT


def test_no_file_knows_the_machine_it_was_written_on():
    absolute = re.compile(rb"(?<![\w.<-])/(work|tmp|root|home)\b")
    tops = [top for top in ROOT.iterdir() if not top.name.startswith(".") or top.name in {".ci", ".streamlit"}]
    files = [path for top in tops for path in (top.rglob("*") if top.is_dir() else [top]) if path.is_file()]
    files = [path for path in files if not GENERATED & set(path.relative_to(ROOT).parts)]
    assert len(files) > len(CODE)
    found = {name(path): match for path in files if (match := absolute.search(path.read_bytes()))}
    assert found == {}
