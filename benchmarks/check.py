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
    "`=` for `+=` in max pooling": (
        "dx[n, c, i * stride + a, j * stride + b] += ",
        "dx[n, c, i * stride + a, j * stride + b] = ",
    ),
    "stride ignored in the backward pass": (
        "rows, columns = slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)",
        "rows, columns = slice(i, i + HH), slice(j, j + WW)",
    ),
    "padded gradient not cropped": ("dxp[:, :, pad : pad + H, pad : pad + W]", "dxp"),
    "batch norm without the way through the variance": (" - x_hat * (dx_hat * x_hat).sum(axis=0)", ""),
}


def checked(path: Path) -> tuple[float, int]:
    """Seconds, and the exit code."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "cnn_core.check", str(path)], capture_output=True, check=False)
    return time.perf_counter() - began, done.returncode


def main() -> int:
    right, code = checked(RIGHT_FILE)
    assert code == 0, "the right file is not found right"
    missed = right > MOST_RIGHT
    print(f"\n{'python -m cnn_core.check':52s}{'s':>7s}{'at most':>9s}")
    print(f"{'a right file, 21 functions':52s}{right:7.1f}{MOST_RIGHT:9d}  {'MISSED' * missed}")
    source = RIGHT_FILE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "my_layers.py"
        for name, (line, slip) in SLIPS.items():
            assert source.count(line) == 1, f"{line} must stand in the file once"
            path.write_text(source.replace(line, slip), encoding="utf-8")
            seconds, code = checked(path)
            assert code == 1, f"{name} is not found"
            late = seconds - right > MOST_MORE
            missed += late
            print(
                f"{f'more, with its smallest case: {name}'[:80]:52s}{seconds - right:7.1f}{MOST_MORE:9d}  {'MISSED' * late}"
            )
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
