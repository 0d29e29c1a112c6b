"""What training costs the pages, and pages cost the training: `python -m benchmarks.lab`.

Measured in a real Chromium on a server of its own: the speed of one training without a page and with a page that watches
it (agreement is checked first: both end with the same history); and, while eight trainings that were started at once share
the cores and a page watches one of them, how long that page takes to answer a key press on a slider: until the server's
whole answer is there, and until the frame that shows it. In the end all eight must have finished. The yardstick is the same
page with no training at all.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from cnn_core.machine.threads import use_one_thread

use_one_thread()

from benchmarks.answers import listening_tab  # noqa: E402 (NumPy comes after the threads are set)
from cnn_core.training import Registry, TrainingConfig  # noqa: E402
from cnn_core.training.blocks import history  # noqa: E402
from cnn_core.training.history import History  # noqa: E402
from pages.sections.training_words import OTHER_SETTINGS  # noqa: E402
from tools.browser import launch, open_page, serve  # noqa: E402

ALONE = {"dataset": "fashion", "num_epochs": 12}  # some 10 seconds
TOGETHER = {"dataset": "fashion", "num_epochs": 10}
RUNS, PRESSES, ROUNDS = 8, 60, 3
BOUNDS = {"loss of speed": 10.0, "answer": 200.0}  # per cent, milliseconds

CHANGE = """async ([key, words]) => {
  const changed = () => [...document.querySelectorAll('[data-testid="stPopover"]')]
    .some((part) => part.textContent.includes(words));
  const before = changed();
  const start = performance.now();
  await window.press(key);
  while (changed() === before) {
    if (performance.now() - start > 30_000) throw new Error(`“${words}” has neither come nor gone`);
    await new Promise(requestAnimationFrame);
  }
  await new Promise(requestAnimationFrame);  // the frame that shows it
  const shown = performance.now() - start, asked = window.asked;
  await new Promise((resolve) => setTimeout(resolve, 60));  // the rest of the answer
  return [shown, window.answered - asked];
}"""

Times = list[tuple[float, float]]


def speed(folder: Path, steps: int) -> float:
    """Steps a second of the newest run of a folder, by the clock on the wall, from a fifth of its steps to its end."""
    deadline, begin = time.monotonic() + 300, (0, 0.0)
    while time.monotonic() < deadline:
        done, now = _steps(folder), time.monotonic()
        if not begin[0] and done >= steps / 5:
            begin = done, now
        if done >= steps:
            return (done - begin[0]) / (now - begin[1])
        time.sleep(0.02)
    raise TimeoutError("the training did not end within five minutes")


def _steps(folder: Path) -> int:
    try:
        with sqlite3.connect(f"file:{folder / 'runs.db'}?mode=ro", uri=True, timeout=5) as db:
            return len(_newest(db))
    except sqlite3.OperationalError:  # not made yet
        return 0


def losses(folder: Path) -> History:
    """The history of the newest run, as it is kept."""
    with sqlite3.connect(f"file:{folder / 'runs.db'}?mode=ro", uri=True) as db:
        return _newest(db)


def _newest(db: sqlite3.Connection) -> History:
    newest = "(SELECT id FROM runs ORDER BY created DESC LIMIT 1)"
    found = db.execute(f"SELECT record FROM steps WHERE run = {newest} ORDER BY iteration").fetchall()
    return history([record for (record,) in found])


def address_of(settings: dict[str, object]) -> str:
    """The Train page with these settings."""
    return "/train?" + urlencode(settings)


def begin(page: Page) -> None:
    """Start at full speed."""
    page.get_by_role("combobox", name="pace").click()
    page.get_by_role("option", name="as fast as it goes").click()
    page.get_by_role("button", name="Start", exact=True).click()


def alone(steps: int) -> tuple[float, History]:
    """Speed and history of a training that nobody watches."""
    with tempfile.TemporaryDirectory() as folder:
        registry = Registry(Path(folder))
        registry.start(TrainingConfig(**ALONE))  # type: ignore[arg-type]
        found = speed(Path(folder), steps), losses(Path(folder))
        registry.close()
    return found


def watched(browser: Browser, steps: int) -> tuple[float, History]:
    """Speed and history of one that a page watches."""
    with tempfile.TemporaryDirectory() as folder, serve(CONVSCOPE_DATA=folder) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        open_page(page, address + address_of(ALONE))
        begin(page)
        found = speed(Path(folder, "runs"), steps), losses(Path(folder, "runs"))
        page.close()
    return found


def answers(page: Page) -> Times:
    """Milliseconds until each key press is shown, and until the server's answer to it is there."""
    page.get_by_role("slider", name="batch size").focus()
    return [
        tuple(page.evaluate(CHANGE, ["ArrowLeft" if n % 2 else "ArrowRight", OTHER_SETTINGS])) for n in range(PRESSES)
    ]


def together(browser: Browser) -> tuple[Times, Times, int, int]:
    """Answers with no training and with the trainings at work; how many finished; how many were at it after the last key."""
    with tempfile.TemporaryDirectory() as folder, serve(CONVSCOPE_DATA=folder) as address:
        watching = listening_tab(browser)
        pages = [watching, *(browser.new_page(viewport={"width": 1280, "height": 900}) for _ in range(RUNS - 1))]
        open_page(watching, address + address_of(TOGETHER | {"num_epochs": 1}))
        begin(watching)
        watching.get_by_text("finished after").wait_for(timeout=120_000)
        quiet = answers(watching)
        for page in pages:
            open_page(page, address + address_of(TOGETHER))
        for page in pages:
            begin(page)
        for page in pages[1:]:
            page.close()
        watching.bring_to_front()
        times = answers(watching)
        still = 1 + RUNS - _finished(Path(folder, "runs"))
        deadline = time.monotonic() + 600
        while _finished(Path(folder, "runs")) < 1 + RUNS and time.monotonic() < deadline:
            time.sleep(0.5)
        watching.close()
        return quiet, times, _finished(Path(folder, "runs")) - 1, still


def _finished(folder: Path) -> int:
    with sqlite3.connect(f"file:{folder / 'runs.db'}?mode=ro", uri=True, timeout=5) as db:
        return int(db.execute("SELECT COUNT(*) FROM runs WHERE state = 'finished'").fetchone()[0])


def _quantiles(values: list[float]) -> tuple[float, float]:
    return statistics.median(values), float(np.quantile(values, 0.95))


def main() -> int:
    """Print the figures; returns 1 if one misses what has to be reached."""
    config = TrainingConfig(**ALONE)  # type: ignore[arg-type]
    steps = config.num_epochs * config.solver().iterations_per_epoch
    with sync_playwright() as playwright:
        browser = launch(playwright)
        pairs = [(alone(steps), watched(browser, steps)) for _ in range(ROUNDS)]
        assert all(first[1] == second[1] for first, second in pairs), "a page changes what a training computes"
        quiet, times, finished, still = together(browser)
        browser.close()
    without, with_page = (statistics.median(pair[which][0] for pair in pairs) for which in (0, 1))
    loss = 100 * (1 - with_page / without)
    shown, server = (_quantiles([one[which] for one in times]) for which in (0, 1))
    shown_quiet, server_quiet = (_quantiles([one[which] for one in quiet]) for which in (0, 1))
    rows = [
        ("one training without a page", f"{without:.1f} steps/s", ""),
        ("  with a page that watches it", f"{with_page:.1f} steps/s", ""),
        ("  loss of speed", f"{loss:.1f} %", "under 10 %"),
        (f"{RUNS} trainings started at once: finished", f"{finished}", f"{RUNS}"),
        (
            f"  {len(times)} key presses meanwhile: answered, p50, p95",
            "{:.0f}, {:.0f} ms".format(*server),
            "p95 under 200 ms",
        ),
        ("    on screen", "{:.0f}, {:.0f} ms".format(*shown), ""),
        ("  yardstick, no training: answered", "{:.0f}, {:.0f} ms".format(*server_quiet), ""),
        ("    on screen", "{:.0f}, {:.0f} ms".format(*shown_quiet), ""),
        ("  trainings at work after the last key", f"{still}", ""),
    ]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, headless Chromium, same history in both ways")
    for what, value, bound in rows:
        print(f"{what:50s}{value:>18s}   {bound}")
    return int(loss >= BOUNDS["loss of speed"] or server[1] >= BOUNDS["answer"] or finished < RUNS)


if __name__ == "__main__":
    sys.exit(main())
