"""`make judge` fails where a judge is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SKIPPED = {
    "a test": "import pytest\n\ndef test_it():\n    pytest.importorskip('no_such_judge')\n",
    "a marked test": "import pytest\n\n@pytest.mark.skipif(True, reason='no judge')\ndef test_it():\n    pass\n",
    "a file": "import pytest\n\npytest.importorskip('no_such_judge')\n",
}


@pytest.mark.parametrize("what", SKIPPED)
def test_what_is_skipped_fails_where_nothing_may_be(what, tmp_path):
    (tmp_path / "test_it.py").write_text(SKIPPED[what], encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "--rootdir", str(tmp_path), str(tmp_path)]
    for more, expected in ([], (0, 5)), (["--no-skips"], (1, 2)):  # 5: nothing was collected
        done = subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode in expected, done.stdout + done.stderr
    assert "skipped, where nothing may be: " in done.stdout
