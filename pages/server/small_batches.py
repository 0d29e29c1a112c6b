"""The comparison of norms on small batches: trained once on this server, for all who ask."""

from __future__ import annotations

import atexit

from cnn_core.training.batch_sizes import Comparison
from pages.server.kept import Once


@Once
def comparison() -> Comparison:
    """The one of this server; its process ends with it. The same seeds give the same numbers, so once is enough."""
    made = Comparison()
    atexit.register(made.close)
    return made
