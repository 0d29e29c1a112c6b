"""How fast the overview of a network is for a reader: `python -m benchmarks.network`.

Measured for the course's network (32 filters 7x7, 28x28 pictures) and for four blocks of 32 filters: the page's script for a new
picture; what is sent; in a real Chromium, from a key press on the picture's slider to the first frame that shows the new maps;
the frames a second while the view is panned and zoomed, forward and backward; the time from a key press in the zoom to the
next number's terms; and whether the tab's memory grows over 200 pictures. The yardstick for the frames is an empty animation loop
in the same page.
"""

from __future__ import annotations

import logging
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Page, sync_playwright
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, local_script_runner

from benchmarks.answers import listening_tab
from benchmarks.player import EMPTY, memory
from cnn_core.folders import VARIABLE
from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.training import TrainingConfig
from pages.animation.overview import overview
from pages.sections import network_overview
from pages.server import runs
from tools.browser import ROOT, launch, open_page, serve

NETS = {
    "the course's net": NetworkSpec((ConvBlock(32, 7),), (100,), weight_init="he"),
    "four blocks of 32": NetworkSpec((ConvBlock(32, norm="batch"),) * 4, (64,), weight_init="he"),
}
PICTURES, WARM_UP, MORE = 60, 150, 200  # the browser fills its caches first
BOUNDS = {"server": 100.0, "shown": 350.0, "sent": 300.0, "rate": 55.0, "growth": 1.0, "zoom": 250.0}

CHANGE = """async (key) => {
  const overview = window.found;
  const before = overview.dataset.loaded;
  const start = performance.now();
  await window.press(key);
  while (overview.dataset.loaded === before) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);  // the frame that shows it
  return performance.now() - start;
}"""

LOADED = """loaded => window.found.dataset.loaded !== loaded"""

STEP = """async (key) => {
  const zoom = window.found;
  const where = () => zoom.querySelector(".crumbs").textContent;
  const before = where();
  const start = performance.now();
  await window.press(key);
  while (where() === before) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""

PAN = """async () => {
  const { view } = window.found.overview;
  let [frames, last, longest] = [0, performance.now(), 0];
  const start = last;
  view.zoom(1.6);
  while (last - start < 4000) {
    const drawn = window.found.overview.frames;
    const t = (last - start) / 1000;
    view.zoom(1 + 0.004 * Math.sin(2 * t));
    view.pan(9 * Math.sin(3 * t), 4 * Math.cos(5 * t));
    await new Promise(requestAnimationFrame);
    await 0;
    const now = performance.now();
    if (window.found.overview.frames > drawn) frames++;
    longest = Math.max(longest, now - last);
    last = now;
  }
  view.fit();
  return { rate: frames / ((last - start) / 1000), longest };
}"""


def server_times(query: dict[str, str]) -> list[float]:
    """Milliseconds of the page's script for each of some new pictures, until the overview has its data."""
    app = AppTest.from_file(ROOT / "pages" / "contents.py", default_timeout=60).run()
    app.query_params.update(query)
    app.switch_page("lessons/network.py").run()
    times: list[list[float]] = []
    whole_run = ScriptRunner._run_script

    def timed(runner: ScriptRunner, data: RerunData) -> None:
        times.append([time.perf_counter()])
        whole_run(runner, data)

    def given(*arguments: Any, **options: Any) -> None:
        overview(*arguments, **options)
        times[-1].append(time.perf_counter())

    compiled = ScriptCache()
    with (
        patch.object(ScriptRunner, "_run_script", timed),
        patch.object(network_overview, "overview", given),
        patch.object(local_script_runner, "ScriptCache", lambda: compiled),
    ):
        for number in range(PICTURES):
            app.slider(key="picture").set_value(number + 1).run()
    return [1000 * (end - start) for start, end in times[5:]]


def find_overview(page: Page) -> None:
    """Remember the overview's element; it stands in a shadow root, which a plain query does not see."""
    page.locator(".overview").evaluate("overview => { window.found = overview }")


def in_browser(page: Page, address: str, query: dict[str, str], received: list[int]) -> dict[str, float]:
    """What a reader sees: milliseconds to the screen, kilobytes sent for a picture, frames a second both ways."""
    open_page(page, f"{address}/network?{urlencode(query)}")
    find_overview(page)
    page.get_by_role("slider", name="number").focus()
    for _ in range(5):
        page.evaluate(CHANGE, "ArrowRight")
    received.clear()
    times = [page.evaluate(CHANGE, "ArrowRight") for _ in range(PICTURES)]
    found = {"median": float(np.median(times)), "shown": float(np.quantile(times, 0.95)), "sent": max(received) / 1000}
    found["best"] = page.evaluate(EMPTY)
    pans = [page.evaluate(PAN)]
    open_page(page, f"{address}/network?{urlencode(query | {'way': 'backward'})}")
    find_overview(page)
    pans.append(page.evaluate(PAN))
    found |= {"forward": pans[0]["rate"], "backward": pans[1]["rate"]}
    return found | {"longest": max(pan["longest"] for pan in pans)}


def zoom_steps(page: Page, address: str, query: dict[str, str], layer: str) -> list[float]:
    """Milliseconds from a key press to the terms of the neighbour of a number of this layer."""
    place = {"layer": layer, "map": "3", "cell": "1-1"}
    open_page(page, f"{address}/network?{urlencode(query | place)}")
    page.locator(".zoom").evaluate("zoom => { window.found = zoom }")
    page.locator(".zoom").focus()
    times: list[float] = [page.evaluate(STEP, ("ArrowRight", "ArrowLeft")[number % 2]) for number in range(PICTURES)]
    return times[5:]


def growth(page: Page, address: str, query: dict[str, str]) -> float:
    """Megabytes that the tab's memory grows by over 200 pictures, after some to warm up."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    open_page(page, f"{address}/network?{urlencode(query)}")
    find_overview(page)
    page.get_by_role("slider", name="number").focus()
    for count in (WARM_UP, MORE):
        before = memory(session)
        for number in range(count):
            loaded = page.locator(".overview").get_attribute("data-loaded")
            page.keyboard.press("ArrowLeft" if number % 2 else "ArrowRight")
            page.wait_for_function(LOADED, arg=loaded).dispose()  # else the page keeps each answer
    return memory(session) - before


def main() -> int:
    """Print the figures; returns 1 if one misses what has to be reached."""
    logging.disable(logging.WARNING)  # AppTest has no browser, and says so
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    os.environ[VARIABLE] = folder.name
    queries, rows, missed = {}, [], False
    for name, plan in NETS.items():
        run = runs.registry().start(TrainingConfig(dataset="fashion", network=plan), advance="step")
        while run.state != "paused":
            time.sleep(0.1)
        run.stop()
        queries[name] = {"run": run.id}
    times = {name: server_times(query) for name, query in queries.items()}
    server = {name: float(np.quantile(each, 0.95)) for name, each in times.items()}
    runs.registry().close()
    with serve(**{VARIABLE: str(Path(folder.name))}) as address, sync_playwright() as playwright:
        browser = launch(playwright)
        received: list[int] = []
        for name, query in queries.items():
            page = listening_tab(browser)
            page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data))))
            seen = in_browser(page, address, query, received)
            steps = zoom_steps(page, address, query, f"conv{len(NETS[name].blocks)}")
            page.close()
            rows += [
                (
                    f"{name}: the server's part, p50, p95",
                    f"{np.median(times[name]):.0f}, {server[name]:.0f} ms",
                    "p95 under 100 ms",
                ),
                ("  sent for a picture", f"{seen['sent']:.0f} kB", "under 300 kB"),
                ("  on the screen, p50, p95", f"{seen['median']:.0f}, {seen['shown']:.0f} ms", "p95 under 350 ms"),
                ("  panned and zoomed, forward", f"{seen['forward']:.1f} frames/s", "at least 55"),
                ("  and backward", f"{seen['backward']:.1f} frames/s", "at least 55"),
                ("  longest gap between two frames", f"{seen['longest']:.0f} ms", ""),
                (
                    "  a step in the zoom, p50, p95",
                    f"{np.median(steps):.0f}, {np.quantile(steps, 0.95):.0f} ms",
                    "p95 under 250 ms",
                ),
                ("  yardstick: an empty animation loop there", f"{seen['best']:.1f} frames/s", ""),
            ]
            slow = min(seen["forward"], seen["backward"]) < BOUNDS["rate"] or seen["shown"] >= BOUNDS["shown"]
            late = float(np.quantile(steps, 0.95)) >= BOUNDS["zoom"] or server[name] >= BOUNDS["server"]
            missed = bool(missed or slow or late or seen["sent"] >= BOUNDS["sent"])
        more = growth(listening_tab(browser), address, queries["four blocks of 32"])
        rows.append(("memory of the tab after 200 more pictures", f"{more:+.2f} MB", "no growth (under 1 MB)"))
        browser.close()
    folder.cleanup()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, headless Chromium")
    for what, value, bound in rows:
        print(f"{what:50s}{value:>18s}   {bound}")
    return int(missed or more >= BOUNDS["growth"])


if __name__ == "__main__":
    sys.exit(main())
