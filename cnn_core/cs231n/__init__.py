"""The layers of Stanford's CS231n, assignment 2, under the course's own names and signatures.

Thin adapters: the mathematics is the core's. `install()` lets the import lines of the course's notebooks find them:

    from cnn_core import cs231n
    cs231n.install()
    from cs231n.layers import *

Each `*_forward` returns (out, cache), each `*_backward(dout, cache)` the gradients of its arrays in their order, shaped
as they are. Where the course means something else than the core, the docstring says so. The course's FullyConnectedNet
is not here.
"""

from cnn_core.cs231n.layers import *  # noqa: F403
from cnn_core.cs231n.layers import MODULES as MODULES
from cnn_core.cs231n.layers import PACKAGES as PACKAGES
from cnn_core.cs231n.layers import __all__ as __all__
from cnn_core.cs231n.layers import install as install
