"""Train the network that ships with ConvScope: cnn_core/training/shipped.safetensors.

    python -m tools.make_network [--to FILE]

How is said beside the file. All that is random is seeded: a second run writes the same file, bit for bit, on the same machine.
"""

# ruff: noqa: E402
from __future__ import annotations

from cnn_core.machine.threads import use_one_thread

use_one_thread()  # before NumPy is imported: more threads add up in another order

import argparse
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cnn_core.network import Network
from cnn_core.training import TrainingConfig
from cnn_core.training.export import weights_file
from cnn_core.training.shipped import CONFIG, SHIPPED


@dataclass(frozen=True)
class Trained:
    """A training that is over, as `weights_file` asks for it."""

    config: TrainingConfig
    network: Network
    id: str = "shipped"

    def network_at(self, iteration: int) -> Network:
        """The network after its last step, the only one that is kept."""
        return self.network


def main() -> None:
    """Train, write the file, and print how good it is."""
    parser = argparse.ArgumentParser(description="Train the network that ships with ConvScope.")
    parser.add_argument("--to", type=Path, default=SHIPPED, help="where to put the file (%(default)s)")
    options = parser.parse_args()
    solver, data, network = CONFIG.solver(), CONFIG.training_data(), CONFIG.model()
    solver.model = network
    for record in solver.steps():
        if record.val_accuracy is not None:
            print(f"epoch {record.epoch}: loss {record.loss:.3f}, validation accuracy {record.val_accuracy:.1%}")
    content = weights_file(Trained(CONFIG, network), solver.iterations)
    options.to.write_bytes(content)
    print(f"test accuracy {network.accuracy(*data.test):.1%}, {CONFIG.num_weights():,} weights")
    print(f"{options.to.name} {len(content):,} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
