"""The process in which somebody else's code runs: `python -m cnn_core.check.worker`, started by `sandbox`.

It reads one message a line from its standard input and answers each with a line. Before anything else it takes both away from
the code that it is going to load: what that prints goes to standard error, and it finds no input. When the parent ends, so
does the whole process group.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import sys
import threading
from contextlib import suppress
from io import BufferedReader, BufferedWriter
from pathlib import Path
from types import ModuleType
from typing import Any

from cnn_core.check.calls import call, functions, raised
from cnn_core.messages import decode, encode

MOST_FILE = 16 << 20  # bytes of a file that it writes
NO_MEMORY = 71  # exit code, where not even the answer finds room


class Worker:
    """Answers messages: {"do": "load"} and then any number of {"do": "call"}; or {"do": "test"}, again and again."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {}
        self.path = ""

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """What the message asks for, as data."""
        if message["do"] == "load":
            return self.load(message["path"], message["package"])
        if message["do"] == "wait":
            return {}
        if message["do"] == "test":
            from cnn_core.check.trial import trial  # needs all of the core, which the check of a file does not

            return trial(message, load_file)
        return call(self.namespace, message, self.path)

    def load(self, path: str, package: str) -> dict[str, Any]:
        """Run the file, or the modules of a package's folder; the functions that it has then."""
        self.path = path
        try:
            modules = load_package(Path(path)) if package else [load_file(Path(path))]
        except BaseException as error:  # SystemExit too
            return {"raised": raised(error, path)}
        for module in reversed(modules):
            self.namespace |= vars(module)
        return {"functions": functions(self.namespace)}


def load_file(path: Path) -> ModuleType:
    """The module that a file makes; files beside it can be imported. Raises whatever it raises."""
    sys.path.insert(0, str(path.parent))
    name = path.stem if path.stem not in sys.stdlib_module_names else f"their_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_package(folder: Path) -> list[ModuleType]:
    """The course's modules of a folder, whatever it is called: they import one another as cs231n."""
    package = ModuleType("cs231n")
    package.__path__ = [str(folder)]
    sys.modules["cs231n"] = package
    sys.path.insert(0, str(folder.parent))
    names = ("layers", "layer_utils", "classifiers.cnn")
    found = [name for name in names if (folder / f"{name.replace('.', '/')}.py").is_file()]
    return [importlib.import_module(f"cs231n.{name}") for name in found]


def limit(memory: int, seconds: int) -> None:
    """Take no more memory (bytes of addresses) and processor time than this, where the system knows such limits."""
    with suppress(ImportError):
        import resource

        for kind, most in (
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_FSIZE, MOST_FILE),
            (resource.RLIMIT_CORE, 0),
        ):
            with suppress(ValueError, OSError):
                resource.setrlimit(kind, (most, most))


def end_with(parent: BufferedReader) -> None:
    """Wait for the next question. When nobody can ask any more, end all processes of this group."""
    with suppress(OSError, ValueError):
        if parent.peek(1):
            return
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def private() -> tuple[BufferedReader, BufferedWriter]:
    """Standard input and output for us alone; for the others, nothing to read and the way of standard error."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return questions, answers


def main() -> None:
    """Answer until nobody asks."""
    questions, answers = private()
    mine = os.getpid()
    settings = decode(questions.readline().decode())
    limit(settings["memory"], settings["cpu"])
    sys.dont_write_bytecode = True
    worker = Worker()
    answers.write(encode({"number": settings["number"]}).encode() + b"\n")
    answers.flush()
    for line in iter(questions.readline, b""):
        message = decode(line.decode())
        watch = threading.Thread(target=end_with, args=(questions,), daemon=True)
        watch.start()
        reply = worker.answer(message) | {"number": message["number"]}
        if os.getpid() != mine:  # theirs has split itself in two: one answers
            os._exit(0)
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        answers.write(encode(reply).encode() + b"\n")
        answers.flush()
        watch.join()


if __name__ == "__main__":
    try:
        main()
    except (MemoryError, RuntimeError):  # the latter is how a thread says that it finds no room
        os._exit(NO_MEMORY)
