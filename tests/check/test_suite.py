"""Somebody's own tests against every mistake: the course's checks let some pass, a complete suite none."""

from pathlib import Path
from types import MappingProxyType

import pytest

from cnn_core.check import suite
from cnn_core.check.__main__ import RIGHT, UNCHECKED, WRONG, main
from cnn_core.mistakes import MISTAKES

STUDENTS = Path(__file__).parent / "students"


@pytest.fixture
def few(monkeypatch):
    """Some of the mistakes only: of each that survives the smallest case is looked for."""
    chosen = ("pool-overwrites", "conv-empty-crop", "relu-wrong-mask", "train-labels-shifted")
    monkeypatch.setattr(suite, "MISTAKES", MappingProxyType({name: MISTAKES[name] for name in chosen}))


def name(mistake):
    return MISTAKES[mistake].name


def test_the_checks_of_the_notebook_let_some_mistakes_pass(few, capsys):
    assert main(["--tests", str(STUDENTS / "notebook_tests.py")]) == WRONG
    report = " ".join(capsys.readouterr().out.split())
    assert "6 tests, which pass with the right functions. They find 1 of 4 mistakes." in report
    assert f"found {name('relu-wrong-mask')} (by test_relu_backward)" in report
    assert f"SURVIVES {name('pool-overwrites')}" in report
    assert "x (1, 1, 1, 4), pool_param {pool_height: 1, pool_width: 2, stride: 1}" in report
    assert f"SURVIVES {name('conv-empty-crop')}" in report
    assert (
        "SURVIVES The labels are shifted by one" in report and "What would find it: A look at some pictures" in report
    )


def test_a_complete_suite_finds_all(capsys):
    assert main(["--tests", str(STUDENTS / "complete_tests.py"), "my_layers.py"]) == RIGHT
    report = " ".join(capsys.readouterr().out.split())
    assert f"They find {len(MISTAKES)} of {len(MISTAKES)} mistakes." in report and "SURVIVES" not in report


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "def test_wrong():\n    assert 1 == 2\n",
            "test_wrong must pass with the right functions, but: AssertionError",
        ),
        ("", "my_tests.py holds no test: functions or methods whose names begin with test, or a script that asserts"),
        ("import layers\nprint(layers)\n", "my_tests.py holds no test"),
        ("async def test_it():\n    assert 1 == 2\n", "test_it is an async function, which is not supported"),
        ("def test_it(x):\n    pass\n", "test_it takes x: pytest's fixtures and parametrize are not supported"),
        ("class TestIt:\n    def test_it(self, x, y=1):\n        pass\n", "TestIt.test_it takes x: pytest's fixtures"),
        (
            "class TestIt:\n    def __init__(self):\n        1 / 0\n\n    def test_it(self):\n        pass\n",
            "ZeroDivisionError",
        ),
        ("import nowhere\n", "cannot be run with the right functions: ModuleNotFoundError"),
        ("from layers import conv_forward\n", "cannot be run with the right functions: ImportError"),
    ],
)
def test_tests_that_do_not_pass_with_the_right_functions(source, words, tmp_path, capsys):
    path = tmp_path / "my_tests.py"
    path.write_text(source)
    assert main(["--tests", str(path)]) == UNCHECKED
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_file_without_test_functions_is_one_test_and_its_helpers_are_read_anew(few, tmp_path, capsys):
    (tmp_path / "helper.py").write_text("from layers import relu_forward, relu_backward\n")
    (tmp_path / "my_tests.py").write_text(
        "import numpy as np\nfrom helper import *\n"
        "x, dout = np.array([1.0, -2.0]), np.array([-1.0, 1.0])\n"
        "assert (relu_backward(dout, relu_forward(x)[1]) == [-1, 0]).all()\n"
    )
    assert main(["--tests", str(tmp_path / "my_tests.py")]) == WRONG
    report = " ".join(capsys.readouterr().out.split())
    assert "1 test, which passes with the right functions" in report
    assert f"found {name('relu-wrong-mask')} (by the file as a whole)" in report


def test_tests_that_hang_with_a_mistake_have_found_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(suite, "MISTAKES", MappingProxyType({"relu-wrong-mask": MISTAKES["relu-wrong-mask"]}))
    (tmp_path / "my_tests.py").write_text(
        "import numpy as np\nfrom layers import *\n\ndef test_relu():\n"
        "    while relu_backward(-np.ones(1), relu_forward(np.ones(1))[1]) == 0:\n        pass\n"
    )
    assert main(["--tests", str(tmp_path / "my_tests.py"), "--seconds", "0.5"]) == RIGHT
    assert "the file as a whole: does not end within 3 s" in " ".join(capsys.readouterr().out.split())
