"""What is known of one training: what pages read, and never write."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from cnn_core import datasets
from cnn_core.checks import Array
from cnn_core.network import Network
from cnn_core.training.checkpoint import Checkpoint, load_weights
from cnn_core.training.config import TrainingConfig, gone
from cnn_core.training.history import History
from cnn_core.training.store import Row, Store, StoreError

SEEN = 4096  # bytes, about, of a step seen from inside
HISTOGRAMS = ("weights", "gradients", "activations")
ACTIVE = ("queued", "running", "paused")
ENDED = ("finished", "stopped", "diverged", "failed", "interrupted")
CAN_GO_ON = ("stopped", "interrupted", "failed")


@dataclass(frozen=True)
class Statistics:
    """One step seen from inside: `network.LayerStatistics` by layer, as a dict each."""

    iteration: int
    layers: list[dict[str, Any]]

    def slim(self) -> Statistics:
        """Without the histograms."""
        return Statistics(
            self.iteration, [{k: v for k, v in one.items() if k not in HISTOGRAMS} for one in self.layers]
        )


def _config(row: Row) -> TrainingConfig:
    """Raises StoreError where the data set is gone, or the settings are of another version."""
    try:
        return TrainingConfig.from_dict(row.config)
    except ValueError as error:
        if (dataset := row.config.get("dataset")) is not None and dataset not in datasets.names():
            raise StoreError(gone(str(dataset))) from None
        raise StoreError(f"the settings of this run are not those of any training here: {error}") from None


class Progress:
    """Fields are replaced or appended to, never changed inside: safe to read at any time.

    state: queued (for its start, or to go on), running, paused, or one of ENDED; interrupted: its server died. records:
    one per step so far, read when first asked for where they are many; read outline where the steps that tell of all are
    enough. changes: of its settings, on the way. filters: the latest first layer's weights (F, C, HH, WW).
    seconds: of training so far. message: what went wrong, or why it is paused or ended. warning: what could not be
    kept, and why. seen: when somebody last looked (time.monotonic). parent: the run and iteration it was forked from.
    """

    def __init__(self, row: Row, store: Store) -> None:
        self.id, self.created = row.id, row.created
        self.config = _config(row)
        self.parent = None if row.parent is None else (row.parent, row.parent_iteration or 0)
        self.pace, self.state, self.iterations = row.pace, row.state, row.iterations
        self.seconds, self.message, self.test_accuracy = row.seconds, row.message, row.test_accuracy
        self._store, self._reading = store, threading.Lock()
        self._outline = store.outline(row.id) if row.state in ENDED else None
        self._records = store.steps(row.id) if self._outline is None else None
        self.changes = store.changes(row.id)
        self.statistics = [Statistics(*found) for found in store.statistics(row.id)]
        self.checkpoints = store.checkpoints(row.id)
        self.filters: Array | None = None
        self.warning = ""
        self.seen = time.monotonic()
        self.rate: list[tuple[int, float]] = []  # (iteration, when) of the last reports

    @property
    def records(self) -> History:
        """One per step so far. Raises StoreError if they cannot be read."""
        with self._reading:
            if self._records is None:
                self._records = self._store.steps(self.id)
            return self._records

    @records.setter
    def records(self, records: History) -> None:
        self._records, self._outline = records, None

    @property
    def outline(self) -> History:
        """What its curves are drawn from: of a long training that has ended the steps that tell of all, with the first, the
        last and every end of an epoch; of any other one all of them."""
        return self.records if self._outline is None else self._outline

    @property
    def size(self) -> int:
        """About how many bytes of memory its history takes."""
        held = [history.rows.nbytes for history in (self._records, self._outline) if history is not None]
        return sum(held) + SEEN * len(self.statistics)

    @property
    def ended(self) -> bool:
        """Whether no further step will come by itself."""
        return self.state in ENDED

    @property
    def can_go_on(self) -> bool:
        """Whether it has ended before its end, so that `resume` continues it."""
        return self.state in CAN_GO_ON

    @property
    def done(self) -> int:
        """How many steps it has behind it, as far as is known."""
        return self.outline[-1].iteration if self.outline else 0

    @property
    def live(self) -> dict[str, float]:
        """The values now of what may be changed while it trains (the learning rate: before its decay)."""
        values = self.config.live()
        for change in self.changes:
            values[change.name] = change.value
        return values

    @property
    def steps_per_second(self) -> float | None:
        """How fast it trained lately; None: not known."""
        if len(self.rate) < 2 or self.state != "running":
            return None
        (first, began), (last, now) = self.rate[0], self.rate[-1]
        return (last - first) / (now - began) if now > began else None

    @property
    def latest(self) -> int | None:
        """The iteration of the last checkpoint that is not ahead of the records; None: there is none yet."""
        return self.checkpoints.latest(self.done)

    def network_at(self, iteration: int | None = None) -> Network:
        """The network as it was after so many steps, a checkpoint's; None: the latest, untrained if there is none.

        Raises ValueError or OSError for a file that is damaged or gone.
        """
        network = self.config.model()
        if (iteration := self.latest if iteration is None else iteration) is not None:
            checkpoint = Checkpoint.read(self.checkpoints.path(iteration))
            load_weights(network, {**checkpoint.params, **checkpoint.buffers})
        return network
