"""How long the view "Shift and nudge" computes: a new picture (all its shifts), a move (gradient and nudges), the test set.

`python -m benchmarks.shift` prints milliseconds, the least of some repeats, for the network that ships and a larger one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.robustness import answers_kept, pixel_gradient, shift_scores, smallest_nudge
from cnn_core.training import TrainingConfig
from cnn_core.training.shipped import shipped_network

SIZES = [n / 255 for n in range(1, 65)]
LARGER = TrainingConfig(dataset="fashion", network=NetworkSpec((ConvBlock(32), ConvBlock(32, pool="blur")), (64,)))


def least(do: Callable[[], object], repeats: int) -> float:
    """Milliseconds of the fastest run."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        do()
        times.append(time.perf_counter() - began)
    return 1000 * min(times)


def main() -> None:
    """Print the table."""
    print(f"{'network':<24}{'new picture':>14}{'move':>10}{'test set':>12}   ms")
    for name, (network, config) in {
        "ships": shipped_network(),
        "2 x 32 filters, 28x28": (LARGER.model(), LARGER),
    }.items():
        data = config.training_data()
        test, picture, label = data.dataset.test, data.dataset.test.x[0], int(data.dataset.test.y[0])

        def move(network=network, data=data, picture=picture, label=label) -> None:  # type: ignore[no-untyped-def]
            smallest_nudge(network, data, picture, pixel_gradient(network, data, picture, label), SIZES)

        picture_ms = least(lambda n=network, d=data, p=picture: shift_scores(n, d, p), 10)  # type: ignore[misc]
        test_ms = least(lambda n=network, d=data, t=test: answers_kept(n, d, t.x, t.y), 2)  # type: ignore[misc]
        print(f"{name:<24}{picture_ms:>14.1f}{least(move, 10):>10.1f}{test_ms:>12.0f}")


if __name__ == "__main__":
    main()
