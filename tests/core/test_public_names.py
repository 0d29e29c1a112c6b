"""`import cnn_core as cc`: every public name is there, loaded when it is asked for; its first lesson and README's are true."""

import ast
import inspect
import os
import pydoc
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from subprocess import PIPE

import numpy as np
import pytest

import cnn_core as cc

ROOT = Path(__file__).parents[2]

# Without an underscore, but for other modules of the core: caches, checks, and what a type or a result is made of.
INTERNAL = {
    "activation": {"SignCache", "TanhCache", "SigmoidCache"},
    "conv": {"ConvCache", "check_conv2d"},
    "conv_transpose": {"ConvTransposeCache", "as_convolution"},
    "dropout": {"DropoutCache"},
    "linear": {"LinearCache", "bias_gradient", "product"},
    "loss": {"LossParts"},
    "norm": {"NormCache", "norm_backward", "norm_backward_naive"},
    "pool": {"MaxPoolCache", "AvgPoolCache", "padded_for", "pool_window", "settle"},
    "solver": {"Batch", "Watched", "check_batches", "decayed", "last_epoch"},
}


def defined(module):
    """The functions and classes that a module itself defines, and shows."""
    return {
        name
        for name, value in vars(module).items()
        if (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }


@pytest.mark.parametrize("module", [module for module in cc.NAMES if module not in cc.ROOMS])
def test_every_public_function_and_class_of_a_module_is_named(module):
    there = defined(import_module(f"cnn_core.{module}")) - INTERNAL.get(module, set())
    assert there == set(cc.NAMES[module].split())


def test_every_layer_of_the_core_is_named():
    """No module with layers is left out: a forward pass that the core has is a public name."""
    for path in sorted((ROOT / "cnn_core").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and re.search(r"^[a-z].*_forward(_naive)?$", node.name):
                assert node.name in cc.__all__, path.name


@pytest.mark.parametrize("name", cc.__all__)
def test_a_public_name_is_what_its_module_has(name):
    module = next((module for module, names in cc.NAMES.items() if name in names.split()), None)
    expected = (
        import_module(f"cnn_core.{name}") if module is None else getattr(import_module(f"cnn_core.{module}"), name)
    )
    assert getattr(cc, name) is expected
    assert name in dir(cc)
    assert inspect.getdoc(expected)


def test_no_name_is_given_twice_and_none_hides_a_module():
    assert len(set(cc.__all__)) == len(cc.__all__)
    modules = {path.stem for path in (ROOT / "cnn_core").glob("*.py")}
    assert not modules & set(cc.__all__)


def test_type_checkers_see_the_same_modules():
    tree = ast.parse((ROOT / "cnn_core" / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {(node.module, alias.name) for node in block.body for alias in node.names}
    stars = {("cnn_core." + module, "*") for module in cc.NAMES if module not in cc.ROOMS}
    network = {("cnn_core.network", name) for name in cc.NAMES["network"].split()}
    assert seen == stars | network | {("cnn_core", room) for room in cc.ROOMS}


def test_type_checkers_know_what_the_names_are(tmp_path):
    file = tmp_path / "notebook.py"
    file.write_text(
        "import cnn_core as cc\nreveal_type(cc.Window.of(3).output_size((3, 3)))\ncc.conv2d_forward(3)\ncc.conv3d\n"
    )
    ran = subprocess.run([sys.executable, "-m", "mypy", file], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert 'Revealed type is "tuple[int, int]"' in ran.stdout
    assert "notebook.py:3: error: Missing positional argument" in ran.stdout
    assert 'notebook.py:4: error: Module has no attribute "conv3d"' in ran.stdout


def test_an_unknown_name_is_told_what_there_is():
    with pytest.raises(
        AttributeError, match=r"module 'cnn_core' has no attribute 'conv3d': it has Window, conv2d_forward"
    ):
        cc.conv3d
    assert not hasattr(cc, "_nothing")


def fresh(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)


def test_importing_the_core_imports_no_numpy():
    """So an application can still say on how many threads NumPy is to compute."""
    ran = fresh(
        "import sys, cnn_core as cc\n"
        "from cnn_core.machine.threads import use_one_thread\n"
        "dir(cc), hasattr(cc, '__wrapped__'), cc.__all__, cc.__version__\n"
        "assert 'numpy' not in sys.modules\n"
        "assert cc.conv.conv2d_forward is cc.conv2d_forward and 'numpy' in sys.modules\n"
        "from cnn_core import pool, cs231n, Network\n"
        "from cnn_core import *\n"
        "assert max_pool2d_forward is pool.max_pool2d_forward and cc.network.Network is Network\n"
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("", "", 0)


def test_the_first_lesson_is_true():
    lines = cc.__doc__.splitlines()
    code = "\n".join(line[4:] for line in lines if line.startswith("    ") or not line)
    found = {}
    exec(code, found)
    assert found["out"].shape == (2, 4, 4, 4) == (2, 4, *found["size"])
    assert [found[f"d{name}"].shape for name in ("x", "weight", "bias")] == [(2, 3, 8, 8), (4, 3, 3, 3), (4,)]
    assert found["error"] < 1e-7
    assert found["accuracy"] > 0.7
    naive, _ = cc.conv2d_forward_naive(found["x"], found["weight"], found["bias"], stride=2, padding=1)
    np.testing.assert_allclose(naive, found["out"], atol=1e-12)


def test_help_begins_with_the_lesson_and_knows_every_name():
    text = pydoc.plaintext.document(cc)
    assert text.index("A layer is two functions.") < 400
    assert max(map(len, cc.__doc__.splitlines())) <= 100
    assert "conv2d_forward(x: 'Array'" in text
    assert f"VERSION\n    {cc.__version__}" in text


def test_the_readmes_example_runs():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    found = {}
    exec(code, found)
    assert found["out"].shape == (2, 4, 4, 4)
    assert found["dweight"].shape == found["weight"].shape


def test_the_core_says_what_there_is():
    ran = subprocess.run([sys.executable, "-m", "cnn_core"], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert ran.stderr == ""
    assert ran.stdout.startswith(f"cnn_core {cc.__version__}")
    words = set(re.findall(r"\w+", ran.stdout))
    assert {name for name in cc.__all__ if not name.endswith("_naive")} <= words
    assert {"digits", "fashion", "colours"} <= words
    assert max(map(len, ran.stdout.splitlines())) <= 100


def test_whoever_reads_the_first_line_only_sees_no_error():
    """As `python -m cnn_core | head -1`: the pipe is closed while most is still to come."""
    with subprocess.Popen([sys.executable, "-m", "cnn_core"], stdout=PIPE, stderr=PIPE, text=True, cwd=ROOT) as ran:
        ran.stdout.close()
        assert ran.wait(timeout=60) == 0
        assert ran.stderr.read() == ""


def test_what_there_is_can_be_written_where_signs_are_few():
    ran = subprocess.run(
        [sys.executable, "-m", "cnn_core"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Fashion-MNIST, 28?28 grey" in ran.stdout
