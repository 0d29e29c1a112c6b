"""`pip install .`: the wheel holds the core, whole and alone, and works where nothing else of this folder is."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

import cnn_core

ROOT = Path(__file__).parents[2]
IGNORED = {"__pycache__"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")))
    return zipfile.ZipFile(path)


def metadata(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return wheel.read(name).decode()


def test_the_wheel_holds_the_core_and_nothing_else(wheel):
    files = [path for path in (ROOT / "cnn_core").rglob("*") if path.is_file() and not IGNORED & set(path.parts)]
    expected = {path.relative_to(ROOT).as_posix() for path in files}
    assert {"cnn_core/py.typed", "cnn_core/datasets/digits.npz", "cnn_core/datasets/README.md"} <= expected
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == expected


def test_it_needs_what_the_core_imports_as_tested(wheel):
    needed = set(re.findall(r"^Requires-Dist: (\w+)(.*)$", metadata(wheel), flags=re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {name for name, _ in needed} == {"numpy", "safetensors"}
    tested = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert set(project["dependencies"]) <= set(tested)


def test_its_version_is_the_cores(wheel):
    assert re.findall(r"^Version: (.*)$", metadata(wheel), flags=re.MULTILINE) == [cnn_core.__version__]


def test_the_readmes_example_and_the_data_sets_work_away_from_here(wheel, tmp_path):
    wheel.extractall(tmp_path / "site")
    (tmp_path / "empty").mkdir()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    code = f"""
import sys
sys.path[:] = [{str(tmp_path / "site")!r}, *sys.path[1:]]
{example}
assert out.shape == (2, 4, 4, 4)
import cnn_core
from cnn_core import datasets, cs231n
assert cnn_core.__file__.startswith({str(tmp_path)!r})
for name in datasets.names():
    assert len(datasets.load(name).train.x)
from cnn_core import training, speed, walks, network
assert not {{"streamlit", "plotly", "pandas", "PIL"}} & set(sys.modules)
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path / "empty", timeout=120
    )
    assert (ran.stderr, ran.returncode) == ("", 0)
