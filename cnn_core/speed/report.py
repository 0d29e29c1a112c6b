"""What a measurement has found so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from cnn_core.speed.comparison import Axis, Growth, Limits, Piece, Plan, Record, Timing
from cnn_core.speed.cost import operations
from cnn_core.speed.layers import Version, Work


@dataclass
class Report:
    """Collects the records of `measure(plan)`; finished: all of them came."""

    plan: Plan
    timings: dict[tuple[Work, Version], Timing] = field(default_factory=dict)
    limits: Limits | None = None
    growth: list[Growth] = field(default_factory=list)
    finished: bool = False

    def add(self, record: Record) -> None:
        """Keep a record; a later Timing of the same work and version takes the place of the earlier one."""
        match record:
            case Timing():
                self.timings[record.work, record.version] = record
            case Limits():
                self.limits = record
            case Growth():
                self.growth.append(record)
            case Piece():
                self.finished = record.share >= 1

    def seconds(self, work: Work, version: Version) -> float | None:
        """Seconds for a batch; None if that was not measured."""
        timing = self.timings.get((work, version))
        return None if timing is None else timing.seconds

    def speed_up(self, work: Work, version: Version) -> float | None:
        """How many times as fast as the loops a version is; None if either was not measured."""
        loops, own = self.seconds(work, "loops"), self.seconds(work, version)
        return None if loops is None or own is None else loops / own

    def rate(self, work: Work, version: Version) -> float | None:
        """Operations of the layer's definition a second; None if that was not measured."""
        seconds = self.seconds(work, version)
        return None if seconds is None else operations(self.plan.layer(work), work.direction) / seconds

    def curve(self, axis: Axis, version: Version) -> list[Growth]:
        """The points of a growth curve, as far as they were measured, in the order of their values."""
        return sorted((g for g in self.growth if (g.axis, g.version) == (axis, version)), key=lambda g: g.value)
