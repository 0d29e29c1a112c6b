"""Files that misbehave: each is reported by name with the limit, nothing hangs, and nothing is left behind."""

import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

from cnn_core.check.__main__ import RIGHT, UNCHECKED, WRONG, main
from cnn_core.check.sandbox import Limits, Sandbox

RELU = "import numpy as np\n\ndef relu_forward(x):\n    return np.maximum(0, x), x\n\n"
BACKWARD = "def relu_backward(dout, cache):\n    return dout * (cache > 0)\n"


@pytest.fixture
def checked(tmp_path, monkeypatch, capsys):
    """Checks a file of this text; its exit code, and what was said. Nothing of it is left."""
    folder, temporary = tmp_path / "theirs", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def run(source, *arguments):
        path = folder / "my_layers.py"
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        code = main([str(path), "--seconds", "1", *arguments])
        assert list(temporary.iterdir()) == [] and [each.name for each in folder.iterdir()] == ["my_layers.py"]
        said = capsys.readouterr()
        return code, " ".join((said.out + said.err).split())

    return run


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def f(:\n", "my_layers.py cannot be loaded: SyntaxError: invalid syntax (my_layers.py, line 1)"),
        (b"\x00\xff\xfe not Python", "my_layers.py cannot be loaded: SyntaxError"),
        ("import nowhere.at.all\n", "ModuleNotFoundError: No module named 'nowhere' (line 1)"),
        ("raise OSError('no data here')\n", "my_layers.py cannot be loaded: OSError: no data here (line 1)"),
        ("import sys\nsys.exit(3)\n", "my_layers.py cannot be loaded: SystemExit: 3 (line 2)"),
        ("import os\nos._exit(7)\n", "my_layers.py ends the process (exit code 7), while it is loaded"),
        ("import os\nos.kill(os.getpid(), 11)\n", "my_layers.py ends the process (signal SIGSEGV), while it is loaded"),
        ("print('x' * 3_000_000)\n", "my_layers.py prints more than 1 MB, the limit, while it is loaded"),
        ("import os\nos.write(1, b'x' * 3_000_000)\n", "prints more than 1 MB, the limit"),
        (
            "from .layers import *\n",
            "ImportError: attempted relative import with no known parent package (line 1). A file of the "
            "course's folder is checked with the others: use --course FOLDER",
        ),
        (
            'import os\nfor pipe in range(3, 20):\n    try:\n        os.write(pipe, b\'{"functions": {"f": ["x"]}}\\n\')\n'
            "    except OSError:\n        pass\n",
            "my_layers.py writes where only the answers of the check belong, while it is loaded",
        ),
        ("input()\n", "my_layers.py cannot be loaded: EOFError"),
        ("x = bytearray(8 << 30)\n", "my_layers.py cannot be loaded: MemoryError"),
        (
            "open('big', 'wb').write(b'x' * (20 << 20))\n",
            "my_layers.py cannot be loaded: OSError: [Errno 27] File too large",
        ),
        ("x = 1\n", "holds no function that is known, such as conv_forward_naive"),
        ("x = 1\n" + "#" * 50_000_000, "my_layers.py (50.0 MB) must have at most 1 MB"),
    ],
)
def test_a_file_that_cannot_be_loaded(source, words, checked):
    code, said = checked(source)
    assert code == UNCHECKED and words in said and "Traceback" not in said and "line 1) (line 1)" not in said


def test_a_file_that_loads_for_ever(checked):
    began = time.monotonic()
    code, said = checked("while True:\n    pass\n", "--seconds", "0.25")
    assert code == UNCHECKED and "my_layers.py does not end within 1 s, the limit, while it is loaded" in said
    assert time.monotonic() - began < 30


def test_functions_that_misbehave(checked):
    """One after the other in one file: what one does keeps nobody from judging the next."""
    source = f"""{RELU}
def relu_backward(dout, cache):
    while True:
        pass

def affine_forward(x, w, b):
    raise SystemExit("enough")

def affine_backward(dout, cache):
    return dout, dout, dout

def softmax_loss(x, y):
    print("x" * 2_000_000)

def svm_loss(x, y):
    import os
    os._exit(4)

def max_pool_forward_naive(x, pool_param):
    return np.ones(10**10), None

def max_pool_backward_naive(dout, cache):
    return dout

def batchnorm_forward(x, gamma, beta, bn_param):
    pass

def layernorm_forward(x, gamma, beta, ln_param):
    raise NotImplementedError

def conv_forward_naive(x, w, b, conv_param):
    return np.zeros((3000, 3000)), None
"""
    code, said = checked(source)
    assert code == WRONG and "Traceback" not in said
    for words in (
        "right relu_forward",
        "relu_backward in 1 of 1 case does not end within 1 s, the limit.",
        "affine_forward in 80 of 80 cases ends the program (SystemExit: enough",
        "softmax_loss in 1 of 1 case prints more than 1 MB, the limit.",
        "svm_loss in 1 of 1 case ends the process (exit code 4). A case that shows it:",
        "needs more memory than it may have, see --memory",
        "unfinished batchnorm_forward returns None: it is not written yet",
        "unfinished layernorm_forward raises NotImplementedError",
        "not checked affine_backward it needs the cache of affine_forward",
        "out has the wrong shape",
    ):
        assert words in said


def test_other_processes_that_it_starts_are_ended_too(checked, tmp_path):
    note = tmp_path / "number"
    start = f"subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(600)'])"
    source = f"import subprocess\nopen({str(note)!r}, 'w').write(str({start}.pid))\n{RELU}{BACKWARD}"
    code, _ = checked(source)
    assert code == RIGHT
    gone(int(note.read_text()))


def test_what_has_left_its_group_is_ended_too(checked, tmp_path):
    note = tmp_path / "number"
    start = f"subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(600)'], start_new_session=True)"
    code, _ = checked(f"import subprocess\nopen({str(note)!r}, 'w').write(str({start}.pid))\n{RELU}{BACKWARD}")
    assert code == RIGHT
    gone(int(note.read_text()))


def test_its_temporary_files_go_with_its_folder(checked, tmp_path):
    note = tmp_path / "name"
    code, _ = checked(f"import tempfile\nopen({str(note)!r}, 'w').write(tempfile.mkstemp()[1])\n{RELU}{BACKWARD}")
    assert code == RIGHT and "convscope-check-" in note.read_text() and not Path(note.read_text()).exists()


def test_a_process_that_splits_in_two_answers_once(checked):
    source = RELU.replace("    return", "    import os; os.fork()\n    return") + BACKWARD
    code, said = checked(source)
    assert code == RIGHT and "2 functions: 2 right" in said


def test_when_nobody_asks_any_more_the_process_ends(tmp_path):
    path, note = tmp_path / "my_layers.py", tmp_path / "number"
    path.write_text(f"import os, time\nopen({str(note)!r}, 'w').write(str(os.getpid()))\n{RELU}")
    sandbox = Sandbox({"do": "load", "path": str(path), "package": ""}, Limits())
    sandbox.load()
    process = sandbox._process.process
    process.stdin.close()  # as the end of this process would
    assert process.wait(30) < 0
    sandbox.close()
    gone(int(note.read_text()))


def gone(number):
    """Wait until there is no such process, or only what is left of it until its parent looks."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return
        status = Path(f"/proc/{number}/stat")
        if status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    raise AssertionError(f"process {number} is still there")


def test_files_beside_it_can_be_imported_and_what_it_prints_is_not_in_the_report(checked, tmp_path):
    source = f"import numpy as np\nprint('here I am')\nprint(__file__)\n{RELU}{BACKWARD}"
    code, said = checked(source)
    assert code == RIGHT and "here I am" not in said and "2 functions: 2 right" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "which file? name one"),
        (["nowhere.py"], "nowhere.py cannot be read: No such file or directory"),
        (["."], "must be a file, as my_layers.py; for the course's folder use --course"),
        (["LICENSE"], "must be a Python file, whose name ends in .py"),
        (["--course", "nowhere"], "--course (=nowhere) must be a folder"),
        (["--course", "docs"], "--course (=docs) must hold cs231n with one of layers.py"),
        (["--tests", "nowhere.py"], "nowhere.py cannot be read"),
        (["--course", "a" * 5000], "a) must be a folder"),
        (["a" * 5000], "cannot be read: File name too long"),
        (["x.py", "--seconds", "0"], "seconds (=0.0) must be above 0 and at most 10,000"),
        (["x.py", "--memory", "nan"], "memory (=nan) must be above 0"),
        (["x.py", "--output", "-1"], "output (=-1.0) must be above 0"),
    ],
)
def test_arguments_that_name_nothing(arguments, words, capsys, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])
    assert main(arguments) == UNCHECKED
    assert words in " ".join(capsys.readouterr().err.split())


def test_numbers_that_are_none_are_judged_without_a_warning(checked, recwarn):
    code, said = checked(
        "import numpy as np\n\ndef relu_forward(x):\n    return np.full_like(x, np.nan), x\n\n"
        "def relu_backward(dout, cache):\n    return np.full_like(dout, np.inf)\n"
    )
    assert code == WRONG
    assert "out holds numbers that are not finite" in said and "dx holds numbers that are not finite" in said
    assert [str(warned.message) for warned in recwarn] == []


def test_too_little_memory_to_start_is_called_so(checked):
    code, said = checked(RELU, "--memory", "0.01")
    assert code == UNCHECKED and "it needs more memory than it may have, see --memory" in said
