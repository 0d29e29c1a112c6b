"""What it costs to say why: `python -m benchmarks.attribution`.

Agreement is checked first: the sheet adds up. Then the times of what the view "Why this answer?" computes for one picture of
three networks: the exact answer sheet of all classes, all maps, and all maps with their checks (training on shuffled labels
apart). The bounds are those of the page for a three-block network, 30, 500 and 2,000 ms; as other processes may be at work,
the fastest of some calls counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from cnn_core.machine.threads import use_one_thread

use_one_thread()

from cnn_core.attribution import (  # noqa: E402 (NumPy's threads are set first)
    METHODS,
    after_randomising,
    answer_sheet,
    deletion,
    insertion,
)
from cnn_core.checks import Array  # noqa: E402
from cnn_core.network import ConvBlock, Network, NetworkSpec  # noqa: E402

ROUNDS = 5
BOUNDS = {"answer sheet": 30.0, "all maps": 500.0, "all maps and their checks": 2000.0}  # milliseconds
PLANS = {
    "one block, 1×8×8": (NetworkSpec(), (1, 8, 8)),
    "two blocks, 1×28×28": (NetworkSpec((ConvBlock(16), ConvBlock(32)), weight_init="he"), (1, 28, 28)),
    "three blocks with batch norm, 3×32×32": (
        NetworkSpec(tuple(ConvBlock(filters, norm="batch") for filters in (16, 32, 32)), weight_init="he"),
        (3, 32, 32),
    ),
}


def milliseconds(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The shortest time of some calls, after one that warms up."""
    call()
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        found.append(1000 * (time.perf_counter() - began))
    return min(found)


def all_maps(network: Network, x: Array, label: int) -> dict[str, Array]:
    """One picture's maps."""
    return {name: method(network, x, label) for name, method in METHODS.items()}


def with_checks(network: Network, x: Array, label: int) -> None:
    """The maps, both curves of each, and all of them again with ever more random weights."""
    for heat in all_maps(network, x, label).values():
        deletion(network, x, label, heat)
        insertion(network, x, label, heat)
    after_randomising(network, x, label)


def main() -> int:
    """Print the times; 1 if a bound is broken."""
    broken = 0
    for plan, (spec, shape) in PLANS.items():
        network = Network(spec, shape, 10)
        x = np.random.default_rng(0).normal(0, 1, (1, *shape)).astype(np.float32)
        np.testing.assert_allclose(answer_sheet(network, x).missing, 0, atol=1e-10)
        calls: dict[str, Callable[[], object]] = {
            "answer sheet": partial(answer_sheet, network, x),
            "all maps": partial(all_maps, network, x, 3),
            "all maps and their checks": partial(with_checks, network, x, 3),
        }
        for name, call in calls.items():
            fastest = milliseconds(call)
            broken += fastest > BOUNDS[name]
            print(f"{plan}: {name}: {fastest:.1f} ms, bound {BOUNDS[name]:.0f}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
