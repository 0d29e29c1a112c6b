"""What the environment may set: good numbers are used, others are told in a sentence, before a server begins."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnn_core import environment, folders
from cnn_core.environment import FRAMES, HOSTS, MEMORY_GIB, MEMORY_LIMIT, THREADS
from cnn_core.network import NetworkSpec, check_memory
from tools.browser import ROOT

DATA = folders.VARIABLE
NO_MEMORY = ["two", "0", "-1", "nan", "inf", "-inf", "1e999", "1e308", "2 GiB", " "]
NO_HOSTS = ["*", "https://x.example", "x.example:80", "x..example", "a.example,b/c", "m\u00fcnchen.example", "[::1]"]
NO_FRAMES = ["x.example", "https://x; script", "https://x.example/page", "*", "https://x.example:0", "http://x.example:70000",
             "https://.", "'self'"]  # fmt: skip
NO_THREADS = ["two", "0", "-1", "1.5", "nan", "1025", "\u00b2", "9" * 5000]


@pytest.mark.parametrize(
    ("text", "limit"), [(None, MEMORY_LIMIT), ("", MEMORY_LIMIT), ("0.5", 1 << 29), ("3", 3 << 30)]
)
def test_the_memory_of_a_training_is_what_the_environment_says(monkeypatch, text, limit):
    monkeypatch.delenv(MEMORY_GIB, raising=False)
    if text is not None:
        monkeypatch.setenv(MEMORY_GIB, text)
    assert environment.memory_limit() == limit
    environment.check()


def test_the_limit_holds_for_a_plan_that_is_checked_later(monkeypatch):
    monkeypatch.setenv(MEMORY_GIB, "0.001")
    with pytest.raises(ValueError, match=r"more than 0\.0 GiB"):
        check_memory(NetworkSpec(), (3, 32, 32), 10, 50)


@pytest.mark.parametrize(
    ("name", "text"), [*((MEMORY_GIB, text) for text in NO_MEMORY), *((THREADS, text) for text in NO_THREADS)]
)
def test_what_cannot_be_used_is_told_in_a_sentence(monkeypatch, name, text):
    monkeypatch.setenv(name, text)
    with pytest.raises(ValueError) as error:
        environment.check()
    assert str(error.value).startswith(f"{name} (={text[:40]!r}) must be a ")


@pytest.mark.parametrize(
    ("name", "text"), [*((HOSTS, text) for text in NO_HOSTS), *((FRAMES, text) for text in NO_FRAMES)]
)
def test_what_is_no_host_and_no_site_is_told_in_a_sentence(monkeypatch, name, text):
    monkeypatch.setenv(name, f"good.example, {text}" if name == HOSTS else f"http://good.example:8080 {text}")
    with pytest.raises(ValueError, match=rf"{name} \(=.*\) must hold (names|sites) such as .*, with commas between"):
        environment.check()


@pytest.mark.parametrize(
    ("name", "text"),
    [(MEMORY_GIB, "two"), (MEMORY_GIB, "nan"), (THREADS, "-1"), (HOSTS, "*"), (FRAMES, "*"), (DATA, "~nobody-here/x")],
)
def test_a_server_says_so_and_does_not_begin(name, text):
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port=0"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {name: text}, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    (said,) = [line for line in done.stderr.splitlines() if name in line]
    assert said.startswith(f"{name} (='{text}') must ")
    assert said.endswith("set it like that, or leave it out")
    assert "Traceback" not in done.stdout + done.stderr


def test_importing_the_core_reads_no_number_yet():
    env = os.environ | {MEMORY_GIB: "two", THREADS: "two"}
    subprocess.run([sys.executable, "-c", "import cnn_core.network"], cwd=ROOT, env=env, check=True)


def test_a_folder_in_a_home_that_nobody_knows_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setenv(DATA, "~nobody-here/runs")
    with pytest.raises(ValueError, match=r"CONVSCOPE_DATA \(='~nobody-here/runs'\) must be a folder"):
        folders.data_folder()
    monkeypatch.setenv(DATA, "")
    monkeypatch.setattr(folders, "_users_own", lambda: Path("~nobody-here").expanduser())
    with pytest.raises(ValueError, match=r"CONVSCOPE_DATA \(=''\) must be a folder"):
        environment.check()
