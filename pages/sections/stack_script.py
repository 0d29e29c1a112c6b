"""A script that finds the receptive field of a stack of layers with PyTorch."""

from __future__ import annotations

from collections.abc import Sequence

from cnn_core.window import Window

SCRIPT = """import torch
from torch import nn

stack = nn.Sequential(
{layers}
).double()
for layer in stack:
    nn.init.ones_(layer.weight)

x = torch.zeros(1, 1, {size}, {size}, dtype=torch.float64, requires_grad=True)
out = stack(x)
row, column = out.shape[2] // 2, out.shape[3] // 2  # the middle of the top map
out[0, 0, row, column].backward()

paths = x.grad[0, 0]  # from each cell of the input to that cell
seen = paths.nonzero()
print("rows", seen[:, 0].min().item(), "to", seen[:, 0].max().item())
print("columns", seen[:, 1].min().item(), "to", seen[:, 1].max().item())
print(paths.long())
"""


def stack_script(layers: Sequence[tuple[str, Window]], input_size: int) -> str:
    """The script; layers: ("conv" or "pool", window), the lowest first. A pool reaches as far as a convolution does."""
    lines = []
    for kind, window in layers:
        (stride, _), (padding, _), (dilation, _) = window.stride, window.padding[0], window.dilation
        options = f"stride={stride}, padding={padding}" + (f", dilation={dilation}" if dilation > 1 else "")
        note = "  # a pool: it sees what a convolution of that size sees" if kind == "pool" else ""
        lines.append(f"    nn.Conv2d(1, 1, {window.kernel_size[0]}, {options}, bias=False),{note}")
    return SCRIPT.format(layers="\n".join(lines), size=input_size)
