"""The past that a fork shares with its parent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cnn_core.training.progress import Progress
from cnn_core.training.store import Change, Store


def keep_past(store: Store, run: str, parent: Progress, iteration: int, live: Mapping[str, float]) -> None:
    """Keep the parent's checkpoints, steps, looks and changes up to `iteration` as those of `run`, which is changed to `live`
    from there on. Raises StoreError or OSError where that fails."""
    files = store.checkpoints(run)
    files.folder.mkdir(parents=True, exist_ok=True)
    for earlier in [i for i in parent.checkpoints.iterations() if i <= iteration]:
        with suppress(FileNotFoundError):  # thinned out meanwhile
            _share(parent.checkpoints.path(earlier), files.path(earlier))
    store.add_steps(run, parent.records.up_to(iteration))
    for seen in parent.statistics:
        if seen.iteration <= iteration:
            store.add_statistics(run, seen.iteration, seen.layers)
    changes = [change for change in parent.changes if change.iteration <= iteration]
    store.add_changes(run, [*changes, *(Change(iteration, name, value) for name, value in live.items())])


def _share(old: Path, new: Path) -> None:
    """Give a file one more name, which takes no time and no room; copy it where the disk cannot do that. Both are safe: a
    checkpoint is never written to once it is there."""
    try:
        os.link(old, new)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(old, new)
