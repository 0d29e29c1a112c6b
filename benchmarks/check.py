"""How long somebody waits for the check of their layers: `python -m benchmarks.check`. Returns 1 where it is too long."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

RIGHT_FILE = Path(__file__).parents[1] / "tests" / "check" / "students" / "naive_layers.py"
MOST_RIGHT, MOST_MORE = 20, 10  # seconds: of a right file, and what a wrong one may take beyond that
SLIPS = {  # in the file, and what stands there in its place
    "`=` for `+=` in max pooling": ("j * stride + b] += dout", "j * stride + b] = dout"),
    "stride ignored backward": (
        "rows, columns = slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)",
        "rows, columns = slice(i, i + HH), slice(j, j + WW)",
    ),
    "padded gradient not cropped": ("dxp[:, :, pad : pad + H, pad : pad + W]", "dxp"),
    "batch norm, variance a constant": (" - x_hat * (dx_hat * x_hat).sum(axis=0)", ""),
}


def checked(path: Path) -> tuple[float, int]:
    """Seconds, and the exit code."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "cnn_core.check", str(path)], capture_output=True, check=False)
    return time.perf_counter() - began, done.returncode


def main() -> int:
    right, code = checked(RIGHT_FILE)
    assert code == 0, "the right file is not found right"
    missed = 0
    source = RIGHT_FILE.read_text(encoding="utf-8")
    print(f"\n{'python -m cnn_core.check':50s}{'s':>7s}{'at most':>9s}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "my_layers.py"
        missed += told("a right file, 21 functions", right, MOST_RIGHT)
        for name, (line, slip) in SLIPS.items():
            assert source.count(line) == 1, f"{line} must stand in the file once"
            path.write_text(source.replace(line, slip), encoding="utf-8")
            seconds, code = checked(path)
            assert code == 1, f"{name} is not found"
            missed += told(f"  beyond that: {name}", seconds - right, MOST_MORE)
    return int(missed > 0)


def told(what: str, seconds: float, most: int) -> bool:
    late = seconds > most
    print(f"{what:50s}{seconds:7.1f}{most:9d}  {'MISSED' if late else ''}")
    return late


if __name__ == "__main__":
    sys.exit(main())
