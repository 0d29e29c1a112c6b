"""How fast a network's answer follows the pen: `python -m benchmarks.pad`.

A mouse draws on the page Network, in a real Chromium, without a rest. Measured is how often the board gets another answer, and
how long one takes: from the message with the strokes until the board has the picture and the probabilities.
"""

from __future__ import annotations

import math
import sys
import time

import numpy as np
from playwright.sync_api import Page, sync_playwright

from cnn_core.checks import Array
from cnn_core.datasets import load
from cnn_core.datasets.drawn import Frame, drawn_picture
from cnn_core.training.shipped import shipped_network
from tools.browser import launch, open_page, serve

STROKES, SECONDS = 4, 2.0  # of each
PER_SECOND = 10.0  # answers, at least

LISTEN = """({ pad }) => {
  const { tell, load } = pad;
  window.asked = new Map();
  window.answered = new Map();
  pad.tell = function (rested) {
    if (!rested) window.asked.set(this.count, performance.now());
    tell.call(this, rested);
  };
  pad.load = function (data, send) {
    load.call(this, data, send);
    if (!window.answered.has(data.count)) window.answered.set(data.count, performance.now());
  };
}"""
HEARD = """() => [...window.asked].filter(([count]) => window.answered.has(count))
  .map(([count, asked]) => [asked, window.answered.get(count)])"""


def draw(page: Page) -> float:
    """Loops, drawn until the time is over; returns how many seconds that took."""
    box = page.locator(".board").bounding_box()
    assert box is not None
    begun = time.perf_counter()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    while (passed := time.perf_counter() - begun) < SECONDS:
        radius = 0.1 + 0.3 * passed / SECONDS
        x, y = 0.5 + radius * math.sin(4 * passed), 0.5 - radius * math.cos(4 * passed)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.wait_for_timeout(12)
    page.mouse.up()
    return passed


def followed(page: Page) -> tuple[float, Array]:
    """Answers a second while the pen was down, and the milliseconds of each."""
    page.locator(".pad").evaluate(LISTEN)
    seconds, times, count = 0.0, [], 0
    for _ in range(STROKES):
        page.evaluate("() => { window.asked.clear(); window.answered.clear() }")
        seconds += draw(page)
        heard = np.array(page.evaluate(HEARD))
        count += len(heard)
        times.append(heard[:, 1] - heard[:, 0])
        page.locator(".pad .clear").click()
        page.wait_for_timeout(1500)  # the page around follows
    return count / seconds, np.concatenate(times)


def server_part() -> float:
    """Milliseconds of the core: from the strokes to the picture to the probabilities; the best of many."""
    network, config = shipped_network()
    frame, data, best = Frame.of(load("digits")), config.training_data(), math.inf
    turn = np.linspace(0, 12, 150)
    strokes = [np.stack([500 + 30 * turn * np.sin(turn), 500 - 30 * turn * np.cos(turn)], axis=1).tolist()]
    for _ in range(50):
        begun = time.perf_counter()
        picture = drawn_picture(strokes, frame)
        assert picture is not None
        network.probabilities(data.normalised(picture[None]))
        best = min(best, time.perf_counter() - begun)
    return 1000 * best


def main() -> int:
    """Print the figures; returns 1 if one misses what has to be reached."""
    with serve() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        open_page(page, address + "/network?source=drawn")
        page.wait_for_selector(".board")
        draw(page)  # warm up
        page.locator(".pad .clear").click()
        page.wait_for_timeout(1500)
        rate, times = followed(page)
        browser.close()
    p50, p95 = np.percentile(times, (50, 95))
    for what, value, bound in [
        ("answers while a pen draws", f"{rate:.1f} a second", f"at least {PER_SECOND:.0f}"),
        ("  one of them, p50, p95", f"{p50:.0f}, {p95:.0f} ms", ""),
        ("  of that the core: picture and probabilities", f"{server_part():.1f} ms", ""),
    ]:
        print(f"{what:50s}{value:>18s}   {bound}")
    return int(rate < PER_SECOND)


if __name__ == "__main__":
    sys.exit(main())
