"""A training at rest: all that its next step depends on, and the folder of a run that holds such files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cnn_core.checks import Array
from cnn_core.network import Network
from cnn_core.solver import Solver
from cnn_core.training import tensors

MOST_FILES, MOST_BYTES = 60, 256 << 20  # of one run; beyond, they are thinned out
GONE = "{} is no longer there: choose another checkpoint"
DAMAGED = "{} is damaged: choose another checkpoint"
LAST_KEPT = 2  # a server that dies may know fewer steps than the last file holds, never than the one before


@dataclass(frozen=True)
class Checkpoint:
    """The state after `iteration` steps.

    params, buffers: the network's. state: the optimizer's memory by parameter. live: the values of what may change
    while a training runs. seconds: of training so far. given: these weights were brought, they do not come from the seed;
    None: files of older versions do not say.
    """

    iteration: int
    params: dict[str, Array]
    buffers: dict[str, Array] = field(default_factory=dict)
    state: dict[str, dict[str, Array | int]] = field(default_factory=dict)
    live: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    given: bool | None = False

    @classmethod
    def of(cls, solver: Solver, model: Network, iteration: int, seconds: float) -> Checkpoint:
        """The state of a solver and its network; their arrays themselves, so write it before the next step."""
        live = live_values(solver, model)
        return cls(iteration, model.params, model.buffers, solver.optimizer.state, live, seconds)

    def restore(self, solver: Solver, model: Network) -> None:
        """Put this state into a solver and its network. Raises ValueError where the shapes differ."""
        load_weights(model, {**self.params, **self.buffers})
        solver.optimizer.state = {
            name: {key: v if isinstance(v, int) else v.copy() for key, v in memory.items()}
            for name, memory in self.state.items()
        }
        for name, value in self.live.items():
            set_live(solver, model, name, value)

    def write(self, path: Path) -> int:
        """Store it; returns the size in bytes. Raises OSError where that fails."""
        arrays = {f"params/{name}": a for name, a in self.params.items()}
        arrays |= {f"buffers/{name}": a for name, a in self.buffers.items()}
        counts = {}
        for name, memory in self.state.items():
            for key, value in memory.items():
                if isinstance(value, int):
                    counts[f"state/{name}/{key}"] = value
                else:
                    arrays[f"state/{name}/{key}"] = value
        about = {"iteration": self.iteration, "live": self.live, "seconds": self.seconds}
        about |= {"counts": counts, "given": self.given}
        return tensors.write(path, arrays, {"convscope": json.dumps(about)})

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """The stored state. Raises ValueError for a damaged file, FileNotFoundError for one that is gone, both with its step,
        and OSError for one that cannot be read."""
        try:
            arrays, metadata = tensors.unpack(path.read_bytes())
            about = json.loads(metadata["convscope"])
            parts: dict[str, dict[str, Array]] = {"params": {}, "buffers": {}}
            state: dict[str, dict[str, Array | int]] = {}
            for path_in_file, value in [*arrays.items(), *about["counts"].items()]:
                kind, _, name = path_in_file.partition("/")
                if kind == "state":
                    name, _, key = name.rpartition("/")
                    state.setdefault(name, {})[key] = value
                else:
                    parts[kind][name] = value
            live, seconds, given = about["live"], about["seconds"], about.get("given")
            return cls(about["iteration"], **parts, state=state, live=live, seconds=seconds, given=given)
        except FileNotFoundError:
            raise FileNotFoundError(GONE.format(_named(path))) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ValueError(DAMAGED.format(_named(path))) from None

    @staticmethod
    def given_in(path: Path) -> bool | None:
        """`given` of a stored state, read without its arrays. Raises as `read`, as far as it reads."""
        try:
            given: bool | None = json.loads(tensors.metadata(path)["convscope"]).get("given")
        except (KeyError, TypeError, AttributeError, ValueError):
            raise ValueError(DAMAGED.format(_named(path))) from None
        return given


def _named(path: Path) -> str:
    return f"the checkpoint after {int(path.stem):,} steps" if path.stem.isdecimal() else path.name


def live_values(solver: Solver, model: Network) -> dict[str, float]:
    """The values now of what may change while a training runs: no momentum where the rule has none."""
    live = {"learning_rate": solver.optimizer.learning_rate, "reg": model.reg, "dropout": model.dropout}
    if "momentum" in solver.optimizer.hyper:
        live["momentum"] = solver.optimizer.hyper["momentum"]
    return live


def set_live(solver: Solver, model: Network, name: str, value: float) -> None:
    """Set one of what may change while a training runs. momentum passes by a rule that has none."""
    if name == "learning_rate":
        solver.optimizer.learning_rate = value
    elif name == "momentum":
        if "momentum" in solver.optimizer.hyper:
            solver.optimizer.hyper["momentum"] = value
    else:
        setattr(model, name, value)


def load_weights(model: Network, arrays: Mapping[str, Array]) -> None:
    """Put parameters and buffers by name into a network. Raises ValueError for other names and shapes; then none is set."""
    own = {**model.params, **model.buffers}
    missing, unknown = sorted(own.keys() - arrays.keys()), sorted(arrays.keys() - own.keys())
    if missing or unknown:
        words = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has {', '.join(unknown[:8])} besides"] * bool(
            unknown
        )
        raise ValueError(f"the weights are of another network: the file {' and '.join(words)}")
    for name, array in arrays.items():
        if array.shape != own[name].shape:
            raise ValueError(f"{name} (shape {array.shape}) must have shape {own[name].shape}, as this network's")
    for part in (model.params, model.buffers):
        for name in part:
            part[name] = arrays[name].astype(part[name].dtype)


class Checkpoints:
    """The checkpoint files of one run, by iteration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, iteration: int) -> Path:
        """Where the checkpoint after so many steps is or would be."""
        return self.folder / f"{iteration:08d}.safetensors"

    def version(self, iteration: int) -> int:
        """A number that another file of this step, as a run writes that goes on from an earlier one, does not have. Raises
        FileNotFoundError as `Checkpoint.read`."""
        try:
            return self.path(iteration).stat().st_mtime_ns
        except FileNotFoundError:
            raise FileNotFoundError(GONE.format(_named(self.path(iteration)))) from None

    def iterations(self) -> list[int]:
        """Those there are, in order; other files that somebody has put there are passed over."""
        found = [p for p in self.folder.glob("*.safetensors") if p.stem.isascii() and p.stem.isdecimal()]
        return sorted(iteration for p in found if self.path(iteration := int(p.stem)).name == p.name)

    def latest(self, at_most: int | None = None) -> int | None:
        """The last one, not beyond `at_most` steps; None: there is none."""
        there = [i for i in self.iterations() if at_most is None or i <= at_most]
        return there[-1] if there else None

    def size(self) -> int:
        """Bytes they take together; of a file that runs share, this run's part of it."""
        found = [self._size(i) for i in self.iterations()]
        return sum(size // names for size, names in found)

    def thin(self, coming: int = 0) -> None:
        """Delete where files lie closest together, until number and size are within bounds.

        The first one and the last two stay as long as there is anything else to delete; then the first one goes, unless its
        weights were brought and could not be made again, then the last but one. coming: bytes of a file that is about to be
        written: there is room for it afterwards, as far as there can be with the last one still there.
        """
        sizes = {i: self._size(i)[0] for i in self.iterations()}
        while len(sizes) > 1 and (len(sizes) + bool(coming) > MOST_FILES or sum(sizes.values()) + coming > MOST_BYTES):
            there = list(sizes)
            ends = LAST_KEPT - bool(coming)  # the one that is coming is the last one
            middle = range(1, len(there) - ends)
            # By the root of the iteration: played, they run slower at the beginning, where more happens.
            first = 1 if len(there) > 2 and self._brought(there[0]) else 0
            worst = min(middle, key=lambda k: math.sqrt(there[k + 1]) - math.sqrt(there[k - 1]), default=first)
            self._delete(there[worst])
            del sizes[there[worst]]

    def keep_ends(self) -> int:
        """Delete all but the first one and the last two; returns how many bytes that made free."""
        before = self.size()
        for iteration in self.iterations()[1:-LAST_KEPT]:
            self._delete(iteration)
        return before - self.size()

    def _brought(self, iteration: int) -> bool:
        try:
            return Checkpoint.given_in(self.path(iteration)) is not False
        except (ValueError, OSError):
            return False

    def _size(self, iteration: int) -> tuple[int, int]:
        """Bytes of a file, and how many names it has; 0 and 1 for one that was thinned out meanwhile."""
        try:
            found = self.path(iteration).stat()
        except FileNotFoundError:
            return 0, 1
        return found.st_size, max(1, found.st_nlink)

    def _delete(self, iteration: int) -> None:
        self.path(iteration).unlink(missing_ok=True)

    def forget_after(self, iteration: int) -> None:
        """Delete those of later steps, and what was left unfinished."""
        for later in self.iterations():
            if later > iteration:
                self.path(later).unlink(missing_ok=True)
        for unfinished in self.folder.glob("*" + tensors.UNFINISHED):
            unfinished.unlink(missing_ok=True)
