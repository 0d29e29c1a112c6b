"""Stanford's CS231n, assignment 2, under the course's own names and signatures: its layers, networks, Solver and helpers.

Thin adapters: the mathematics is the core's. One file here for each module of the course, and of its name. `install()` lets
the import lines of the course's notebooks find them:

    from cnn_core import cs231n
    cs231n.install()
    from cs231n.layers import *

Each `*_forward` returns (out, cache), each `*_backward(dout, cache)` the gradients of its arrays in their order, shaped
as they are. Where the course means something else than the core (momentum, dropout's p, seeds), the docstring says so.
"""

import importlib.util
import sys

from cnn_core.cs231n import im2col as im2col
from cnn_core.cs231n.classifiers.cnn import ThreeLayerConvNet as ThreeLayerConvNet
from cnn_core.cs231n.classifiers.fc_net import FullyConnectedNet as FullyConnectedNet
from cnn_core.cs231n.classifiers.fc_net import TwoLayerNet as TwoLayerNet
from cnn_core.cs231n.data_utils import *
from cnn_core.cs231n.fast_layers import *
from cnn_core.cs231n.gradient_check import *
from cnn_core.cs231n.layer_utils import *
from cnn_core.cs231n.layers import *
from cnn_core.cs231n.optim import *
from cnn_core.cs231n.solver import *
from cnn_core.cs231n.vis_utils import *


def install() -> None:
    """Let `import cs231n` and its modules find the ones here. Raises ImportError where another cs231n package is there."""
    here, loaded = sys.modules[__name__], sys.modules.get("cs231n")
    if loaded is not here:
        found = importlib.util.find_spec("cs231n") if loaded is None else None
        # A plain folder of that name (the course's data, say) has no file of its own: it is not the course's code.
        other = getattr(loaded, "__file__", None) or getattr(found, "origin", None)
        if other:
            raise ImportError(
                f"cs231n (={other}) must not be replaced: it is another package of that name; use it as it is, import from "
                f"cnn_core.cs231n, or start Python where that package cannot be found"
            )
    for name, module in list(sys.modules.items()):
        if name == __name__ or name.startswith(f"{__name__}."):
            sys.modules[name.removeprefix("cnn_core.")] = module
