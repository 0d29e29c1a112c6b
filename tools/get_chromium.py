"""Find a Chromium for the browser tests, or install one: `python -m tools.get_chromium`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tools.browser import find_chromium


def main() -> None:
    """Say which Chromium the tests will use. Debian's own package where apt is at hand, else Playwright's download."""
    if not find_chromium():
        if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
            subprocess.run(["apt-get", "update", "-qq"], check=False)
            subprocess.run(
                ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
                check=False,
                env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
                stdout=subprocess.DEVNULL,
            )
        if not find_chromium():
            subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
    print(f"Chromium: {find_chromium() or 'as installed by Playwright'}")


if __name__ == "__main__":
    main()
