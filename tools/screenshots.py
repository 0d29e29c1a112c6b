"""Screenshots of every page, light and dark, wide and narrow: `python -m tools.screenshots FOLDER [PAGE ...]`."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import ConsoleMessage, sync_playwright

from tools.browser import PATHS, launch, open_page, own_errors, serve

WIDTHS = {1280: 900, 390: 844}


def report(message: ConsoleMessage) -> None:
    """Print what the console complains of."""
    if text := own_errors(message):
        print(f"console: {text}")


def main(folder: Path, names: list[str]) -> None:
    """Save FOLDER/page-theme-width.png for each page, in full height."""
    folder.mkdir(parents=True, exist_ok=True)
    with serve() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        for theme in ("light", "dark"):
            for width, height in WIDTHS.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
                )
                page = context.new_page()
                page.on("console", report)
                for name in names or PATHS:
                    path = PATHS.get(name, name)
                    open_page(page, address + path)
                    page.wait_for_timeout(700)
                    inner = page.evaluate(
                        """() => { const m = document.querySelector('[data-testid="stMain"]');
                                   return m ? m.scrollHeight : 0 }"""
                    )
                    page.set_viewport_size({"width": width, "height": max(height, min(4000, inner + 80))})
                    page.wait_for_timeout(400)
                    file = path.strip("/").split("?")[0] or "home"
                    page.screenshot(path=folder / f"{file}-{theme}-{width}.png")
                    page.set_viewport_size({"width": width, "height": height})
                context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
