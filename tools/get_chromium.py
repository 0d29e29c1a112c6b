"""Find a Chromium for the browser tests, or install one: `python -m tools.get_chromium`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.browser import SHELL, find_chromium


def main() -> None:
    """Say which Chromium the tests will use: Debian's packages where apt is at hand, its headless shell before all others,
    else Playwright's download."""
    found = find_chromium()
    if "CONVSCOPE_CHROMIUM" not in os.environ and Path(found or "").name != SHELL:
        for package in (SHELL, *([] if found else ["chromium"])):
            if install(package):
                break
    if not find_chromium():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
    print(f"Chromium: {find_chromium() or 'as installed by Playwright'}")


def install(package: str) -> bool:
    """Whether apt, where it may be asked, could install it; it does not wait long for a network that is not there."""
    if not (shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0):
        return False
    apt = ["apt-get", "-qq", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"]
    subprocess.run([*apt, "update"], check=False)
    done = subprocess.run(
        [*apt, "install", "-y", "--no-install-recommends", package, "fonts-dejavu-core"],
        check=False,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdout=subprocess.DEVNULL,
    )
    return done.returncode == 0


if __name__ == "__main__":
    main()
