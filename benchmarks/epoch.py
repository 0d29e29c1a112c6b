"""One epoch on CIFAR-10 with the course's settings: `python -m benchmarks.epoch FOLDER`.

FOLDER holds CIFAR-10's binary files (data_batch_1.bin and so on, test_batch.bin): records of a label byte and 3072 pixel
bytes. Batch 50, Adam 1e-3, 32 filters 7x7, hidden 500, weight_scale 1e-3, reg 1e-3, float32, the mean picture subtracted.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from cnn_core.machine.threads import use_one_thread

use_one_thread()

from cnn_core.cs231n import ThreeLayerConvNet  # noqa: E402 (NumPy comes after the threads are set)
from cnn_core.datasets.cifar10 import read_cifar10  # noqa: E402
from cnn_core.solver import Arrays, Solver  # noqa: E402


def main() -> int:
    """Train one epoch and print how long it took and how good it is."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    folder = Path(sys.argv[1])
    train, test = read_cifar10(*sorted(folder.glob("data_batch_*.bin"))), read_cifar10(folder / "test_batch.bin")
    mean = train.x.mean(axis=0)
    x, held_out = (255 * (split.x - mean) for split in (train, test))  # the course's pixels run from 0 to 255
    model = ThreeLayerConvNet(hidden_dim=500, reg=1e-3, weight_scale=1e-3, seed=0)
    solver = Solver(
        model, Arrays(x, train.y, held_out, test.y), update_rule="adam", num_epochs=1, batch_size=50, seed=0
    )
    began = time.perf_counter()
    last = list(solver.steps())[-1]
    seconds = time.perf_counter() - began
    print(f"{len(x):,} pictures, {solver.iterations_per_epoch} steps: {seconds:.1f} s with the accuracies at the end")
    print(
        f"loss {last.loss:.3f}, training accuracy {last.train_accuracy:.3f}, of {len(held_out):,} others {last.val_accuracy:.3f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
