"""What the view "What it learned" costs: `python -m benchmarks.features`.

Agreement is checked first: the patches are those of a search through all answers. Then, for the course's network on CIFAR-10's
shape (32 filters 7x7, hidden 100) and for four blocks of 32 filters, the time to find the nine patches of every filter of a
layer in 2,000 pictures (the page's bound is 3 s), to lay these pictures into a plane, and to make a picture that excites a
filter.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from cnn_core.machine.threads import use_one_thread

use_one_thread()

from cnn_core.features import answers, excite, exciting_patches, principal_plane  # noqa: E402 (threads are set first)
from cnn_core.features.maps import mean_outputs, outputs_of  # noqa: E402
from cnn_core.network import ConvBlock, Network, NetworkSpec  # noqa: E402

PICTURES, BOUND = 2000, 3.0  # seconds
PLANS = {
    "course's net": NetworkSpec((ConvBlock(32, 7),), (100,)),
    "four blocks of 32": NetworkSpec(tuple(ConvBlock(32, pool="none" if k == 3 else "max") for k in range(4)), (64,)),
}


def main() -> int:
    """Print the times; 1 if a bound is broken."""
    x = np.random.default_rng(0).random((PICTURES, 3, 32, 32), dtype=np.float32)
    broken = False
    for name, plan in PLANS.items():
        network = Network(plan, (3, 32, 32), 10)
        for layer in answers(network).values():
            found = exciting_patches(network, x[:100], layer, count=1)
            parts = [
                part.reshape(*part.shape[:2], -1).max(axis=(0, 2)) for _, part in outputs_of(network, x[:100], layer)
            ]
            largest = np.max(parts, axis=0)
            np.testing.assert_array_equal(found.values[:, 0], largest)
            began = time.perf_counter()
            exciting_patches(network, x, layer)
            seconds = time.perf_counter() - began
            broken |= seconds > BOUND
            print(
                f"{name}, {layer}: patches of {len(largest)} in {PICTURES:,} pictures {seconds:.2f} s, bound {BOUND:g}"
            )
        hidden = list(answers(network).values())[-2]
        features = mean_outputs(network, x, hidden)
        began = time.perf_counter()
        principal_plane(features)
        print(
            f"{name}: {PICTURES:,} points of {features.shape[1]} numbers in a plane {time.perf_counter() - began:.3f} s"
        )
        began = time.perf_counter()
        *_, last = excite(network, "conv1", 0)
        assert last.answer > 0
        print(f"{name}: a picture for conv1, 60 steps {time.perf_counter() - began:.2f} s")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
