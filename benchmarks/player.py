"""How fast the player is for a reader: `python -m benchmarks.player`.

Measured in a real Chromium: from a key press on a slider to the first new frame, and of that the server's part; the frames
a second while 1,024 positions of 3 channels under 4 filters play, forward and backward; what is sent; and whether the tab's
memory grows over 500 changes. The yardstick for the frames is an empty animation loop in the same page: what the browser
gives at best.
"""

from __future__ import annotations

import logging
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import CDPSession, Page, sync_playwright
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, local_script_runner

from benchmarks.answers import listening_tab
from cnn_core.conv import conv2d_backward, conv2d_forward
from pages.animation.player import player
from pages.sections import walkthrough
from tools.browser import ROOT, launch, open_page, serve

WARM_UP, CHANGES = 150, 500  # the browser fills its caches first
USUAL = {"preset": "edges_on_a_picture"}
LARGE = {"input": "lake", "input_size": "32", "channels": "3", "filters": "4", "padding": "1"}
LAYER = "/convolution?" + urlencode(LARGE | {"stages": "false", "speed": "16"})
BOUNDS = {"first": 300, "server": 30, "rate": 55, "sent": 150, "growth": 1.0}

CHANGE = """async (key) => {
  const player = window.found;
  const before = player.player.sent;
  const start = performance.now();
  await window.press(key);
  while (player.player.sent === before) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);  // the frame that shows it
  const shown = performance.now() - start;
  const asked = window.asked;
  await new Promise((resolve) => setTimeout(resolve, 60));  // the rest of the answer
  return [shown, window.answered - asked];
}"""

CHANGED = """count => window.found.dataset.count !== count"""

PLAY = """async ([from, steps]) => {
  const player = window.found.player;
  player.go(from);
  let [moved, last, longest] = [0, performance.now(), 0];
  const start = last;
  let step = player.step;
  player.part("play").click();
  while (player.step < from + steps) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (player.step !== step) moved++;
    step = player.step;
  }
  player.part("play").click();
  return { seconds: (last - start) / 1000, moved, longest };
}"""

EMPTY = """async () => {
  const start = performance.now();
  for (let i = 0; i < 240; i++) await new Promise(requestAnimationFrame);
  return 240000 / (performance.now() - start);
}"""


def find_player(page: Page) -> None:
    """Remember the player's element; it stands in a shadow root, which a plain query does not see."""
    page.locator(".player").evaluate("player => { window.found = player }")


def check_agreement(page: Page) -> None:
    """What the browser holds and has added up is the convolution, and its gradients, of the input that it holds."""
    page.locator(".player .last").click()
    grids = page.locator(".player").evaluate(
        """player => Object.fromEntries(Object.entries(player.player.walk.grids).map(([name, g]) =>
             [name, { shape: g.shape, counts: [...g.counts] }]))"""
    )
    x, weight, bias, out, dout, dx, dweight, dbias = (
        np.array(grids[name]["counts"], dtype=float).reshape(grids[name]["shape"])
        for name in ("x", "weight", "bias", "out", "dout", "dx", "dweight", "dbias")
    )
    filters = weight.reshape(len(out), -1, *weight.shape[1:])
    expected, cache = conv2d_forward(x[None], filters, bias.ravel())
    gradients = conv2d_backward(dout[None], cache)
    for shown, computed in zip((out, dx, dweight, dbias), (expected, *gradients), strict=True):
        assert np.array_equal(shown.ravel(), computed.ravel()), "the browser's numbers are not the core's"


def changes(page: Page, count: int, slider: str = "padding") -> Iterator[tuple[float, float]]:
    """Key presses on a slider: milliseconds to the first new frame, and of the server's answer."""
    find_player(page)
    page.get_by_role("slider", name=slider).focus()
    for number in range(count):
        shown, server = page.evaluate(CHANGE, "ArrowRight" if number % 2 else "ArrowLeft")
        yield shown, server


def hurry(page: Page, count: int) -> None:
    """Key presses on the same slider, nothing measured: a page that measures itself keeps what it measured."""
    for number in range(count):
        before = page.locator(".player").get_attribute("data-count")
        page.keyboard.press("ArrowRight" if number % 2 else "ArrowLeft")
        page.wait_for_function(CHANGED, arg=before).dispose()  # else the page keeps each answer


def server_part(query: dict[str, str]) -> tuple[float, float]:
    """Milliseconds of the page's script after a slider change, until the player has its data and as a whole: medians of 40.

    Without what AppTest does around it, which no server does: it reads all that the script has sent, and compiles the script
    anew for each run.
    """
    app = AppTest.from_file(ROOT / "pages" / "contents.py", default_timeout=60).run()
    app.query_params.update(query)
    app.switch_page("lessons/convolution.py").run()
    times = []
    whole_run = ScriptRunner._run_script

    def timed(runner: ScriptRunner, data: RerunData) -> None:
        times.append([time.perf_counter()])
        whole_run(runner, data)
        times[-1].append(time.perf_counter())

    def shown(*arguments: Any, **options: Any) -> None:
        player(*arguments, **options)
        times[-1].append(time.perf_counter())

    compiled = ScriptCache()
    with (
        patch.object(ScriptRunner, "_run_script", timed),
        patch.object(walkthrough, "player", shown),
        patch.object(local_script_runner, "ScriptCache", lambda: compiled),
    ):
        for number in range(45):
            app.slider(key="padding").set_value(number % 2).run()
    start, given, end = np.array(times[5:]).T  # each change is one run of the script, with one player
    return 1000 * float(np.median(given - start)), 1000 * float(np.median(end - start))


def plain_loop() -> float:
    """Milliseconds of a fixed piece of work: a shared machine may be half as fast for minutes, and all figures with it."""
    start, total = time.perf_counter(), 0
    for number in range(300_000):
        total += number * number % 7
    return 1000 * (time.perf_counter() - start)


def memory(session: CDPSession) -> float:
    """Megabytes of the tab's JavaScript heap, rubbish collected."""
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"]) / 1e6


def main() -> int:
    """Print the figures; returns 1 if one misses what has to be reached."""
    received: list[int] = []
    logging.disable(logging.WARNING)  # AppTest has no browser, and says so
    parts = [server_part(USUAL), server_part(LARGE)]
    pace = [plain_loop() for _ in range(20)]
    with serve() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        page = listening_tab(browser)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        open_page(page, address + "/convolution?" + urlencode(USUAL))
        list(changes(page, 20))  # warm up
        times = list(changes(page, 100))
        hurry(page, WARM_UP)
        before = memory(session)
        hurry(page, CHANGES)
        growth = memory(session) - before
        check_agreement(page)
        page.close()

        page = listening_tab(browser)
        page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data))))
        open_page(page, address + LAYER)
        page.wait_for_timeout(500)
        page_sent, sent = sum(received) / 1000, max(received) / 1000  # the largest message is the player's
        find_player(page)
        best = page.evaluate(EMPTY)
        steps = int(page.locator(".player").get_attribute("data-count") or 0) // 2
        forward = page.evaluate(PLAY, [0, 1024])
        backward = page.evaluate(PLAY, [steps, 1024])
        check_agreement(page)
        pace += [plain_loop() for _ in range(20)]
        open_page(page, address + LAYER)  # at the first step, as above; at the last one it takes some 25 ms more
        list(changes(page, 20))
        large = list(changes(page, 100))
        open_page(page, address + "/normalisation")
        list(changes(page, 20, "batch size"))
        norms = list(changes(page, 100, "batch size"))
        pace += [plain_loop() for _ in range(20)]
        browser.close()

    def quantiles(values: list[float]) -> tuple[float, float]:
        return statistics.median(values), float(np.quantile(values, 0.95))

    first, server = quantiles([shown for shown, _ in times]), quantiles([part for _, part in times])
    first_large, server_large = quantiles([shown for shown, _ in large]), quantiles([part for _, part in large])
    first_norm, server_norm = quantiles([shown for shown, _ in norms]), quantiles([part for _, part in norms])
    rates = [played["moved"] / played["seconds"] for played in (forward, backward)]  # frames that showed a new step
    rows = [
        ("first new frame after a slider change, p50, p95", "{:.0f}, {:.0f} ms".format(*first), "p95 under 300 ms"),
        ("  until the server's whole answer is there", "{:.0f}, {:.0f} ms".format(*server), ""),
        ("  the server's part: until the player has its data", f"{parts[0][0]:.0f} ms", "under 30 ms"),
        ("  the rest of the page, too", f"{parts[0][1]:.0f} ms", ""),
        ("memory of the tab after 500 more changes", f"{growth:+.2f} MB", "no growth (under 1 MB)"),
        ("32x32, 3 channels, 4 filters: sent to the player", f"{sent:.0f} kB", "under 150 kB"),
        ("  the whole page, its pictures included", f"{page_sent:.0f} kB", ""),
        ("  first new frame, p50, p95", "{:.0f}, {:.0f} ms".format(*first_large), "p95 under 300 ms"),
        ("  until the server's whole answer is there", "{:.0f}, {:.0f} ms".format(*server_large), ""),
        ("  the server's part: until the player has its data", f"{parts[1][0]:.0f} ms", "under 30 ms"),
        ("  the rest of the page, too", f"{parts[1][1]:.0f} ms", ""),
        ("  1,024 positions forward", f"{rates[0]:.1f} frames/s", "at least 55"),
        ("  1,024 positions backward", f"{rates[1]:.1f} frames/s", "at least 55"),
        ("  longest gap between two frames", f"{max(forward['longest'], backward['longest']):.0f} ms", ""),
        ("a norm's walk: first new frame, p50, p95", "{:.0f}, {:.0f} ms".format(*first_norm), "p95 under 300 ms"),
        ("  until the server's whole answer is there", "{:.0f}, {:.0f} ms".format(*server_norm), ""),
        ("yardstick: an empty animation loop there", f"{best:.1f} frames/s", ""),
        ("yardstick: a loop of plain Python, at best, p50", f"{min(pace):.0f}, {statistics.median(pace):.0f} ms", ""),
    ]
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, headless Chromium, agreement with the core checked"
    )
    for what, value, bound in rows:
        print(f"{what:50s}{value:>18s}   {bound}")
    missed = (
        max(first[1], first_large[1], first_norm[1]) >= BOUNDS["first"]
        or max(until for until, _ in parts) >= BOUNDS["server"]
    )
    return int(missed or growth >= BOUNDS["growth"] or sent >= BOUNDS["sent"] or min(rates) < BOUNDS["rate"])


if __name__ == "__main__":
    sys.exit(main())
