"""`python -m cnn_core.check my_layers.py`: are these layers right?"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from cnn_core.machine.threads import use_one_thread

use_one_thread()

from cnn_core.check.course import UncheckableError, course_to_load, missing, to_load  # noqa: E402
from cnn_core.check.examine import examine  # noqa: E402
from cnn_core.check.link import HOST  # noqa: E402
from cnn_core.check.report import suite_text, text  # noqa: E402
from cnn_core.check.sandbox import Limits, Sandbox, Trouble  # noqa: E402
from cnn_core.check.suite import baseline, score, tests_to_load  # noqa: E402

RIGHT, WRONG, UNCHECKED = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Check what the arguments name. Returns 0 if all is right, 1 if something is wrong, 2 where nothing could be checked."""
    given = parser().parse_args(arguments)
    try:
        limits = Limits(given.seconds, given.memory, given.output)
        if given.tests:
            return try_tests(given, limits)
        return check(given, limits)
    except ValueError as error:
        print(f"Not checked: {error}", file=sys.stderr)
        return UNCHECKED


def check(given: argparse.Namespace, limits: Limits) -> int:
    """Check a file or the course's folder; prints the report."""
    path = given.course or given.file
    if path is None:
        raise UncheckableError("which file? name one, as my_layers.py, or use --course FOLDER or --tests FILE")
    message = course_to_load(path) if given.course else to_load(path)
    with Sandbox(message, limits) as sandbox:
        functions = loaded(sandbox, path)
        reports = examine(sandbox.ask, functions, progress, given.host)
    progress("")
    if not reports:
        raise UncheckableError(f"{path} holds no function that is known, such as conv_forward_naive or conv2d_forward")
    print(text(path.name, reports, missing(set(functions), bool(given.course))))
    return RIGHT if all(report.state in ("right", "unchecked") for report in reports) else WRONG


def try_tests(given: argparse.Namespace, limits: Limits) -> int:
    """Run somebody's own tests against every mistake; prints which survive."""
    path: Path = given.tests
    subject = given.file.stem if given.file else ""
    with Sandbox(tests_to_load(path), limits) as sandbox:
        progress(f"running {path.name} with the right functions")
        ran = baseline(sandbox, path, subject)
        outcomes = score(sandbox, path, subject, progress)
    progress("")
    print(suite_text(path.name, ran, outcomes))
    return RIGHT if all(outcome.killed for outcome in outcomes) else WRONG


def loaded(sandbox: Sandbox, path: Path) -> dict[str, list[str]]:
    """The functions that are there, with their parameters. Raises UncheckableError where the file does not get so far."""
    progress(f"loading {path.name}")
    try:
        reply: dict[str, Any] = sandbox.load()
    except Trouble as trouble:
        raise UncheckableError(f"{path.name} {trouble}, while it is loaded") from None
    if "raised" in reply:
        alone = path.is_file() and any(words in reply["raised"] for words in ("cs231n", "relative import"))
        hint = ". A file of the course's folder is checked with the others: use --course FOLDER" if alone else ""
        raise UncheckableError(f"{path.name} cannot be loaded: {reply['raised']}{hint}")
    return dict(reply["functions"])


def progress(words: str) -> None:
    """A line that is overwritten by the next, where somebody is looking."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    made = argparse.ArgumentParser(
        prog="python -m cnn_core.check",
        description="Check layers of your own against the core: the course's names and signatures, or the core's. The file "
        "runs in a process of its own. Exit code: 0 all right, 1 something wrong, 2 it could not be checked.",
    )
    made.add_argument("file", nargs="?", type=Path, help="a Python file with your functions, as my_layers.py")
    made.add_argument("--course", type=Path, metavar="FOLDER", help="the course's assignment2, or its cs231n")
    made.add_argument("--tests", type=Path, metavar="FILE", help="your own tests: which mistakes do they find?")
    made.add_argument("--host", default=HOST, help=f"where the app is, for links ({HOST})")
    made.add_argument("--seconds", type=float, default=Limits.seconds, help="for one call (%(default)g)")
    made.add_argument("--memory", type=float, default=Limits.memory, help="GiB that it may take (%(default)g)")
    made.add_argument("--output", type=float, default=Limits.output, help="MB that it may print (%(default)g)")
    return made


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing is left behind
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a report may have signs that this console has not
    try:
        code = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except BrokenPipeError:  # whoever read the first lines only (`| head`) wants no more; nor does the exit write any
        code = UNCHECKED
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
