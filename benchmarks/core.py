"""How fast the layers and the training step are: `python -m benchmarks.core`. Agreement is checked first.

Prints the course's comparison (loops, vectorised, fast, and PyTorch where it is installed), the training step, convolution
under all kinds of options, and how time and memory grow. docs/performance.md keeps and explains a run. Returns 1 if
something is slower than it has to be.
"""

from __future__ import annotations

import os
import platform
import sys
import time
import tracemalloc
from dataclasses import replace
from statistics import median

from cnn_core.machine.threads import use_one_thread

use_one_thread()  # what is measured in this process; the others are told how many

import numpy as np  # noqa: E402

from benchmarks.cases import COURSE, NETS, OPTIONS, option_call, step_call, work_named  # noqa: E402
from benchmarks.timing import has_torch, medians  # noqa: E402
from cnn_core.speed import WORKS, Convolution, Plan, Timing, measure  # noqa: E402
from cnn_core.speed.comparison import measure_limits  # noqa: E402

SPEED_UP = {  # over the loops, at least and aimed at
    "convolution, forward": (1200, 2500),
    "convolution, backward": (1000, 1500),
    "max pooling, forward": (250, 500),
    "max pooling, backward": (500, 1000),
}
STEP = {name: (1.0, 0.8) if "7x7" in name else (0.7, 0.4) for name in NETS}  # of PyTorch's time, at most and aimed at
GROWTH = {
    "batch": (1, 8, 64, 512),
    "filters": (1, 8, 32, 128),
    "kernel_size": (1, 3, 5, 7, 11),
    "size": (8, 16, 32, 64, 128, 256),
}


class Verdict:
    """Counts what was missed, and marks it in the tables."""

    def __init__(self) -> None:
        self.missed = 0

    def __call__(self, good: bool) -> str:
        """ "" or "MISSED"."""
        self.missed += not good
        return "" if good else "MISSED"


def check_layers() -> None:
    """Both other versions agree with the loops."""
    for record in measure(Plan(seconds=0.5, growth={})):
        if isinstance(record, Timing):
            assert record.difference < 1e-10, f"{record.work}: {record.version} differs by {record.difference:.1e}"


def check_steps() -> None:
    """Both nets lose the same on the same batch, step after step, while rounding has not set them apart."""
    for name in NETS:
        ours, theirs = step_call(name, "fast", "float64"), step_call(name, "torch", "float64")
        for _ in range(3):
            difference = abs(ours() - theirs())
            assert difference < 1e-9, f"{name}: the losses differ by {difference:.1e}"


def course(verdict: Verdict) -> None:
    """The course's comparison."""
    print(
        f"\n{'one batch, ms':24s}{'threads':>8s}{'loops':>9s}{'vectorised':>12s}{'fast':>8s}"
        f"{'gain':>9s}{'at least':>10s}{'aim':>7s}"
    )
    for name, (least, aim) in SPEED_UP.items():
        gains = []
        for threads in (1, 2):  # the loops and the vectorised version have no use for a second one
            found = medians("layer", name, ["loops", "vectorised", "fast"], "float64", threads)
            loops = found["loops"] * COURSE[work_named(name).layer].batch
            gains.append(loops / found["fast"])
            print(
                f"{name:24s}{threads:8d}{loops * 1e3:9.0f}{found['vectorised'] * 1e3:12.2f}{found['fast'] * 1e3:8.2f}"
                f"{gains[-1]:8.0f}x{least:9d}x{aim:6d}x  {verdict(max(gains) >= least) if threads == 2 else ''}"
            )
    if not has_torch():
        return
    print(
        f"\n{'against PyTorch, ms':24s}{'threads':>8s}{'dtype':>9s}{'PyTorch':>9s}{'fast':>8s}{'ratio':>7s}{'at most':>9s}"
    )
    for threads, dtype in ((1, "float64"), (1, "float32"), (2, "float64"), (2, "float32")):
        for layer in COURSE:
            totals = {"torch": 0.0, "fast": 0.0}
            for work in WORKS:
                if work.layer == layer:
                    for who, seconds in medians("layer", str(work), ["torch", "fast"], dtype, threads).items():
                        totals[who] += seconds
            ratio, bound = totals["fast"] / totals["torch"], (threads, dtype) == (1, "float64")
            print(
                f"{layer:24s}{threads:8d}{dtype:>9s}{totals['torch'] * 1e3:9.2f}{totals['fast'] * 1e3:8.2f}{ratio:7.2f}"
                + (f"{1.0:9.1f}  {verdict(ratio <= 1)}" if bound else "")
            )


def steps(verdict: Verdict) -> None:
    """The training step: batch 50, float32, Adam."""
    whos = ["torch", "fast"] if has_torch() else ["fast"]
    print(
        f"\n{'training step, ms':32s}{'threads':>8s}{'PyTorch':>9s}{'fast':>8s}{'ratio':>7s}{'at most':>9s}{'aim':>6s}"
    )
    for name, (most, aim) in STEP.items():
        for threads in (1, 2):
            found = medians("step", name, whos, "float32", threads)
            line = f"{name:32s}{threads:8d}"
            if "torch" not in found:
                print(f"{line}{'-':>9s}{found['fast'] * 1e3:8.2f}")
                continue
            ratio = found["fast"] / found["torch"]
            print(
                f"{line}{found['torch'] * 1e3:9.2f}{found['fast'] * 1e3:8.2f}{ratio:7.2f}{most:9.1f}{aim:6.1f}  "
                f"{verdict(ratio <= most)}"
            )


def options(verdict: Verdict) -> None:
    """Forward and backward under all kinds of options, against the plain vectorised version: at most 1.1."""
    print(f"\n{'convolution, ms':24s}{'dtype':>9s}{'vectorised':>12s}{'fast':>8s}{'ratio':>7s}   at most 1.1")
    for name in OPTIONS:
        for dtype in ("float32", "float64"):
            ours, theirs = option_call(name, "fast", dtype)(), option_call(name, "vectorised", dtype)()
            for a, b in zip(ours, theirs, strict=True):
                assert np.allclose(a, b, rtol=1e-3, atol=1e-3 * float(np.abs(b).max())), (
                    f"{name}: the versions disagree"
                )
            found = medians("option", name, ["vectorised", "fast"], dtype, 1)
            ratio = found["fast"] / found["vectorised"]
            print(
                f"{name:24s}{dtype:>9s}{found['vectorised'] * 1e3:12.2f}{found['fast'] * 1e3:8.2f}{ratio:7.2f}"
                f"   {verdict(ratio <= 1.1)}"
            )


def growth() -> None:
    """Time and peak memory of a convolution, forward and backward, while one of its lengths grows; the slope in between."""
    usual = Convolution(batch=16, channels=3, size=32, filters=16, kernel_size=3, stride=1, padding=1)
    print(f"\n{'growth of':14s}{'':>6s}{'ms':>10s}{'peak MiB':>10s}{'slope of the time':>20s}")
    for axis, values in GROWTH.items():
        before: tuple[int, float] | None = None
        for value in values:
            padding = value // 2 if axis == "kernel_size" else usual.padding
            layer = replace(usual, **{"padding": padding, axis: value})
            inputs = layer.inputs("float32")

            def work(layer: Convolution = layer, inputs: object = inputs) -> None:
                _, cache = layer.forward("fast", inputs)  # type: ignore[arg-type]
                layer.backward("fast", inputs.dout, cache)  # type: ignore[attr-defined]

            work()
            times = []
            for _ in range(7):
                began = time.perf_counter()
                work()
                times.append(time.perf_counter() - began)
            tracemalloc.start()
            work()
            peak = tracemalloc.get_traced_memory()[1] / 2**20
            tracemalloc.stop()
            seconds = median(times)
            slope = "" if before is None else f"{np.log(seconds / before[1]) / np.log(value / before[0]):20.2f}"
            print(f"{axis:14s}{value:6d}{seconds * 1e3:10.2f}{peak:10.1f}{slope}")
            before = value, seconds


def main() -> int:
    """Print all tables; returns 1 if something is slower than it has to be."""
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}, {os.cpu_count()} cores")
    for dtype in ("float64", "float32"):
        limits = measure_limits(dtype)
        print(
            f"this machine, {dtype}: {limits.operations / 1e9:.0f} GFLOP/s in a product, {limits.bytes / 1e9:.0f} GB/s copied"
        )
    check_layers()
    if has_torch():
        check_steps()
        print("agreement checked: with the loops, and the losses of the training step with PyTorch's")
    else:
        print("agreement with the loops checked; PyTorch is not installed, so there is nobody to race")
    verdict = Verdict()
    course(verdict)
    steps(verdict)
    options(verdict)
    growth()
    print(f"\n{verdict.missed} missed" if verdict.missed else "\nall that has to be reached is")
    return int(verdict.missed > 0)


if __name__ == "__main__":
    sys.exit(main())
