"""In the worker: somebody's tests, run once against functions of which one may be wrong."""

from __future__ import annotations

import ast
import inspect
import sys
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from cnn_core import cs231n
from cnn_core.check.calls import raised
from cnn_core.check.planted import planted
from cnn_core.check.right import core
from cnn_core.mistakes import MISTAKES

USUAL = ("layers", "my_layers")  # modules that tests import functions from, besides the course's and the core


def trial(message: dict[str, Any], load: Callable[[Path], ModuleType]) -> dict[str, Any]:
    """Run the tests of message["path"] with the mistake message["mistake"] ("": with none).

    Returns {"ran": how many, "failed": [[test, why], ...]}, {"raised": why} if the file cannot be run, or {"unsupported":
    why} if a test cannot be run without pytest. A file without a test function that asserts is one test as a whole.
    """
    path = Path(message["path"])
    with planted(MISTAKES.get(message["mistake"]), twins=True), _importable(path, message["subject"]):
        try:
            module = load(path)
            tests = list(tests_of(module))
        except BaseException as error:  # SystemExit too
            return {"raised": raised(error, str(path))}
        if strange := next((why for name, run in tests if (why := _not_run(name, run))), ""):
            return {"unsupported": strange}
        failed = [[name, why] for name, run in tests if (why := _failure(run, str(path)))]
        return {"ran": len(tests) or int(_asserts(path)), "failed": failed}


def tests_of(module: ModuleType) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Functions and methods whose names begin with test, of classes that begin with Test, and unittest's test cases."""
    for name, value in list(vars(module).items()):
        if isinstance(value, type) and issubclass(value, unittest.TestCase):
            for case in unittest.defaultTestLoader.loadTestsFromTestCase(value):
                yield f"{name}.{getattr(case, '_testMethodName', '')}", case.debug
        elif isinstance(value, type) and name.startswith("Test"):
            for method in [each for each in vars(value) if each.startswith("test")]:
                yield f"{name}.{method}", getattr(value(), method)
        elif name.startswith("test") and inspect.isfunction(value):
            yield name, value


def _not_run(name: str, run: Callable[[], Any]) -> str:
    if inspect.iscoroutinefunction(run):
        return f"{name} is an async function, which is not supported: write it as a plain one"
    needed = [
        each.name
        for each in inspect.signature(run).parameters.values()
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    if needed:
        taken = ", ".join(needed)
        return f"{name} takes {taken}: pytest's fixtures and parametrize are not supported, write it without arguments"
    return ""


def _asserts(path: Path) -> bool:
    """Whether a script can fail at all, of its own will."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        name = getattr(node, "id", getattr(node, "attr", ""))
        if isinstance(node, ast.Assert | ast.Raise) or "assert" in str(name) or name == "exit":
            return True
    return False


def _failure(run: Callable[[], Any], path: str) -> str:
    try:
        run()
    except unittest.SkipTest:
        return ""
    except BaseException as error:
        return raised(error, path)
    return ""


@contextmanager
def _importable(path: Path, subject: str) -> Iterator[None]:
    """What the tests import: the core, the course's modules, and all functions as the module that is tested."""
    cs231n.install()
    before = dict(sys.modules)
    for name in {*USUAL, *([subject] if subject else [])} - sys.stdlib_module_names:
        module = sys.modules[name] = ModuleType(name)
        vars(module).update({key: value for key, value in core().items() if not key.startswith("__")})
    where = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = where
        for name in sys.modules.keys() - before.keys():
            file = getattr(sys.modules[name], "__file__", None)
            if name in (*USUAL, subject) or (file and Path(file).is_relative_to(path.parent)):
                del sys.modules[name]  # the next trial has another mistake
