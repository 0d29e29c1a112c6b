"""What a gradient check costs: `python -m benchmarks.gradients`.

Agreement is checked first: the map is what `numeric_gradient` says. Then the times of what the Gradient check page computes at
once: the error map of the default case's 3x3x3x8 kernel, and the error of one entry over h, 15 steps in two dtypes. The bounds
are those of the page, 300 ms and 500 ms; as other processes may be at work, the fastest of some calls counts.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from cnn_core.machine.threads import use_one_thread

use_one_thread()

from cnn_core.gradient_check import numeric_gradient  # noqa: E402 (NumPy's threads are set first)
from cnn_core.gradients import STEPS, case, curve, error_map, projected  # noqa: E402

ROUNDS = 20
BOUNDS = {"error map of a 3x3x3x8 kernel": 300.0, f"error over h, 2 x {len(STEPS)} steps": 500.0}  # milliseconds


def milliseconds(call: Callable[[], object]) -> tuple[float, float]:
    """The shortest time of some calls, after one that warms up, and their median."""
    call()
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        found.append(1000 * (time.perf_counter() - began))
    return min(found), statistics.median(found)


def main() -> int:
    """Print the times; 1 if a bound is broken."""
    made, tensor, at = case("network"), "conv.weight", (4, 1, 1, 1)
    values = made.taken()
    numeric = numeric_gradient(lambda _: made.forward(values).f, values[tensor])
    np.testing.assert_array_equal(error_map(made, tensor).numeric, numeric)
    calls: dict[str, Callable[[], object]] = {
        "error map of a 3x3x3x8 kernel": lambda: error_map(made, tensor),
        f"error over h, 2 x {len(STEPS)} steps": lambda: [
            curve(made, tensor, at, dtype) for dtype in ("float64", "float32")
        ],
        "one random direction, all tensors": lambda: projected(made),
    }
    broken = 0
    for name, call in calls.items():
        fastest, median = milliseconds(call)
        bound = BOUNDS.get(name)
        broken += bound is not None and fastest > bound
        print(f"{name}: {fastest:.1f} ms (median {median:.1f})" + (f", bound {bound:.0f}" if bound else ""))
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
