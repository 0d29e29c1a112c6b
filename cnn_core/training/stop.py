"""When a training ends before its last epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from cnn_core.checks import whole
from cnn_core.shares import percent
from cnn_core.solver import StepRecord


@dataclass(frozen=True)
class StopRules:
    """Each rule counts if it is not None.

    val_accuracy: end as soon as the validation accuracy is this or more (0 to 1). patience: end after so many epochs
    without a better validation accuracy than before (1 or more; Prechelt, "Early stopping - but when?", 1998). seconds:
    end after so many seconds of computing. Raises ValueError for values out of range.
    """

    val_accuracy: float | None = None
    patience: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.val_accuracy is not None and not 0 < self.val_accuracy <= 1:
            raise ValueError(f"val_accuracy (={self.val_accuracy}) must be above 0 and at most 1")
        if self.patience is not None:
            whole("patience", self.patience, 1)
        if self.seconds is not None and not (math.isfinite(self.seconds) and self.seconds > 0):
            raise ValueError(f"seconds (={self.seconds}) must be a finite number above 0")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The rules by name. Raises ValueError for other names."""
        try:
            return cls(**values)
        except TypeError:
            raise ValueError(f"stop (={values}) must hold val_accuracy, patience, seconds") from None

    def reason(self, accuracies: Sequence[float], seconds: float) -> str:
        """Why to end now, in words; empty: go on. accuracies: validation accuracy of each epoch so far."""
        if self.val_accuracy is not None and accuracies and accuracies[-1] >= self.val_accuracy:
            return f"validation accuracy {percent(accuracies[-1], 1)} has reached {percent(self.val_accuracy, 1)}"
        if self.patience is not None and len(accuracies) > self.patience:
            best = accuracies.index(max(accuracies))
            if len(accuracies) - 1 - best >= self.patience:
                return (
                    f"{self.patience} epochs without a better validation accuracy than {percent(accuracies[best], 1)}"
                )
        if self.seconds is not None and seconds >= self.seconds:
            return f"{self.seconds:g} seconds of computing are over"
        return ""


def val_accuracies(records: Sequence[StepRecord]) -> list[float]:
    """The validation accuracy of each whole epoch."""
    return [record.val_accuracy for record in records if record.val_accuracy is not None]
