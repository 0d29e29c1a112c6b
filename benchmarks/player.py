"""How fast the player is for a reader: `python -m benchmarks.player`.

Measured in a real Chromium: from a key press on a slider to the first new frame, and the frames a second while 1,024
positions play. The yardstick for the second is an empty animation loop in the same page: what the browser gives at best.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys

import numpy as np
from playwright.sync_api import Page, WebSocket, sync_playwright

from cnn_core.conv import conv2d_forward
from tools.browser import launch, open_page, serve

CHANGES = 60
FIRST_FRAME_MS, FRAMES_A_SECOND = 500, 50  # what has to be reached

CHANGE = """async (key) => {
  const player = window.found;
  const before = player.player.id;
  const start = performance.now();
  await window.press(key);
  while (player.player.id === before) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);  // the frame that shows it
  return performance.now() - start;
}"""

PLAY = """async (rate) => {
  const player = window.found.player;
  player.part("first").click();
  player.part("speed").value = rate;
  let [moved, last, longest] = [0, performance.now(), 0];
  const start = last;
  let step = player.step;
  player.part("play").click();
  while (player.step < player.trace.count - 1) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (player.step !== step) moved++;
    step = player.step;
  }
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
    """The output that the browser holds is the convolution of the input that it holds."""
    grids = page.locator(".player").evaluate(
        """player => Object.fromEntries(Object.entries(player.player.trace.grids).map(([name, g]) =>
             [name, { shape: g.shape, counts: [...g.counts] }]))"""
    )
    x, weight, bias, out = (
        np.array(grids[name]["counts"], dtype=float).reshape(grids[name]["shape"])
        for name in ("x", "weight", "bias", "out")
    )
    expected, _ = conv2d_forward(x[None], weight[None], bias.ravel())
    assert np.array_equal(out, expected[0]), "the browser's numbers are not the core's"


def first_frames(page: Page, address: str) -> list[float]:
    """Milliseconds from a key press on the padding slider to the first new frame, CHANGES times."""
    open_page(page, address + "/convolution")
    find_player(page)
    page.expose_function("press", page.keyboard.press)
    slider = page.get_by_role("slider", name="padding")
    slider.focus()
    times = []
    for number in range(CHANGES):
        times.append(page.evaluate(CHANGE, "ArrowRight" if number % 2 else "ArrowLeft"))
        page.wait_for_timeout(50)
    check_agreement(page)
    return times[5:]  # the first ones warm up


def main() -> int:
    """Print the figures; returns 1 if one misses what has to be reached."""
    received: list[int] = []

    def count(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: received.append(len(data)))

    with serve() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("websocket", count)
        times = first_frames(page, address)
        received.clear()
        open_page(page, address + "/convolution?input_size=32&padding=1")
        page.wait_for_timeout(500)
        check_agreement(page)
        find_player(page)
        sent = sum(received)
        best = page.evaluate(EMPTY)
        played = page.evaluate(PLAY, "60")
        browser.close()

    p50, p95 = statistics.median(times), float(np.quantile(times, 0.95))
    rate = played["moved"] / played["seconds"]  # frames that showed a new step
    rows = [
        ("first new frame after a slider change, p50", f"{p50:.0f} ms", ""),
        ("first new frame after a slider change, p95", f"{p95:.0f} ms", f"under {FIRST_FRAME_MS}"),
        (f"playing 1,024 positions ({played['seconds']:.1f} s)", f"{rate:.1f} frames/s", f"at least {FRAMES_A_SECOND}"),
        ("longest gap between two of its frames", f"{played['longest']:.0f} ms", ""),
        ("yardstick: an empty animation loop there", f"{best:.1f} frames/s", ""),
        ("received for the page with 1,024 positions", f"{sent / 1000:.0f} kB", ""),
    ]
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, headless Chromium, agreement with the core checked"
    )
    for what, value, bound in rows:
        print(f"{what:46s}{value:>16s}   {bound}")
    return int(p95 >= FIRST_FRAME_MS or rate < FRAMES_A_SECOND)


if __name__ == "__main__":
    sys.exit(main())
